// An index with a few accounts at the place where the module looks, written by the helper's own
// writer.
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "helper/account.h"
#include "helper/container_ids.h"
#include "tests/module/nss/module.h"

namespace labgpu::test {

inline constexpr gid_t kGroup = 20000;
inline constexpr char kHash[] = "$y$j9T$salt$hash";

// An account as the helper makes them; uid and gid are `id`.
Account account(const std::string& name, uint32_t id);

// Alice (20001, a password, a real name), bob (20002, locked), carol (20003, no password).
std::vector<Account> three_accounts();

class NssTest : public testing::Test {
 protected:
  NssTest();
  static void write_index_of(const std::vector<Account>& accounts,
                             const std::optional<ContainerIds>& container_ids = std::nullopt);

  const NssModule& module_ = nss_module();
};

// Reads all of a walk: `next(buffer, size, &error)` answers one entry and returns its status,
// `name()` is its name.
template <typename Next, typename Name>
std::vector<std::string> read_walk(Next next, Name name) {
  std::vector<std::string> names;
  std::vector<char> buffer(4096);
  int error = 0;
  nss_status status = NSS_STATUS_SUCCESS;
  while ((status = next(buffer.data(), buffer.size(), &error)) == NSS_STATUS_SUCCESS) {
    names.emplace_back(name());
    if (names.size() > 1000) break;
  }
  EXPECT_EQ(status, NSS_STATUS_NOTFOUND);
  EXPECT_EQ(error, ENOENT);
  return names;
}

}  // namespace labgpu::test
