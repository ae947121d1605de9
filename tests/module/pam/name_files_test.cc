// The files by which names are resolved in a login view: the container's where they are known.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>

#include <filesystem>

#include "tests/module/pam/fake_container.h"
#include "tests/module/pam/fake_helper.h"
#include "tests/module/pam/pam_login.h"
#include "tests/module/pam/user_child.h"
#include "tests/support/temporary_directory.h"

namespace labgpu::test {
namespace {

namespace fs = std::filesystem;
using testing::ContainsRegex;

const fs::path kDocker = "/var/lib/copies/1";

// An /etc of the test's own, and Docker's copies of the container's files, linked as the helper
// does.
class NameFiles : public testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : {"passwd", "nsswitch.conf"})
      fs::copy(fs::path("/etc") / name, etc_ / name);
    write_file(etc_ / "hosts", "host's names");
    write_file(etc_ / "resolv.conf", "host's servers");
    ASSERT_EQ(mount(etc_.path().c_str(), "/etc", nullptr, MS_BIND, nullptr), 0);
    fs::create_directories(kDocker);
    write_file(kDocker / "hosts", "container's names");
    write_file(kDocker / "resolv.conf", "container's servers");
    for (const char* name : {"hosts", "resolv.conf"})
      fs::create_symlink(kDocker / name, linked(name));
  }
  void TearDown() override {
    umount2("/etc", MNT_DETACH);
    fs::remove_all("/var/lib/copies");
    fs::remove_all("/run/resolver");
  }

  static fs::path linked(const char* name) { return fs::path(kContainerTmp).parent_path() / name; }
  static View view_of_login(const std::vector<int>& fds) {
    FakeHelper helper(give_session(fds));
    PamLogin login("alice");
    if (login.setcred() != PAM_SUCCESS || login.open_session() != PAM_SUCCESS) return {};
    UserChild child(login);
    EXPECT_EQ(child.result(), PAM_SUCCESS);
    return child.view();
  }

  TemporaryDirectory etc_;
  FakeContainer container_;
};

TEST_F(NameFiles, AreTheContainersAndCannotBeWritten) {
  View view = view_of_login(container_.fds());
  EXPECT_EQ(view["/etc/hosts"], "container's names");
  EXPECT_EQ(view["/etc/resolv.conf"], "container's servers");
  EXPECT_THAT(view["mounts"], ContainsRegex("\n[^ ]+ /etc/hosts [^ ]+ ro,nosuid,nodev,noexec"));
  EXPECT_EQ(read_file("/etc/hosts"), "host's names") << "outside of the view";
}

TEST_F(NameFiles, TakeThePlaceOfAResolversFileInRun) {
  fs::create_directory("/run/resolver");
  write_file("/run/resolver/stub.conf", "nameserver 127.0.0.53");
  fs::remove(etc_ / "resolv.conf");
  fs::create_symlink("../run/resolver/stub.conf", etc_ / "resolv.conf");
  View view = view_of_login(container_.fds());
  EXPECT_EQ(view["/etc/resolv.conf"], "container's servers");
  EXPECT_EQ(view["/run"], "labgpu resolver systemd");
  EXPECT_EQ(read_file("/run/resolver/stub.conf"), "nameserver 127.0.0.53");
}

TEST_F(NameFiles, AreNotMadeWhereTheHostHasNone) {
  fs::remove(etc_ / "hosts");
  View view = view_of_login(container_.fds());
  EXPECT_EQ(view["/etc/hosts"], "");
  EXPECT_EQ(view["/etc/resolv.conf"], "container's servers");
}

TEST_F(NameFiles, StayTheHostsWhenNoneAreLinkedOrTheContainerIsGone) {
  fs::remove(linked("hosts"));
  fs::remove(kDocker / "resolv.conf");
  View view = view_of_login(container_.fds());
  EXPECT_EQ(view["/etc/hosts"], "host's names");
  EXPECT_EQ(view["/etc/resolv.conf"], "host's servers");
}

TEST_F(NameFiles, StayTheHostsWhenNoFileIsLinked) {
  fs::remove(linked("hosts"));
  fs::create_symlink("/var/lib/copies", linked("hosts"));
  EXPECT_EQ(view_of_login(container_.fds())["/etc/hosts"], "host's names");
}

TEST_F(NameFiles, StayTheHostsInADetachedView) {
  View view = view_of_login({});
  EXPECT_EQ(view["/etc/hosts"], "host's names");
  EXPECT_EQ(view["/etc/resolv.conf"], "host's servers");
}

}  // namespace
}  // namespace labgpu::test
