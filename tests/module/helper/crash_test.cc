// labgpud killed before every single change of a file, while accounts come, change and go: what it
// said is done is there afterwards, nothing is half there, and no id is anybody else's.
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <thread>

#include "common/account_index.h"
#include "common/cdb_reader.h"
#include "tests/module/helper/labgpud_process.h"

namespace labgpu::test {
namespace {

using nlohmann::json;

constexpr char kKey[] =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGPzU4Vm0FTXVhRbzcnn6RhGsJyFJKKTiRBtTlUPJRA5 laptop";

struct Step {
  std::string method;
  json parameters;
  [[nodiscard]] std::string user() const { return parameters.at("name"); }
};

// One after the other; alice comes a second time after she was removed.
const std::vector<Step> kLife = {
    {"AddUser", {{"name", "alice"}, {"authorizedKeys", {kKey}}}},
    {"AddUser", {{"name", "bob"}, {"password", "first"}, {"realName", "Bob"}}},
    {"SetUser", {{"name", "alice"}, {"assignments", {"real_name=Alice", "locked=yes"}}}},
    {"AddKey", {{"name", "bob"}, {"key", kKey}}},
    {"RemoveUser", {{"name", "alice"}}},
    {"AddUser", {{"name", "alice"}}},
    {"SetUser", {{"name", "bob"}, {"assignments", json::array()}, {"password", "second"}}},
};

// What a client knows of a user from replies.
struct Known {
  int64_t uid = 0;
  std::string real_name;
  bool locked = false;
  size_t keys = 0;
  bool has_password = false;
  bool operator==(const Known&) const = default;
};
using Users = std::map<std::string, Known>;

Known known(const json& user) {
  return {user["uid"], user["realName"], user["locked"], user["keys"].size(), user["hasPassword"]};
}

bool has_record(const std::string& index, const std::string& key) {
  CdbReader reader;
  CdbRecord found;
  return reader.open(index.c_str()) == 0 && reader.find(key, found) == 0;
}

class CrashTest : public testing::Test {
 protected:
  // A killed process loses nothing that the kernel has, so no disk is needed, and none waited for.
  static void SetUpTestSuite() { setenv("TMPDIR", "/dev/shm", 1); }
  static void TearDownTestSuite() { unsetenv("TMPDIR"); }

  // The reply; nothing when labgpud was killed before it.
  [[nodiscard]] std::optional<json> call(const Step& step) const {
    try {
      auto reply = varlink_call(files_->admin_socket, "org.labgpu." + step.method, step.parameters);
      return reply.is_null() ? std::nullopt : std::optional(reply);
    } catch (const std::runtime_error&) {
      return std::nullopt;
    }
  }

  [[nodiscard]] Users list() const {
    Users users;
    auto reply = call({"ListUsers", json::object()});
    if (!reply) throw std::runtime_error("labgpud does not list its users");
    for (const auto& user : (*reply)["parameters"]["users"]) users[user["name"]] = known(user);
    return users;
  }

  // Without Docker a removed account's container cannot be stopped, and the reply says both.
  static bool is_done(const Step& step, const json& reply) {
    if (!reply.contains("error")) return true;
    return step.method == "RemoveUser" && reply["error"] == "org.labgpu.Unavailable";
  }

  void note(const Step& step, const json& reply) {
    ASSERT_TRUE(is_done(step, reply)) << step.method << ": " << reply;
    if (step.method == "RemoveUser") {
      acknowledged_.erase(step.user());
      // It is kept for the account that is gone, and the next one of that name is somebody else.
      std::filesystem::remove_all(files_->directory / ("home/" + step.user()));
    } else if (step.method == "AddKey") {
      ++acknowledged_[step.user()].keys;
    } else {
      acknowledged_[step.user()] = known(reply["parameters"]["user"]);
    }
    if (step.method == "AddUser") take_id(step.user());
  }

  // An id belongs to the first account that anybody saw it with, for good.
  void take_id(const std::string& name) {
    auto uid = acknowledged_[name].uid;
    auto [owner, is_new] = owners_.emplace(uid, name);
    EXPECT_TRUE(is_new) << name << " got uid " << uid << ", which was " << owner->second << "'s";
  }

  static std::vector<std::string> kill_at(int step) {
    return {"LD_PRELOAD=" KILL_AT_WRITE_LIBRARY, "LABGPU_TEST_KILL_AT=" + std::to_string(step),
            "ASAN_OPTIONS=verify_asan_link_order=0"};
  }
  void wait_until_ready(LabgpudProcess& labgpud) const {
    while (labgpud.runs() && read_file(files_->log).find(" is ready") == std::string::npos) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }

  // Lives until the kill. False: it came to its end alive.
  bool live_and_be_killed(int at) {
    LabgpudProcess labgpud(files_->arguments(), files_->log, {}, kill_at(at));
    wait_until_ready(labgpud);
    for (pending_ = 0; pending_ < kLife.size(); ++pending_) {
      auto reply = call(kLife[pending_]);
      if (!reply) break;
      note(kLife[pending_], *reply);
    }
    labgpud.send_signal(SIGTERM);
    return labgpud.wait() != 0;
  }

