// labgpud: reads its options and runs the daemon.
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "helper/build_info.h"
#include "helper/daemon.h"
#include "helper/log.h"

namespace {

constexpr char kUsage[] =
    "Usage: labgpud [OPTION]...\n"
    "The helper of labgpu: accounts, containers, and the way from a login to its container.\n"
    "\n"
    "  --foreground          run without systemd: make the sockets, log to stderr\n"
    "  --config FILE         instead of %s\n"
    "  --state-directory D   instead of %s\n"
    "  --session-socket P    with --foreground: instead of %s\n"
    "  --admin-socket P      with --foreground: instead of %s\n"
    "  --userdb-socket P     with --foreground: serve systemd's user database there, as "
    "org.labgpu\n"
    "  --check-config [FILE] only say whether FILE, or %s, is right\n"
    "  --debug               log more\n"
    "  --help, --version\n";

enum Option {
  kForeground = 1,
  kConfig,
  kState,
  kSession,
  kAdmin,
  kUserdb,
  kCheck,
  kDebug,
  kHelp,
  kShowVersion,
};

constexpr option kOptions[] = {
    {"foreground", no_argument, nullptr, kForeground},
    {"config", required_argument, nullptr, kConfig},
    {"state-directory", required_argument, nullptr, kState},
    {"session-socket", required_argument, nullptr, kSession},
    {"admin-socket", required_argument, nullptr, kAdmin},
    {"userdb-socket", required_argument, nullptr, kUserdb},
    {"check-config", no_argument, nullptr, kCheck},
    {"debug", no_argument, nullptr, kDebug},
    {"help", no_argument, nullptr, kHelp},
    {"version", no_argument, nullptr, kShowVersion},
    {nullptr, 0, nullptr, 0},
};

void print_usage(FILE* out) {
  fprintf(out, kUsage, labgpu::kConfigFile, labgpu::kStateDirectory, labgpu::kSessionSocket,
          labgpu::kAdminSocket, labgpu::kConfigFile);
}

struct Options : labgpu::DaemonOptions {
  bool check_config = false;
};

Options parse_options(int argc, char** argv) {
  Options options;
  for (int which = 0; (which = getopt_long(argc, argv, "", kOptions, nullptr)) != -1;) {
    switch (which) {
      case kForeground:
        options.foreground = true;
        break;
      case kConfig:
        options.config = optarg;
        break;
      case kState:
        options.state_directory = optarg;
        break;
      case kSession:
        options.session_socket = optarg;
        break;
      case kAdmin:
        options.admin_socket = optarg;
        break;
      case kUserdb:
        options.userdb_socket = optarg;
        break;
      case kCheck:
        options.check_config = true;
        break;
      case kDebug:
        options.debug = true;
        break;
      case kHelp:
        print_usage(stdout);
        exit(EXIT_SUCCESS);
      case kShowVersion:
        printf("labgpud %s\n", labgpu::kLabgpuVersion);
        exit(EXIT_SUCCESS);
      default:
        print_usage(stderr);
        exit(EXIT_FAILURE);
    }
  }
  if (options.check_config && optind == argc - 1) options.config = argv[optind++];
  if (optind == argc) return options;
  print_usage(stderr);
  exit(EXIT_FAILURE);
}

int say_whether_right(const Options& options) {
  auto right = labgpu::check_config(options);
  if (right) {
    printf("%s is right\n", options.config.c_str());
    return EXIT_SUCCESS;
  }
  fprintf(stderr, "%s\n", right.error().message.c_str());
  return EXIT_FAILURE;
}

}  // namespace

int main(int argc, char** argv) {
  auto options = parse_options(argc, argv);
  if (options.check_config) return say_whether_right(options);
  if (options.foreground) {
    labgpu::log_to_stderr(options.debug);
  } else {
    labgpu::log_to_journal(options.debug);
  }
  umask(077);
  auto status = labgpu::run_daemon(options);
  if (status) return *status;
  labgpu::log(labgpu::LogLevel::kError, "labgpud cannot start: " + status.error().message);
  return EXIT_FAILURE;
}
