// Tables and arrays of accounts: what is taken, what is refused with its line, and the way back.
#include "cli/import_file.h"

#include <gmock/gmock.h>

#include "cli/csv.h"

namespace labgpu {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::string> cells(const std::string& row) {
  auto rows = parse_csv(row);
  EXPECT_TRUE(rows && rows->size() == 1) << row;
  return rows && rows->size() == 1 ? rows->front().cells : std::vector<std::string>{};
}

std::string csv_error(const std::string& text) {
  auto rows = parse_csv(text);
  return rows ? "accepted" : rows.error().message;
}

std::string import_error(const std::string& text) {
  auto entries = parse_import(text);
  return entries ? "accepted" : entries.error().message;
}

TEST(Csv, CellsAsSpreadsheetsWriteThem) {
  EXPECT_THAT(cells("a,b,c"), ElementsAre("a", "b", "c"));
  EXPECT_THAT(cells("a,,\n"), ElementsAre("a", "", ""));
  EXPECT_THAT(cells("\xEF\xBB\xBFname,\"x\"\r\n"), ElementsAre("name", "x"));
  EXPECT_THAT(cells("\"a,b\",\"say \"\"hi\"\"\",\"two\nlines\""),
              ElementsAre("a,b", "say \"hi\"", "two\nlines"));
  EXPECT_THAT(cells("张三, b "), ElementsAre("张三", " b "));
  EXPECT_TRUE(parse_csv("")->empty());
  EXPECT_TRUE(parse_csv("\n\r\n\n")->empty());
}

TEST(Csv, RowsKnowTheirLines) {
  auto rows = parse_csv("a\n\n\"b\nb\",c\r\nd");
  ASSERT_TRUE(rows);
  ASSERT_EQ(rows->size(), 3U);
  EXPECT_EQ((*rows)[1].line, 3U);
  EXPECT_EQ((*rows)[2].line, 5U);
}

TEST(Csv, MistakesNameTheLine) {
  EXPECT_THAT(csv_error("a\n\"b"), HasSubstr("line 2 has a quotation mark that is never closed"));
  EXPECT_THAT(csv_error("\"a\"b"), HasSubstr("line 1 has text behind a closing quotation mark"));
  EXPECT_THAT(csv_error("a\nb\nc\"d"), HasSubstr("line 3 has a quotation mark inside a cell"));
}

TEST(Csv, WhatIsWrittenIsReadAgain) {
  const std::vector<std::string> row = {"", "a,b", "\"", "x\r\ny", "中文", " "};
  EXPECT_EQ(cells(csv_row(row)), row);
}

TEST(ImportFile, AColumnForEachField) {
  auto entries = parse_import(
      "name,realName,uid,locked,notAfter,authorizedKeys,memory,settings,password\n"
      "alice,\"爱丽丝\",20005,yes,2026-12-31,\"ssh-rsa A\nssh-rsa B\n\",16g,\"{\"\"gpus\"\": "
      "\"\"none\"\"}\",pw\n"
      "bob,,,,,,,,\n");
  ASSERT_TRUE(entries) << entries.error().message;
  ASSERT_EQ(entries->size(), 2U);
  EXPECT_EQ(entries->front().place, "line 2");
  EXPECT_EQ(entries->front().user, json({{"name", "alice"},
                                         {"realName", "爱丽丝"},
                                         {"uid", 20005},
                                         {"locked", true},
                                         {"notAfter", "2026-12-31"},
                                         {"authorizedKeys", {"ssh-rsa A", "ssh-rsa B"}},
                                         {"settings", {{"gpus", "none"}}},
                                         {"assignments", {"memory=16g"}},
                                         {"password", "pw"}}));
  EXPECT_EQ(entries->back().place, "line 5");
  EXPECT_EQ(entries->back().user, json({{"name", "bob"}}));
}

// The helper names the field, and what is allowed there.
TEST(ImportFile, ACellOfTheWrongFormIsLeftToTheHelper) {
  auto entries = parse_import("name,uid,locked,settings\nalice,many,perhaps,[1]\n");
  ASSERT_TRUE(entries);
  EXPECT_EQ(entries->front().user["uid"], "many");
  EXPECT_EQ(entries->front().user["locked"], "perhaps");
  EXPECT_EQ(entries->front().user["settings"], "[1]");
}

TEST(ImportFile, AnArrayOfUsers) {
  auto entries = parse_import(R"( [{"name": "alice"}, {"name": "bob", "uid": 7}])");
  ASSERT_TRUE(entries);
  EXPECT_EQ(entries->back().place, "entry 2");
  EXPECT_EQ(entries->back().user["uid"], 7);
}

TEST(ImportFile, MistakesAreNamed) {
  EXPECT_THAT(import_error(""), HasSubstr("first line must name the columns"));
  EXPECT_THAT(import_error("name\n"), HasSubstr("names no users"));
  EXPECT_THAT(import_error("[]"), HasSubstr("names no users"));
  EXPECT_THAT(import_error("user,uid\na,1\n"), HasSubstr("name must be one of them"));
  EXPECT_THAT(import_error("name,uid\nalice\n"), HasSubstr("line 2 has 1 cells"));
  EXPECT_THAT(import_error("name\n\xD5\xC5\n"), HasSubstr("not UTF-8"));
  EXPECT_THAT(import_error("[{\"name\":\n\n]"), HasSubstr("line 3 is not JSON"));
  EXPECT_THAT(import_error("{\"name\": \"alice\"}"), HasSubstr("must be an array"));
  EXPECT_THAT(import_error("[1]"), HasSubstr("entry 1 is not an object"));
  EXPECT_THAT(import_error("[{\"uid\": 1e999}]"), HasSubstr("a number that is larger than"));
}

TEST(ImportFile, AnExportIsAnImport) {
  const json users = {{{"name", "alice"},
                       {"realName", "Alice, \"A\""},
                       {"uid", 20001},
                       {"locked", true},
                       {"notAfterUSec", 1798761599999999U},
                       {"authorizedKeys", {"ssh-rsa A x", "from=\"10.*\" ssh-rsa B"}},
                       {"settings", {{"gpus", "none"}, {"mounts", json::array()}}},
                       {"hashedPassword", "$y$x"},
                       {"passwordChangeNow", true}},
                      {{"name", "bob"}, {"uid", 20002}}};
  for (const auto& text : {export_as_json(users), export_as_csv(users)}) {
    auto entries = parse_import(text);
    ASSERT_TRUE(entries) << entries.error().message;
    ASSERT_EQ(entries->size(), 2U);
    EXPECT_EQ(entries->front().user, users[0]);
    EXPECT_EQ(entries->back().user, users[1]);
  }
}

}  // namespace
}  // namespace labgpu
