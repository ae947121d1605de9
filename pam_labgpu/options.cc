// Reads the module's options.
#include "pam_labgpu/options.h"

#include <security/pam_ext.h>
#include <string.h>
#include <syslog.h>

#include "common/parse.h"

namespace labgpu {

namespace {

constexpr char kTimeout[] = "timeout=";
constexpr size_t kTimeoutLength = sizeof kTimeout - 1;
constexpr uint32_t kLongestTimeout = 60;

bool take_option(const char* text, Options& options) {
  if (strcmp(text, "debug") == 0) {
    options.debug = true;
    return true;
  }
  uint32_t seconds = 0;
  if (strncmp(text, kTimeout, kTimeoutLength) != 0 || !parse_u32(text + kTimeoutLength, seconds) ||
      seconds == 0 || seconds > kLongestTimeout) {
    return false;
  }
  options.timeout_seconds = seconds;
  return true;
}

}  // namespace

Options parse_options(const pam_handle_t* pamh, int argc, const char** argv) {
  Options options;
  for (int i = 0; i < argc; ++i) {
    if (!take_option(argv[i], options)) {
      pam_syslog(
          pamh, LOG_ERR,
          "ignoring the option \"%s\": there are \"debug\" and \"timeout=SECONDS\" (1 to %u)",
          argv[i], kLongestTimeout);
    }
  }
  return options;
}

}  // namespace labgpu
