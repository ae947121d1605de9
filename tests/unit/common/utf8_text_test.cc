// common/utf8_text.h: what a terminal may be shown, and how wide it is.
#include "common/utf8_text.h"

#include <gtest/gtest.h>

namespace labgpu {
namespace {

TEST(DisplayWidth, CountsColumns) {
  EXPECT_EQ(display_width(""), 0u);
  EXPECT_EQ(display_width("abc"), 3u);
  EXPECT_EQ(display_width("中文"), 4u);
  EXPECT_EQ(display_width("e\u0301"), 1u);
  EXPECT_EQ(display_width("\xff"), 1u);
}

TEST(TakeCharacter, TellsWhatIsNotToBeShown) {
  Utf8Locale utf8;
  for (std::string_view text :
       {std::string_view("\033"), std::string_view("\0", 1), std::string_view("\u009b"),
        std::string_view("\u202e"), std::string_view("\u2066"), std::string_view("\u200f")}) {
    std::string_view rest = text;
    auto character = take_character(rest);
    EXPECT_TRUE(character.valid);
    EXPECT_EQ(character.width, -1);
    EXPECT_EQ(character.bytes, text);
    EXPECT_TRUE(rest.empty());
  }
}

TEST(TakeCharacter, GoesOnBehindWhatIsInvalid) {
  Utf8Locale utf8;
  std::string_view rest = "\xe6\x9d好";  // cut short
  EXPECT_FALSE(take_character(rest).valid);
  EXPECT_FALSE(take_character(rest).valid);
  auto whole = take_character(rest);
  EXPECT_EQ(whole.bytes, "好");
  EXPECT_EQ(whole.width, 2);
}

}  // namespace
}  // namespace labgpu
