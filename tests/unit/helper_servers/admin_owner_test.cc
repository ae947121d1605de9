// Methods of org.labgpu that tell an account's owner something else than an administrator.
#include <gmock/gmock.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include "helper/account_password.h"
#include "helper/admin_methods.h"
#include "helper/password.h"
#include "tests/unit/helper_docker/run_task.h"
#include "tests/unit/helper_servers/accounts.h"
#include "tests/unit/helper_servers/fake_containers.h"
#include "tests/unit/helper_servers/fake_images.h"
#include "tests/unit/helper_servers/fake_logins.h"

namespace labgpu::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

const Peer kRoot{0, 1, {0}};
const Peer kAlice{20001, 1, {20001}};

class AdminOwnerTest : public testing::Test {
 protected:
  AdminOwnerTest() {
    accounts_.add("alice");
    accounts_.change("alice", [](Account& a) {
      EXPECT_TRUE(assign_password_hash(a, hash_password("geheim").value()));
    });
  }
  VarlinkReply reply_to(const std::string& method, const json& parameters,
                        const Peer& peer = kAlice) {
    VarlinkCall call{"org.labgpu", method, parameters, false, false, peer};
    return testing_support::run_task(loop_, admin_.call(call));
  }
  std::string refusal(const std::string& method, const json& parameters,
                      const Peer& peer = kAlice) {
    auto reply = reply_to(method, parameters, peer);
    if (reply) return "accepted";
    return reply.error().name + ": " + reply.error().parameters.value("message", "");
  }
  static json change(const char* old_one, const char* new_one) {
    return {{"oldPassword", old_one}, {"newPassword", new_one}};
  }
  [[nodiscard]] bool counts(const std::string& password) const {
    return verify_password(password, accounts_.store->find("alice")->hashed_password);
  }
  // ListGpus, while labgpu-gpus says `text`.
  json gpus(const std::string& text, const Peer& peer) {
    auto listener = listen_at(socket_, SOCK_STREAM);
    std::thread answering([&] {
      pollfd waiting{listener->get(), POLLIN, 0};
      poll(&waiting, 1, 10'000);
      UniqueFd connection(accept4(listener->get(), nullptr, nullptr, SOCK_CLOEXEC));
      send(connection.get(), text.data(), text.size(), MSG_NOSIGNAL);
    });
    auto reply = reply_to("ListGpus", json::object(), peer);
    answering.join();
    EXPECT_TRUE(reply);
    return reply.value_or(json());
  }

  EventLoop loop_;
  Accounts accounts_{loop_};
  std::string socket_ = accounts_.directory / "gpus";
  FakeContainers containers_;
  Config config_;
  Maintenance maintenance_ = Maintenance::open(*accounts_.records).value();
  FakeLogins logins_;
  Worker worker_{loop_};
  PasswordChanges passwords_{
      *accounts_.store, worker_, {.wrong = 2, .period = std::chrono::minutes(1)}};
  FakeImages images_;
  AdminMethods admin_{loop_,        *accounts_.store, containers_, maintenance_, config_,
                      std::nullopt, logins_,          passwords_,  images_,      socket_};
};

TEST_F(AdminOwnerTest, TheOwnersNewPasswordCounts) {
  accounts_.change("alice", [](Account& a) { a.password_change_now = true; });
  EXPECT_EQ(refusal("ChangeOwnPassword", change("geheim", "neu und besser")), "accepted");
  EXPECT_TRUE(counts("neu und besser"));
  EXPECT_FALSE(accounts_.store->find("alice")->password_change_now);
}

TEST_F(AdminOwnerTest, TheOldOneHasToBeRightAndNotTriedForLong) {
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(refusal("ChangeOwnPassword", change("Geheim", "neu")),
              "org.labgpu.NotAllowed: that is not your password");
  }
  EXPECT_THAT(refusal("ChangeOwnPassword", change("geheim", "neu")),
              HasSubstr("NotAllowed: too many wrong passwords"));
  EXPECT_TRUE(counts("geheim"));
}

TEST_F(AdminOwnerTest, ANewOneThatIsNoneIsRefused) {
  EXPECT_THAT(refusal("ChangeOwnPassword", change("geheim", "geheim")),
              HasSubstr("Invalid: the new password must differ"));
  EXPECT_THAT(refusal("ChangeOwnPassword", change("geheim", "")), HasSubstr("must not be empty"));
  EXPECT_THAT(refusal("ChangeOwnPassword", {{"oldPassword", "geheim"}}),
              HasSubstr("InvalidParameter"));
  EXPECT_TRUE(counts("geheim"));
}

