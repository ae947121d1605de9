// The session socket: PAM's questions, the count of sessions, and peers that misbehave.
#include <gmock/gmock.h>
#include <signal.h>
#include <unistd.h>

#include "helper/date.h"
#include "tests/unit/helper_servers/session_fixture.h"

namespace labgpu::test {
namespace {

using testing::HasSubstr;

class SessionServerTest : public SessionFixture {
 protected:
  SessionServerTest() { accounts_.add("alice"); }
  Running make_running() {
    Running container = own_process_as_container(accounts_.directory.path());
    containers_.running_now["alice"] = container;
    return container;
  }
  // What PAM's account phase is told; empty for a welcome.
  std::string refusal_by_pam(const char* user = "alice") {
    auto pam = greeted();
    pam.send(CheckAccount{.user = user, .remote_host = "192.0.2.1"});
    auto verdict = pam.expect<AccountVerdict>();
    EXPECT_EQ(verdict.allowed == 1, verdict.sentence.empty());
    return std::string(verdict.sentence);
  }
  bool was_terminated_ = false;
  Client open_session() {
    auto pam = greeted();
    pam.send(OpenSession{.user = "alice", .remote_host = "", .wait_ms = 0});
    return pam;
  }
};

TEST_F(SessionServerTest, CheckAccountAnswersForEachKindOfAccount) {
  accounts_.add("lena", true);
  auto pam = greeted();
  pam.send(CheckAccount{.user = "alice", .remote_host = "192.0.2.1"});
  EXPECT_EQ(pam.expect<AccountVerdict>().allowed, 1);
  pam.send(CheckAccount{.user = "lena", .remote_host = "192.0.2.1"});
  auto verdict = pam.expect<AccountVerdict>();
  EXPECT_EQ(verdict.allowed, 0);
  EXPECT_NE(verdict.sentence.find("locked"), std::string_view::npos);
  pam.send(CheckAccount{.user = "nobody", .remote_host = ""});
  pam.expect_failure(FailureCode::kNoAccount);
}

TEST_F(SessionServerTest, HelloAndARequestSentTogetherAreAnsweredTogether) {
  auto pam = client();
  pam.send(Hello{});
  pam.send(CheckAccount{.user = "alice", .remote_host = ""});
  run_until(loop_, [&] { return is_readable(pam.fd()); });
  unsigned char buffer[kSmallPacket];
  Packet packet;
  for (auto type : {MessageType::kHello, MessageType::kAccountVerdict}) {
    ASSERT_EQ(receive_raw(pam.fd(), buffer, packet, Deadline::after_ms(0)), 0);
    EXPECT_EQ(packet.type, type);
  }
}

constexpr HostAccount kGwen{
    .origin = 1, .uid = 5001, .gid = 5001, .group = "gwen", .home = "/home/gwen", .real_name = ""};

TEST_F(SessionServerTest, AnAccountOfTheHostIsTreatedLikeOthers) {
  auto pam = greeted();
  pam.send(CheckAccount{.user = "gwen", .remote_host = "", .host = kGwen});
  EXPECT_EQ(pam.expect<AccountVerdict>().allowed, 1);
  ASSERT_NE(accounts_.store->find("gwen"), nullptr);
  auto session = greeted();
  session.send(OpenSession{.user = "gwen", .remote_host = "", .host = kGwen, .wait_ms = 0});
  session.expect<SessionOpened>();
  EXPECT_EQ(server_->count_of("gwen"), 1U);
  accounts_.change("gwen", [](Account& a) { a.locked = true; });
  pam.send(CheckAccount{.user = "gwen", .remote_host = "", .host = kGwen});
  EXPECT_THAT(std::string(pam.expect<AccountVerdict>().sentence), HasSubstr("locked"));
}

TEST_F(SessionServerTest, AnAccountOfTheHostThatIsNotServedIsRefusedWithASentence) {
  HostAccount system = kGwen;
  system.uid = 999;
  auto pam = greeted();
  pam.send(CheckAccount{.user = "gwen", .remote_host = "", .host = system});
  auto verdict = pam.expect<AccountVerdict>();
  EXPECT_EQ(verdict.allowed, 0);
  EXPECT_THAT(std::string(verdict.sentence), HasSubstr("no group of yours"));
  pam.send(OpenSession{.user = "gwen", .remote_host = "", .host = system, .wait_ms = 0});
  pam.expect_failure(FailureCode::kNotAllowed);
  EXPECT_EQ(accounts_.store->find("gwen"), nullptr);
}

// As when the shell of a former member is the session command, and nothing else is known.
TEST_F(SessionServerTest, AnAccountOfTheHostIsNotLabgpusOwn) {
  ASSERT_TRUE(host_accounts_.admit("gwen", kGwen));
  auto pam = greeted();
  pam.send(CheckAccount{.user = "gwen", .remote_host = ""});
  pam.expect_failure(FailureCode::kNoAccount);
}

TEST_F(SessionServerTest, AnAccountIsRefusedOutsideItsTime) {
  accounts_.change("alice", [](Account& a) { a.not_after = now_in_microseconds() - 1; });
  EXPECT_THAT(refusal_by_pam(), HasSubstr("expired on "));
  auto pam = greeted();
  pam.send(OpenSession{.user = "alice", .remote_host = "", .wait_ms = 0});
  pam.expect_failure(FailureCode::kNotAllowed);
  constexpr Microseconds kHour = 3600000000;
  accounts_.change("alice", [](Account& a) {
    a.not_after.reset();
    a.not_before = now_in_microseconds() + kHour;
  });
  EXPECT_THAT(refusal_by_pam(), HasSubstr("not valid before "));
  accounts_.change("alice", [](Account& a) { a.not_before = now_in_microseconds(); });
  EXPECT_EQ(refusal_by_pam(), "");
}

TEST_F(SessionServerTest, DuringMaintenanceNobodyComesIn) {
  make_running();
  auto before = open_session();
  before.expect<SessionOpened>();
  ASSERT_TRUE(maintenance_.begin("back at 18:00"));
  EXPECT_THAT(refusal_by_pam(), HasSubstr("back at 18:00"));
  open_session().expect_failure(FailureCode::kNotAllowed);
  EXPECT_EQ(server_->count_of("alice"), 1U);
  ASSERT_TRUE(maintenance_.end());
  EXPECT_EQ(refusal_by_pam(), "");
  open_session().expect<SessionOpened>();
}

TEST_F(SessionServerTest, LoginsAreCountedAgainstTheLimit) {
  make_running();
  accounts_.add("bob");
  policy_.defaults.max_sessions = 2;
  std::vector<Client> logins;
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(refusal_by_pam(), "");
    logins.push_back(open_session());
    logins.back().expect<SessionOpened>();
  }
  EXPECT_THAT(refusal_by_pam(), HasSubstr("2 logins open"));
  // A third one that was let pass before the second was open.
  open_session().expect_failure(FailureCode::kNotAllowed);
  EXPECT_EQ(refusal_by_pam("bob"), "");
  accounts_.change("alice", [](Account& a) { a.settings.max_sessions = 3; });
  EXPECT_EQ(refusal_by_pam(), "");
  accounts_.change("alice", [](Account& a) { a.settings.max_sessions.reset(); });
  logins.pop_back();
  run_until(loop_, [this] { return server_->count_of("alice") == 1; });
  EXPECT_EQ(refusal_by_pam(), "");
}

TEST_F(SessionServerTest, ALoginThatWaitsForItsContainerIsCounted) {
  policy_.defaults.max_sessions = 1;
  auto first = greeted();
  first.send(OpenSession{.user = "alice", .remote_host = "", .wait_ms = 60000});
  run_until(loop_, [this] { return !containers_.asked.empty(); });
  EXPECT_THAT(refusal_by_pam(), HasSubstr("1 login open"));
  first.hang_up();
  turn_loop();
  EXPECT_EQ(refusal_by_pam(), "");
}

TEST_F(SessionServerTest, ARunningContainerIsHandedOutAtOnce) {
  make_running();
  auto pam = greeted();
  pam.send(OpenSession{.user = "alice", .remote_host = "192.0.2.1", .wait_ms = 0});
  auto opened = pam.expect<SessionOpened>();
  EXPECT_EQ(opened.ready, 1);
  EXPECT_EQ(pam.packet().fd_count, 3U);
  EXPECT_TRUE(containers_.asked.empty());
}

TEST_F(SessionServerTest, ASessionLastsAsLongAsItsConnection) {
  make_running();
  auto first = greeted();
  auto second = greeted();
  for (auto* pam : {&first, &second}) {
    pam->send(OpenSession{.user = "alice", .remote_host = "", .wait_ms = 0});
    pam->expect<SessionOpened>();
  }
  EXPECT_EQ(server_->count_of("alice"), 2U);
  EXPECT_EQ(server_->count_of("bob"), 0U);
  first.hang_up();
  run_until(loop_, [this] { return server_->count_of("alice") == 1; });
}

TEST_F(SessionServerTest, OpenSessionWaitsForTheContainer) {
  auto pam = greeted();
  pam.send(OpenSession{.user = "alice", .remote_host = "", .wait_ms = 60000});
  run_until(loop_, [this] { return !containers_.asked.empty(); });
  containers_.finish_start(make_running());
  EXPECT_EQ(pam.expect<SessionOpened>().ready, 1);
  EXPECT_EQ(server_->count_of("alice"), 1U);
}

TEST_F(SessionServerTest, TheSessionIsDetachedWhenItTakesTooLong) {
  auto pam = greeted();
  pam.send(OpenSession{.user = "alice", .remote_host = "", .wait_ms = 50});
  auto opened = pam.expect<SessionOpened>();
  EXPECT_EQ(opened.ready, 0);
  EXPECT_EQ(pam.packet().fd_count, 0U);
  EXPECT_EQ(server_->count_of("alice"), 1U);
  containers_.finish_start(make_running());  // nobody waits any more
  turn_loop();
  EXPECT_FALSE(is_readable(pam.fd()));
}

TEST_F(SessionServerTest, TheSessionIsDetachedWhenThereIsNoContainer) {
  auto pam = greeted();
  pam.send(OpenSession{.user = "alice", .remote_host = "", .wait_ms = 60000});
  run_until(loop_, [this] { return !containers_.asked.empty(); });
  containers_.finish_start(fail(ErrorCode::kUnavailable, "Docker is down"));
  EXPECT_EQ(pam.expect<SessionOpened>().ready, 0);
}

TEST_F(SessionServerTest, APeerThatLeavesWhileItWaitsIsForgotten) {
  auto pam = greeted();
  pam.send(OpenSession{.user = "alice", .remote_host = "", .wait_ms = 60000});
  run_until(loop_, [this] { return !containers_.asked.empty(); });
  pam.hang_up();
  turn_loop();
  containers_.finish_start(make_running());
  EXPECT_EQ(server_->count_of("alice"), 0U);
}

TEST_F(SessionServerTest, NoSessionForLockedAndUnknownAccounts) {
  accounts_.add("lena", true);
  auto locked = greeted();
  locked.send(OpenSession{.user = "lena", .remote_host = "", .wait_ms = 0});
  locked.expect_failure(FailureCode::kNotAllowed);
  auto unknown = greeted();
  unknown.send(OpenSession{.user = "../x", .remote_host = "", .wait_ms = 0});
  unknown.expect_failure(FailureCode::kNoAccount);
}

TEST_F(SessionServerTest, APacketInASessionEndsIt) {
  make_running();
  auto pam = greeted();
  pam.send(OpenSession{.user = "alice", .remote_host = "", .wait_ms = 0});
  pam.expect<SessionOpened>();
  pam.send(CheckAccount{.user = "alice", .remote_host = ""});
  pam.expect_end();
  EXPECT_EQ(server_->count_of("alice"), 0U);
}

TEST_F(SessionServerTest, AnotherVersionIsRefused) {
  auto pam = client();
  pam.send(Hello{.version = kProtocolVersion + 1});
  pam.expect_failure(FailureCode::kVersion);
}

TEST_F(SessionServerTest, WhatIsNotInTheTableIsRefused) {
  auto pam = greeted();
  pam.send(Progress{});
  pam.expect_failure(FailureCode::kInvalid);
}

TEST_F(SessionServerTest, BrokenPacketsEndTheConnection) {
  unsigned char garbage[kSmallPacket + 100] = {0xff, 0xff};
  const Bytes bodies[] = {{}, Bytes(garbage, 5), Bytes(garbage, sizeof garbage)};
  for (auto body : bodies) {
    auto early = client();
    ASSERT_EQ(send_raw(early.fd(), MessageType::kHello, body, {}, Deadline::after_ms(0)), 0);
    early.expect_end();
    auto late = greeted();
    ASSERT_EQ(send_raw(late.fd(), MessageType::kCheckAccount, body, {}, Deadline::after_ms(0)), 0);
    late.expect_end();
  }
  auto before_hello = client();
  before_hello.send(CheckAccount{.user = "alice", .remote_host = ""});
  before_hello.expect_end();
}

TEST_F(SessionServerTest, UnaskedDescriptorsEndTheConnection) {
  auto pam = greeted();
  unsigned char buffer[64];
  FieldWriter fields(buffer);
  fields.text("alice");
  fields.text("");
  int fds[] = {0};
  ASSERT_EQ(
      send_raw(pam.fd(), MessageType::kCheckAccount, fields.written(), fds, Deadline::after_ms(0)),
      0);
  pam.expect_end();
}

TEST_F(SessionServerTest, ASilentPeerIsDropped) {
  auto silent = client();
  auto half = greeted();
  silent.expect_end();
  half.expect_end();
}

TEST_F(SessionServerTest, OnlyRootAsksPamsQuestions) {
  PeerProcess alice({.uid = 20001, .own_network = true, .type = SOCK_SEQPACKET}, path_);
  Client peer(loop_, std::move(alice.connection));
  peer.greet();
  peer.send(CheckAccount{.user = "alice", .remote_host = ""});
  peer.expect_failure(FailureCode::kNotAllowed);
  PeerProcess again({.uid = 20001, .own_network = true, .type = SOCK_SEQPACKET}, path_);
  Client second(loop_, std::move(again.connection));
  second.greet();
  second.send(OpenSession{.user = "alice", .remote_host = "", .wait_ms = 0});
  second.expect_failure(FailureCode::kNotAllowed);
}

TEST_F(SessionServerTest, StrangersAreTurnedAwayAtTheDoor) {
  PeerProcess stranger({.uid = 4711, .own_network = false, .type = SOCK_SEQPACKET}, path_);
  Client peer(loop_, std::move(stranger.connection));
  peer.expect_failure(FailureCode::kNoAccount);
}

TEST_F(SessionServerTest, NoUserCanKeepTheOthersOut) {
  accounts_.add("bob");
  std::vector<std::unique_ptr<PeerProcess>> flood;
  for (int i = 0; i < 5; ++i) {
    flood.push_back(std::make_unique<PeerProcess>(
        PeerProcess::Who{.uid = 20001, .own_network = true, .type = SOCK_SEQPACKET}, path_));
    turn_loop(5);
  }
  Client fifth(loop_, std::move(flood.back()->connection));
  fifth.expect_failure(FailureCode::kUnavailable);
  PeerProcess bob({.uid = 20002, .own_network = true, .type = SOCK_SEQPACKET}, path_);
  Client other(loop_, std::move(bob.connection));
  other.greet();
  auto pam = greeted();
  pam.send(CheckAccount{.user = "bob", .remote_host = ""});
  EXPECT_EQ(pam.expect<AccountVerdict>().allowed, 1);
}

TEST_F(SessionServerTest, DescriptorsDoNotPileUp) {
  make_running();
  auto session = [this] {
    auto pam = greeted();
    pam.send(OpenSession{.user = "alice", .remote_host = "", .wait_ms = 0});
    pam.expect<SessionOpened>();
    pam.hang_up();
    run_until(loop_, [this] { return server_->count_of("alice") == 0; });
  };
  session();
  auto before = open_descriptors();
  for (int i = 0; i < 20; ++i) session();
  EXPECT_EQ(open_descriptors(), before);
}

TEST_F(SessionServerTest, LoginsAreListedFromTheirBeginningToTheirEnd) {
  make_running();
  auto before = now_in_microseconds();
  auto first = open_session();
  auto second = open_session();
  run_until(loop_, [this] { return server_->list().size() == 2; });
  auto logins = server_->list();
  ASSERT_EQ(logins.size(), 2U);
  EXPECT_LT(logins[0].number, logins[1].number);
  EXPECT_EQ(logins[0].user, "alice");
  EXPECT_EQ(logins[0].process, getpid());
  EXPECT_GE(logins[0].since, before);
  EXPECT_LE(logins[0].since, now_in_microseconds());
  first.hang_up();
  run_until(loop_, [this] { return server_->list().size() == 1; });
  EXPECT_EQ(server_->end(logins[0].number).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(server_->end(4711).error().code, ErrorCode::kNotFound);
}

// The test is its own sshd.
TEST_F(SessionServerTest, AnEndIsASignalToSshdsProcess) {
  make_running();
  auto pam = open_session();
  run_until(loop_, [this] { return server_->list().size() == 1; });
  auto terminated = loop_.on_signal(SIGTERM, [this] { was_terminated_ = true; });
  ASSERT_TRUE(server_->end(server_->list().at(0).number));
  run_until(loop_, [this] { return was_terminated_; });
}

}  // namespace
}  // namespace labgpu::test
