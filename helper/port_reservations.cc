// Finds a free port for each that needs one.
#include "helper/port_reservations.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <map>
#include <sstream>

#include "helper/account_settings.h"

namespace labgpu {

namespace {

// The address in these tables is "0100007F:1F90": hexadecimal, the port after the colon. A TCP
// socket in state 0A listens, a UDP socket in 07 is bound and not connected (linux/tcp_states.h).
void add_busy_ports(const std::string& path, const std::string& state, std::set<uint16_t>& ports) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);  // headings
  while (std::getline(file, line)) {
    std::istringstream words(line);
    std::string number;
    std::string local;
    std::string remote;
    std::string found;
    if (!(words >> number >> local >> remote >> found) || found != state) continue;
    uint16_t port = 0;
    auto digits = local.substr(local.rfind(':') + 1);
    std::from_chars(digits.data(), digits.data() + digits.size(), port, 16);
    if (port != 0) ports.insert(port);
  }
}

Result<void> claim(const Port& port, const TakenPorts& taken, const std::string& account,
                   PortReservations& reserved) {
  auto name = container_port_name(port);
  auto before = reserved.find(name);
  if (before != reserved.end() && before->second == port.host) return {};
  auto number = std::to_string(port.host);
  auto owner = taken.owners.find(port.host);
  if (owner != taken.owners.end() && owner->second != account) {
    return fail(ErrorCode::kExists, "ports cannot have " + number +
                                        ": this port of the server is " + owner->second +
                                        "'s; leave it out (" + std::to_string(port.container) +
                                        ") and labgpu reserves a free one");
  }
  bool twice = std::any_of(reserved.begin(), reserved.end(), [&](const auto& entry) {
    return entry.second == port.host && entry.first != name;
  });
  if (twice) {
    return fail(ErrorCode::kExists,
                "ports cannot have " + number + ": it leads to another port of the container");
  }
  if (taken.busy.contains(port.host)) {
    return fail(ErrorCode::kExists, "ports cannot have " + number +
                                        ": something on this server listens on it; ss -tulpn "
                                        "tells what");
  }
  reserved[name] = port.host;
  return {};
}

Result<uint16_t> find_free(const PortRange& range, const TakenPorts& taken,
                           const PortReservations& reserved) {
  for (uint32_t number = range.first; number <= range.last; ++number) {
    auto port = static_cast<uint16_t>(number);
    bool own = std::any_of(reserved.begin(), reserved.end(),
                           [port](const auto& entry) { return entry.second == port; });
    if (!own && !taken.owners.contains(port) && !taken.busy.contains(port)) return port;
  }
  return fail(ErrorCode::kExists, "none of the ports " + std::to_string(range.first) + " to " +
                                      std::to_string(range.last) +
                                      " is free; set \"ports\" in labgpu.json to more of them");
}

}  // namespace

std::set<uint16_t> busy_ports(const std::string& root) {
  std::set<uint16_t> ports;
  for (const char* name : {"tcp", "tcp6"}) add_busy_ports(root + "/proc/net/" + name, "0A", ports);
  for (const char* name : {"udp", "udp6"}) add_busy_ports(root + "/proc/net/" + name, "07", ports);
  return ports;
}

void TakenPorts::add(const Account& account) {
  for (const auto& [name, host] : account.host_ports) owners[host] = account.name;
}

TakenPorts taken_ports(const AccountStore& accounts) {
  TakenPorts taken{.owners = {}, .busy = busy_ports()};
  for (const auto& account : accounts.list()) taken.add(*account);
  return taken;
}

Result<void> reserve_ports(const SettingsPolicy& policy, const TakenPorts& taken,
                           Account& account) {
  auto settings = settings_of(policy, account);
  if (!settings) return Failed(settings.error());
  auto reserved = account.host_ports;
  // Those that are asked for by number first, so that none of them is given away.
  for (const auto& port : settings->ports) {
    if (port.host == 0) continue;
    if (auto claimed = claim(port, taken, account.name, reserved); !claimed) return claimed;
  }
  for (const auto& port : settings->ports) {
    if (port.host != 0) continue;
    auto found = find_free(policy.ports, taken, reserved);
    if (!found) return Failed(found.error());
    reserved[container_port_name(port)] = *found;
  }
  account.host_ports = std::move(reserved);
  return {};
}

Result<AccountPointer> reserve_missing_ports(const SettingsPolicy& policy, AccountStore& accounts,
                                             const AccountPointer& seen, TakenPorts& taken) {
  Account account = *seen;
  if (auto reserved = reserve_ports(policy, taken, account); !reserved) {
    return Failed(reserved.error());
  }
  taken.add(account);
  if (account.host_ports == seen->host_ports) return seen;
  return accounts.put_if_unchanged(seen, account);
}

}  // namespace labgpu
