// Fuzzes a call to administration, from its bytes to its reply, by the owner of an account and by a
// stranger: they get a reply, and no account but their own.
#include <string>

#include "helper/admin_methods.h"
#include "helper/user_database.h"
#include "helper/varlink_message.h"
#include "tests/fuzz/target.h"
#include "tests/unit/helper_docker/run_task.h"
#include "tests/unit/helper_servers/accounts.h"
#include "tests/unit/helper_servers/fake_containers.h"
#include "tests/unit/helper_servers/fake_logins.h"

namespace labgpu::test {
namespace {

// Once for all inputs: what is not root cannot change what is kept here.
struct Server {
  Server() {
    accounts.add("alice");
    accounts.add("bob");
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
  AdminMethods admin{loop, *accounts.store, containers, maintenance, config, std::nullopt, logins};
  UserDatabase users{*accounts.store};
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
  server.containers.asked.clear();
  // It would wait for a container that nobody starts.
  if (call->method == "Start") return 0;
  for (uid_t uid : {20001U, 4711U}) {
    call->peer = Peer{uid, 1, {uid}};
    check_reply(server.ask(*call, server.admin));
    check_reply(server.ask(*call, server.users));
  }
  for (const auto& asked : server.containers.asked) {
    promise(asked.ends_with(" alice"), "only the caller's container is touched");
  }
  promise(server.accounts.store->list().size() == 2, "accounts are root's to make and to remove");
  return 0;
}
