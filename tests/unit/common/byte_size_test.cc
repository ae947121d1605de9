// common/byte_size.h: few digits, the right unit.
#include "common/byte_size.h"

#include <gtest/gtest.h>

#include <string>

namespace labgpu {
namespace {

TEST(ByteSize, HasThreeDigitsOrSo) {
  struct Case {
    uint64_t bytes;
    const char* text;
  };
  constexpr uint64_t kGibi = uint64_t{1} << 30;
  for (const auto& [bytes, text] :
       {Case{0, "0 B"}, Case{1023, "1023 B"}, Case{1024, "1.0 KiB"}, Case{1536, "1.5 KiB"},
        Case{102348, "99.9 KiB"}, Case{102400, "100 KiB"}, Case{80 * kGibi, "80.0 GiB"},
        Case{512 * kGibi, "512 GiB"}, Case{1024 * kGibi, "1.0 TiB"},
        Case{UINT64_MAX, "16.0 EiB"}}) {
    EXPECT_EQ(std::string(byte_size(bytes).view()), text) << bytes;
  }
}

TEST(ByteSize, ChangesTheUnitBefore1024) {
  EXPECT_EQ(std::string(byte_size((1024 << 10) - 1).view()), "1.0 MiB");
  EXPECT_EQ(std::string(byte_size((1023 << 10)).view()), "1023 KiB");
}

}  // namespace
}  // namespace labgpu
