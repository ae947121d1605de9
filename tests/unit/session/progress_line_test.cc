// The line of progress: what it says, and that it fits.
#include "session/progress_line.h"

#include <gtest/gtest.h>

#include <string>

namespace labgpu {
namespace {

std::string line(const Progress& progress, size_t columns = 100) {
  LineBuffer out;
  format_progress(progress, columns, out);
  EXPECT_TRUE(out.ok());
  return std::string(out.view());
}

Progress fetching() {
  return {.phase = static_cast<uint8_t>(ProgressPhase::kFetching),
          .image = "registry.lab:5000/group/labgpu-cuda:12",
          .layers_done = 7,
          .layers = 12,
          .bytes_done = 1234567890,
          .bytes = 3400000000,
          .elapsed_ms = 42900};
}

TEST(ProgressLine, SaysWhatIsFetchedAndHowFarItIs) {
  EXPECT_EQ(line(fetching()),
            "fetching labgpu-cuda:12  7/12 layers  [#######.............]  1.2 of 3.4 GB  0:42");
}

TEST(ProgressLine, CountsLayersUntilAllSizesAreKnown) {
  Progress progress = fetching();
  progress.bytes = 0;
  progress.bytes_done = 87654321;
  EXPECT_EQ(line(progress),
            "fetching labgpu-cuda:12  7/12 layers  [###########.........]  87.6 MB  0:42");
}

TEST(ProgressLine, SaysThatItIsUnpacked) {
  Progress progress = fetching();
  progress.phase = static_cast<uint8_t>(ProgressPhase::kUnpacking);
  progress.bytes_done = progress.bytes;
  progress.elapsed_ms = 3723000;
  EXPECT_EQ(
      line(progress),
      "unpacking labgpu-cuda:12  7/12 layers  [####################]  3.4 of 3.4 GB  1:02:03");
}

TEST(ProgressLine, SaysLittleBeforeDockerHasSaidAnything) {
  EXPECT_EQ(line({.phase = 1, .image = "x"}), "fetching x  0:00");
}

TEST(ProgressLine, SaysThatTheContainerStarts) {
  EXPECT_EQ(line({.image = {}, .elapsed_ms = 3000}), "starting your container  0:03");
}

TEST(ProgressLine, LeavesOutWhatDoesNotFit) {
  EXPECT_EQ(line(fetching(), 72),
            "fetching labgpu-cuda:12  7/12 layers  [###.......]  1.2 of 3.4 GB  0:42");
  EXPECT_EQ(line(fetching(), 60), "fetching labgpu-cuda:12  7/12 layers  1.2 of 3.4 GB  0:42");
  EXPECT_EQ(line(fetching(), 45), "fetching labgpu-cuda:12  7/12 layers  0:42");
  EXPECT_EQ(line(fetching(), 30), "fetching labgpu-cuda:12  0:42");
  EXPECT_EQ(line(fetching(), 20), "");
}

TEST(ProgressLine, NeverReachesTheLastColumn) {
  Progress large = {.phase = 200,
                    .image = std::string_view(),
                    .layers_done = UINT32_MAX,
                    .layers = UINT32_MAX,
                    .bytes_done = UINT64_MAX,
                    .bytes = UINT64_MAX,
                    .elapsed_ms = UINT32_MAX};
  std::string name(300, 'x');
  large.image = name;
  for (const Progress& progress : {fetching(), large, Progress{}}) {
    for (size_t columns = 0; columns < 300; ++columns) {
      std::string shown = line(progress, columns);
      EXPECT_TRUE(shown.empty() || shown.size() < columns) << columns;
    }
  }
}

TEST(ProgressLine, ShowsNothingThatATerminalObeys) {
  Progress progress = fetching();
  const std::string name = "a\33[2J\r\n\x9b\x7f\xc2\x9b\tz";
  progress.image = name;
  for (char c : line(progress)) EXPECT_TRUE(c >= 0x20 && c < 0x7f) << static_cast<int>(c);
}

TEST(ProgressLine, MoreDoneThanThereIsIsAFullBar) {
  Progress progress = fetching();
  progress.bytes_done = progress.bytes + 1;
  EXPECT_NE(line(progress).find("[####################]"), std::string::npos);
}

}  // namespace
}  // namespace labgpu
