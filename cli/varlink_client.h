// A Varlink client for the helper: one connection, calls one after the other.
//
// Varlink (https://varlink.org/Method-Call) is a JSON object and a NUL byte in each direction. The
// interface is described in helper/org.labgpu.varlink.
#pragma once

#include <chrono>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "cli/result.h"
#include "common/unique_fd.h"

namespace labgpu {

// Enough for almost every method.
inline constexpr std::chrono::milliseconds kCallTimeout = std::chrono::seconds(60);
// Methods that make Docker create, start or stop a container.
inline constexpr std::chrono::milliseconds kContainerTimeout = std::chrono::minutes(10);
// A reply longer than this is not taken.
inline constexpr size_t kMaxReply = size_t{16} * 1024 * 1024;

class VarlinkClient {
 public:
  // Gets the parameters of a reply that others follow.
  using OnProgress = std::function<void(const nlohmann::json& parameters)>;

  // Fails with kExitUnavailable when nothing listens there.
  static Result<VarlinkClient> connect(const std::string& path);
  // Over a connection that is there already, a user's own.
  static VarlinkClient over(UniqueFd socket);

  // Calls "org.labgpu.METHOD" and returns the reply's parameters. An error reply is a failure with
  // the helper's own sentence. A missing, late or senseless reply is kExitUnavailable, and the
  // connection is of no more use.
  // With `on_progress` the helper may tell how far it is; then the time counts anew.
  Result<nlohmann::json> call(const std::string& method, const nlohmann::json& parameters,
                              std::chrono::milliseconds timeout = kCallTimeout,
                              const OnProgress& on_progress = nullptr);

 private:
  VarlinkClient(UniqueFd socket, const char* advice)
      : socket_(std::move(socket)), advice_(advice) {}
  Result<nlohmann::json> exchange(const std::string& request, std::chrono::milliseconds timeout,
                                  const OnProgress& on_progress);
  Result<std::string> receive_message(std::chrono::milliseconds timeout);

  UniqueFd socket_;
  const char* advice_;    // for when there is no answer
  std::string received_;  // what came behind the last message
};

}  // namespace labgpu
