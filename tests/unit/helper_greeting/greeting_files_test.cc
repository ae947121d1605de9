// The administrator's files: which text counts when one is missing or wrong.
#include "helper/greeting_files.h"

#include <gmock/gmock.h>

#include "tests/support/temporary_directory.h"

namespace labgpu::test {
namespace {

using testing::StartsWith;

const GreetingValues kValues{{Placeholder::kHost, {"gpu01"}}};

class GreetingFilesTest : public testing::Test {
 protected:
  LoadedGreetings load(const GreetingTemplates& otherwise = built_in_greetings()) {
    return load_greetings(directory_.path(), otherwise);
  }
  TemporaryDirectory directory_;
  std::string built_in_ = built_in_greetings().english.render(kValues);
};

TEST_F(GreetingFilesTest, WithoutFilesTheBuiltInTextsCount) {
  auto loaded = load();
  EXPECT_TRUE(loaded.mistakes.empty());
  EXPECT_EQ(loaded.templates.english.render(kValues), built_in_);
  EXPECT_THAT(loaded.templates.chinese.render(kValues), StartsWith("gpu01 上的"));
}

TEST_F(GreetingFilesTest, EachFileIsOneLanguages) {
  write_file(directory_ / "greeting", "welcome to {host}");
  write_file(directory_ / "greeting.zh", "");
  auto loaded = load();
  EXPECT_TRUE(loaded.mistakes.empty());
  EXPECT_EQ(loaded.templates.english.render(kValues), "welcome to gpu01\n");
  EXPECT_TRUE(loaded.templates.chinese.empty());
}

TEST_F(GreetingFilesTest, AWrongFileIsAMistakeAndTheOtherTextCounts) {
  write_file(directory_ / "greeting", "good");
  auto good = load().templates;
  write_file(directory_ / "greeting", "one\n{colour}\n");
  std::filesystem::create_directory(directory_ / "greeting.zh");
  auto loaded = load(good);
  ASSERT_EQ(loaded.mistakes.size(), 2U);
  EXPECT_THAT(loaded.mistakes[0].message,
              StartsWith(directory_ / "greeting: line 2: there is no {colour}"));
  EXPECT_THAT(loaded.mistakes[1].message, StartsWith("read " + directory_.path()));
  EXPECT_EQ(loaded.templates.english.render({}), "good\n");
  EXPECT_FALSE(loaded.templates.chinese.empty());
}

}  // namespace
}  // namespace labgpu::test
