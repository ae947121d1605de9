// Limits of processes from and to text, and as Docker takes them.
#include "helper/setting_ulimits.h"

#include <algorithm>
#include <array>

#include "common/parse.h"
#include "helper/text_list.h"

namespace labgpu {

using nlohmann::json;

namespace {

// What Docker knows (docker/go-units, ulimit.go).
constexpr std::array<std::string_view, 15> kNames = {
    "core",   "cpu",   "data", "fsize",  "locks",  "memlock",    "msgqueue", "nice",
    "nofile", "nproc", "rss",  "rtprio", "rttime", "sigpending", "stack"};

constexpr std::string_view kUnlimited = "unlimited";

bool parse_limit(std::string_view text, int64_t& limit) {
  limit = -1;
  if (text == kUnlimited) return true;
  uint64_t number = 0;
  if (!parse_u64(text, number) || number > INT64_MAX) return false;
  limit = static_cast<int64_t>(number);
  return true;
}

std::string limit_text(int64_t limit) {
  return limit < 0 ? std::string(kUnlimited) : std::to_string(limit);
}

}  // namespace

Result<Ulimit> parse_ulimit(std::string_view text) {
  auto equals = text.find('=');
  auto name = text.substr(0, equals);
  if (std::find(kNames.begin(), kNames.end(), name) == kNames.end()) {
    return fail(ErrorCode::kInvalid,
                "\"" + std::string(name) + "\" is not one of the limits " + join(kNames, ", "));
  }
  auto values = equals == std::string_view::npos ? std::string_view() : text.substr(equals + 1);
  auto colon = values.find(':');
  Ulimit limit{std::string(name)};
  bool right = parse_limit(values.substr(0, colon), limit.soft);
  limit.hard = limit.soft;
  if (colon != std::string_view::npos) {
    right = right && parse_limit(values.substr(colon + 1), limit.hard);
  }
  if (!right) {
    return fail(ErrorCode::kInvalid, "\"" + std::string(text) + "\" must be " + limit.name +
                                         "=N or " + limit.name +
                                         "=SOFT:HARD, each a number or unlimited");
  }
  bool above = limit.hard >= 0 && (limit.soft < 0 || limit.soft > limit.hard);
  if (above) {
    return fail(ErrorCode::kInvalid,
                "\"" + std::string(text) + "\" has a soft limit above its hard one");
  }
  return limit;
}

std::string to_text(const Ulimit& limit) {
  auto text = limit.name + "=" + limit_text(limit.soft);
  return limit.hard == limit.soft ? text : text + ":" + limit_text(limit.hard);
}

void put_ulimits(const std::vector<Ulimit>& limits, json& body) {
  json& list = body["HostConfig"]["Ulimits"];
  list = json::array();
  auto put = [&list](const Ulimit& limit) {
    list.push_back({{"Name", limit.name}, {"Soft", limit.soft}, {"Hard", limit.hard}});
  };
  auto is_core = [](const Ulimit& limit) { return limit.name == "core"; };
  if (std::none_of(limits.begin(), limits.end(), is_core)) put({"core", 0, -1});
  for (const auto& limit : limits) put(limit);
}

}  // namespace labgpu
