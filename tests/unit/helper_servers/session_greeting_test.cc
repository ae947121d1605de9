// Greet on the session socket: who is told what.
#include <gmock/gmock.h>

#include "tests/unit/helper_servers/session_fixture.h"

namespace labgpu::test {
namespace {

using testing::HasSubstr;

class SessionGreetingTest : public SessionFixture {
 protected:
  SessionGreetingTest() { accounts_.add("alice"); }
  Client greet_as(const PeerProcess::Who& who, uint8_t language) {
    peer_ = std::make_unique<PeerProcess>(who, path_);
    Client made(loop_, std::move(peer_->connection));
    made.greet();
    made.send(Greet{.language = language});
    return made;
  }
  Client alice_asks(GreetingLanguage language) {
    return greet_as({.uid = 20001, .own_network = true, .type = SOCK_SEQPACKET},
                    static_cast<uint8_t>(language));
  }

  std::unique_ptr<PeerProcess> peer_;
};

TEST_F(SessionGreetingTest, IsOfTheCallersOwnAccount) {
  containers_.running_now["alice"] = own_process_as_container(accounts_.directory.path());
  auto login = greeted();
  login.send(OpenSession{.user = "alice", .remote_host = "", .wait_ms = 0});
  login.expect<SessionOpened>();
  auto session = alice_asks(GreetingLanguage::kChinese);
  EXPECT_THAT(std::string(session.expect<Greeting>().text), HasSubstr("alice-VM：镜像 "));
  session.expect_end();
  auto other = alice_asks(GreetingLanguage::kEnglish);
  EXPECT_THAT(std::string(other.expect<Greeting>().text), HasSubstr(", 1 login\n"));
}

TEST_F(SessionGreetingTest, MayBeEmpty) {
  config_.greeting = false;
  auto session = alice_asks(GreetingLanguage::kEnglish);
  EXPECT_EQ(session.expect<Greeting>().text, "");
}

TEST_F(SessionGreetingTest, OthersAreToldNothing) {
  for (const auto& who : {PeerProcess::Who{.uid = 0, .own_network = true, .type = SOCK_SEQPACKET},
                          PeerProcess::Who{.uid = 20001, .type = SOCK_SEQPACKET}}) {
    auto session = greet_as(who, 0);
    EXPECT_EQ(session.receive(), 0);
    Failure failure;
    EXPECT_EQ(parse_packet(session.packet(), failure), 0);
  }
}

TEST_F(SessionGreetingTest, ThereAreThreeLanguages) {
  auto session = greet_as({.uid = 20001, .own_network = true, .type = SOCK_SEQPACKET}, 3);
  session.expect_failure(FailureCode::kInvalid);
}

TEST_F(SessionGreetingTest, APeerThatLeavesIsForgotten) {
  auto session = alice_asks(GreetingLanguage::kEnglish);
  session.hang_up();
  turn_loop();
}

}  // namespace
}  // namespace labgpu::test
