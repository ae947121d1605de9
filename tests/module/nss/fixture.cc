// Writes the fixture's index.
#include "tests/module/nss/fixture.h"

#include <filesystem>

#include "common/paths.h"
#include "helper/index_writer.h"

namespace labgpu::test {

Account account(const std::string& name, uint32_t id) {
  Account made;
  made.name = name;
  made.uid = made.gid = id;
  made.home = "/home/" + name;
  return made;
}

std::vector<Account> three_accounts() {
  Account alice = account("alice", 20001);
  alice.real_name = "Alice Ü";
  alice.hashed_password = kHash;
  Account bob = account("bob", 20002);
  bob.hashed_password = kHash;
  bob.locked = true;
  return {alice, bob, account("carol", 20003)};
}

NssTest::NssTest() { write_index_of(three_accounts()); }

void NssTest::write_index_of(const std::vector<Account>& accounts,
                             const std::optional<ContainerIds>& container_ids) {
  const std::filesystem::path directory = std::filesystem::path(kPasswdIndex).parent_path();
  std::filesystem::create_directories(directory);
  auto written = write_index(directory, accounts, kGroup, container_ids);
  ASSERT_TRUE(written) << written.error().message;
}

}  // namespace labgpu::test
