// Runs a fuzz target on its seeds, and on each seed cut short and with single bytes damaged. Linked
// once with each target.
#include <gtest/gtest.h>

#include <filesystem>
#include <random>
#include <string>

#include "tests/fuzz/target.h"
#include "tests/support/temporary_directory.h"

namespace labgpu {
namespace {

constexpr int kChanges = 1000;  // of each kind and seed

void run(const std::string& input) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(input.data()), input.size());
}

TEST(Seeds, KeepThePromises) {
  size_t seeds = 0;
  std::minstd_rand random(1);  // the same changes each time
  for (const auto& entry : std::filesystem::directory_iterator(LABGPU_SEEDS)) {
    SCOPED_TRACE(entry.path());
    const std::string seed = test::read_file(entry.path());
    ASSERT_FALSE(seed.empty());
    ++seeds;
    run(seed);
    for (int i = 0; i < kChanges; ++i) {
      run(seed.substr(0, random() % seed.size()));
      std::string damaged = seed;
      damaged[random() % seed.size()] = static_cast<char>(random() % 256);
      run(damaged);
    }
  }
  EXPECT_GE(seeds, 2U);
}

}  // namespace
}  // namespace labgpu
