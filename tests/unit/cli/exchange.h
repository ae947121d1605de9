// A command of labgpu's, run against a helper that answers what a test says.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "tests/unit/cli/fake_helper.h"
#include "tests/unit/cli/run_labgpu.h"

namespace labgpu {

inline nlohmann::json reply(const nlohmann::json& parameters) {
  return {{"parameters", parameters}};
}

// Runs a command against a helper with these replies.
struct Exchange {
  Exchange(std::vector<std::string> arguments, std::vector<nlohmann::json> replies,
           const std::string& input = "")
      : helper(std::move(replies)) {
    arguments.insert(arguments.end(), {"--socket", helper.socket()});
    ran = run_labgpu(arguments, input);
  }
  nlohmann::json parameters(size_t i = 0) { return helper.requests().at(i).at("parameters"); }
  std::string method(size_t i = 0) { return helper.requests().at(i).at("method"); }

  FakeHelper helper;
  Ran ran;
};

}  // namespace labgpu
