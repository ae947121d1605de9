// GPUs as NVML tells of them: whole ones, MIG devices, lost ones, and drivers that do not work.
#include "gpu/gpu_report.h"

#include <gmock/gmock.h>
#include <stdlib.h>

#include "tests/support/temporary_directory.h"

namespace labgpu {
namespace {

using nlohmann::json;
using testing::HasSubstr;

class GpuReportTest : public testing::Test {
 protected:
  GpuReportTest() { setenv("FAKE_NVML", path_.c_str(), 1); }

  json report(const std::string& server) {
    test::write_file(path_, server);
    auto told = load_nvml(FAKE_NVML_LIBRARY).and_then(report_gpus);
    return told ? *told : json(told.error());
  }

  test::TemporaryDirectory directory_;
  std::string path_ = directory_ / "server";
};

TEST_F(GpuReportTest, EveryGpuWithItsProcesses) {
  auto told = report(
      "gpu GPU-a 85899345920 1048576 97 61 NVIDIA A100-SXM4-80GB\n"
      "process 4711 524288\n"
      "process 4712 -1\n"
      "graphics 4711 524288\n"
      "graphics 99 4096\n"
      "gpu GPU-b 85899345920 0 0 30 NVIDIA A100-SXM4-80GB\n");
  EXPECT_EQ(told["driver"], "550.54.15");
  ASSERT_EQ(told["gpus"].size(), 2U);
  EXPECT_EQ(told["gpus"][0], json({{"index", "0"},
                                   {"uuid", "GPU-a"},
                                   {"name", "NVIDIA A100-SXM4-80GB"},
                                   {"memoryTotal", 85899345920U},
                                   {"memoryUsed", 1048576},
                                   {"utilization", 97},
                                   {"temperature", 61},
                                   {"processes",
                                    {{{"pid", 99}, {"memory", 4096}},
                                     {{"pid", 4711}, {"memory", 524288}},
                                     {{"pid", 4712}}}}}));
  EXPECT_EQ(told["gpus"][1]["index"], "1");
  EXPECT_EQ(told["gpus"][1]["processes"], json::array());
}

TEST_F(GpuReportTest, MigDevicesFollowTheirGpu) {
  auto told = report(
      "gpu GPU-a 40 20 0 50 NVIDIA A100\n"
      "mig MIG-a 20 10 NVIDIA A100 MIG 3g.20gb\n"
      "process 7 10\n"
      "mig MIG-b 20 10 NVIDIA A100 MIG 3g.20gb\n"
      "gpu GPU-b 40 0 0 30 NVIDIA A100\n");
  ASSERT_EQ(told["gpus"].size(), 4U);
  EXPECT_EQ(told["gpus"][1], json({{"index", "0:1"},
                                   {"uuid", "MIG-a"},
                                   {"name", "NVIDIA A100 MIG 3g.20gb"},
                                   {"memoryTotal", 20},
                                   {"memoryUsed", 10},
                                   {"processes", {{{"pid", 7}, {"memory", 10}}}}}));
  EXPECT_EQ(told["gpus"][2]["index"], "0:2");
  EXPECT_EQ(told["gpus"][3]["index"], "1");
}

TEST_F(GpuReportTest, MoreProcessesThanTheFirstBufferHolds) {
  std::string server = "gpu GPU-a 40 20 0 50 NVIDIA A100\n";
  for (int pid = 1; pid <= 200; ++pid) server += "process " + std::to_string(pid) + " 1\n";
  auto told = report(server);
  ASSERT_EQ(told["gpus"][0]["processes"].size(), 200U);
  EXPECT_EQ(told["gpus"][0]["processes"][199]["pid"], 200);
}

TEST_F(GpuReportTest, AGpuThatIsLostIsToldBesideTheOthers) {
  auto told = report("lost\ngpu GPU-b 40 0 0 30 NVIDIA A100\n");
  EXPECT_EQ(told["gpus"][0], json({{"index", "0"}, {"problem", "GPU is lost"}}));
  EXPECT_EQ(told["gpus"][1]["uuid"], "GPU-b");
}

TEST_F(GpuReportTest, ADriverThatDoesNotWorkIsASentence) {
  EXPECT_THAT(report("init 9\n").get<std::string>(),
              HasSubstr("the NVIDIA driver does not work: Driver Not Loaded; nvidia-smi"));
}

TEST_F(GpuReportTest, NoDriverAndAWrongLibraryAreSentences) {
  EXPECT_THAT(load_nvml("libnvidia-ml-absent.so.1").error(),
              HasSubstr("this server has no NVIDIA driver: libnvidia-ml-absent.so.1"));
  EXPECT_THAT(load_nvml("libc.so.6").error(),
              HasSubstr("too old: its library libc.so.6 has no nvmlInit_v2"));
}

}  // namespace
}  // namespace labgpu
