// The setting ports: what of a container is reached from outside, through ports of the server.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "helper/error.h"

namespace labgpu {

// A port of the container, and the server's that leads to it; 0: one that labgpu reserves.
struct Port {
  uint16_t container = 0;
  uint16_t host = 0;
  bool udp = false;
  bool operator==(const Port&) const = default;
};

// "8888/tcp": as Docker names a container's port.
std::string container_port_name(const Port& port);

// "8888", "ssh" (22), "8080:80" (the server's first), each with "/udp" after it.
Result<Port> parse_port(std::string_view text);
std::string to_text(const Port& port);
// The same as a text, or the container's port as a number.
Result<Port> port_from_json(const nlohmann::json& value);

// Ports of the server by container_port_name().
using PortReservations = std::map<std::string, uint16_t>;

// From which the server's ports are reserved, and the address at which Docker listens ("": all).
struct PortRange {
  // Below the kernel's own range for outgoing connections (net.ipv4.ip_local_port_range).
  uint16_t first = 20000;
  uint16_t last = 29999;
  std::string address;
};

// Writes them into the body of POST /containers/create.
void put_ports(const std::vector<Port>& ports, const std::string& address, nlohmann::json& body);

}  // namespace labgpu
