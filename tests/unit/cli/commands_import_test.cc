// labgpu user import: whom it tells the passwords, and how far it is.
#include <gmock/gmock.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "tests/unit/cli/exchange.h"
#include "tests/unit/cli/temporary_directory.h"

namespace labgpu {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

// A file system of one page, which something else takes. Needs root.
class FullDisk {
 public:
  FullDisk() {
    EXPECT_EQ(mount("none", directory_.path().c_str(), "tmpfs", 0, "size=4k"), 0);
    put(directory_ / "filler", std::string(4096, 'x'));
  }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;
  ~FullDisk() { EXPECT_EQ(umount(directory_.path().c_str()), 0); }
  std::string operator/(const std::string& name) const { return directory_ / name; }

 private:
  TemporaryDirectory directory_;
};

class UserImport : public testing::Test {
 protected:
  static constexpr char kFile[] = "name\nalice\nbob\n";
  static json made() {
    return {{"imported", true},
            {"users",
             {{{"name", "alice"}, {"uid", 20001}, {"generatedPassword", "abcd-efgh"}},
              {{"name", "bob"}, {"uid", 20002}}}}};
  }
  static std::vector<std::string> words(const std::vector<std::string>& options) {
    std::vector<std::string> all{"user", "import", "-"};
    all.insert(all.end(), options.begin(), options.end());
    return all;
  }
  TemporaryDirectory directory_;
  std::string file_ = directory_ / "passwords.csv";
};

TEST_F(UserImport, ShowsGeneratedPasswordsInTheReport) {
  Exchange e(words({"--generate-passwords"}), {reply(made())}, kFile);
  EXPECT_EQ(e.parameters(), json({{"users", {{{"name", "alice"}}, {{"name", "bob"}}}},
                                  {"dryRun", false},
                                  {"generatePasswords", true}}));
  EXPECT_EQ(e.ran.out,
            "WHERE   NAME   UID    PASSWORD   RESULT\n"
            "line 2  alice  20001  abcd-efgh  added\n"
            "line 3  bob    20002  -          added\n"
            "2 users added\n"
            "nobody sees these passwords again\n");
  Exchange as_json(words({"--generate-passwords", "--json"}), {reply(made())}, kFile);
  EXPECT_EQ(json::parse(as_json.ran.out), made());
}

TEST_F(UserImport, WritesThemToAFileOfRootsInstead) {
  Exchange e(words({"--generate-passwords", "--passwords-file", file_}), {reply(made())}, kFile);
  EXPECT_EQ(e.ran.status, 0) << e.ran.err;
  EXPECT_EQ(slurp(file_), "name,password\nalice,abcd-efgh\n");
  struct stat info {};
  ASSERT_EQ(stat(file_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777U, 0600U);
  EXPECT_THAT(e.ran.out, Not(HasSubstr("PASSWORD")));
  EXPECT_THAT(e.ran.out, Not(HasSubstr("abcd-efgh")));
}

TEST_F(UserImport, AFileThatCannotBeMadeAsksNobody) {
  put(file_, "another one's");
  Exchange e(words({"--generate-passwords", "--passwords-file", file_}), {}, kFile);
  EXPECT_EQ(e.ran.status, 1);
  EXPECT_TRUE(e.helper.requests().empty());
  EXPECT_EQ(slurp(file_), "another one's");
}

TEST_F(UserImport, WithoutPasswordsThereIsNoFile) {
  const json refused = {{"imported", false}, {"users", {{{"name", "x"}, {"problem", "bad"}}}}};
  Exchange e(words({"--generate-passwords", "--passwords-file", file_}), {reply(refused)},
             "name\nx\n");
  EXPECT_EQ(e.ran.status, 1);
  EXPECT_FALSE(exists(file_));
  Exchange dry(words({"--generate-passwords", "--dry-run", "--passwords-file", file_}),
               {reply({{"imported", false}, {"users", {{{"name", "x"}}}}})}, "name\nx\n");
  EXPECT_EQ(dry.ran.status, 0) << dry.ran.err;
  EXPECT_FALSE(exists(file_));
}

TEST_F(UserImport, PasswordsThatCannotBeWrittenAreShown) {
  FullDisk full;
  auto file = full / "passwords.csv";
  Exchange e(words({"--generate-passwords", "--passwords-file", file}), {reply(made())}, kFile);
  EXPECT_EQ(e.ran.status, 1);
  EXPECT_THAT(e.ran.err, HasSubstr("cannot write " + file + ", which is removed again"));
  EXPECT_THAT(e.ran.out, HasSubstr("abcd-efgh"));
  EXPECT_FALSE(exists(file));
}

TEST_F(UserImport, PasswordsNeedNotBeChangedIfSaidSo) {
  Exchange e(words({"--generate-passwords", "--no-expire"}), {reply(made())},
             "name,passwordChangeNow\nalice,\nbob,yes\n");
  EXPECT_EQ(e.parameters()["users"], json({{{"name", "alice"}, {"passwordChangeNow", false}},
                                           {{"name", "bob"}, {"passwordChangeNow", true}}}));
  for (const auto& options : {std::vector<std::string>{"--no-expire"}, {"--passwords-file", "x"}}) {
    Exchange alone(words(options), {}, kFile);
    EXPECT_EQ(alone.ran.status, 2) << alone.ran.err;
    EXPECT_TRUE(alone.helper.requests().empty());
  }
}

TEST(ImportProgress, IsNotToldWhereNobodyLooks) {
  TemporaryDirectory directory;
  put(directory / "class.csv", "name\nalice\n");
  FakeHelper helper([](int fd) {
    read_message(fd);
    json progress = {{"step", "making"}, {"done", 1}, {"total", 1}};
    json told = {{"parameters", {{"progress", progress}}}, {"continues", true}};
    json last = reply({{"imported", true}, {"users", {{{"name", "alice"}, {"uid", 20001}}}}});
    write_bytes(fd, told.dump() + '\0' + last.dump() + '\0');
  });
  auto ran = run_labgpu({"user", "import", directory / "class.csv", "--socket", helper.socket()});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_EQ(ran.err, "");
  EXPECT_THAT(ran.out, HasSubstr("1 users added\n"));
}

}  // namespace
}  // namespace labgpu
