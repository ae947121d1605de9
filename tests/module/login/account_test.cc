// The account in the container: made, mended, left alone, or refused with a reason.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "tests/module/login/container.h"
#include "tests/module/login/helper_double.h"
#include "tests/module/login/session_process.h"
#include "tests/module/login/test_world.h"

namespace labgpu::login_test {
namespace {

using testing::HasSubstr;

constexpr char kAliceLine[] = "alice:*:20001:20001::/home/alice:/bin/bash\n";

class AccountTest : public testing::Test {
 protected:
  // One command in a container that was made ready by the test.
  Finished log_in(const std::string& command, Identity identity = alice()) {
    if (container_.init_pid() == 0) container_.start();
    HelperDouble helper(container_, identity);
    return run(command);
  }
  std::string passwd() const { return read_file(container_.path("/etc/passwd")); }
  std::string group() const { return read_file(container_.path("/etc/group")); }
  void expect_refused(const std::string& reason) {
    Finished result = log_in("echo not reached");
    EXPECT_THAT(result.err, HasSubstr(reason));
    EXPECT_THAT(result.err, testing::StartsWith("labgpu: cannot set up the account alice"));
    EXPECT_EQ(result.out, "");
    EXPECT_TRUE(WIFEXITED(result.status) && WEXITSTATUS(result.status) == 254);
  }

