// common/cdb_reader.h: look-ups and walks, in whole files and in every damaged form of one.
#include "common/cdb_reader.h"

#include <errno.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <set>
#include <string>
#include <vector>

#include "tests/support/cdb_file.h"
#include "tests/support/temporary_directory.h"

namespace labgpu {
namespace {

using test::Records;

std::string value_of(const CdbReader& reader, const CdbRecord& record) {
  std::string value(record.value_size, '\0');
  EXPECT_EQ(reader.read(record.value_at, value), 0);
  return value;
}

class CdbReaderTest : public testing::Test {
 protected:
  void write(const Records& records) { test::write_cdb(path_, records); }
  void write_raw(const std::string& content) { test::write_file(path_, content); }

  // Does everything a reader can do; whatever the file is, it must come to an end with known
  // errors.
  void exercise(const Records& records) const {
    CdbReader reader;
    int error = reader.open(path_.c_str());
    if (error != 0) {
      EXPECT_EQ(error, EBADMSG);
      return;
    }
    for (const auto& [key, value] : records) {
      CdbRecord record;
      error = reader.find(key, record);
      EXPECT_THAT(error, testing::AnyOf(0, ENOENT, EBADMSG));
      if (error == 0) read_parts(reader, record);
    }
    CdbRecord record;
    size_t steps = 0;
    for (uint32_t at = CdbReader::kFirstRecord; (error = reader.record_at(at, record)) == 0;
         at = record.end()) {
      ASSERT_LT(++steps, 1000U) << "a walk always moves on";
      read_parts(reader, record);
    }
    EXPECT_THAT(error, testing::AnyOf(ENOENT, EBADMSG));
  }

  static void read_parts(const CdbReader& reader, const CdbRecord& record) {
    std::string key(record.key_size, '\0');
    EXPECT_EQ(reader.read(record.key_at, key), 0) << "a record handed out lies inside the file";
    value_of(reader, record);
  }

