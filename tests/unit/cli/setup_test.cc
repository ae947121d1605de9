// labgpu setup on a root of its own, with the real sshd as the judge.
#include <gmock/gmock.h>

#include <filesystem>
#include <map>

#include "cli/subprocess.h"
#include "tests/support/cdb_file.h"
#include "tests/unit/cli/run_labgpu.h"
#include "tests/unit/cli/temporary_directory.h"

namespace labgpu {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

constexpr char kModule[] = "usr/lib/x86_64-linux-gnu/security/pam_labgpu.so";
constexpr char kConfig[] = "etc/labgpu/labgpu.json";
constexpr char kDropIn[] = "etc/ssh/sshd_config.d/00-labgpu.conf";

class SetupTest : public testing::Test {
 protected:
  void SetUp() override {
    put(root_ / "etc/pam.d/sshd", slurp(LABGPU_FIXTURES "/pam.d-sshd.bookworm"));
    put(root_ / "etc/nsswitch.conf",
        "passwd: files labgpu\ngroup: files labgpu # x\nshadow: files\n");
    put(root_ / kModule, "");
    put(root_ / "usr/libexec/labgpu/labgpu-session", "");
    fs::permissions(root_ / "usr/libexec/labgpu/labgpu-session", fs::perms::owner_all);
    fs::create_directories(root_ / "etc/ssh/sshd_config.d");
    write_config("UsePAM yes\n");
    HeldSignals signals;
    auto made = run_checked(
        "ssh-keygen", {"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", root_ / "host_key"},
        Output::kCapture, signals);
    ASSERT_TRUE(made) << made.error().message;
  }

  // sshd's own paths are absolute, so the Include of the main file names the root.
  void write_config(const std::string& rest, const std::string& before_include = "") {
    put(root_ / "etc/ssh/sshd_config", before_include + "Include " +
                                           (root_ / "etc/ssh/sshd_config.d/*.conf") + "\nHostKey " +
                                           (root_ / "host_key") + "\n" + rest);
  }

