// Attach: who gets a connection to the container's init, and what is said until then.
#include <gmock/gmock.h>
#include <sys/epoll.h>
#include <sys/stat.h>

#include <vector>

#include "common/paths.h"
#include "tests/unit/helper_servers/session_fixture.h"

namespace labgpu::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class AttachTest : public SessionFixture {
 protected:
  AttachTest() {
    accounts_.add("alice");
    run_ = accounts_.directory / "run";
    EXPECT_EQ(mkdir(run_.c_str(), 0700), 0);
  }

  // The test is the container's init.
  void listen_as_init() {
    auto listening = listen_at(run_ + "/" + kInitSocketName, SOCK_SEQPACKET);
    ASSERT_TRUE(listening) << listening.error().message;
    init_ = std::move(*listening);
    answering_ = loop_.watch(init_.get(), EPOLLIN, [this](uint32_t) {
      accepted_.emplace_back(accept4(init_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (is_silent_) return;
      EXPECT_EQ(send_message(accepted_.back().get(), Hello{}, Deadline::after_ms(0)), 0);
    });
  }
  Client attach(const PeerProcess::Who& who, uint8_t wants_progress) {
    peer_ = std::make_unique<PeerProcess>(who, path_);
    Client made(loop_, std::move(peer_->connection));
    made.greet();
    made.send(Attach{.wants_progress = wants_progress});
    return made;
  }
  Client alice_attaches(uint8_t wants_progress = 0) {
    return attach({.uid = 20001, .own_network = true, .type = SOCK_SEQPACKET}, wants_progress);
  }
  // Reads on until something else than Progress comes.
  static void skip_progress(Client& session) {
    do {
      ASSERT_EQ(session.receive(), 0);
    } while (session.packet().type == MessageType::kProgress);
  }
  static void expect_attached(Client& session) {
    skip_progress(session);
    Attached attached;
    EXPECT_EQ(parse_packet(session.packet(), attached), 0)
        << static_cast<int>(session.packet().type);
  }
  // How a program's wait ends: the sentence of kNotYet.
  static std::string not_yet(Client& session) {
    skip_progress(session);
    Failure failure;
    EXPECT_EQ(parse_packet(session.packet(), failure), 0);
    EXPECT_EQ(failure.code, static_cast<uint16_t>(FailureCode::kNotYet));
    std::string sentence(failure.sentence);
    session.expect_end();
    return sentence;
  }
  // A login of alice's whose PAM session is opened by this process, and waits for that long.
  Client pam_waits(uint32_t wait_ms) {
    auto pam = greeted();
    pam.send(OpenSession{.user = "alice", .remote_host = "", .wait_ms = wait_ms});
    EXPECT_EQ(pam.expect<SessionOpened>().ready, 0);
    return pam;
  }
  // A login of alice's whose PAM session this process has opened.
  Client opened_login() {
    auto pam = greeted();
    pam.send(OpenSession{.user = "alice", .remote_host = "", .wait_ms = 0});
    EXPECT_EQ(pam.expect<SessionOpened>().ready, 1);
    return pam;
  }
  // What init gets of the connection that the session command will use.
  Client accept_as_init() {
    run_until(loop_, [this] { return !accepted_.empty(); });
    return Client(loop_, std::move(accepted_.back()));
  }

  std::string run_;
  UniqueFd init_;
  EventSource answering_;
  bool is_silent_ = false;  // as one that was stopped by a signal
  std::vector<UniqueFd> accepted_;
  std::unique_ptr<PeerProcess> peer_;
};

TEST_F(AttachTest, TheSessionGetsAConnectionThatInitKnowsTheUserOf) {
  listen_as_init();
  containers_.running_now["alice"] = own_process_as_container(run_);
  auto session = alice_attaches();
  expect_attached(session);
  ASSERT_EQ(session.packet().fd_count, 1U);

  auto init = accept_as_init();
  init.expect<Hello>();
  auto identity = init.expect<Identity>();
  EXPECT_EQ(identity.user, "alice");
  EXPECT_EQ(identity.uid, 20001U);
  EXPECT_EQ(identity.gid, 20001U);
  EXPECT_EQ(identity.home, "/home/alice");
  EXPECT_EQ(identity.login_as_root, 0);
  // The session command speaks next, on the descriptor it was given.
  Client command(loop_, std::move(session.packet().fds[0]));
  command.expect<Hello>();
  command.send(Signal{.number = 1});
  EXPECT_EQ(init.expect<Signal>().number, 1);
}

TEST_F(AttachTest, InitHearsOfTheEndOfTheSessionCommandAlone) {
  listen_as_init();
  containers_.running_now["alice"] = own_process_as_container(run_);
  auto session = alice_attaches();
  expect_attached(session);
  auto init = accept_as_init();
  init.expect<Hello>();
  init.expect<Identity>();
  session.packet().fds[0].reset();
  init.expect_end();
}

TEST_F(AttachTest, ASessionCommandThatHasHeardInitIsForgotten) {
  listen_as_init();
  containers_.running_now["alice"] = own_process_as_container(run_);
  size_t during = 0;
  {
    auto session = alice_attaches();
    expect_attached(session);
    run_until(loop_, [this] { return !accepted_.empty(); });
    during = open_descriptors();
  }
  constexpr size_t kItsOwn = 2;  // to the helper, and to init
  run_until(loop_, [&] { return open_descriptors() <= during - kItsOwn - 1; });
}

TEST_F(AttachTest, AnInitThatIsSilentIsASentenceInTime) {
  is_silent_ = true;
  listen_as_init();
  containers_.running_now["alice"] = own_process_as_container(run_);
  auto session = alice_attaches();
  expect_attached(session);
  skip_progress(session);
  Failure failure;
  ASSERT_EQ(parse_packet(session.packet(), failure), 0);
  EXPECT_THAT(std::string(failure.sentence),
              AllOf(HasSubstr("does not answer"), HasSubstr("labgpu restart alice")));
  session.expect_end();
}

TEST_F(AttachTest, APersonIsToldHowTheContainerEnded) {
  listen_as_init();
  containers_.running_now["alice"] = own_process_as_container(run_);
  containers_.notices["alice"] = "your container was killed";
  auto session = alice_attaches(1);
  skip_progress(session);
  Notice notice;
  ASSERT_EQ(parse_packet(session.packet(), notice), 0);
  EXPECT_EQ(notice.sentence, "your container was killed");
  expect_attached(session);
  auto again = alice_attaches(1);
  skip_progress(again);
  EXPECT_EQ(again.packet().type, MessageType::kAttached);
}

TEST_F(AttachTest, AProgramIsNotToldAndThePersonAfterItIs) {
  listen_as_init();
  containers_.running_now["alice"] = own_process_as_container(run_);
  containers_.notices["alice"] = "your container was killed";
  auto program = alice_attaches(0);
  skip_progress(program);
  EXPECT_EQ(program.packet().type, MessageType::kAttached);
  auto person = alice_attaches(1);
  skip_progress(person);
  EXPECT_EQ(person.packet().type, MessageType::kNotice);
}

TEST_F(AttachTest, LoginAsRootIsToldToInit) {
  policy_.defaults.login = LoginAs::kRoot;
  listen_as_init();
  containers_.running_now["alice"] = own_process_as_container(run_);
  auto session = alice_attaches();
  expect_attached(session);
  auto init = accept_as_init();
  init.expect<Hello>();
  EXPECT_EQ(init.expect<Identity>().login_as_root, 1);
}

TEST_F(AttachTest, NobodyInTheHostsNetwork) {
  containers_.running_now["alice"] = own_process_as_container(run_);
  auto session = attach({.uid = 20001, .own_network = false, .type = SOCK_SEQPACKET}, 0);
  session.expect_failure(FailureCode::kNotAllowed);
}

// As somebody may whose account is the host's, with a shell there.
TEST_F(AttachTest, NobodyInANetworkOfTheirOwnMaking) {
  containers_.running_now["alice"] = own_process_as_container(run_);
  auto session =
      attach({.uid = 20001, .own_network = true, .own_users = true, .type = SOCK_SEQPACKET}, 0);
  session.expect_failure(FailureCode::kNotAllowed);
}

TEST_F(AttachTest, NotRootEither) {
  auto session = attach({.uid = 0, .own_network = true, .type = SOCK_SEQPACKET}, 0);
  session.expect_failure(FailureCode::kNoAccount);
}

TEST_F(AttachTest, NotWhenLocked) {
  accounts_.change("alice", [](Account& a) { a.locked = true; });
  auto session = alice_attaches();
  session.expect_failure(FailureCode::kNotAllowed);
}

TEST_F(AttachTest, NotWhenExpiredAlthoughTheLoginIsOpen) {
  containers_.running_now["alice"] = own_process_as_container(run_);
  auto login = opened_login();
  accounts_.change("alice", [](Account& a) { a.not_after = 1; });
  auto session = alice_attaches();
  session.expect_failure(FailureCode::kNotAllowed);
}

TEST_F(AttachTest, AnOpenLoginGoesOnDuringMaintenanceAndAtItsLimit) {
  listen_as_init();
  containers_.running_now["alice"] = own_process_as_container(run_);
  policy_.defaults.max_sessions = 1;
  auto login = opened_login();
  auto at_the_limit = alice_attaches();
  expect_attached(at_the_limit);
  ASSERT_TRUE(maintenance_.begin("back at 18:00"));
  auto during_maintenance = alice_attaches();
  expect_attached(during_maintenance);
}

// sshd goes on with a login whose PAM session was refused, and starts its session command.
TEST_F(AttachTest, ALoginWhoseSessionWasRefusedEndsHere) {
  containers_.running_now["alice"] = own_process_as_container(run_);
  ASSERT_TRUE(maintenance_.begin("back at 18:00"));
  auto session = alice_attaches();
  auto failure = session.expect<Failure>();
  EXPECT_EQ(failure.code, static_cast<uint16_t>(FailureCode::kNotAllowed));
  EXPECT_THAT(std::string(failure.sentence), HasSubstr("back at 18:00"));
}

TEST_F(AttachTest, AScriptIsToldToTryLater) {
  auto begun = std::chrono::steady_clock::now();
  auto session = alice_attaches();
  EXPECT_THAT(not_yet(session), HasSubstr("not ready yet"));
  EXPECT_GE(std::chrono::steady_clock::now() - begun, limits_.login);
}

TEST_F(AttachTest, AScriptIsToldWhatIsFetched) {
  containers_.progress_now = StartProgress{"lab/cuda:12", {}, {}};
  auto session = alice_attaches();
  EXPECT_THAT(not_yet(session), HasSubstr("lab/cuda:12"));
}

TEST_F(AttachTest, TheTimeThatPamWaitedCounts) {
  auto pam = pam_waits(700);
  auto begun = std::chrono::steady_clock::now();
  auto first = alice_attaches();
  not_yet(first);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::milliseconds(700));
  // Another command on the same connection of the client's has its own time.
  begun = std::chrono::steady_clock::now();
  auto second = alice_attaches();
  not_yet(second);
  EXPECT_GE(std::chrono::steady_clock::now() - begun, limits_.login);
}

TEST_F(AttachTest, TheTimeThatAnotherLoginWaitedDoesNot) {
  PeerProcess other({.uid = 0, .own_network = false, .type = SOCK_SEQPACKET}, path_);
  Client pam(loop_, std::move(other.connection));
  pam.greet();
  pam.send(OpenSession{.user = "alice", .remote_host = "", .wait_ms = 700});
  EXPECT_EQ(pam.expect<SessionOpened>().ready, 0);
  auto begun = std::chrono::steady_clock::now();
  auto session = alice_attaches();
  not_yet(session);
  EXPECT_GE(std::chrono::steady_clock::now() - begun, limits_.login);
}

TEST_F(AttachTest, PamDoesNotWaitForAnImage) {
  containers_.progress_now = StartProgress{"lab/cuda:12", {}, {}};
  auto begun = std::chrono::steady_clock::now();
  auto pam = pam_waits(700);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::milliseconds(600));
}

