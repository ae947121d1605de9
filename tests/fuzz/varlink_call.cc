// Fuzzes a call to administration, from its bytes to its reply, by the owner of an account and by a
// stranger: they get a reply, and no account but their own.
#include <optional>
#include <string>

#include "helper/admin_methods.h"
#include "helper/user_database.h"
#include "helper/varlink_message.h"
#include "tests/fuzz/target.h"
#include "tests/unit/helper_docker/run_task.h"
#include "tests/unit/helper_servers/accounts.h"
#include "tests/unit/helper_servers/fake_containers.h"
#include "tests/unit/helper_servers/fake_images.h"
#include "tests/unit/helper_servers/fake_logins.h"

namespace labgpu::test {
namespace {

// Once for all inputs: what is not root cannot change what is kept here.
struct Server {
  Server() {
    accounts.add("alice");
    accounts.add("bob");
  }
  // Anew before a user has asked for too much within a minute.
  AdminMethods& admin() {
    if (!admin_ || ++asked_ == AdminMethods::kMostOwnerChanges) {
      asked_ = 0;
      admin_.emplace(loop, *accounts.store, containers, maintenance, config, std::nullopt, logins,
                     passwords, images, "/nowhere/gpus");
    }
    return *admin_;
  }
  // What the last call left.
  void clear() {
    containers.asked.clear();
    containers.kept.clear();
    images.asked.clear();
    images.outcome = fail(ErrorCode::kInvalid, "it is not built");  // else the account would change
  }
  VarlinkReply ask(const VarlinkCall& call, VarlinkInterface& served) {
    return testing_support::run_task(loop, served.call(call));
  }

  EventLoop loop;
  Accounts accounts{loop};
  FakeContainers containers;
  Config config;
  Maintenance maintenance = Maintenance::open(*accounts.records).value();
  FakeLogins logins;
  Worker worker{loop};
  PasswordChanges passwords{*accounts.store, worker};
  FakeImages images;
  UserDatabase users{*accounts.store};

 private:
  std::optional<AdminMethods> admin_;
  unsigned asked_ = 0;
};

void check_reply(const VarlinkReply& reply) {
  if (!reply) promise(reply.error().name.find('.') != std::string::npos, "an error has a name");
  auto text = encode_reply(reply);
  promise(text.find('\0') == text.size() - 1, "a reply ends with the only NUL");
  promise(nlohmann::json::accept(text.substr(0, text.size() - 1)), "a reply is JSON");
}

}  // namespace
}  // namespace labgpu::test

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace labgpu;
  using namespace labgpu::test;
  static Server server;
  auto call = parse_call(std::string(reinterpret_cast<const char*>(data), size));
  if (!call) {
    promise(!call.error().message.empty(), "a refusal says why");
    return 0;
  }
  server.clear();
  // Start would wait for a container that nobody starts, and ReadLog reads this server's journal.
  if (call->method == "Start" || call->method == "ReadLog") return 0;
  for (uid_t uid : {20001U, 4711U}) {
    call->peer = Peer{uid, 1, {uid}};
    check_reply(server.ask(*call, server.admin()));
    check_reply(server.ask(*call, server.users));
  }
  for (const auto& asked : server.containers.asked) {
    promise((asked + " ").find(" alice ") != std::string::npos,
            "only the caller's container is touched");
  }
  for (const auto& asked : server.images.asked) {
    promise((asked + " ").find(" alice ") != std::string::npos, "nor anybody else's image");
  }
  promise(server.accounts.store->list().size() == 2, "accounts are root's to make and to remove");
  return 0;
}