  Ran run(const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments{"setup", "--root", root_.path()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_labgpu(arguments);
  }

  // Every file under /etc of the root, with its bytes.
  std::map<std::string, std::string> etc() {
    std::map<std::string, std::string> files;
    for (const auto& entry : fs::recursive_directory_iterator(root_ / "etc")) {
      if (entry.is_regular_file()) files[entry.path()] = slurp(entry.path());
    }
    return files;
  }

  void expect_refusal(const std::string& reason) {
    auto before = etc();
    auto ran = run();
    EXPECT_EQ(ran.status, 1);
    EXPECT_THAT(ran.err, HasSubstr(reason));
    EXPECT_THAT(ran.err, HasSubstr("nothing was changed"));
    EXPECT_EQ(etc(), before);
  }

  TemporaryDirectory root_;
};

TEST_F(SetupTest, EditsBothFilesAndUndoGivesThemBack) {
  auto before = etc();
  auto ran = run();
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_THAT(slurp(root_ / "etc/pam.d/sshd"), HasSubstr("pam_labgpu.so # labgpu"));
  EXPECT_THAT(slurp(root_ / kDropIn), HasSubstr("\nMatch User *,!root Group labgpu\n"));
  EXPECT_EQ(etc().size(), before.size() + 1) << "the probe was left";
  auto undone = run({"--undo"});
  EXPECT_EQ(undone.status, 0) << undone.err;
  EXPECT_EQ(etc(), before);
  EXPECT_FALSE(exists(root_ / "var/lib/labgpu/setup"));
}

TEST_F(SetupTest, TwiceIsOnce) {
  run();
  auto once = etc();
  auto again = run();
  EXPECT_EQ(again.status, 0);
  EXPECT_THAT(again.out, HasSubstr("already"));
  EXPECT_EQ(etc(), once);
  run({"--undo"});
  auto undone = run({"--undo"});
  EXPECT_EQ(undone.status, 0);
  EXPECT_THAT(undone.out, HasSubstr("was not set up"));
}

TEST_F(SetupTest, OtherRulesOfTheServerDoNotDisturb) {
  // The Match line makes sshd -T refuse to answer a question that does not name port and domain.
  write_config(
      "UsePAM yes\nForceCommand /bin/false\nMatch LocalPort 22 RDomain x\nX11Forwarding no\n");
  auto ran = run();
  EXPECT_EQ(ran.status, 0) << ran.err;
}

TEST_F(SetupTest, RefusesWithoutTheModule) {
  fs::remove(root_ / kModule);
  expect_refusal("libpam-labgpu");
}

TEST_F(SetupTest, RefusesWithoutTheSessionCommand) {
  fs::remove(root_ / "usr/libexec/labgpu/labgpu-session");
  expect_refusal("labgpu-session");
}

TEST_F(SetupTest, RefusesWhenSshdUsesNoPam) {
  write_config("UsePAM no\n");
  expect_refusal("UsePAM yes");
}

TEST_F(SetupTest, RefusesWhenSshdsConfigurationIsBroken) {
  write_config("UsePAM yes\nNoSuchKeyword yes\n");
  expect_refusal("NoSuchKeyword");
}

TEST_F(SetupTest, RefusesWhenDropInsAreNotRead) {
  // A comment that names the directory, as Debian's file has, does not count.
  put(root_ / "etc/ssh/sshd_config",
      "# Include /etc/ssh/sshd_config.d/*.conf\nUsePAM yes\nHostKey " + (root_ / "host_key") +
          "\n");
  expect_refusal("Include /etc/ssh/sshd_config.d/*.conf");
}

TEST_F(SetupTest, RefusesWhenAnotherForcedCommandComesFirst) {
  // Values outside Match blocks never count against those inside; another block does.
  write_config("UsePAM yes\n", "Match User *\nForceCommand /bin/other\nMatch all\n");
  expect_refusal("/bin/other");
}

TEST_F(SetupTest, RefusesWithoutAPamFile) {
  fs::remove(root_ / "etc/pam.d/sshd");
  auto ran = run();
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.err, HasSubstr("openssh-server"));
}

TEST_F(SetupTest, WarnsOfWhatCanBePutRightLater) {
  auto ran = run();
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(ran.err, HasSubstr("warning: labgpu in the line shadow:"));
  EXPECT_THAT(ran.err, Not(HasSubstr("line passwd:")));
  EXPECT_THAT(ran.err, HasSubstr("labgpud.socket"));
  EXPECT_THAT(ran.err, HasSubstr("warning: passwords are changed by labgpu passwd alone"));
}

TEST_F(SetupTest, CheckChangesNothingAndTellsWhatIsMissing) {
  auto before = etc();
  auto unset = run({"--check"});
  EXPECT_EQ(unset.status, 1);
  EXPECT_THAT(unset.out, HasSubstr("MISSING  pam_labgpu.so as session"));
  EXPECT_THAT(unset.out, HasSubstr("MISSING  pam_labgpu.so as password"));
  EXPECT_THAT(unset.out, HasSubstr("ok       the PAM module"));
  EXPECT_EQ(etc(), before);
  run();
  auto set = run({"--check"});
  EXPECT_THAT(set.out, HasSubstr("ok       pam_labgpu.so as session"));
  EXPECT_THAT(set.out, HasSubstr("ok       the drop-in"));
}

// --- accounts of the host

TEST_F(SetupTest, TheDropInFollowsTheConfiguration) {
  put(root_ / kConfig, "{ \"bridge\": { \"groups\": [\"gpuusers\", \"domain users\"] } } // x\n");
  auto ran = run();
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_THAT(slurp(root_ / kDropIn),
              HasSubstr("\nMatch User *,!root Group \"labgpu,gpuusers,domain users\"\n"));
  EXPECT_THAT(ran.err, HasSubstr("labgpud serves: gpuusers,domain users: it serves none"));
  put(root_ / kConfig, "{}");
  EXPECT_THAT(run({"--check"}).out, HasSubstr("it is for labgpu,gpuusers,domain users"));
  EXPECT_EQ(run().status, 0);
  EXPECT_THAT(slurp(root_ / kDropIn), HasSubstr("\nMatch User *,!root Group labgpu\n"));
  run({"--undo"});
  EXPECT_FALSE(exists(root_ / kDropIn));
}

TEST_F(SetupTest, CheckTellsOfGroupsThatDiffer) {
  run();
  put(root_ / kConfig, R"({ "bridge": { "groups": ["gpuusers"] } })");
  auto ran = run({"--check"});
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.out,
              HasSubstr("MISSING  the groups of sshd's drop-in: gpuusers: it is for labgpu"));
  fs::create_directories(root_ / "var/lib/labgpu/nss");
  test::write_cdb(root_ / "var/lib/labgpu/nss/bridge.cdb", {{"*", "1000:gpuusers"}});
  run();
  ran = run({"--check"});
  EXPECT_THAT(ran.out, HasSubstr("ok       the groups of sshd's drop-in: gpuusers"));
  EXPECT_THAT(ran.out, HasSubstr("ok       the groups that labgpud serves: gpuusers"));
  put(root_ / kConfig, "{}");
  EXPECT_THAT(run({"--check"}).out, HasSubstr("it serves gpuusers; systemctl restart labgpud"));
}

TEST_F(SetupTest, RefusesAConfigurationThatItCannotRead) {
  for (const char* wrong : {"[", "[]", R"({ "bridge": { "groups": [1] } })",
                            R"({ "bridge": { "groups": ["a,b"] } })"}) {
    auto before = etc();
    put(root_ / kConfig, wrong);
    auto ran = run();
    EXPECT_EQ(ran.status, 1) << wrong;
    EXPECT_THAT(ran.err, HasSubstr("labgpu.json")) << wrong;
    fs::remove(root_ / kConfig);
    EXPECT_EQ(etc(), before) << wrong;
  }
}

TEST_F(SetupTest, WarnsOfKeysThatWouldNotCount) {
  write_config("UsePAM yes\nAuthorizedKeysFile .ssh/authorized_keys /etc/ssh/keys/%u\n");
  EXPECT_THAT(run().err, Not(HasSubstr("/etc/ssh/keys")));
  put(root_ / kConfig, R"({ "bridge": { "groups": ["gpuusers"] } })");
  EXPECT_THAT(run().err, HasSubstr("keys in /etc/ssh/keys/%u do not count for members"));
}

TEST_F(SetupTest, UndoWorksWithABrokenConfiguration) {
  auto pam = slurp(root_ / "etc/pam.d/sshd");
  run();
  write_config("NoSuchKeyword yes\n");
  auto ran = run({"--undo"});
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(ran.err, HasSubstr("keeps its old configuration"));
  EXPECT_EQ(slurp(root_ / "etc/pam.d/sshd"), pam);
  EXPECT_FALSE(exists(root_ / kDropIn));
}

TEST_F(SetupTest, ALeftProbeIsTakenAway) {
  std::string probe = root_ / "etc/ssh/sshd_config.d/00-labgpu-probe.conf";
  put(probe, "# of a run that was killed\n");
  run();
  EXPECT_FALSE(exists(probe));
}

}  // namespace
}  // namespace labgpu