TEST_F(AttachTest, PamLeavesTimeForTheReason) {
  auto begun = std::chrono::steady_clock::now();
  auto pam = pam_waits(60000);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, limits_.login);
}

TEST_F(AttachTest, APersonSeesProgressForAsLongAsItTakes) {
  listen_as_init();
  auto session = alice_attaches(1);
  containers_.progress_now =
      StartProgress{.image = "lab/cuda:12",
                    .pull = {.layers_done = 1, .layers = 3, .bytes_done = 5, .bytes = 9},
                    .elapsed = std::chrono::milliseconds(4711)};
  for (int i = 0; i < 5; ++i) {
    auto progress = session.expect<Progress>();
    EXPECT_EQ(progress.phase, static_cast<uint8_t>(ProgressPhase::kFetching));
    EXPECT_EQ(progress.image, "lab/cuda:12");
    EXPECT_EQ(progress.layers_done, 1U);
    EXPECT_EQ(progress.layers, 3U);
    EXPECT_EQ(progress.bytes_done, 5U);
    EXPECT_EQ(progress.bytes, 9U);
    EXPECT_EQ(progress.elapsed_ms, 4711U);
  }
  containers_.progress_now->pull.unpacking = true;
  containers_.progress_now->image = std::string(9000, 'x');
  uint8_t phase = 0;
  while (phase != static_cast<uint8_t>(ProgressPhase::kUnpacking)) {
    phase = session.expect<Progress>().phase;
  }
  containers_.progress_now.reset();
  containers_.finish_start(Running(own_process_as_container(run_)));
  skip_progress(session);
  ASSERT_EQ(session.packet().type, MessageType::kAttached);
  EXPECT_EQ(session.packet().fd_count, 1U);
}

