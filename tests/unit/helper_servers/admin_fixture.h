// The administration's methods with accounts in files, and containers, logins and images that are
// pretended.
#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <string>

#include "helper/admin_methods.h"
#include "tests/unit/helper_docker/run_task.h"
#include "tests/unit/helper_servers/accounts.h"
#include "tests/unit/helper_servers/fake_containers.h"
#include "tests/unit/helper_servers/fake_images.h"
#include "tests/unit/helper_servers/fake_logins.h"

namespace labgpu::test {

inline constexpr char kKey[] =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g";

inline constexpr gid_t kAdminGroup = 4712;
inline const Peer kRoot{0, 1, {0}};
inline const Peer kAlice{20001, 1, {20001, 20000}};
inline const Peer kStranger{4711, 1, {4711, 27, 100}};
inline const Peer kAdministrator{4711, 1, {27, kAdminGroup, 4711}};

class AdminMethodsTest : public testing::Test {
 protected:
  AdminMethodsTest() {
    logins_.add("alice", 2);
    EXPECT_EQ(mkdir((accounts_.directory / "home").c_str(), 0755), 0);
    config_.home = accounts_.directory / "home/{user}";
  }
  VarlinkReply reply_to(const std::string& method, const nlohmann::json& parameters,
                        Peer peer = kRoot) {
    VarlinkCall call{"org.labgpu", method, parameters, false, false, std::move(peer)};
    return testing_support::run_task(loop_, admin_.call(call));
  }
  nlohmann::json call(const std::string& method, const nlohmann::json& parameters) {
    auto reply = reply_to(method, parameters);
    EXPECT_TRUE(reply) << method << ": " << reply.error().name << " " << reply.error().parameters;
    return reply.value_or(nlohmann::json());
  }
  // "Invalid: the message", without the interface's name.
  std::string refusal(const std::string& method, const nlohmann::json& parameters,
                      const Peer& peer = kRoot) {
    auto reply = reply_to(method, parameters, peer);
    if (reply) return "accepted";
    auto name = reply.error().name.substr(reply.error().name.rfind('.') + 1);
    const auto& told = reply.error().parameters;
    return name + ": " + told.value("message", told.value("parameter", ""));
  }

  EventLoop loop_;
  Accounts accounts_{loop_};
  FakeContainers containers_;
  Config config_;
  Maintenance maintenance_ = Maintenance::open(*accounts_.records).value();
  FakeLogins logins_;
  Worker worker_{loop_};
  PasswordChanges passwords_{*accounts_.store, worker_};
  FakeImages images_;
  AdminMethods admin_{loop_,       *accounts_.store, containers_, maintenance_, config_,
                      kAdminGroup, logins_,          passwords_,  images_};
};

}  // namespace labgpu::test
