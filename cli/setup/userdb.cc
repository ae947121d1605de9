// labgpu's service in systemd's user database, on and off.
#include "cli/setup/userdb.h"

#include <unistd.h>

#include <vector>

namespace labgpu {

namespace {

constexpr char kSocketUnit[] = "labgpud-userdb.socket";

Result<void> systemctl(const std::string& what, std::vector<std::string> arguments,
                       const HeldSignals& signals) {
  arguments.insert(arguments.begin(), "systemctl");
  return run_checked("cannot " + what, arguments, Output::kCapture, signals).map([](const auto&) {
  });
}

bool is_enabled(const HeldSignals& signals) {
  auto asked =
      run_program({"systemctl", "is-enabled", "--quiet", kSocketUnit}, Output::kCapture, signals);
  return asked && asked->status == 0;
}

}  // namespace

bool userdb_is_on(const std::string& socket) { return access(socket.c_str(), F_OK) == 0; }

Result<std::string> turn_userdb_on(const HeldSignals& signals, const std::string& socket) {
  if (userdb_is_on(socket) && is_enabled(signals)) {
    return "systemd's user database asks labgpu already";
  }
  auto done = systemctl("enable " + std::string(kSocketUnit), {"enable", kSocketUnit}, signals);
  // systemd starts no socket of a service that runs (src/core/socket.c, socket_start). labgpud's
  // restart brings the socket with it, between the service's end and its start, because the unit is
  // wanted by the service; logins meanwhile wait at the other sockets.
  if (done) done = systemctl("restart labgpud", {"restart", "labgpud.service"}, signals);
  if (done && !userdb_is_on(socket)) done = fail(socket + " does not appear");
  if (done) return "systemd's user database asks labgpu now";
  auto error = done.error();
  auto off = turn_userdb_off(signals, socket);
  if (!off) error.message += "; and it stays half on: " + off.error().message;
  return Failed(error);
}

Result<bool> turn_userdb_off(const HeldSignals& signals, const std::string& socket) {
  if (!userdb_is_on(socket) && !is_enabled(signals)) return false;
  auto done = systemctl("disable " + std::string(kSocketUnit),
                        {"disable", "--now", "--quiet", kSocketUnit}, signals);
  if (!done) return Failed(done.error());
  return true;
}

}  // namespace labgpu
