// Reads one report and completes it.
#include "helper/gpu_monitor.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <utility>

#include "common/unique_fd.h"
#include "common/unix_address.h"
#include "helper/json_fields.h"

namespace labgpu {

namespace {

using namespace std::chrono_literals;
using nlohmann::json;

// Without nvidia-persistenced the driver first has to start every GPU, a second or more for each.
constexpr auto kPatience = 20s;
constexpr size_t kLongest = size_t{4} << 20;

Failed unavailable(const std::string& why) {
  return fail(ErrorCode::kUnavailable, "cannot ask for the GPUs: " + why);
}

Result<UniqueFd> connect_to(const std::string& path) {
  sockaddr_un address{};
  if (!set_unix_address(address, path)) return unavailable(path + " is too long");
  UniqueFd connection(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!connection.valid() || connect(connection.get(), as_sockaddr(address), sizeof address) != 0) {
    return wrap("cannot ask for the GPUs; systemctl status labgpu-gpus.socket may tell why",
                fail_errno(path, errno).value());
  }
  return connection;
}

// Everything up to the end of the stream. Destroying the Task ends it.
Task<Result<std::string>> read_all(EventLoop& loop, UniqueFd stream) {
  Shared<Result<std::string>> outcome;
  std::string text;
  auto timer = loop.after(kPatience, [&] {
    outcome.set(unavailable("the NVIDIA driver does not answer; dmesg may tell why"));
  });
  auto watch = loop.watch(stream.get(), EPOLLIN, [&](uint32_t) {
    std::array<char, 65536> piece{};
    ssize_t count = read(stream.get(), piece.data(), piece.size());
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (count < 0) return outcome.set(unavailable(fail_errno("read", errno).value().message));
    if (count == 0) return outcome.set(std::move(text));
    text.append(piece.data(), static_cast<size_t>(count));
    if (text.size() > kLongest) outcome.set(unavailable("the report is far too long"));
  });
  Result<std::string> result = co_await outcome;
  co_return result;
}

// Whose each process is. Entries that make no sense go.
void name_users(json& gpu, const UserOfProcess& user_of) {
  json named = json::array();
  for (auto& process : gpu.value("processes", json::array())) {
    if (!process.is_object() || !process.contains("pid")) continue;
    const auto& pid = process["pid"];
    if (!pid.is_number_unsigned()) continue;
    auto user = user_of(static_cast<pid_t>(pid.get<uint32_t>()));
    if (!user.empty()) process["user"] = std::move(user);
    named.push_back(std::move(process));
  }
  gpu["processes"] = std::move(named);
}

}  // namespace

Result<json> complete_report(const std::string& text, const UserOfProcess& user_of) {
  auto parsed = parse_json(text, false);
  json report = parsed ? std::move(*parsed) : json();
  if (!report.is_object()) {
    return unavailable(
        "labgpu-gpus ended without an answer; journalctl -u 'labgpu-gpus@*' may tell why");
  }
  if (report.contains("problem") && report["problem"].is_string()) {
    return fail(ErrorCode::kUnavailable, report["problem"].get<std::string>());
  }
  if (!report.contains("gpus") || !report["gpus"].is_array()) {
    return unavailable("labgpu-gpus answers in another form; is it of another version?");
  }
  for (auto& gpu : report["gpus"]) {
    if (gpu.is_object()) name_users(gpu, user_of);
  }
  return report;
}

Task<Result<json>> ask_gpus(EventLoop& loop, std::string socket, UserOfProcess user_of) {
  auto connection = connect_to(socket);
  if (!connection) co_return Failed(connection.error());
  auto reading = read_all(loop, std::move(*connection));
  Result<std::string> text = co_await reading;
  if (!text) co_return Failed(text.error());
  co_return complete_report(*text, user_of);
}

Task<Result<json>> GpuMonitor::report() {
  // A copy: ask() lets go of it before the waiters resume.
  auto answer = under_way_;
  if (!answer) {
    answer = under_way_ = std::make_shared<Answer>();
    work_.add(ask());
  }
  Result<json> report = co_await *answer;
  co_return report;
}

Task<void> GpuMonitor::ask() {
  auto asking = ask_gpus(loop_, socket_, user_of_);
  Result<json> report = co_await asking;
  auto answer = std::exchange(under_way_, nullptr);
  answer->set(std::move(report));
}

}  // namespace labgpu
