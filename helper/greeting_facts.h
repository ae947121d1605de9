// What a greeting tells, in words: numbers and lists become the values of its placeholders.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "helper/date.h"
#include "helper/disk_usage.h"
#include "helper/greeting_template.h"
#include "helper/setting_gpus.h"
#include "helper/setting_ports.h"

namespace labgpu {

struct GreetingFacts {
  struct Disk {
    std::string target;  // where the container shows it
    DiskSpace space;
  };

  std::string user;
  std::string hostname;  // the container's
  std::string host;      // the server's
  std::string container;
  std::string image;
  Microseconds now = 0;
  std::optional<Microseconds> started;
  uint64_t sessions = 0;
  nlohmann::json gpus = nlohmann::json::array();  // as gpu_monitor.h tells them
  uint64_t gpus_seconds_ago = 0;
  std::optional<uint64_t> memory_used;
  uint64_t memory_limit = 0;  // 0: none
  std::string cpus;
  std::vector<Disk> disks;
  std::vector<Port> ports;
  std::vector<std::string> rebuild;  // keys of settings
};

enum class WordLanguage { kEnglish, kChinese };

GreetingValues describe(const GreetingFacts& facts, WordLanguage language);

}  // namespace labgpu