TEST_F(AdminOwnerTest, NobodyChangesThePasswordOfAnAccountThatIsNotTheirs) {
  auto parameters = change("geheim", "neu");
  parameters["name"] = "alice";
  EXPECT_THAT(refusal("ChangeOwnPassword", parameters, kRoot), HasSubstr("NotAllowed: only the"));
  accounts_.add("bob");
  EXPECT_THAT(refusal("ChangeOwnPassword", parameters, {20002, 1, {20002}}),
              HasSubstr("your own account, bob"));
  EXPECT_TRUE(counts("geheim"));
}

TEST_F(AdminOwnerTest, WhoMayNotLogInOrHasNoneChangesNone) {
  accounts_.change("alice", [](Account& a) { a.locked = true; });
  EXPECT_THAT(refusal("ChangeOwnPassword", change("geheim", "neu")), HasSubstr("locked"));
  accounts_.change("alice", [](Account& a) {
    a.locked = false;
    a.hashed_password.clear();
  });
  EXPECT_THAT(refusal("ChangeOwnPassword", change("", "neu")), HasSubstr("you have no password"));
  accounts_.add_of_host("gwen", 5001);
  EXPECT_THAT(refusal("ChangeOwnPassword", change("x", "neu"), {5001, 1, {100}}),
              HasSubstr("gwen is an account of this server"));
}

constexpr char kReport[] =
    R"({"driver":"550","gpus":[{"index":"0","uuid":"GPU-1","name":"H100","utilization":97,
        "memoryUsed":9,"memoryTotal":10,"temperature":60,"processes":[{"pid":7,"memory":1},
        {"pid":4711,"memory":5},{"pid":4712,"memory":3},{"pid":8,"memory":"x","user":9}]},
        {"index":"1","problem":"GPU is lost"}]})";

TEST_F(AdminOwnerTest, OwnersSeeWhoseContainersUseTheGpusAndNoMore) {
  containers_.users_of_processes = {{4711, "bob"}, {4712, "bob"}};
  EXPECT_EQ(gpus(kReport, kAlice), json::parse(R"({"gpus":[{"index":"0","name":"H100",
      "utilization":97,"memoryUsed":9,"memoryTotal":10,"temperature":60,
      "processes":[{"memory":1},{"user":"bob","memory":8}]},
      {"index":"1","problem":"GPU is lost","processes":[]}]})"));
  auto all = gpus(kReport, kRoot);
  EXPECT_EQ(all["gpus"][0]["processes"][1], json::parse(R"({"pid":4711,"memory":5,"user":"bob"})"));
  EXPECT_EQ(all["gpus"][0]["uuid"], "GPU-1");
}

TEST_F(AdminOwnerTest, GpusAreNobodyElsesBusiness) {
  EXPECT_THAT(refusal("ListGpus", json::object(), {4711, 1, {4711}}), HasSubstr("NotAllowed"));
}

// The caller's process is below the one that has the login.
TEST_F(AdminOwnerTest, ALoginKnowsItself) {
  pid_t child = fork();
  if (child == 0) {
    pause();
    _exit(0);
  }
  logins_.open = {{1, "alice", "192.0.2.1", 0, getpid()}, {2, "alice", "192.0.2.1", 0, 0x7ffffff0}};
  auto reply = reply_to("ListLogins", json::object(), {20001, child, {20001}, true});
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  ASSERT_TRUE(reply);
  EXPECT_EQ((*reply)["logins"][0]["own"], true);
  EXPECT_EQ((*reply)["logins"][1]["own"], false);
}

TEST_F(AdminOwnerTest, AFailedStartIsTold) {
  containers_.failure = StartFailure{"the image is nowhere", 1'700'000'000'000'000};
  containers_.progress_now = StartProgress{"lab:1", {}, {}};
  auto told = reply_to("Status", json::object()).value()["containers"][0];
  EXPECT_EQ(told["failure"], "the image is nowhere");
  EXPECT_EQ(told["failedUSec"], 1'700'000'000'000'000);
  EXPECT_EQ(told["starting"], true);
  EXPECT_EQ(told["fetching"], "lab:1");
  containers_.failure.reset();
  containers_.progress_now.reset();
  told = reply_to("Status", json::object()).value()["containers"][0];
  EXPECT_FALSE(told.contains("failure") || told.contains("starting") || told.contains("fetching"));
}

}  // namespace
}  // namespace labgpu::test