TEST_F(AttachTest, TheReasonIsToldWhenThereIsNoContainer) {
  auto session = alice_attaches();
  run_until(loop_, [this] { return !containers_.asked.empty(); });
  containers_.finish_start(fail(ErrorCode::kUnavailable, std::string(9000, 'x')));
  auto failure = session.expect<Failure>();
  EXPECT_EQ(failure.code, static_cast<uint16_t>(FailureCode::kUnavailable));
  EXPECT_GT(failure.sentence.size(), 1000U);  // cut, but told
}

TEST_F(AttachTest, APeerThatReadsNothingIsDropped) {
  auto session = alice_attaches(1);
  auto before = open_descriptors();
  run_until(loop_, [&] { return open_descriptors() < before; });
}

TEST_F(AttachTest, APeerThatLeavesIsForgotten) {
  auto session = alice_attaches();
  run_until(loop_, [this] { return !containers_.asked.empty(); });
  session.hang_up();
  turn_loop();
  containers_.finish_start(Running(own_process_as_container(run_)));
  turn_loop();
}

TEST_F(AttachTest, TheServerMayEndWhileItWorks) {
  auto session = alice_attaches(1);
  run_until(loop_, [this] { return !containers_.asked.empty(); });
  server_.reset();
  containers_.finish_start(Running(own_process_as_container(run_)));
}

}  // namespace
}  // namespace labgpu::test