  Container container_;
};

mode_t mode_of(const std::string& path) {
  struct stat status {};
  return stat(path.c_str(), &status) == 0 ? status.st_mode & 07777 : 0;
}

TEST_F(AccountTest, IsMadeAtTheFirstLogin) {
  chmod(container_.path("/etc/passwd").c_str(), 0604);
  EXPECT_EQ(log_in("id -un").out, "alice\n");
  EXPECT_THAT(passwd(), testing::EndsWith(kAliceLine));
  EXPECT_THAT(group(), testing::EndsWith("alice:*:20001:\n"));
  EXPECT_EQ(mode_of(container_.path("/etc/passwd")), 0604U);
  EXPECT_FALSE(exists(container_.path("/etc/passwd.labgpu")));
}

TEST_F(AccountTest, IsNotWrittenAgain) {
  log_in("true");
  struct stat before {
  }, after{};
  stat(container_.path("/etc/passwd").c_str(), &before);
  log_in("true");
  stat(container_.path("/etc/passwd").c_str(), &after);
  EXPECT_EQ(before.st_ino, after.st_ino);
}

TEST_F(AccountTest, WinsOverAnotherNameWithItsUid) {
  write_file(container_.path("/etc/passwd"), "ubuntu:x:20001:20001::/home/ubuntu:/bin/sh\n");
  write_file(container_.path("/etc/group"), "ubuntu:x:20001:\n");
  EXPECT_EQ(log_in("id -un; id -gn; ls -ld . | cut -d' ' -f3").out, "alice\nalice\nalice\n");
}

TEST_F(AccountTest, TakesOverAnImagesOwnAccountOfItsName) {
  write_file(container_.path("/etc/passwd"), "alice:x:1000:1000:Alice:/old:/bin/dash\n");
  write_file(container_.path("/etc/group"), "alice:x:1000:\n");
  EXPECT_EQ(log_in("id -u; id -g; echo $HOME $SHELL $0").out,
            "20001\n20001\n/home/alice /bin/dash dash\n");
  EXPECT_EQ(passwd(), "alice:x:20001:20001:Alice:/home/alice:/bin/dash\n");
}

TEST_F(AccountTest, GetsShWhereThereIsNoBash) {
  container_.hide("/usr/bin/bash");
  EXPECT_EQ(log_in("echo $SHELL $0").out, "/bin/sh sh\n");
}

TEST_F(AccountTest, IsMadeInAnImageWithoutAccountFiles) {
  unlink(container_.path("/etc/passwd").c_str());
  unlink(container_.path("/etc/group").c_str());
  EXPECT_EQ(log_in("id -un; id -gn").out, "alice\nalice\n");
  EXPECT_EQ(mode_of(container_.path("/etc/passwd")), 0644U);
}

TEST_F(AccountTest, ManyFirstLoginsMakeItOnce) {
  container_.start();
  HelperDouble helper(container_);
  std::vector<std::unique_ptr<PipeSession>> sessions;
  sessions.reserve(20);
  for (int i = 0; i < 20; ++i) {
    sessions.push_back(std::make_unique<PipeSession>(arguments_for("id -un")));
  }
  for (auto& session : sessions) EXPECT_EQ(session->finish().out, "alice\n");
  std::string text = passwd();
  EXPECT_EQ(text.find("alice"), text.rfind("\nalice") + 1);
}

TEST_F(AccountTest, IsRefusedWhereEtcIsReadOnly) {
  container_.make_read_only("/etc");
  expect_refused("Read-only file system");
}

TEST_F(AccountTest, NeedsNoWritingWhereTheImageHasIt) {
  log_in("true");
  container_.make_read_only("/etc");
  // The mount is the machine's; the container sees it when it starts again.
  container_.stop(SIGTERM);
  EXPECT_EQ(log_in("id -un").out, "alice\n");
}

TEST_F(AccountTest, IsRefusedWhenTheFileIsNoFile) {
  unlink(container_.path("/etc/passwd").c_str());
  ASSERT_EQ(mkfifo(container_.path("/etc/passwd").c_str(), 0644), 0);
  expect_refused("/etc/passwd: Invalid argument");
}

TEST_F(AccountTest, IsRefusedWhenTheFileIsHuge) {
  unlink(container_.path("/etc/group").c_str());
  write_file(container_.path("/etc/group"), "");
  ASSERT_EQ(truncate(container_.path("/etc/group").c_str(), 1L << 40), 0);
  expect_refused("/etc/group: File too large");
}

TEST_F(AccountTest, IsRefusedWhileAnotherProgramEdits) {
  UniqueFd lock(open(container_.path("/etc/.pwd.lock").c_str(), O_WRONLY | O_CREAT, 0600));
  struct flock whole {};
  whole.l_type = F_WRLCK;
  ASSERT_EQ(fcntl(lock.get(), F_SETLK, &whole), 0);
  expect_refused("another program is editing it");
  lock.reset();
  EXPECT_EQ(log_in("id -un").out, "alice\n");
}

TEST_F(AccountTest, MayBecomeRootWhereThereIsSudo) {
  std::string file = container_.path("/etc/sudoers.d/labgpu-alice");
  log_in("true");
  EXPECT_FALSE(exists(file));
  std::filesystem::create_directory(container_.path("/etc/sudoers.d"));
  log_in("true");
  EXPECT_EQ(read_file(file), "alice ALL=(ALL:ALL) NOPASSWD: ALL\n");
  EXPECT_EQ(mode_of(file), 0440U);
  write_file(file, "alice ALL=(ALL:ALL) ALL\n", 0440);
  log_in("true");
  EXPECT_EQ(read_file(file), "alice ALL=(ALL:ALL) ALL\n");
}

TEST_F(AccountTest, GetsTheSkeletonOnceAndNothingIsOverwritten) {
  std::string skeleton = container_.path("/etc/skel/");
  std::string home = container_.path(kHome) + "/";
  write_file(skeleton + ".bashrc", "image\n");
  write_file(skeleton + ".profile", "image\n");
  write_file(skeleton + ".trap", "image\n");
  std::filesystem::create_directory(skeleton + ".config");
  write_file(skeleton + ".config/a", "deep\n", 04755);
  std::filesystem::create_symlink("a", skeleton + ".config/link");
  write_file(home + ".profile", "mine\n");
  write_file(container_.path("/tmp/victim"), "untouched\n", 0666);
  std::filesystem::create_symlink("/tmp/victim", home + ".trap");

  EXPECT_EQ(log_in("cat .bashrc .profile .config/link; stat -c '%U %a' .bashrc .config/a").out,
            "image\nmine\ndeep\nalice 644\nalice 755\n");
  EXPECT_EQ(read_file(container_.path("/tmp/victim")), "untouched\n");
  EXPECT_EQ(log_in("rm .bashrc; ls .bashrc").err.empty(), false);
  EXPECT_EQ(log_in("test -e .bashrc || echo still gone").out, "still gone\n");
}

TEST_F(AccountTest, LogsInAsRootWhenTheAdministratorSaysSo) {
  Identity identity = alice();
  identity.login_as_root = 1;
  EXPECT_EQ(log_in("id -u; id -G; echo $USER $HOME $PWD", identity).out,
            "0\n0\nroot /root /root\n");
}

TEST_F(AccountTest, HasThePrimaryGroupOfTheHost) {
  Identity identity = alice();
  identity.gid = 5000;
  identity.group = "lab";
  EXPECT_EQ(log_in("id -g; id -gn; touch new; stat -c %G new", identity).out, "5000\nlab\nlab\n");
}

TEST_F(AccountTest, ALoginShellKeepsTheImagesPath) {
  Identity root = alice();
  root.login_as_root = 1;
  std::string path = "/opt/image/bin:/usr/local/bin:/usr/bin:/bin\n";
  EXPECT_EQ(log_in("bash -lc 'echo $PATH'").out, path);
  EXPECT_EQ(log_in("dash -lc 'echo $PATH'").out, path);
  EXPECT_EQ(log_in("bash -lc 'echo $PATH'", root).out, path);
}

TEST_F(AccountTest, BadIdentitiesAreRefused) {
  for (auto change : {+[](Identity& i) { i.user = "root"; }, +[](Identity& i) { i.user = "../x"; },
                      +[](Identity& i) { i.user = ""; }, +[](Identity& i) { i.uid = 0; },
                      +[](Identity& i) { i.group = "root"; }, +[](Identity& i) { i.group = "a b"; },
                      +[](Identity& i) { i.gid = 0; }, +[](Identity& i) { i.home = "home"; },
                      +[](Identity& i) { i.home = "/a:b/../c"; }}) {
    Identity identity = alice();
    change(identity);
    Finished result = log_in("echo not reached", identity);
    EXPECT_EQ(result.err, "labgpu: the account's names, ids or home are not valid\n");
    EXPECT_EQ(result.out, "");
  }
  EXPECT_EQ(passwd().find("alice"), std::string::npos);
}

}  // namespace
}  // namespace labgpu::login_test
