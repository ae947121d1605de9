// Varlink calls and replies as JSON.
#include "helper/varlink_message.h"

#include <utility>

#include "helper/json_fields.h"
#include "helper/password.h"

namespace labgpu {

namespace {

VarlinkFailed service_error(const char* name, nlohmann::json parameters) {
  return VarlinkFailed({std::string("org.varlink.service.") + name, std::move(parameters)});
}

std::string encode(const nlohmann::json& message) {
  auto text = message.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  text.push_back('\0');
  return text;
}

nlohmann::json method_of(const VarlinkCall& call) {
  return {{"method", call.interface + "." + call.method}};
}

// One of them may be a password.
void wipe_texts(nlohmann::json& value) {
  for (auto& inside : value) {
    if (inside.is_string()) {
      wipe(inside.get_ref<std::string&>());
    } else if (inside.is_structured()) {
      wipe_texts(inside);
    }
  }
}

}  // namespace

VarlinkFailed interface_not_found(const std::string& interface) {
  return service_error("InterfaceNotFound", {{"interface", interface}});
}

VarlinkFailed method_not_found(const VarlinkCall& call) {
  return service_error("MethodNotFound", method_of(call));
}

VarlinkFailed method_not_implemented(const VarlinkCall& call) {
  return service_error("MethodNotImplemented", method_of(call));
}

VarlinkFailed invalid_parameter(const std::string& parameter) {
  return service_error("InvalidParameter", {{"parameter", parameter}});
}

Result<VarlinkCall> parse_call(const std::string& text) {
  auto json = parse_json(text, false);
  if (!json) return Failed(json.error());
  JsonFields fields(*json, "the call");
  VarlinkCall call;
  auto method = fields.required_text("method");
  const auto* parameters = fields.object("parameters");
  call.oneway = fields.boolean("oneway").value_or(false);
  call.upgrade = fields.boolean("upgrade").value_or(false);
  call.more = fields.boolean("more").value_or(false);
  // An unknown field is let pass: Varlink may grow one.
  if (auto done = fields.finish(); !done) return Failed(done.error());
  // Moved, not copied: a password in it is wiped in one place.
  if (parameters != nullptr) call.parameters = std::move(json->at("parameters"));
  auto dot = method.rfind('.');
  call.interface = method.substr(0, dot);
  call.method = dot == std::string::npos ? "" : method.substr(dot + 1);
  return call;
}

std::string encode_progress(const nlohmann::json& parameters) {
  return encode({{"parameters", parameters}, {"continues", true}});
}

std::string encode_reply(VarlinkReply reply) {
  nlohmann::json message;
  auto& parameters = message["parameters"];
  if (reply) {
    parameters = std::move(*reply);
  } else {
    message["error"] = reply.error().name;
    parameters = std::move(reply.error().parameters);
  }
  auto text = encode(message);
  wipe_texts(parameters);
  return text;
}

}  // namespace labgpu
