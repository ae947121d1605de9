// Fuzzes labgpu.json: what is accepted can be used for an account, or says why not.
#include "helper/config.h"

#include <string>

#include "helper/account_settings.h"
#include "helper/config_policy.h"
#include "tests/fuzz/target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using labgpu::test::promise;
  auto config = labgpu::parse_config(std::string(reinterpret_cast<const char*>(data), size));
  if (!config) {
    promise(!config.error().message.empty(), "a refusal says why");
    return 0;
  }
  promise(config->ids.first < config->ids.last, "there are ids to give");
  promise(config->home.starts_with('/'), "homes are at a path");
  promise(config->login_wait_seconds > 0, "a login has time");
  auto account = labgpu::sample_account(*config, "");
  promise(labgpu::settings_of(*config, account).has_value(),
          "an account without settings of its own has those of the server");
  static_cast<void>(labgpu::check_against_host(*config, 8));
  return 0;
}
