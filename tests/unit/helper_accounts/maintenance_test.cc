// Maintenance mode: kept as a record, whatever happens to the helper.
#include "helper/maintenance.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include "helper/file_record_store.h"
#include "tests/support/temporary_directory.h"

namespace labgpu {
namespace {

using testing::HasSubstr;
using testing::Optional;

class MaintenanceTest : public testing::Test {
 protected:
  Maintenance open() const {
    auto opened = Maintenance::open(*records_);
    EXPECT_TRUE(opened) << opened.error().message;
    return *opened;
  }
  std::string folder() const { return directory_ / "state/server"; }
  std::string file() const { return folder() + "/maintenance.json"; }

  test::TemporaryDirectory directory_;
  EventLoop loop_;
  std::unique_ptr<RecordStore> records_ =
      std::move(FileRecordStore::open(loop_, directory_ / "state").value());
};

TEST_F(MaintenanceTest, ItIsOffUntilItBegins) {
  auto maintenance = open();
  EXPECT_EQ(maintenance.word(), std::nullopt);
  ASSERT_TRUE(maintenance.end());
  EXPECT_EQ(open().word(), std::nullopt);
}

TEST_F(MaintenanceTest, ItOutlivesTheHelper) {
  auto maintenance = open();
  ASSERT_TRUE(maintenance.begin("18:00 回来 \"soon\""));
  EXPECT_THAT(maintenance.word(), Optional(std::string("18:00 回来 \"soon\"")));
  EXPECT_EQ(open().word(), maintenance.word());
  ASSERT_TRUE(maintenance.begin(""));
  EXPECT_THAT(open().word(), Optional(std::string()));
  ASSERT_TRUE(maintenance.end());
  EXPECT_EQ(maintenance.word(), std::nullopt);
  EXPECT_EQ(open().word(), std::nullopt);
}

TEST_F(MaintenanceTest, ADamagedFileKeepsItOn) {
  for (const char* content : {"", "{", "[]", "{\"message\": 5}", "{}"}) {
    test::write_file(file(), content);
    auto maintenance = open();
    EXPECT_THAT(maintenance.word(), Optional(std::string())) << content;
    ASSERT_TRUE(maintenance.end());
    EXPECT_NE(access(file().c_str(), F_OK), 0);
  }
}

TEST_F(MaintenanceTest, ABadWordChangesNothing) {
  auto maintenance = open();
  ASSERT_TRUE(maintenance.begin("first"));
  for (const auto& bad : {std::string("a\nb"), std::string("\x1b[2J"), std::string(501, 'x')}) {
    auto begun = maintenance.begin(bad);
    ASSERT_FALSE(begun);
    EXPECT_EQ(begun.error().code, ErrorCode::kInvalid);
    EXPECT_THAT(begun.error().message, HasSubstr("the text for maintenance must"));
  }
  EXPECT_THAT(open().word(), Optional(std::string("first")));
}

TEST_F(MaintenanceTest, WhatCannotBeWrittenDoesNotCount) {
  auto maintenance = open();
  ASSERT_EQ(rmdir(folder().c_str()), 0);
  EXPECT_FALSE(maintenance.begin("x"));
  EXPECT_EQ(maintenance.word(), std::nullopt);
  ASSERT_EQ(mkdir(folder().c_str(), 0755), 0);
  ASSERT_EQ(mkdir(file().c_str(), 0755), 0);
  EXPECT_FALSE(maintenance.end());
}

}  // namespace
}  // namespace labgpu
