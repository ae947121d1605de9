// Ports from and to text, and as Docker publishes them.
#include "helper/setting_ports.h"

#include "common/parse.h"
#include "helper/json_text.h"

namespace labgpu {

using nlohmann::json;

namespace {

constexpr std::string_view kSsh = "ssh";
constexpr uint16_t kSshPort = 22;
constexpr std::string_view kUdp = "/udp";
constexpr std::string_view kTcp = "/tcp";

bool parse_number(std::string_view text, uint16_t& port) {
  uint32_t number = 0;
  if (!parse_u32(text, number) || number == 0 || number > UINT16_MAX) return false;
  port = static_cast<uint16_t>(number);
  return true;
}

bool parse_container_port(std::string_view text, uint16_t& port) {
  if (text != kSsh) return parse_number(text, port);
  port = kSshPort;
  return true;
}

}  // namespace

std::string container_port_name(const Port& port) {
  return std::to_string(port.container) + std::string(port.udp ? kUdp : kTcp);
}

Result<Port> parse_port(std::string_view given) {
  Port port;
  auto text = given;
  port.udp = has_suffix(text, kUdp);
  if (port.udp || has_suffix(text, kTcp)) text.remove_suffix(kUdp.size());
  auto colon = text.find(':');
  bool right = false;
  if (colon == std::string_view::npos) {
    right = parse_container_port(text, port.container);
  } else {
    right = parse_number(text.substr(0, colon), port.host) &&
            parse_container_port(text.substr(colon + 1), port.container);
  }
  if (right) return port;
  return fail(ErrorCode::kInvalid,
              "\"" + std::string(given) +
                  "\" must be a port of the container (1 to 65535, or ssh for 22), such as 8888, "
                  "or with the server's before it, such as 8080:80; /udp may follow");
}

std::string to_text(const Port& port) {
  std::string text = port.host == 0 ? "" : std::to_string(port.host) + ":";
  bool ssh = port.container == kSshPort && !port.udp;
  text += ssh ? std::string(kSsh) : std::to_string(port.container);
  return text + std::string(port.udp ? kUdp : "");
}

Result<Port> port_from_json(const json& value) {
  if (value.is_number_unsigned()) return parse_port(value.dump());
  auto text = json_text(value);
  if (!text) return fail(ErrorCode::kInvalid, "must be a list of ports: texts or numbers");
  return parse_port(*text);
}

void put_ports(const std::vector<Port>& ports, const std::string& address, json& body) {
  for (const auto& port : ports) {
    auto name = container_port_name(port);
    body["ExposedPorts"][name] = json::object();
    body["HostConfig"]["PortBindings"][name] =
        json::array({json{{"HostIp", address}, {"HostPort", std::to_string(port.host)}}});
  }
}

}  // namespace labgpu