  // The call that was not answered may have been done or not, but not by halves.
  void expect_nothing_lost() {
    auto found = list();
    if (pending_ < kLife.size()) {
      const auto& step = kLife[pending_];
      auto before = acknowledged_.find(step.user());
      auto after = found.find(step.user());
      if (after == found.end()) {
        EXPECT_TRUE(before == acknowledged_.end() || step.method == "RemoveUser");
        acknowledged_.erase(step.user());
      } else if (before == acknowledged_.end()) {
        EXPECT_EQ(step.method, "AddUser");
        EXPECT_EQ(after->second.has_password, step.parameters.contains("password"));
        EXPECT_EQ(after->second.keys, step.parameters.contains("authorizedKeys") ? 1U : 0U);
        acknowledged_[step.user()] = after->second;
        take_id(step.user());
      } else if (after->second != before->second) {
        EXPECT_EQ(after->second.uid, before->second.uid);
        EXPECT_EQ(after->second.locked, step.method == "SetUser" && step.user() == "alice");
        EXPECT_EQ(after->second.real_name.empty(), false);
        EXPECT_EQ(after->second.keys, before->second.keys + (step.method == "AddKey" ? 1 : 0));
        before->second = after->second;
      }
    }
    EXPECT_EQ(found == acknowledged_, true);
  }

  // NSS and sshd are told what the records say.
  void expect_it_published() const {
    for (const std::string name : {"alice", "bob", "later"}) {
      auto user = acknowledged_.find(name);
      bool is_there = user != acknowledged_.end();
      char buffer[512];
      IndexedAccount indexed;
      int error = find_account((files_->state + "/nss/passwd.cdb").c_str(), name, buffer, indexed);
      EXPECT_EQ(error, is_there ? 0 : ENOENT) << name;
      EXPECT_EQ(error == 0 ? indexed.uid : 0, is_there ? user->second.uid : 0) << name;
      EXPECT_EQ(has_record(files_->state + "/nss/group.cdb", "=" + name), is_there) << name;
      EXPECT_EQ(has_record(files_->state + "/nss/shadow.cdb", "=" + name), is_there) << name;
      auto keys = read_file(files_->state + "/keys/" + name);
      EXPECT_EQ(keys.find(kKey) != std::string::npos, is_there && user->second.keys == 1) << name;
    }
  }

  // Goes on where it was cut off, as a person would who had no answer.
  void expect_life_goes_on() {
    Step later = {"AddUser", {{"name", "later"}}};
    auto reply = call(later);
    ASSERT_TRUE(reply);
    note(later, *reply);
    if (pending_ >= kLife.size()) return;
    const auto& again = kLife[pending_];
    bool is_there = acknowledged_.contains(again.user());
    if ((again.method == "AddUser") == is_there) return;
    if (again.method == "AddKey" && acknowledged_[again.user()].keys == 1) return;
    reply = call(again);
    ASSERT_TRUE(reply);
    note(again, *reply);
  }

  std::optional<ServerFiles> files_;
  Users acknowledged_;
  std::map<int64_t, std::string> owners_;
  size_t pending_ = 0;
};

TEST_F(CrashTest, KilledBeforeEveryChangeOfAFileItLosesNothing) {
  int kills = 0;
  for (int at = 1;; ++at) {
    SCOPED_TRACE("killed at step " + std::to_string(at));
    files_.emplace();
    acknowledged_.clear();
    owners_.clear();
    if (!live_and_be_killed(at)) break;
    ++kills;
    {
      RunningLabgpud labgpud(*files_);
      expect_nothing_lost();
      expect_it_published();
      expect_life_goes_on();
    }
    // Also what was made in a hurry is there for good.
    RunningLabgpud labgpud(*files_);
    EXPECT_EQ(list() == acknowledged_, true);
    expect_it_published();
    if (HasFailure()) break;
  }
  // Every call above changes several files, each in several steps.
  EXPECT_GT(kills, 100);
}

TEST_F(CrashTest, KilledWhileItMakesManyItMakesAllOrNone) {
  const Step import = {"ImportUsers",
                       {{"users",
                         {{{"name", "alice"}, {"authorizedKeys", {kKey}}},
                          {{"name", "bob"}, {"uid", 20005}},
                          {{"name", "later"}}}}}};
  int kills = 0;
  for (int at = 1;; ++at) {
    SCOPED_TRACE("killed at step " + std::to_string(at));
    files_.emplace();
    std::optional<json> reply;
    {
      LabgpudProcess labgpud(files_->arguments(), files_->log, {}, kill_at(at));
      wait_until_ready(labgpud);
      reply = call(import);
      labgpud.send_signal(SIGTERM);
      if (labgpud.wait() == 0) break;
    }
    ++kills;
    RunningLabgpud labgpud(*files_);
    acknowledged_ = list();
    EXPECT_TRUE(acknowledged_.size() == 3 || (acknowledged_.empty() && !reply));
    expect_it_published();
    if (acknowledged_.empty()) {
      auto again = call(import);
      ASSERT_TRUE(again);
      ASSERT_EQ((*again)["parameters"].value("imported", false), true) << *again;
      acknowledged_ = list();
      expect_it_published();
    }
    EXPECT_EQ(acknowledged_.at("bob").uid, 20005);
    if (HasFailure()) break;
  }
  EXPECT_GT(kills, 30);
}

}  // namespace
}  // namespace labgpu::test
