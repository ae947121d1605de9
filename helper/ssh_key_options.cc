// Options of keys, by a table.
#include "helper/ssh_key_options.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <strings.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <set>

#include "common/parse.h"

namespace labgpu {

namespace {

Failed refuse(const std::string& why) { return fail(ErrorCode::kInvalid, why); }

// --- values; each error is the predicate of "from …"

Result<void> check_any(const std::string&) { return {}; }

struct Network {
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  size_t bits = 0;
};

std::optional<Network> parse_address(const std::string& text) {
  Network network;
  if (inet_pton(AF_INET, text.c_str(), network.bytes.data()) == 1) {
    network.bits = 8 * sizeof(in_addr);
  } else if (inet_pton(AF_INET6, text.c_str(), network.bytes.data()) == 1) {
    network.bits = 8 * sizeof(in6_addr);
  } else {
    return std::nullopt;
  }
  return network;
}

// addr.c, addr_pton_cidr: the mask has to fit, and no bit may be set behind it.
bool is_network(const std::string& text) {
  auto slash = text.find('/');
  auto network = parse_address(text.substr(0, slash));
  uint32_t mask = 0;
  if (!network || !parse_u32(std::string_view(text).substr(slash + 1), mask)) return false;
  if (mask > network->bits) return false;
  for (size_t bit = mask; bit < network->bits; ++bit) {
    if ((network->bytes[bit / 8] & (0x80U >> (bit % 8))) != 0) return false;
  }
  return true;
}

// One bad element spoils them all (addrmatch.c, addr_match_list).
Result<void> check_from(const std::string& list) {
  constexpr size_t kLongest = 1023;  // match.c, match_pattern_list
  for (size_t begin = 0; begin <= list.size();) {
    auto end = std::min(list.find(',', begin), list.size());
    auto element = list.substr(begin, end - begin);
    begin = end + 1;
    if (element.starts_with('!')) element.erase(0, 1);
    if (element.empty()) return refuse("has an empty place between its commas");
    if (element.size() > kLongest) return refuse("has a pattern of more than 1023 characters");
    if (element.find('/') != std::string::npos && !is_network(element)) {
      return refuse("has \"" + element +
                    "\", which is no network such as 192.0.2.0/24, with no bit set behind the "
                    "mask");
    }
  }
  return {};
}

// misc.c, parse_absolute_time: YYYYMMDD[HHMM[SS]], with Z or UTC behind it or without.
Result<void> check_expiry_time(const std::string& text) {
  auto digits = text;
  if (digits.size() > 1 && strcasecmp(digits.c_str() + digits.size() - 1, "Z") == 0) {
    digits.pop_back();
  } else if (digits.size() > 3 && strcasecmp(digits.c_str() + digits.size() - 3, "UTC") == 0) {
    digits.resize(digits.size() - 3);
  }
  const char* format = digits.size() == 8    ? "%Y-%m-%d"
                       : digits.size() == 12 ? "%Y-%m-%dT%H:%M"
                       : digits.size() == 14 ? "%Y-%m-%dT%H:%M:%S"
                                             : nullptr;
  bool plain =
      std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (format != nullptr && plain) {
    auto spaced = digits.substr(0, 4) + "-" + digits.substr(4, 2) + "-" + digits.substr(6, 2);
    if (digits.size() > 8) spaced += "T" + digits.substr(8, 2) + ":" + digits.substr(10, 2);
    if (digits.size() > 12) spaced += ":" + digits.substr(12, 2);
    tm parts{};
    const char* end = strptime(spaced.c_str(), format, &parts);
    if (end != nullptr && *end == '\0' && timegm(&parts) > 0) return {};
  }
  return refuse("must be a time such as 20261231, 202612311800 or 20261231180000Z");
}

// misc.c, valid_env_name.
Result<void> check_environment(const std::string& text) {
  auto name = std::string_view(text).substr(0, text.find('='));
  bool plain = std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
  if (name.size() < text.size() && !name.empty() && plain) return {};
  return refuse("must be NAME=value, the name of letters, digits and _");
}

// misc.c, a2port.
bool is_port(const std::string& text) {
  uint32_t number = 0;
  if (text == "*") return true;
  if (parse_u32(text, number)) return number > 0 && number <= UINT16_MAX;
  return getservbyname(text.c_str(), "tcp") != nullptr;
}

// auth-options.c, handle_permit; misc.c, hpdelim2: a slash may stand for the colon.
Result<void> check_host_and_port(const std::string& text) {
  size_t end = text.find_first_of(":/");
  if (text.starts_with('[')) {
    end = text.find(']');
    if (end != std::string::npos) ++end;
  }
  bool split = end < text.size() && (text[end] == ':' || text[end] == '/') && end < NI_MAXHOST;
  if (split && is_port(text.substr(end + 1))) return {};
  return refuse("must be host:port, such as localhost:8888, [2001:db8::1]:22 or *:*");
}

Result<void> check_listener(const std::string& text) {
  if (text.find(':') == std::string::npos) return check_host_and_port("*:" + text);
  return check_host_and_port(text);
}

// misc.c, a2tun; misc.h, SSH_TUNID_MAX.
Result<void> check_tunnel(const std::string& text) {
  constexpr uint32_t kHighest = 0x7fffffff - 2;
  uint32_t number = 0;
  if (strcasecmp(text.c_str(), "any") == 0 || (parse_u32(text, number) && number <= kHighest)) {
    return {};
  }
  return refuse("must be a number or any");
}

// --- the options

constexpr size_t kManyPermits = 4097;    // auth-options.h, SSH_AUTHOPT_PERMIT_MAX, and one
constexpr size_t kManyVariables = 1025;  // SSH_AUTHOPT_ENV_MAX, and one

struct Option {
  std::string_view name;
  bool negatable;                             // "no-" may stand before it
  Result<void> (*check)(const std::string&);  // nullptr: it has no value
  size_t most;                                // times that it may be there
};

constexpr size_t kAnyNumber = SIZE_MAX;

constexpr Option kOptions[] = {
    {"restrict", false, nullptr, kAnyNumber},
    {"cert-authority", false, nullptr, kAnyNumber},
    {"port-forwarding", true, nullptr, kAnyNumber},
    {"agent-forwarding", true, nullptr, kAnyNumber},
    {"x11-forwarding", true, nullptr, kAnyNumber},
    {"touch-required", true, nullptr, kAnyNumber},
    {"verify-required", true, nullptr, kAnyNumber},
    {"pty", true, nullptr, kAnyNumber},
    {"user-rc", true, nullptr, kAnyNumber},
    {"command", false, check_any, 1},
    {"principals", false, check_any, 1},
    {"from", false, check_from, 1},
    {"expiry-time", false, check_expiry_time, kAnyNumber},
    {"environment", false, check_environment, kManyVariables},
    {"permitopen", false, check_host_and_port, kManyPermits},
    {"permitlisten", false, check_listener, kManyPermits},
    {"tunnel", false, check_tunnel, kAnyNumber},
};

bool same_word(std::string_view one, std::string_view other) {
  return one.size() == other.size() && strncasecmp(one.data(), other.data(), one.size()) == 0;
}

const Option* find_option(std::string_view word) {
  constexpr std::string_view kNot = "no-";
  for (const auto& option : kOptions) {
    if (same_word(word, option.name)) return &option;
    bool negated = option.negatable && word.size() > kNot.size() &&
                   same_word(word.substr(0, kNot.size()), kNot);
    if (negated && same_word(word.substr(kNot.size()), option.name)) return &option;
  }
  return nullptr;
}

// Takes a value in double quotes, in which \" is a quote (misc.c, opt_dequote).
std::optional<std::string> take_quoted(std::string_view& rest) {
  if (!rest.starts_with('"')) return std::nullopt;
  std::string value;
  for (size_t i = 1; i < rest.size(); ++i) {
    if (rest[i] == '"') {
      rest.remove_prefix(i + 1);
      return value;
    }
    if (rest[i] == '\\' && i + 1 < rest.size() && rest[i + 1] == '"') ++i;
    value.push_back(rest[i]);
  }
  return std::nullopt;
}

// Takes one option; an empty one, as between two commas, is nothing.
Result<const Option*> take_option(std::string_view& rest) {
  auto word = rest.substr(0, rest.find_first_of(",=\""));
  rest.remove_prefix(word.size());
  if (word.empty() && (rest.empty() || rest.front() == ',')) return nullptr;
  const auto* option = find_option(word);
  auto shown = std::string(word);
  if (option == nullptr)
    return refuse("has the option \"" + shown + "\", which sshd does not know");
  bool has_value = rest.starts_with('=');
  if (has_value != (option->check != nullptr)) {
    return refuse("has the option " + shown + (has_value ? " with" : " without") + " a value");
  }
  if (has_value) {
    rest.remove_prefix(1);
    auto value = take_quoted(rest);
    if (!value) return refuse("has the option " + shown + " whose value is not in double quotes");
    auto right = option->check(*value);
    if (!right)
      return refuse("has options that sshd refuses: " + shown + " " + right.error().message);
  }
  if (rest.empty() || rest.front() == ',') return option;
  return refuse("has something between the option " + shown + " and the next comma");
}

}  // namespace

Result<void> check_ssh_key_options(std::string_view options) {
  std::multiset<std::string_view> found;
  for (auto rest = options; !rest.empty();) {
    auto option = take_option(rest);
    if (!option) return Failed(option.error());
    if (*option != nullptr) {
      found.insert((*option)->name);
      if (found.count((*option)->name) > (*option)->most) {
        return refuse("has the option " + std::string((*option)->name) +
                      " more often than sshd takes");
      }
    }
    if (!rest.empty()) rest.remove_prefix(1);  // the comma
  }
  if (found.contains("principals") && !found.contains("cert-authority")) {
    return refuse("has the option principals, which needs cert-authority");
  }
  if (found.contains("command") && found.contains("cert-authority")) {
    return refuse(
        "has the options cert-authority and command; labgpu cannot hold certificates to a command");
  }
  return {};
}

}  // namespace labgpu
