// Images without Docker: a test says which there are and what a build comes to.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "helper/images.h"

namespace labgpu::test {

class FakeImages final : public Images {
 public:
  std::vector<ImageDetails> there;
  std::vector<std::string> asked;   // "pull debian:12", "build alice", "remove builds of alice" …
  Result<void> outcome;             // of pull() and build()
  std::vector<std::string> output;  // of build()
  std::optional<Shared<bool>> building;  // what build() waits for
  bool build_is_ended = false;           // its Task was destroyed before it was done
  std::set<std::string> used;            // as remove_builds() was told last
  std::optional<PullState> pulling;

  Task<Result<std::vector<ImageDetails>>> list() override { co_return there; }
  Task<Result<ImageDetails>> find(std::string image) override {
    for (const auto& one : there) {
      if (std::find(one.names.begin(), one.names.end(), image) != one.names.end()) co_return one;
    }
    co_return fail(ErrorCode::kNotFound, "no such image");
  }
  Task<Result<void>> pull(std::string image) override {
    asked.push_back("pull " + image);
    co_return outcome;
  }
  [[nodiscard]] std::optional<PullState> pull_state(const std::string&) const override {
    return pulling;
  }
  Task<Result<BuiltImage>> build(Account account, Settings, OnOutput on_output) override {
    struct Ended {
      bool& flag;
      bool done = false;
      ~Ended() { flag = !done; }
    };
    asked.push_back("build " + account.name);
    Ended ended{build_is_ended};
    for (const auto& text : output) on_output(text);
    if (building) co_await *building;
    ended.done = true;
    if (!outcome) co_return Failed(outcome.error());
    co_return BuiltImage{"labgpu/build/" + account.name + ":1", "sha256:12", 5 << 20};
  }
  Task<Result<void>> remove_builds(Account account, std::set<std::string> still_used,
                                   size_t keep) override {
    asked.push_back("remove builds of " + account.name + " but " + std::to_string(keep));
    used = std::move(still_used);
    co_return Result<void>();
  }
};

}  // namespace labgpu::test
