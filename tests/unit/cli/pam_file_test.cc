// labgpu's three lines: where they go in Debian's files and in odd ones, and that they come out
// again.
#include "cli/setup/pam_file.h"

#include <gmock/gmock.h>

#include "tests/unit/cli/temporary_directory.h"

namespace labgpu {
namespace {

using testing::HasSubstr;

constexpr char kAuth[] = "auth       optional     pam_labgpu.so # labgpu\n";
constexpr char kAccount[] = "account    required     pam_labgpu.so # labgpu\n";
constexpr char kSession[] = "session    required     pam_labgpu.so # labgpu\n";

std::string add(const std::string& text) { return *add_pam_lines(text); }
std::string remove(const std::string& text) { return *remove_pam_lines(text); }

class DebianPamFile : public testing::TestWithParam<const char*> {
 protected:
  std::string stock_ = slurp(std::string(LABGPU_FIXTURES "/pam.d-sshd.") + GetParam());
};

TEST_P(DebianPamFile, LinesGoToTheirPlaces) {
  std::string edited = add(stock_);
  EXPECT_THAT(edited, HasSubstr(std::string("@include common-auth\n") + kAuth));
  EXPECT_THAT(edited, HasSubstr(std::string("@include common-account\n") + kAccount));
  EXPECT_THAT(edited, HasSubstr(std::string("pam_selinux.so open\n") + kSession +
                                "\n# Standard Un*x password updating.\n"));
  for (const char* type : {"auth", "account", "session"}) EXPECT_TRUE(has_pam_line(edited, type));
}

TEST_P(DebianPamFile, NothingElseChanges) { EXPECT_EQ(remove(add(stock_)), stock_); }
TEST_P(DebianPamFile, TwiceIsOnce) { EXPECT_EQ(add(add(stock_)), add(stock_)); }

INSTANTIATE_TEST_SUITE_P(Releases, DebianPamFile, testing::Values("bookworm", "trixie"),
                         [](const auto& instance) { return std::string(instance.param); });

TEST(PamFile, WithoutIncludesTheLastLineOfEachTypeCounts) {
  EXPECT_EQ(add("auth required pam_unix.so\n"
                "auth required pam_env.so\n"
                "account required pam_unix.so\n"
                "session required pam_unix.so\n"
                "password required pam_unix.so\n"),
            std::string("auth required pam_unix.so\nauth required pam_env.so\n") + kAuth +
                "account required pam_unix.so\n" + kAccount + "session required pam_unix.so\n" +
                kSession + "password required pam_unix.so\n");
}

TEST(PamFile, SessionComesAfterLinesThatFollowTheInclude) {
  EXPECT_EQ(add("@include common-auth\n@include common-account\n@include common-session\n"
                "-session optional pam_foo.so\n"),
            std::string("@include common-auth\n") + kAuth + "@include common-account\n" + kAccount +
                "@include common-session\n-session optional pam_foo.so\n" + kSession);
}

TEST(PamFile, TheIncludeMayComeLast) {
  EXPECT_EQ(add("auth required a.so\naccount required a.so\nsession required a.so\n"
                "@include common-session-noninteractive\n"),
            std::string("auth required a.so\n") + kAuth + "account required a.so\n" + kAccount +
                "session required a.so\n@include common-session-noninteractive\n" + kSession);
}

TEST(PamFile, TypesThatAreNotThereGoToTheEnd) {
  EXPECT_EQ(add(""), std::string(kAuth) + kAccount + kSession);
  EXPECT_EQ(add("# nothing\n"), std::string("# nothing\n") + kAuth + kAccount + kSession);
}

TEST(PamFile, AMissingFinalNewlineIsPutIn) {
  EXPECT_EQ(add("session required pam_unix.so"),
            std::string("session required pam_unix.so\n") + kSession + kAuth + kAccount);
}

TEST(PamFile, CarriageReturnsStay) {
  std::string text =
      "@include common-auth\r\n@include common-account\r\n@include common-session\r\n";
  EXPECT_EQ(add(text), std::string("@include common-auth\r\n") + kAuth +
                           "@include common-account\r\n" + kAccount +
                           "@include common-session\r\n" + kSession);
  EXPECT_EQ(remove(add(text)), text);
}

TEST(PamFile, AContinuedLineIsNotTornApart) {
  std::string continued = "session required pam_limits.so \\\n  conf=/etc/limits\n";
  EXPECT_THAT(add(continued), HasSubstr(continued + kSession));
}

TEST(PamFile, CommentsAreNoRules) {
  // A line that begins with '#' is never continued (pam.d(5)).
  EXPECT_EQ(add("session required a.so\n# session required b.so \\\npassword required a.so\n"),
            std::string("session required a.so\n") + kSession +
                "# session required b.so \\\npassword required a.so\n" + kAuth + kAccount);
}

TEST(PamFile, LinesWrittenByHandCountAndStay) {
  std::string by_hand =
      "auth optional /usr/lib/x86_64-linux-gnu/security/pam_labgpu.so\n"
      "ACCOUNT required pam_labgpu.so\n-session required pam_labgpu.so debug\n";
  EXPECT_EQ(add(by_hand), by_hand);
  EXPECT_EQ(remove(by_hand), by_hand);
}

TEST(PamFile, OptionsOnAMarkedLineStayUntilItIsTakenOut) {
  std::string text = "auth optional pam_labgpu.so debug # labgpu\naccount required pam_labgpu.so\n";
  EXPECT_EQ(add(text), text + kSession);
  EXPECT_EQ(remove(text), "account required pam_labgpu.so\n");
}

TEST(PamFile, ALineThatWasTakenOutByHandComesBack) {
  std::string text = "auth optional pam_labgpu.so\n# account required pam_labgpu.so\n";
  EXPECT_TRUE(has_pam_line(text, "auth"));
  EXPECT_FALSE(has_pam_line(text, "account"));
  EXPECT_EQ(add(text), text + kAccount + kSession);
}

TEST(PamFile, ALineWithActionsIsSeen) {
  EXPECT_TRUE(has_pam_line("password\t[success=1 default=ignore]\tpam_labgpu.so\n", "password"));
  EXPECT_FALSE(has_pam_line("password\t[success=1 default=ignore]\tpam_unix.so\n", "password"));
}

TEST(PamFile, OnlyMarkedLinesOfTheModuleAreTakenOut) {
  std::string text = "auth required pam_unix.so # labgpu\n# auth optional pam_labgpu.so # labgpu\n";
  EXPECT_EQ(remove(text), text);
}

TEST(PamFile, NoFileStaysNoFile) {
  EXPECT_EQ(add_pam_lines({}), std::nullopt);
  EXPECT_EQ(remove_pam_lines({}), std::nullopt);
}

}  // namespace
}  // namespace labgpu
