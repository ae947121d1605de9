// common/index_record.h: keys, lines and fields.
#include "common/index_record.h"

#include <errno.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <string>

#include "tests/support/cdb_file.h"
#include "tests/support/temporary_directory.h"

namespace labgpu {
namespace {

TEST(IndexKey, IsAsTheProtocolSays) {
  EXPECT_EQ(IndexKey::of_name("alice").text(), "=alice");
  EXPECT_EQ(IndexKey::of_name("alice", IndexKey::kFurtherGroups).text(), "@alice");
  EXPECT_EQ(IndexKey::of_name(std::string(kMaxUserName, 'a')).text(), "=" + std::string(32, 'a'));
  EXPECT_EQ(IndexKey::of_id(0).text(), "#0");
  EXPECT_EQ(IndexKey::of_id(20001).text(), "#20001");
  EXPECT_EQ(IndexKey::of_id(4294967295U).text(), "#4294967295");
  EXPECT_EQ(IndexKey().text(), "");
}

TEST(SplitFields, WantsTheExactNumber) {
  for (std::string line : {"a:b:c", "::", "a::c"}) {
    std::array<std::string_view, 3> fields;
    EXPECT_TRUE(split_fields(line, ':', fields)) << line;
  }
  for (std::string line : {"", "a", "a:b", "a:b:c:d", ":::"}) {
    std::array<std::string_view, 3> fields;
    EXPECT_FALSE(split_fields(line, ':', fields)) << line;
  }
}

TEST(SplitFields, EndsEachFieldWithNul) {
  std::string line = "ab::c";
  std::array<std::string_view, 3> fields;
  ASSERT_TRUE(split_fields(line, ':', fields));
  EXPECT_THAT(fields, testing::ElementsAre("ab", "", "c"));
  for (std::string_view field : fields) EXPECT_EQ(field.data()[field.size()], '\0');
}

TEST(AccountId, IsNeverRootsAndNeverMinusOne) {
  uint32_t id = 0;
  EXPECT_TRUE(parse_account_id("1", id));
  EXPECT_TRUE(parse_account_id("4294967294", id));
  EXPECT_EQ(id, 4294967294U);
  for (const char* text : {"0", "4294967295", "", "-1", "x"}) {
    EXPECT_FALSE(parse_account_id(text, id)) << text;
  }
}

TEST(Line, BeginsWithAUserOrAUserOfAContainer) {
  EXPECT_TRUE(may_begin_line("alice", "x"));
  EXPECT_TRUE(may_begin_line("alice", "*"));
  EXPECT_TRUE(may_begin_line("alice+container", "*"));
  EXPECT_TRUE(may_begin_line(std::string(kMaxUserName, 'a') + "+container", "*"));
  for (const char* password : {"", "!", "X", "xx", "$y$j9T$salt$hash"}) {
    EXPECT_FALSE(may_begin_line("alice", password)) << password;
  }
  for (const char* name : {"alice+container", "+container", "Alice", ""}) {
    EXPECT_FALSE(may_begin_line(name, "x")) << name;
  }
  for (const char* name : {"+container", "Alice+container", "alice+other", ""}) {
    EXPECT_FALSE(may_begin_line(name, "*")) << name;
  }
}

class FindLine : public testing::Test {
 protected:
  int find(std::span<char> buffer, std::span<char>& line) {
    return find_line(path_.c_str(), IndexKey::of_name("a"), buffer, line);
  }
  test::TemporaryDirectory directory_;
  std::string path_ = directory_ / "test.cdb";
};

TEST_F(FindLine, NeedsRoomForTheNul) {
  ASSERT_NO_FATAL_FAILURE(test::write_cdb(path_, {{"=a", "12345"}}));
  std::array<char, 8> memory{};
  std::span<char> line;
  for (size_t size = 0; size <= 5; ++size) {
    memory.fill('~');
    EXPECT_EQ(find(std::span(memory).first(size), line), ERANGE);
    EXPECT_THAT(memory, testing::Each('~'));
  }
  ASSERT_EQ(find(std::span(memory).first(6), line), 0);
  EXPECT_EQ(std::string_view(line.data(), line.size()), "12345");
  EXPECT_THAT(memory, testing::ElementsAre('1', '2', '3', '4', '5', '\0', '~', '~'));
}

TEST_F(FindLine, RefusesControlCharacters) {
  for (char c : {'\0', '\n', '\r', '\x1b', '\x7f'}) {
    ASSERT_NO_FATAL_FAILURE(test::write_cdb(path_, {{"=a", std::string("x") + c + "y"}}));
    std::array<char, 8> memory{};
    std::span<char> line;
    EXPECT_EQ(find(memory, line), EBADMSG) << static_cast<int>(c);
  }
}

TEST_F(FindLine, TellsWhatIsMissing) {
  std::array<char, 8> memory{};
  std::span<char> line;
  EXPECT_EQ(find(memory, line), ENOENT) << "no index";
  ASSERT_NO_FATAL_FAILURE(test::write_cdb(path_, {{"=b", "1"}}));
  EXPECT_EQ(find(memory, line), ENOENT) << "no record";
}

}  // namespace
}  // namespace labgpu
