// helper/index_writer.h: the three files as docs/PROTOCOL.md describes them, or the old ones.
#include "helper/index_writer.h"

#include <gmock/gmock.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <filesystem>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "common/cdb_reader.h"
#include "tests/support/temporary_directory.h"

namespace labgpu {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

constexpr gid_t kGroup = 20000;

Account account(const std::string& name, uint32_t id) {
  Account made;
  made.name = name;
  made.uid = made.gid = id;
  made.home = "/home/" + name;
  return made;
}

class IndexWriter : public testing::Test {
 protected:
  Result<void> write(const std::vector<Account>& accounts) {
    return write_index(directory_.path(), accounts, kGroup);
  }

  // Every record of one file, in its order.
  std::vector<std::pair<std::string, std::string>> records(const std::string& name) const {
    std::vector<std::pair<std::string, std::string>> found;
    CdbReader reader;
    EXPECT_EQ(reader.open((directory_ / name).c_str()), 0);
    CdbRecord record;
    for (uint32_t at = CdbReader::kFirstRecord; reader.record_at(at, record) == 0;
         at = record.end()) {
      std::string key(record.key_size, '\0');
      std::string value(record.value_size, '\0');
      EXPECT_EQ(reader.read(record.key_at, key), 0);
      EXPECT_EQ(reader.read(record.value_at, value), 0);
      CdbRecord by_key;
      EXPECT_EQ(reader.find(key, by_key), 0) << key;
      found.emplace_back(key, value);
    }
    return found;
  }

  void expect_refused(const Account& bad, const std::string& why) {
    auto written = write({account("alice", 20001), bad});
    ASSERT_FALSE(written) << why;
    EXPECT_EQ(written.error().code, ErrorCode::kInvalid);
    EXPECT_THAT(written.error().message, HasSubstr(why));
    EXPECT_TRUE(std::filesystem::is_empty(directory_.path())) << "nothing half-written";
  }

