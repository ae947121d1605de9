// labgpu.json as people write it: one value changes, every comment stays.
#include "cli/image/config_edit.h"

#include <gmock/gmock.h>

#include "tests/unit/cli/temporary_directory.h"

namespace labgpu {
namespace {

using testing::HasSubstr;

std::string edited(const std::string& text) {
  auto done = with_default_image(text, "lab/cuda:12");
  return done ? *done : "refused: " + done.error().message;
}

TEST(ConfigEdit, TheValueAloneIsReplaced) {
  EXPECT_EQ(edited("// top\n{ /* \"defaults\": {} */ \"home\": \"/h/{user}\",\n"
                   "  \"profiles\": { \"a\": { \"image\": \"x\" } }, // \"image\": 1\n"
                   "  \"defaults\": { \"env\": {\"image\": \"y // }\"},\n"
                   "    \"image\" /* here */ : \"old\" /* kept */, \"pids\": 100 } }\n"),
            "// top\n{ /* \"defaults\": {} */ \"home\": \"/h/{user}\",\n"
            "  \"profiles\": { \"a\": { \"image\": \"x\" } }, // \"image\": 1\n"
            "  \"defaults\": { \"env\": {\"image\": \"y // }\"},\n"
            "    \"image\" /* here */ : \"lab/cuda:12\" /* kept */, \"pids\": 100 } }\n");
}

TEST(ConfigEdit, WhatIsNotThereIsAdded) {
  EXPECT_EQ(edited("{}\n"), "{\n  \"defaults\": { \"image\": \"lab/cuda:12\" }\n}\n");
  EXPECT_EQ(edited("{ \"defaults\": {\n  // \"image\": \"x\"\n} }"),
            "{ \"defaults\": {\n    \"image\": \"lab/cuda:12\"\n  // \"image\": \"x\"\n} }");
  EXPECT_EQ(
      edited("{ \"defaults\": {\"pids\": [1, {\"a\": \"\\\"]\"}]} }"),
      "{ \"defaults\": {\n    \"image\": \"lab/cuda:12\",\"pids\": [1, {\"a\": \"\\\"]\"}]} }");
}

TEST(ConfigEdit, WhatLabgpuComesWithCanBeChanged) {
  auto shipped = slurp(LABGPU_SOURCE_DIRECTORY "/debian/labgpu.json");
  auto once = edited(shipped);
  EXPECT_THAT(once, HasSubstr("\n    \"image\": \"lab/cuda:12\"\n"));
  EXPECT_THAT(once, HasSubstr("// \"hostname\": \"{user}-VM\""));
  EXPECT_EQ(edited(once), once);
}

TEST(ConfigEdit, WhatIsWrongIsLeftAlone) {
  for (const char* text : {"", "[]", "{", "{ \"defaults\": 1 }", "{ \"defaults\": { \"a\" } }"}) {
    EXPECT_THAT(edited(text), HasSubstr("refused: ")) << text;
  }
  // Of a value that is there twice it is not known which one counts.
  EXPECT_THAT(edited("{ \"defaults\": { \"image\": \"a\", \"image\": \"b\" } }"),
              HasSubstr("refused: it is written in a way"));
}

}  // namespace
}  // namespace labgpu
