// Words for the facts of a greeting.
#include "helper/greeting_facts.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "common/byte_size.h"
#include "helper/greeting_words.h"
#include "helper/text_list.h"

namespace labgpu {

namespace {

using nlohmann::json;
using Items = std::vector<std::string>;

constexpr size_t kMostItems = 6;       // of one list: a greeting is to be read at a glance
constexpr size_t kLongestName = 28;    // of a GPU's model
constexpr uint64_t kPercentFull = 90;  // from here on a disk is marked

std::string amount(uint64_t bytes) { return std::string(byte_size(bytes).view()); }

std::string counted(uint64_t count, std::string_view one, std::string_view many) {
  return count == 1 ? std::string(one) : filled(many, {std::to_string(count)});
}

std::string duration(uint64_t seconds, const GreetingWords& words) {
  constexpr uint64_t kMinute = 60;
  constexpr uint64_t kHour = 60 * kMinute;
  constexpr uint64_t kDay = 24 * kHour;
  if (seconds < kMinute) return std::string(words.moment);
  if (seconds < kHour) return counted(seconds / kMinute, words.minute, words.minutes);
  if (seconds < kDay) return counted(seconds / kHour, words.hour, words.hours);
  return counted(seconds / kDay, words.day, words.days);
}

std::string state_since(const GreetingFacts& facts, const GreetingWords& words) {
  if (!facts.started || *facts.started > facts.now) return std::string(words.running);
  constexpr uint64_t kSecond = 1000000;
  return filled(words.running_for, {duration((facts.now - *facts.started) / kSecond, words)});
}

Items shortened(Items items, const GreetingWords& words) {
  if (items.size() <= kMostItems) return items;
  auto left_out = items.size() - kMostItems + 1;
  items.resize(kMostItems - 1);
  items.push_back(filled(words.more, {std::to_string(left_out)}));
  return items;
}

// Fields of a report that another program made: what is of another type is absent.
std::string text_of(const json& gpu, const char* key) {
  auto found = gpu.find(key);
  return found != gpu.end() && found->is_string() ? found->get<std::string>() : std::string();
}
std::optional<uint64_t> number_of(const json& gpu, const char* key) {
  auto found = gpu.find(key);
  if (found == gpu.end() || !found->is_number_unsigned()) return std::nullopt;
  return found->get<uint64_t>();
}

// "NVIDIA A100-SXM4-80GB" without what all of them have.
std::string model_of(const json& gpu) {
  constexpr std::string_view kMaker = "NVIDIA ";
  auto name = text_of(gpu, "name");
  if (name.starts_with(kMaker)) name.erase(0, kMaker.size());
  return name.substr(0, kLongestName);
}

std::string users_of(const json& gpu, const GreetingWords& words) {
  std::set<std::string> users;
  for (const auto& process : gpu.value("processes", json::array())) {
    auto user = text_of(process, "user");
    users.insert(user.empty() ? std::string(words.host) : user);
  }
  return join(users, words.comma);
}

std::string busy_text(const json& gpu, uint64_t utilization, const std::string& users,
                      const GreetingWords& words) {
  auto text = filled(words.gpu_busy, {std::to_string(utilization)});
  auto used = number_of(gpu, "memoryUsed");
  auto total = number_of(gpu, "memoryTotal");
  if (used && total) {
    append_part(text, filled(words.of, {amount(*used), amount(*total)}), words.comma);
  }
  if (!users.empty()) append_part(text, filled(words.used_by, {users}), words.comma);
  return text;
}

// One item for each GPU that is in use or does not answer, and one for all free ones of a model.
Items gpu_items(const GreetingFacts& facts, const GreetingWords& words) {
  Items items;
  std::map<std::string, std::string> free;  // indexes by model
  for (const auto& gpu : facts.gpus) {
    auto index = text_of(gpu, "index");
    if (index.empty()) continue;
    auto problem = text_of(gpu, "problem");
    auto model = model_of(gpu);
    auto users = users_of(gpu, words);
    auto utilization = number_of(gpu, "utilization").value_or(0);
    if (!problem.empty()) {
      items.push_back(index + ": " + problem);
    } else if (utilization == 0 && users.empty()) {
      append_part(free[model], index, ", ");
    } else {
      append_part(model, busy_text(gpu, utilization, users, words), words.comma);
      items.push_back(index + ": " + model);
    }
  }
  for (auto& [model, indexes] : free) {
    auto text = model;
    append_part(text, words.gpu_free, words.comma);
    items.push_back(indexes + ": " + text);
  }
  items = shortened(std::move(items), words);
  constexpr uint64_t kOld = 60;
  if (!items.empty() && facts.gpus_seconds_ago >= kOld) {
    items.push_back(filled(words.ago, {duration(facts.gpus_seconds_ago, words)}));
  }
  return items;
}

Items memory_items(const GreetingFacts& facts, const GreetingWords& words) {
  if (!facts.memory_used && facts.memory_limit == 0) return {};
  if (!facts.memory_used) return {amount(facts.memory_limit)};
  if (facts.memory_limit == 0) return {filled(words.in_use, {amount(*facts.memory_used)})};
  return {filled(words.of, {amount(*facts.memory_used), amount(facts.memory_limit)})};
}

// As df(1): root's reserve counts neither as used nor as there, and a part of a percent as one.
uint64_t percent_full(const DiskSpace& space) {
  auto reachable = static_cast<double>(space.used) + static_cast<double>(space.available);
  if (reachable == 0) return 0;
  auto percent = static_cast<double>(space.used) * 100 / reachable;
  auto whole = static_cast<uint64_t>(percent);
  return percent > static_cast<double>(whole) ? whole + 1 : whole;
}

// One item for each file system, with every place where the container shows it.
Items disk_items(const GreetingFacts& facts, const GreetingWords& words) {
  std::vector<GreetingFacts::Disk> systems;
  for (const auto& disk : facts.disks) {
    auto same = std::find_if(systems.begin(), systems.end(), [&](const auto& other) {
      return other.space.device == disk.space.device;
    });
    if (same == systems.end()) {
      systems.push_back(disk);
    } else {
      same->target += ", " + disk.target;
    }
  }
  Items items;
  for (const auto& [target, space] : systems) {
    auto text = filled(words.space, {target, amount(space.available), amount(space.total)});
    auto percent = percent_full(space);
    if (percent >= kPercentFull) {
      append_part(text, filled(words.full, {std::to_string(percent)}), words.comma);
    }
    items.push_back(std::move(text));
  }
  return shortened(std::move(items), words);
}

Items port_items(const GreetingFacts& facts, const GreetingWords& words) {
  Items items;
  for (const auto& port : facts.ports) {
    if (port.host == 0) continue;
    items.push_back(std::to_string(port.host) + " -> " + std::to_string(port.container) +
                    (port.udp ? "/udp" : ""));
  }
  return shortened(std::move(items), words);
}

Items item_unless_empty(std::string text) {
  if (text.empty()) return {};
  return {std::move(text)};
}

}  // namespace

GreetingValues describe(const GreetingFacts& facts, WordLanguage language) {
  const auto& words = language == WordLanguage::kChinese ? kChineseWords : kEnglishWords;
  return {
      {Placeholder::kUser, item_unless_empty(facts.user)},
      {Placeholder::kHostname, item_unless_empty(facts.hostname)},
      {Placeholder::kHost, item_unless_empty(facts.host)},
      {Placeholder::kContainer, item_unless_empty(facts.container)},
      {Placeholder::kImage, item_unless_empty(facts.image)},
      {Placeholder::kStateSince, {state_since(facts, words)}},
      {Placeholder::kSessions, {counted(facts.sessions, words.login, words.logins)}},
      {Placeholder::kGpus, gpu_items(facts, words)},
      {Placeholder::kMemory, memory_items(facts, words)},
      {Placeholder::kCpus, item_unless_empty(facts.cpus)},
      {Placeholder::kDisks, disk_items(facts, words)},
      {Placeholder::kPorts, port_items(facts, words)},
      {Placeholder::kRebuild, item_unless_empty(join(facts.rebuild, ", "))},
  };
}

}  // namespace labgpu
