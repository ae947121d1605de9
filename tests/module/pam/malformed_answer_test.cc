// Answers that are not what the protocol says: as good as none, and nothing of them is kept.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <syslog.h>

#include "tests/module/pam/fake_helper.h"
#include "tests/module/pam/pam_login.h"
#include "tests/module/pam/user_child.h"

namespace labgpu::test {
namespace {

using std::string_literals::operator""s;

struct Answer {
  const char* name;
  std::vector<std::string> packets;
  size_t fds = 0;
};

void PrintTo(const Answer& answer, std::ostream* stream) { *stream << answer.name; }

std::vector<Answer> malformed_answers() {
  const std::string hello = packet_of(Hello{});
  const std::string allowed = packet_of(AccountVerdict{.allowed = 1, .sentence = ""});
  const std::string ready = packet_of(SessionOpened{.ready = 1, .session = 1});
  const std::string detached = packet_of(SessionOpened{.ready = 0, .session = 1});
  return {
      {"no hello, a verdict", {allowed}},
      {"no hello, a session", {ready}, 3},
      {"another version", {packet_of(Hello{.version = 2}), allowed}},
      {"a hello with a descriptor", {hello}, 1},
      {"one byte", {hello, "\x0b"s}},
      {"a type that does not exist", {hello, "\xff\xff"s}},
      {"a type that is not an answer",
       {hello, packet_of(CheckAccount{.user = "a", .remote_host = ""})}},
      {"a type without its fields", {hello, "\x0b\x00"s}},
      {"a verdict cut short", {hello, allowed.substr(0, allowed.size() - 1)}},
      {"a verdict with more behind it", {hello, allowed + "x"}},
      {"a verdict with a descriptor", {hello, allowed}, 1},
      {"a count beyond the packet", {hello, "\x0b\x00\x01\x00\xff\xff\xff\xff"s}},
      {"a NUL in the sentence", {hello, "\x0b\x00\x01\x00\x01\x00\x00\x00\x00"s}},
      {"a packet too large", {hello, "\x0b\x00\x01"s + std::string(100000, 'x')}},
      {"a session with two descriptors", {hello, ready}, 2},
      {"a session with four descriptors", {hello, ready}, 4},
      {"a session with sixty descriptors", {hello, ready}, 60},
      {"a ready session with none", {hello, ready}},
      {"a detached session with three", {hello, detached}, 3},
      {"a session cut short", {hello, ready.substr(0, 5)}, 3},
      {"a failure cut short", {hello, "\x02\x00\x01"s}},
      {"an acceptance with more behind it", {hello, "\x0f\x00x"s}},
  };
}

class Malformed : public testing::TestWithParam<Answer> {
 protected:
  Malformed() : null_(open("/dev/null", O_RDONLY | O_CLOEXEC)) {}
  [[nodiscard]] FakeHelper::Behaviour answer() const {
    return send_packets(GetParam().packets, std::vector<int>(GetParam().fds, null_.get()));
  }
  UniqueFd null_;
};

TEST_P(Malformed, LetsNobodyIn) {
  FakeHelper helper(answer());
  PamLogin login("alice");
  EXPECT_EQ(login.account(), PAM_AUTHINFO_UNAVAIL);
}

TEST_P(Malformed, ChangesNoPassword) {
  FakeHelper helper(answer());
  PamLogin login("alice");
  EXPECT_EQ(login.change_password({}), PAM_TRY_AGAIN);
  EXPECT_TRUE(login.questions().empty());
}

TEST_P(Malformed, MakesADetachedSessionThatHoldsNothing) {
  FakeHelper helper(answer());
  PamLogin login("alice", "timeout=1");
  ASSERT_EQ(login.setcred(), PAM_SUCCESS);
  syslog(LOG_DEBUG, "this opens the log");
  ASSERT_EQ(login.open_session(), PAM_SUCCESS);
  ASSERT_TRUE(helper.has_served(1));
  View monitor = look_around(login);
  UserChild child(login);
  EXPECT_EQ(child.result(), PAM_SUCCESS);
  EXPECT_EQ(child.view().at("interfaces"), "lo:");
  constexpr int kPipesOfTheTest = 2;
  EXPECT_EQ(std::stoi(child.view().at("descriptors")),
            std::stoi(monitor["descriptors"]) - 1 + kPipesOfTheTest)
      << "the connection is gone, and nothing came";
}

INSTANTIATE_TEST_SUITE_P(Answers, Malformed, testing::ValuesIn(malformed_answers()));

}  // namespace
}  // namespace labgpu::test
