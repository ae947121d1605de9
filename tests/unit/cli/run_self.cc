// Runs a user's own command in the test.
#include "tests/unit/cli/run_self.h"

#include <pty.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

#include <cstring>
#include <memory>
#include <stdexcept>
#include <utility>

#include "cli/self/self.h"

namespace labgpu {

namespace {

UniqueFd connect_to(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  memcpy(address.sun_path, path.data(), path.size());
  UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    throw std::runtime_error("connect");
  }
  return fd;
}

// What was typed before it is thrown away when the echo goes (TCSAFLUSH).
void wait_for_silence(int terminal) {
  termios modes{};
  for (int i = 0; i < 1000 && tcgetattr(terminal, &modes) == 0; ++i) {
    if ((modes.c_lflag & ECHO) == 0) return;
    usleep(10000);
  }
}

Ran run_at_terminal(const CommandLineRunner& run, const std::vector<std::string>& arguments,
                    const SelfInput& input) {
  int master = -1;
  int slave = -1;
  if (openpty(&master, &slave, nullptr, nullptr, nullptr) != 0) throw std::runtime_error("openpty");
  UniqueFd ours(master);
  UniqueFd theirs(slave);
  UniqueFd before(dup(STDIN_FILENO));
  dup2(slave, STDIN_FILENO);
  std::thread typist([&] {
    if (input.how == Input::kTypedHidden) wait_for_silence(slave);
    if (write(master, input.text.data(), input.text.size()) < 0) return;
  });
  auto ran = run_captured(run, arguments);
  typist.join();
  if (before.valid()) dup2(before.get(), STDIN_FILENO);
  return ran;
}

}  // namespace

nlohmann::json reply_with(const nlohmann::json& parameters) { return {{"parameters", parameters}}; }

nlohmann::json alice_reply() {
  return reply_with({{"user",
                      {{"name", "alice"},
                       {"settings", {{"ports", {"20000:8888", "20001:53/udp"}}}},
                       {"view",
                        {{{"key", "image"}, {"value", "cuda:12"}, {"origin", "user"}},
                         {{"key", "memory"}, {"value", "16g"}, {"origin", "default"}},
                         {{"key", "cpus"}, {"value", ""}, {"origin", "default"}},
                         {{"key", "hostname"}, {"value", "x"}, {"origin", "user"}}}}}}});
}

SelfRun::SelfRun(const std::vector<std::string>& arguments, std::vector<nlohmann::json> replies,
                 const SelfInput& input)
    : replies_(replies.begin(), replies.end()), helper_([this](int fd) {
        for (;;) {
          auto message = read_message(fd);
          if (message.empty()) return;
          std::lock_guard lock(mutex_);
          requests_.push_back(nlohmann::json::parse(message));
          if (replies_.empty()) return;
          write_bytes(fd, replies_.front().dump() + '\0');
          replies_.pop_front();
        }
      }) {
  auto connection = std::make_shared<UniqueFd>(connect_to(helper_.socket()));
  auto run = [connection](int argc, const char* const* argv) {
    return run_self(argc, argv, std::move(*connection));
  };
  ran = input.how == Input::kFile ? run_with_input(run, arguments, input.text)
                                  : run_at_terminal(run, arguments, input);
}

std::vector<std::string> SelfRun::methods() {
  std::lock_guard lock(mutex_);
  std::vector<std::string> methods;
  for (const auto& request : requests_) {
    methods.push_back(request.at("method").get<std::string>().substr(strlen("org.labgpu.")));
  }
  return methods;
}

nlohmann::json SelfRun::parameters(size_t i) {
  std::lock_guard lock(mutex_);
  return requests_.at(i).at("parameters");
}

}  // namespace labgpu