  test::TemporaryDirectory directory_;
  std::string path_ = directory_ / "test.cdb";
};

TEST_F(CdbReaderTest, FindsEveryKeyAndNoOther) {
  Records records;
  for (int i = 0; i < 1000; ++i) {
    records.emplace_back("=user" + std::to_string(i), "value " + std::to_string(i * i));
  }
  ASSERT_NO_FATAL_FAILURE(write(records));
  CdbReader reader;
  ASSERT_EQ(reader.open(path_.c_str()), 0);
  CdbRecord record;
  for (const auto& [key, value] : records) {
    ASSERT_EQ(reader.find(key, record), 0) << key;
    EXPECT_EQ(value_of(reader, record), value);
  }
  for (const char* key : {"", "=", "=user", "user1", "=user1000", "=USER1", "#1"}) {
    EXPECT_EQ(reader.find(key, record), ENOENT) << key;
  }
}

TEST_F(CdbReaderTest, ComparesKeysByteForByte) {
  std::string binary("\0\n\xff=", 4);
  ASSERT_NO_FATAL_FAILURE(write({{binary, "binary"}, {"", "empty"}, {"long", ""}}));
  CdbReader reader;
  ASSERT_EQ(reader.open(path_.c_str()), 0);
  CdbRecord record;
  ASSERT_EQ(reader.find(binary, record), 0);
  EXPECT_EQ(value_of(reader, record), "binary");
  ASSERT_EQ(reader.find("", record), 0);
  EXPECT_EQ(value_of(reader, record), "empty");
  ASSERT_EQ(reader.find("long", record), 0);
  EXPECT_EQ(record.value_size, 0U);
  EXPECT_EQ(reader.find("lon", record), ENOENT);
}

TEST_F(CdbReaderTest, NeverFindsAnOverlongKey) {
  std::string fits(CdbReader::kMaxKey, 'k');
  ASSERT_NO_FATAL_FAILURE(write({{fits, "1"}, {fits + "k", "2"}}));
  CdbReader reader;
  ASSERT_EQ(reader.open(path_.c_str()), 0);
  CdbRecord record;
  EXPECT_EQ(reader.find(fits, record), 0);
  EXPECT_EQ(reader.find(fits + "k", record), ENOENT);
}

TEST_F(CdbReaderTest, WalksInTheOrderWritten) {
  const Records records{{"=b", "1"}, {"#2", "1"}, {"=a", ""}, {"=a", "again"}};
  ASSERT_NO_FATAL_FAILURE(write(records));
  CdbReader reader;
  ASSERT_EQ(reader.open(path_.c_str()), 0);
  Records walked;
  CdbRecord record;
  int error = 0;
  for (uint32_t at = CdbReader::kFirstRecord; (error = reader.record_at(at, record)) == 0;
       at = record.end()) {
    std::string key(record.key_size, '\0');
    ASSERT_EQ(reader.read(record.key_at, key), 0);
    walked.emplace_back(key, value_of(reader, record));
  }
  EXPECT_EQ(error, ENOENT);
  EXPECT_EQ(walked, records);
}

TEST_F(CdbReaderTest, AnEmptyDatabaseHoldsNothing) {
  ASSERT_NO_FATAL_FAILURE(write({}));
  CdbReader reader;
  ASSERT_EQ(reader.open(path_.c_str()), 0);
  CdbRecord record;
  EXPECT_EQ(reader.find("=a", record), ENOENT);
  EXPECT_EQ(reader.record_at(CdbReader::kFirstRecord, record), ENOENT);
}

TEST_F(CdbReaderTest, OpensOnlyRegularFiles) {
  CdbReader reader;
  EXPECT_EQ(reader.open(path_.c_str()), ENOENT);
  EXPECT_EQ(reader.open(directory_.path().c_str()), EBADMSG);
  ASSERT_EQ(mkfifo(path_.c_str(), 0600), 0);
  EXPECT_EQ(reader.open(path_.c_str()), EBADMSG) << "and does not wait for a writer";
}

TEST_F(CdbReaderTest, ClosesItsDescriptor) {
  ASSERT_NO_FATAL_FAILURE(write({{"=a", "1"}}));
  size_t before = test::open_descriptors();
  {
    CdbReader reader;
    ASSERT_EQ(reader.open(path_.c_str()), 0);
    EXPECT_EQ(test::open_descriptors(), before + 1);
  }
  ASSERT_NO_FATAL_FAILURE(write_raw("short"));
  CdbReader reader;
  ASSERT_EQ(reader.open(path_.c_str()), EBADMSG);
  EXPECT_EQ(test::open_descriptors(), before);
}

TEST_F(CdbReaderTest, SurvivesEveryTruncation) {
  const Records records{{"=alice", "alice:x:1"}, {"#1", "alice:x:1"}, {"=bob", "bob:x:2"}};
  ASSERT_NO_FATAL_FAILURE(write(records));
  const std::string whole = test::read_file(path_);
  for (size_t size = 0; size < whole.size(); ++size) {
    SCOPED_TRACE(size);
    ASSERT_NO_FATAL_FAILURE(write_raw(whole.substr(0, size)));
    ASSERT_NO_FATAL_FAILURE(exercise(records));
  }
}

// Several forms of damage for each byte: all bits, the top one, zero, the largest.
TEST_F(CdbReaderTest, SurvivesDamageToEveryByte) {
  const Records records{{"=alice", "alice:x:1"}, {"#1", "alice:x:1"}, {"=bob", "bob:x:2"}};
  ASSERT_NO_FATAL_FAILURE(write(records));
  const std::string whole = test::read_file(path_);
  for (size_t i = 0; i < whole.size(); ++i) {
    SCOPED_TRACE(i);
    const auto byte = static_cast<unsigned char>(whole[i]);
    for (unsigned damage : std::set<unsigned>{byte ^ 0xffU, byte ^ 0x80U, 0U, 0xffU}) {
      std::string damaged = whole;
      damaged[i] = static_cast<char>(damage);
      ASSERT_NO_FATAL_FAILURE(write_raw(damaged));
      ASSERT_NO_FATAL_FAILURE(exercise(records));
    }
  }
}

std::string u32(uint32_t value) {
  std::string bytes;
  for (int i = 0; i < 4; ++i) bytes += static_cast<char>(value >> (8 * i));
  return bytes;
}

// A file whose 256 tables are one table without a free slot, each slot with the hash of "=a".
std::string full_table(uint32_t slots, uint32_t record_offset, const std::string& record) {
  uint32_t hash = ((5381U * 33U ^ '=') * 33U) ^ 'a';
  uint32_t table_at = CdbReader::kFirstRecord + static_cast<uint32_t>(record.size());
  std::string file;
  for (int i = 0; i < 256; ++i) file += u32(table_at) + u32(slots);
  file += record;
  for (uint32_t i = 0; i < slots; ++i) file += u32(hash) + u32(record_offset);
  return file;
}

TEST_F(CdbReaderTest, AFullTableEndsTheSearch) {
  const std::string other = u32(2) + u32(1) + "=bx";
  ASSERT_NO_FATAL_FAILURE(write_raw(full_table(64, CdbReader::kFirstRecord, other)));
  CdbReader reader;
  ASSERT_EQ(reader.open(path_.c_str()), 0);
  CdbRecord record;
  EXPECT_EQ(reader.find("=a", record), ENOENT) << "every slot has the hash, no record the key";
}

TEST_F(CdbReaderTest, ARecordOutsideTheRecordsIsDamage) {
  const std::string a = u32(2) + u32(1) + "=ax";
  const auto end = CdbReader::kFirstRecord + static_cast<uint32_t>(a.size());
  CdbRecord record;
  for (uint32_t offset : {1U, 2047U, end, end + 8, end - 1, 0xffffffffU, 0xfffffff8U}) {
    ASSERT_NO_FATAL_FAILURE(write_raw(full_table(2, offset, a)));
    CdbReader reader;
    ASSERT_EQ(reader.open(path_.c_str()), 0);
    EXPECT_EQ(reader.find("=a", record), EBADMSG) << offset;
  }
}

TEST_F(CdbReaderTest, SizesThatOverflowAreDamage) {
  CdbRecord record;
  const std::vector<std::pair<uint32_t, uint32_t>> sizes{
      {2, 2}, {2, 0xffffffff}, {0xffffffff, 2}, {0xffffffff, 0xffffffff}, {0x80000000, 0x80000002}};
  for (auto [key_size, value_size] : sizes) {
    ASSERT_NO_FATAL_FAILURE(
        write_raw(full_table(2, CdbReader::kFirstRecord, u32(key_size) + u32(value_size) + "=ax")));
    CdbReader reader;
    ASSERT_EQ(reader.open(path_.c_str()), 0);
    EXPECT_EQ(reader.find("=a", record), EBADMSG) << key_size << " " << value_size;
    EXPECT_EQ(reader.record_at(CdbReader::kFirstRecord, record), EBADMSG);
  }
}

TEST_F(CdbReaderTest, ATableOutsideTheFileIsDamage) {
  const std::string a = u32(2) + u32(1) + "=ax";
  const std::string whole = full_table(2, CdbReader::kFirstRecord, a);
  const auto size = static_cast<uint32_t>(whole.size());
  constexpr size_t kTableOfA = size_t{((((5381U * 33U ^ '=') * 33U) ^ 'a') % 256)} * 8;
  CdbRecord record;
  const std::vector<std::pair<uint32_t, uint32_t>> tables{{0, 2},
                                                          {CdbReader::kFirstRecord, 2},
                                                          {size - 8, 2},
                                                          {size, 1},
                                                          {size + 1, 1},
                                                          {0xffffffff, 1},
                                                          {size - 16, 0xffffffff},
                                                          {size - 16, 0x20000002}};
  for (auto [at, slots] : tables) {
    std::string damaged = whole;
    damaged.replace(kTableOfA, 8, u32(at) + u32(slots));
    ASSERT_NO_FATAL_FAILURE(write_raw(damaged));
    CdbReader reader;
    ASSERT_EQ(reader.open(path_.c_str()), 0);
    EXPECT_EQ(reader.find("=a", record), EBADMSG) << at << " " << slots;
  }
}

TEST_F(CdbReaderTest, AFileCutShortAfterItWasOpenedIsDamage) {
  ASSERT_NO_FATAL_FAILURE(write({{"=a", "1"}}));
  CdbReader reader;
  ASSERT_EQ(reader.open(path_.c_str()), 0);
  ASSERT_EQ(truncate(path_.c_str(), 100), 0);
  CdbRecord record;
  EXPECT_EQ(reader.find("=a", record), EBADMSG);
  EXPECT_EQ(reader.record_at(CdbReader::kFirstRecord, record), EBADMSG);
}

TEST_F(CdbReaderTest, GoesOnReadingAReplacedFile) {
  ASSERT_NO_FATAL_FAILURE(write({{"=a", "old"}}));
  CdbReader reader;
  ASSERT_EQ(reader.open(path_.c_str()), 0);
  test::write_cdb(path_ + ".new", {{"=a", "new"}});
  ASSERT_EQ(rename((path_ + ".new").c_str(), path_.c_str()), 0);
  CdbRecord record;
  ASSERT_EQ(reader.find("=a", record), 0);
  EXPECT_EQ(value_of(reader, record), "old");
}

}  // namespace
}  // namespace labgpu
