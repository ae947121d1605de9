// Varlink's messages (https://varlink.org/Method-Call): a call in, a reply out, both JSON.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <tl/expected.hpp>

#include "helper/error.h"
#include "helper/listener.h"

namespace labgpu {

struct VarlinkCall {
  std::string interface;  // "org.labgpu"
  std::string method;     // "AddUser"
  nlohmann::json parameters = nlohmann::json::object();
  bool oneway = false;   // the caller wants no reply
  bool upgrade = false;  // the caller wants another protocol afterwards
  Peer peer;
  bool more = false;  // the caller takes several replies
  // Tells how far a long call is, in a reply before the last one; nothing unless `more`. What
  // nobody reads in time is left out.
  std::function<void(const nlohmann::json& parameters)> tell = [](const nlohmann::json&) {};
  // Whether the caller has not read yet what it was told last, so that more would be left out.
  std::function<bool()> is_behind = [] { return false; };
  // From now on the call is given up when its caller hangs up.
  std::function<void()> end_with_caller = [] {};
};

struct VarlinkError {
  std::string name;  // "org.labgpu.Invalid"
  nlohmann::json parameters = nlohmann::json::object();
};

// The reply's parameters, an object, or an error.
using VarlinkReply = tl::expected<nlohmann::json, VarlinkError>;
using VarlinkFailed = tl::unexpected<VarlinkError>;

// The errors of org.varlink.service.
VarlinkFailed interface_not_found(const std::string& interface);
VarlinkFailed method_not_found(const VarlinkCall& call);
VarlinkFailed method_not_implemented(const VarlinkCall& call);
VarlinkFailed invalid_parameter(const std::string& parameter);

// `text` is a message without its NUL. kInvalid when it is no call.
Result<VarlinkCall> parse_call(const std::string& text);

// With the NUL at its end. Text that is not UTF-8, as from a file or another program, is mended.
std::string encode_reply(VarlinkReply reply);
// A reply that others follow.
std::string encode_progress(const nlohmann::json& parameters);

}  // namespace labgpu
