// setcred in sshd's user child: it is in the login view, or it is no more.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#include <filesystem>

#include "common/packet_socket.h"
#include "common/paths.h"
#include "tests/module/pam/executing.h"
#include "tests/module/pam/fake_container.h"
#include "tests/module/pam/fake_helper.h"
#include "tests/module/pam/pam_login.h"
#include "tests/module/pam/sandbox.h"
#include "tests/module/pam/user_child.h"

namespace labgpu::test {
namespace {

using std::chrono::seconds;
using testing::ContainsRegex;
using testing::HasSubstr;

constexpr int kEnded = 254;

void open_login(PamLogin& login) {
  ASSERT_EQ(login.setcred(), PAM_SUCCESS);
  ASSERT_EQ(login.open_session(), PAM_SUCCESS);
}

// What every login view has in common.
void expect_private_view(const View& view) {
  EXPECT_EQ(view.at("/run"), "labgpu systemd");
  EXPECT_EQ(view.at("/run/labgpu"), "session");
  EXPECT_EQ(view.at("/run/systemd/journal"), "dev-log");
  EXPECT_EQ(view.at("/var/tmp"), "");
  EXPECT_EQ(view.at("/dev/shm"), "");
  EXPECT_EQ(view.at("/var/lib/labgpu/containers"), "");
  EXPECT_EQ(view.at("/var/lib/labgpu/nss"), "passwd.cdb");
  EXPECT_THAT(view.at("mounts"), ContainsRegex("\n[^ ]+ /run tmpfs ro,nosuid,nodev,noexec"));
  EXPECT_THAT(view.at("mounts"), ContainsRegex("\n[^ ]+ /tmp [^ ]+ rw,nosuid,nodev,noexec"));
  EXPECT_THAT(view.at("mounts"), ContainsRegex("\n[^ ]+ /var/tmp tmpfs ro,nosuid,nodev,noexec"));
}

class LoginView : public testing::Test {
 protected:
  void SetUp() override {
    write_file("/run/secret.sock", "");
    write_file("/dev/shm/secret", "");
    logged();
  }
  FakeContainer container_;
};

TEST_F(LoginView, IsTheContainersForTheUserChildAlone) {
  FakeHelper helper(give_session(container_.fds()));
  PamLogin login("alice");
  View host = look_around(login);
  open_login(login);

  UserChild child(login);
  ASSERT_EQ(child.result(), PAM_SUCCESS);
  const View& view = child.view();
  EXPECT_EQ(view.at("net"), container_.namespace_name("net"));
  EXPECT_EQ(view.at("uts"), container_.namespace_name("uts"));
  EXPECT_NE(view.at("mnt"), host["mnt"]);
  EXPECT_NE(view.at("mnt"), container_.namespace_name("mnt"));
  EXPECT_EQ(view.at("hostname"), kContainerHostName);
  EXPECT_EQ(view.at("/tmp"), "inside");
  EXPECT_EQ(view.at("/run/labgpu/session"), "socket");
  expect_private_view(view);

  View monitor = look_around(login);
  for (const char* name : {"net", "uts", "mnt", "hostname", "mounts", "/run"}) {
    EXPECT_EQ(monitor[name], host[name]) << name;
  }
  EXPECT_NE(monitor["/tmp"], "inside");
  EXPECT_EQ(child.wait(), 0);
}

TEST_F(LoginView, IsEnteredOnce) {
  FakeHelper helper(give_session(container_.fds()));
  PamLogin login("alice");
  open_login(login);
  pid_t twice = quiet_fork();
  if (twice == 0) {
    bool first = login.setcred() == PAM_SUCCESS;
    std::string before = look_around(login)["mounts"];
    bool second = login.setcred(PAM_REINITIALIZE_CRED) == PAM_SUCCESS;
    _exit(first && second && look_around(login)["mounts"] == before ? 0 : 1);
  }
  int status = 0;
  waitpid(twice, &status, 0);
  EXPECT_EQ(status, 0);
}

TEST_F(LoginView, IsNotEnteredByTheProcessThatOpenedTheSession) {
  FakeHelper helper(give_session(container_.fds()));
  PamLogin login("alice");
  open_login(login);
  View before = look_around(login);
  EXPECT_EQ(login.setcred(), PAM_SUCCESS);
  EXPECT_EQ(login.setcred(PAM_REINITIALIZE_CRED), PAM_SUCCESS);
  View after = look_around(login);
  EXPECT_EQ(after["mnt"], before["mnt"]);
  EXPECT_EQ(after["net"], before["net"]);
}

// As /var/tmp is on some servers.
TEST_F(LoginView, HidesADirectoryThatIsALinkToTmp) {
  std::filesystem::create_directory_symlink("/tmp", "/var/lib/mysql");
  FakeHelper helper(give_session(container_.fds()));
  PamLogin login("alice");
  open_login(login);
  UserChild child(login);
  std::filesystem::remove("/var/lib/mysql");
  EXPECT_EQ(child.result(), PAM_SUCCESS);
  EXPECT_EQ(child.view().at("/run"), "labgpu systemd");
}

TEST_F(LoginView, IsNotEnteredToDeleteCredentials) {
  FakeHelper helper(give_session(container_.fds()));
  PamLogin login("alice");
  open_login(login);
  UserChild child(login, PAM_DELETE_CRED);
  EXPECT_EQ(child.result(), PAM_SUCCESS);
  EXPECT_EQ(child.view().at("mnt"), look_around(login)["mnt"]);
}

TEST_F(LoginView, ReachesTheLogAndAHelperThatStartsLater) {
  PamLogin login("alice");
  open_login(login);
  int go[2];
  ASSERT_EQ(pipe2(go, O_CLOEXEC), 0);
  pid_t child = quiet_fork();
  if (child == 0) {
    close(go[1]);
    char byte = 0;
    if (login.setcred() != PAM_SUCCESS || read(go[0], &byte, 1) != 0) _exit(1);
    UniqueFd connection;
    closelog();
    syslog(LOG_INFO, "from the login view");
    _exit(connect_packet_socket(kSessionSocket, Deadline::after_ms(1000), connection));
  }
  FakeHelper helper(wait_for_end);
  close(go[0]);
  close(go[1]);
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_THAT(logged(), HasSubstr("from the login view"));
}

TEST_F(LoginView, DoesNotHoldTheSession) {
  FakeHelper helper(give_session(container_.fds()));
  PamLogin login("alice");
  open_login(login);
  ASSERT_TRUE(helper.has_served(1));
  View monitor = look_around(login);
  UserChild child(login);
  ASSERT_EQ(child.result(), PAM_SUCCESS);
  EXPECT_EQ(std::stoi(child.view().at("sockets")), std::stoi(monitor["sockets"]) - 1);
  EXPECT_FALSE(helper.all_ended(std::chrono::milliseconds(50)));
  login.end();  // the monitor ends, the child is still there
  EXPECT_TRUE(helper.all_ended(seconds(2)));
  EXPECT_EQ(child.wait(), 0);
}

TEST_F(LoginView, EndsLaterThanTheSessionWhenTheChildGoesFirst) {
  FakeHelper helper(give_session(container_.fds()));
  PamLogin login("alice");
  open_login(login);
  {
    UserChild child(login);
    ASSERT_EQ(child.wait(), 0);
  }
  EXPECT_FALSE(helper.all_ended(std::chrono::milliseconds(50)));
}

TEST_F(LoginView, IsOpenToTheUserWhateverTheUmask) {
  FakeHelper helper(give_session(container_.fds()));
  PamLogin login("alice");
  open_login(login);
  pid_t child = quiet_fork();
  if (child == 0) {
    umask(0077);
    if (login.setcred() != PAM_SUCCESS || umask(0) != 0077) _exit(1);
    if (setgid(kAliceUid) != 0 || setuid(kAliceUid) != 0) _exit(2);
    bool tmp_is_hers = open("/tmp/hers", O_CREAT | O_WRONLY | O_CLOEXEC, 0600) >= 0;
    _exit(tmp_is_hers && access("/run/labgpu/session/socket", F_OK) == 0 ? 0 : 3);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_TRUE(std::filesystem::exists(std::string(kContainerTmp) + "/hers"));
}

// sshd runs xauth with it, and with variables that the client sent.
TEST_F(LoginView, HasTheSessionCommandInPlaceOfTheSystemShell) {
  EXPECT_EQ(in_user_child("alice",
                          [] {
                            return output_of({"/bin/sh", "-c", "xauth -q -"});
                          }),
            "session [/bin/sh] [-c] [xauth -q -]\n");
  // passwd(1), which sshd runs when a password has expired, is a program of the host's.
  EXPECT_EQ(in_user_child("alice", [] { return output_of({"/bin/echo", "still"}); }), "still\n");
}

class DetachedView : public LoginView {
 protected:
  void expect_detached(PamLogin& login) {
    View host = look_around(login);
    UserChild child(login);
    ASSERT_EQ(child.result(), PAM_SUCCESS);
    const View& view = child.view();
    for (const char* name : {"net", "uts", "mnt"}) EXPECT_NE(view.at(name), host[name]) << name;
    EXPECT_NE(view.at("net"), container_.namespace_name("net"));
    EXPECT_EQ(view.at("interfaces"), "lo:");
    EXPECT_EQ(view.at("/tmp"), "");
    EXPECT_THAT(view.at("mounts"), ContainsRegex("\n[^ ]+ /tmp tmpfs"));
    expect_private_view(view);
    EXPECT_EQ(child.wait(), 0);
  }
};

TEST_F(DetachedView, IsEmptyWhenTheContainerIsNotReady) {
  FakeHelper helper(give_session({}));
  PamLogin login("alice");
  open_login(login);
  expect_detached(login);
}

TEST_F(DetachedView, IsEmptyWithoutAHelper) {
  PamLogin login("alice");
  open_login(login);
  expect_detached(login);
}

TEST_F(DetachedView, DoesWithoutTheHelpersDirectory) {
  std::filesystem::rename("/run/labgpu", "/run/elsewhere");
  PamLogin login("alice");
  open_login(login);
  UserChild child(login);
  std::filesystem::rename("/run/elsewhere", "/run/labgpu");
  EXPECT_EQ(child.result(), PAM_SUCCESS);
  EXPECT_EQ(child.view().at("/run"), "systemd");
}

class FailingView : public LoginView {
 protected:
  // The child must be gone, with its exit status and a word in the log.
  void expect_ended(PamLogin& login, const std::string& reason, int flags = PAM_ESTABLISH_CRED) {
    logged();
    UserChild child(login, flags);
    EXPECT_EQ(child.result(), std::nullopt);
    EXPECT_EQ(child.wait(), kEnded);
    EXPECT_THAT(logged(), HasSubstr("ending the login of alice: " + reason));
  }
};

TEST_F(FailingView, EndsTheChildWhenNoSessionWasOpened) {
  PamLogin login("alice");
  ASSERT_EQ(login.setcred(), PAM_SUCCESS);
  expect_ended(login, "no PAM session is open");
  expect_ended(login, "no PAM session is open", PAM_REINITIALIZE_CRED);
}

TEST_F(FailingView, EndsTheChildWhenTheSessionIsClosed) {
  FakeHelper helper(give_session(container_.fds()));
  PamLogin login("alice");
  open_login(login);
  ASSERT_EQ(login.close_session(), PAM_SUCCESS);
  expect_ended(login, "no PAM session is open");
}

TEST_F(FailingView, EndsTheChildWhenTheDescriptorsAreNoNamespaces) {
  int tmp = container_.fds()[2];
  FakeHelper helper(give_session({tmp, tmp, tmp}));
  PamLogin login("alice");
  open_login(login);
  expect_ended(login, "entering the net and uts namespaces");
}

TEST_F(FailingView, EndsTheChildWhenTheNamespacesAreSwapped) {
  std::vector<int> fds = container_.fds();
  FakeHelper helper(give_session({fds[1], fds[0], fds[2]}));
  PamLogin login("alice");
  open_login(login);
  expect_ended(login, "entering the net and uts namespaces");
}

TEST_F(FailingView, EndsTheChildWhenTheNetworkIsTheHosts) {
  UniqueFd own(open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC));
  std::vector<int> fds = container_.fds();
  FakeHelper helper(give_session({own.get(), fds[1], fds[2]}));
  PamLogin login("alice");
  open_login(login);
  expect_ended(login, "entering the net and uts namespaces: Operation not permitted");
}

TEST_F(FailingView, EndsTheChildWhenTheTmpDirectoryIsGone) {
  FakeHelper helper(give_session(container_.fds()));
  PamLogin login("alice");
  open_login(login);
  std::filesystem::remove_all(kContainerTmp);
  expect_ended(login, "finding the container's /tmp");
}

TEST_F(FailingView, EndsTheChildWhenTheTmpDirectoryIsAnotherByNow) {
  FakeHelper helper(give_session(container_.fds()));
  PamLogin login("alice");
  open_login(login);
  // Somebody mounted over it; the name leads elsewhere in the host's namespace.
  ASSERT_EQ(mount(kOtherTmp, kContainerTmp, nullptr, MS_BIND, nullptr), 0);
  ASSERT_EQ(mount("tmpfs", kContainerTmp, "tmpfs", 0, nullptr), 0);
  expect_ended(login, "finding the container's /tmp");
  umount2(kContainerTmp, MNT_DETACH);
  umount2(kContainerTmp, MNT_DETACH);
}

TEST_F(FailingView, EndsTheChildThatMayNotMount) {
  FakeHelper helper(give_session(container_.fds()));
  PamLogin login("alice");
  open_login(login);
  pid_t child = quiet_fork();
  if (child == 0) {
    if (setuid(kAliceUid) != 0) _exit(1);
    login.setcred();
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), kEnded);
}

}  // namespace
}  // namespace labgpu::test
