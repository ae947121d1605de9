// Passwords over the session socket: who may change whose, and how often one may be wrong.
#include <gmock/gmock.h>

#include "helper/account_password.h"
#include "helper/password.h"
#include "tests/unit/helper_servers/session_fixture.h"

namespace labgpu::test {
namespace {

using testing::HasSubstr;

class SessionPasswordsTest : public SessionFixture {
 protected:
  SessionPasswordsTest() {
    accounts_.add("alice");
    accounts_.change("alice", [](Account& a) {
      EXPECT_TRUE(assign_password_hash(a, hash_password("geheim").value()));
      a.password_change_now = true;
    });
  }
  static CheckPassword old_one(std::string_view password, const char* user = "alice") {
    return {.user = user, .by_root = 0, .old_password = password};
  }
  static ChangePassword by_alice(std::string_view old_one, std::string_view new_one) {
    return {.user = "alice", .by_root = 0, .old_password = old_one, .new_password = new_one};
  }
  static ChangePassword by_root(std::string_view new_one, const char* user = "alice") {
    return {.user = user, .by_root = 1, .old_password = {}, .new_password = new_one};
  }
  // The failure's code; 0 when all went well.
  template <typename Request>
  int ask(const Request& request) {
    auto pam = greeted();
    pam.send(request);
    return answer_to(pam);
  }
  int answer_to(Client& pam) {
    EXPECT_EQ(pam.receive(), 0);
    Failure failure;
    PasswordAccepted accepted;
    if (parse_packet(pam.packet(), failure) != 0) {
      EXPECT_EQ(parse_packet(pam.packet(), accepted), 0);
      failure.code = 0;
    }
    sentence_ = failure.sentence;
    pam.expect_end();
    return failure.code;
  }
  static int code(FailureCode code) { return static_cast<int>(code); }
  [[nodiscard]] bool counts(const std::string& password) const {
    return verify_password(password, accounts_.store->find("alice")->hashed_password);
  }
  std::string sentence_;
};

TEST_F(SessionPasswordsTest, PamIsToldThatThePasswordHasToBeChanged) {
  auto ask_pam = [this] {
    auto pam = greeted();
    pam.send(CheckAccount{.user = "alice", .remote_host = ""});
    auto verdict = pam.expect<AccountVerdict>();
    EXPECT_EQ(verdict.allowed, 1);
    return verdict.change_password;
  };
  EXPECT_EQ(ask_pam(), 1);
  EXPECT_EQ(ask(by_alice("geheim", "neu und besser")), 0);
  EXPECT_EQ(ask_pam(), 0);
  // A mark that was left on an account without a password keeps nobody out.
  accounts_.change("alice", [](Account& a) {
    a.hashed_password.clear();
    a.password_change_now = true;
  });
  EXPECT_EQ(ask_pam(), 0);
}

TEST_F(SessionPasswordsTest, TheOwnerNeedsTheOldOne) {
  EXPECT_EQ(ask(old_one("geheim")), 0);
  EXPECT_EQ(ask(old_one("Geheim")), code(FailureCode::kWrongPassword));
  EXPECT_EQ(ask(by_alice("Geheim", "neu")), code(FailureCode::kWrongPassword));
  EXPECT_EQ(ask(by_alice("", "neu")), code(FailureCode::kWrongPassword));
  EXPECT_TRUE(counts("geheim"));
  EXPECT_TRUE(accounts_.store->find("alice")->password_change_now);
}

TEST_F(SessionPasswordsTest, TheOwnersNewOneCountsAndIsDurable) {
  EXPECT_EQ(ask(by_alice("geheim", "neu")), 0);
  EXPECT_TRUE(counts("neu") && !counts("geheim"));
  EXPECT_FALSE(accounts_.store->find("alice")->password_change_now);
  auto record = read_file(accounts_.directory / "state/users/alice.json");
  EXPECT_THAT(record, HasSubstr(accounts_.store->find("alice")->hashed_password));
}

TEST_F(SessionPasswordsTest, RootNeedsNone) {
  EXPECT_EQ(ask(CheckPassword{.user = "alice", .by_root = 1, .old_password = ""}), 0);
  EXPECT_EQ(ask(by_root("from root")), 0);
  EXPECT_TRUE(counts("from root"));
  accounts_.change("alice", [](Account& a) { a.hashed_password.clear(); });
  EXPECT_EQ(ask(by_root("the first one")), 0);
  EXPECT_TRUE(counts("the first one"));
}

TEST_F(SessionPasswordsTest, BadNewOnesAreRefusedWithASentence) {
  EXPECT_EQ(ask(by_alice("geheim", "geheim")), code(FailureCode::kInvalid));
  EXPECT_THAT(sentence_, HasSubstr("must differ"));
  EXPECT_EQ(ask(by_alice("geheim", "")), code(FailureCode::kInvalid));
  EXPECT_THAT(sentence_, HasSubstr("must not be empty"));
  EXPECT_EQ(ask(by_root(std::string(512, 'x'))), code(FailureCode::kInvalid));
  EXPECT_EQ(ask(by_root("a\nb")), code(FailureCode::kInvalid));
  EXPECT_TRUE(counts("geheim"));
}

TEST_F(SessionPasswordsTest, NobodyElseHasOneHere) {
  EXPECT_EQ(ask(old_one("x", "carol")), code(FailureCode::kNoAccount));
  EXPECT_EQ(ask(by_root("x", "root")), code(FailureCode::kNoAccount));
  EXPECT_EQ(ask(by_root("x", "../alice")), code(FailureCode::kNoAccount));
}

// Not even when somebody wrote a password into its record.
TEST_F(SessionPasswordsTest, APasswordOfTheHostsIsNotLabgpusBusiness) {
  constexpr HostAccount kGwen{.origin = 1,
                              .uid = 5001,
                              .gid = 5001,
                              .group = "gwen",
                              .home = "/home/gwen",
                              .real_name = ""};
  ASSERT_TRUE(host_accounts_.admit("gwen", kGwen));
  accounts_.change("gwen", [](Account& a) {
    a.hashed_password = "$y$x";
    a.password_change_now = true;
  });
  auto pam = greeted();
  pam.send(CheckAccount{.user = "gwen", .remote_host = "", .host = kGwen});
  auto verdict = pam.expect<AccountVerdict>();
  EXPECT_EQ(verdict.allowed, 1);
  EXPECT_EQ(verdict.change_password, 0);
  EXPECT_EQ(ask(by_root("neu", "gwen")), code(FailureCode::kNotAllowed));
  EXPECT_THAT(sentence_, HasSubstr("gwen is an account of this server"));
  EXPECT_EQ(ask(old_one("x", "gwen")), code(FailureCode::kNotAllowed));
  EXPECT_EQ(accounts_.store->find("gwen")->hashed_password, "$y$x");
}

TEST_F(SessionPasswordsTest, AnAccountThatIsNotGoodChangesNothing) {
  accounts_.change("alice", [](Account& a) { a.locked = true; });
  EXPECT_EQ(ask(by_alice("geheim", "neu")), code(FailureCode::kNotAllowed));
  EXPECT_THAT(sentence_, HasSubstr("locked"));
  EXPECT_EQ(ask(by_root("neu")), 0) << "root prepares it for later";
  EXPECT_TRUE(accounts_.store->find("alice")->locked);
}

TEST_F(SessionPasswordsTest, WrongOnesAreLimitedForAWhile) {
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(ask(old_one("wrong")), code(FailureCode::kWrongPassword));
  }
  EXPECT_EQ(ask(old_one("geheim")), code(FailureCode::kTooManyAttempts));
  EXPECT_EQ(ask(by_alice("geheim", "neu")), code(FailureCode::kTooManyAttempts));
  EXPECT_EQ(ask(by_root("from root")), 0) << "root tries nothing";
  turn_loop(1200);
  EXPECT_EQ(ask(old_one("from root")), 0);
}

TEST_F(SessionPasswordsTest, RightOnesAreNotCounted) {
  for (int i = 0; i < 6; ++i) EXPECT_EQ(ask(old_one("geheim")), 0);
}

TEST_F(SessionPasswordsTest, ManyAttemptsAtOnceAreLimitedToo) {
  std::vector<Client> tries;
  for (int i = 0; i < 8; ++i) {
    tries.push_back(greeted());
    tries.back().send(old_one("wrong"));
  }
  int looked_at = 0;
  for (auto& one : tries) {
    looked_at += one.expect<Failure>().code == code(FailureCode::kWrongPassword) ? 1 : 0;
  }
  EXPECT_EQ(looked_at, 3);
}

TEST_F(SessionPasswordsTest, OfTwoChangesAtOnceOneCounts) {
  auto first = greeted();
  auto second = greeted();
  first.send(by_alice("geheim", "first"));
  second.send(by_alice("geheim", "second"));
  int answers[] = {answer_to(first), answer_to(second)};
  EXPECT_THAT(answers, testing::UnorderedElementsAre(0, code(FailureCode::kUnavailable)));
  EXPECT_EQ(counts("first"), answers[0] == 0);
  EXPECT_EQ(counts("second"), answers[1] == 0);
}

TEST_F(SessionPasswordsTest, WhatElseChangesMeanwhileStays) {
  auto pam = greeted();
  pam.send(by_alice("geheim", "neu"));
  loop_.run_once(std::chrono::milliseconds(20));
  accounts_.change("alice", [](Account& a) { a.real_name = "Alice"; });
  pam.expect<PasswordAccepted>();
  EXPECT_EQ(accounts_.store->find("alice")->real_name, "Alice");
  EXPECT_TRUE(counts("neu"));
}

TEST_F(SessionPasswordsTest, APeerThatLeavesChangesNothing) {
  {
    auto pam = greeted();
    pam.send(by_alice("geheim", "neu"));
    loop_.run_once(std::chrono::milliseconds(20));
  }
  turn_loop(500);
  EXPECT_TRUE(counts("geheim"));
}

TEST_F(SessionPasswordsTest, OnlyRootAsks) {
  for (int which = 0; which < 2; ++which) {
    PeerProcess alice({.uid = 20001, .own_network = true, .type = SOCK_SEQPACKET}, path_);
    Client peer(loop_, std::move(alice.connection));
    peer.greet();
    if (which == 0) {
      peer.send(old_one("geheim"));
    } else {
      peer.send(by_root("mine"));
    }
    peer.expect_failure(FailureCode::kNotAllowed);
  }
  EXPECT_TRUE(counts("geheim"));
}

}  // namespace
}  // namespace labgpu::test