  test::TemporaryDirectory directory_;
};

TEST_F(IndexWriter, WritesWhatTheProtocolSays) {
  Account alice = account("alice", 20001);
  alice.real_name = "Alice Ü";
  alice.hashed_password = "$y$j9T$salt$hash";
  Account bob = account("bob", 20002);
  bob.hashed_password = "$y$j9T$salt$hash";
  bob.locked = true;
  ASSERT_TRUE(write({account("carol", 20003), bob, alice}));
  const std::string shell = ":/usr/libexec/labgpu/labgpu-session";
  const std::string alice_line = "alice:x:20001:20001:Alice Ü:/home/alice" + shell;
  const std::string bob_line = "bob:x:20002:20002::/home/bob" + shell;
  const std::string carol_line = "carol:*:20003:20003::/home/carol" + shell;
  EXPECT_THAT(records("passwd.cdb"),
              ElementsAre(Pair("=alice", alice_line), Pair("#20001", alice_line),
                          Pair("=bob", bob_line), Pair("#20002", bob_line),
                          Pair("=carol", carol_line), Pair("#20003", carol_line)));
  EXPECT_THAT(records("group.cdb"),
              ElementsAre(Pair("=labgpu", "labgpu:x:20000:alice,bob,carol"),
                          Pair("#20000", "labgpu:x:20000:alice,bob,carol"),
                          Pair("=alice", "alice:x:20001:"), Pair("#20001", "alice:x:20001:"),
                          Pair("@alice", "20000"),  //
                          Pair("=bob", "bob:x:20002:"), Pair("#20002", "bob:x:20002:"),
                          Pair("@bob", "20000"),  //
                          Pair("=carol", "carol:x:20003:"), Pair("#20003", "carol:x:20003:"),
                          Pair("@carol", "20000")));
  EXPECT_THAT(records("shadow.cdb"),
              ElementsAre(Pair("=alice", "alice:$y$j9T$salt$hash:::::::"),
                          Pair("=bob", "bob:!*:::::::"), Pair("=carol", "carol:*:::::::")));
}

TEST_F(IndexWriter, HasAFileForEachNameAndUid) {
  auto files = [&](const char* folder) {
    std::set<std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator(directory_ / folder)) {
      found.insert(entry.path().filename());
    }
    return found;
  };
  const mode_t before = umask(077);
  ASSERT_TRUE(write({account("alice", 20001), account("bob", 20002)}));
  umask(before);
  EXPECT_THAT(files("names"), ElementsAre("alice", "bob"));
  EXPECT_THAT(files("uids"), ElementsAre("20001", "20002"));
  struct stat status {};
  ASSERT_EQ(stat((directory_ / "names").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0755U) << "everybody asks, whatever the umask was";
  ASSERT_TRUE(write({account("bob", 20002), account("carol", 20003)}));
  EXPECT_THAT(files("names"), ElementsAre("bob", "carol"));
  EXPECT_THAT(files("uids"), ElementsAre("20002", "20003"));
}

TEST_F(IndexWriter, LeavesTheOldFilesWhenANameCannotBeAdded) {
  ASSERT_TRUE(write({account("alice", 20001)}));
  std::filesystem::remove_all(directory_ / "names");
  test::write_file(directory_ / "names", "no directory");
  auto written = write({account("alice", 20001), account("bob", 20002)});
  ASSERT_FALSE(written);
  EXPECT_THAT(written.error().message, HasSubstr(directory_ / "names"));
  EXPECT_EQ(records("passwd.cdb").size(), 2U);
}

// By id alone: whoever could be looked up by such a name could be logged in as.
TEST_F(IndexWriter, NamesTheUsersOfContainers) {
  const ContainerIds ids{.first_uid = 100000, .first_gid = 200000, .uids = 20002, .gids = 65536};
  const std::vector<Account> accounts{account("alice", 20001), account("bob", 20002)};
  ASSERT_TRUE(write_index(directory_.path(), accounts, kGroup, ids));
  auto passwd = records("passwd.cdb");
  ASSERT_EQ(passwd.size(), 6U);
  EXPECT_THAT(
      std::vector(passwd.begin() + 4, passwd.end()),
      ElementsAre(
          Pair("#100000", "root+container:*:100000:200000::/nonexistent:/usr/sbin/nologin"),
          Pair("#120001", "alice+container:*:120001:220001::/nonexistent:/usr/sbin/nologin")))
      << "bob's is beyond the range";
  auto groups = records("group.cdb");
  ASSERT_EQ(groups.size(), 11U);
  EXPECT_THAT(std::vector(groups.begin() + 8, groups.end()),
              ElementsAre(Pair("#200000", "root+container:*:200000:"),
                          Pair("#220001", "alice+container:*:220001:"),
                          Pair("#220002", "bob+container:*:220002:")));
  EXPECT_EQ(records("shadow.cdb").size(), 2U);
}

TEST_F(IndexWriter, AnAccountsIdIsNoContainersUser) {
  const ContainerIds ids{.first_uid = 100000, .first_gid = 100000, .uids = 65536, .gids = 65536};
  ASSERT_TRUE(write_index(directory_.path(), {account("alice", 20001), account("eve", 120001)},
                          100000, ids));
  for (const auto& [key, value] : records("passwd.cdb")) {
    if (key == "#120001") {
      EXPECT_EQ(value.substr(0, 4), "eve:");
    }
  }
  for (const auto& [key, value] : records("group.cdb")) {
    if (key == "#120001") {
      EXPECT_EQ(value, "eve:x:120001:");
    }
    if (key == "#100000") {
      EXPECT_EQ(value, "labgpu:x:100000:alice,eve");
    }
  }
}

TEST_F(IndexWriter, KeepsTheShadowFromEverybody) {
  ASSERT_EQ(geteuid(), 0U) << "the tests run as root";
  ASSERT_TRUE(write({account("alice", 20001)}));
  const group* shadow = getgrnam("shadow");
  ASSERT_NE(shadow, nullptr);
  for (const char* name : {"passwd.cdb", "group.cdb", "shadow.cdb"}) {
    const bool secret = std::string_view(name) == "shadow.cdb";
    struct stat status {};
    ASSERT_EQ(stat((directory_ / name).c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, secret ? 0640U : 0644U) << name;
    EXPECT_EQ(status.st_uid, 0U) << name;
    EXPECT_EQ(status.st_gid, secret ? shadow->gr_gid : 0U) << name;
  }
}

TEST_F(IndexWriter, WritesAnIndexOfNobody) {
  ASSERT_TRUE(write({}));
  EXPECT_THAT(records("passwd.cdb"), testing::IsEmpty());
  EXPECT_THAT(records("group.cdb"),
              ElementsAre(Pair("=labgpu", "labgpu:x:20000:"), Pair("#20000", "labgpu:x:20000:")));
  EXPECT_THAT(records("shadow.cdb"), testing::IsEmpty());
}

TEST_F(IndexWriter, HoldsThousands) {
  std::vector<Account> accounts;
  for (uint32_t i = 1; i <= 5000; ++i)
    accounts.push_back(account("u" + std::to_string(i), kGroup + i));
  ASSERT_TRUE(write(accounts));
  EXPECT_EQ(records("passwd.cdb").size(), 10000U);
  EXPECT_EQ(records("group.cdb").size(), 15002U);
}

TEST_F(IndexWriter, RefusesWhatALineCannotHold) {
  expect_refused(account("../x", 20002), "../x: it is not a user name");
  expect_refused(account("labgpu", 20002), "the name is that of the group");
  expect_refused(account("mallory", 0), "uid and gid");
  expect_refused(account("mallory", UINT32_MAX), "uid and gid");
  Account bad = account("mallory", 20002);
  bad.gid = 0;
  expect_refused(bad, "uid and gid");
  for (const char* home : {"", "home", "/home/a:b", "/home/../root", "/home/a\nb"}) {
    bad = account("mallory", 20002);
    bad.home = home;
    expect_refused(bad, "home directory");
  }
  for (const char* text : {"a:b", "a\nroot::0:0", "\x7f"}) {
    bad = account("mallory", 20002);
    bad.real_name = text;
    expect_refused(bad, "real name");
    bad = account("mallory", 20002);
    bad.hashed_password = text;
    expect_refused(bad, "password hash");
  }
}

TEST_F(IndexWriter, RefusesTwoOfTheSame) {
  expect_refused(account("alice", 20002), "another entry has its name, uid or gid");
  expect_refused(account("bob", 20001), "another entry has its name, uid or gid");
  expect_refused(account("bob", kGroup), "another entry has its name, uid or gid");
}

TEST_F(IndexWriter, AFullDiskLeavesAllThreeOldFiles) {
  ASSERT_TRUE(write({account("alice", 20001)}));
  auto passwd = records("passwd.cdb");
  auto groups = records("group.cdb");
  auto shadow = records("shadow.cdb");
  std::vector<Account> many;
  for (uint32_t i = 1; i <= 200; ++i) many.push_back(account("u" + std::to_string(i), kGroup + i));
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  auto* handler = signal(SIGXFSZ, SIG_IGN);
  // Room for the smaller files, so that the failure comes after one of them was written.
  for (rlim_t room : {1000U, 5000U, 12000U, 20000U, 25000U}) {
    const rlimit small{.rlim_cur = room, .rlim_max = before.rlim_max};
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
    auto written = write(many);
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
    ASSERT_FALSE(written) << room;
    EXPECT_EQ(records("passwd.cdb"), passwd) << room;
    EXPECT_EQ(records("group.cdb"), groups) << room;
    EXPECT_EQ(records("shadow.cdb"), shadow) << room;
  }
  signal(SIGXFSZ, handler);
  EXPECT_TRUE(write(many)) << "and it works again with room";
}

TEST_F(IndexWriter, NamesTheMissingDirectory) {
  auto written = write_index(directory_ / "none", {}, kGroup);
  ASSERT_FALSE(written);
  EXPECT_THAT(written.error().message, HasSubstr(directory_ / "none"));
}

}  // namespace
}  // namespace labgpu
