// Runs a user's own command in the test, over one connection to a helper that the test scripts.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/unit/cli/fake_helper.h"
#include "tests/unit/cli/run_labgpu.h"

namespace labgpu {

// The standard input: a file, or a terminal on which that is typed, perhaps only once it shows
// nothing any more.
enum class Input { kFile, kTyped, kTypedHidden };
struct SelfInput {
  std::string text;
  Input how = Input::kFile;
};

// One run against these replies, in turn; the first of most commands is GetUser's.
class SelfRun {
 public:
  SelfRun(const std::vector<std::string>& arguments, std::vector<nlohmann::json> replies,
          const SelfInput& input = {});

  // "GetUser", "Stop" …
  [[nodiscard]] std::vector<std::string> methods();
  nlohmann::json parameters(size_t i);

  Ran ran;

 private:
  std::mutex mutex_;
  std::vector<nlohmann::json> requests_;
  std::deque<nlohmann::json> replies_;
  FakeHelper helper_;
};

// Replies that tests begin with.
nlohmann::json reply_with(const nlohmann::json& parameters);
nlohmann::json alice_reply();

}  // namespace labgpu
