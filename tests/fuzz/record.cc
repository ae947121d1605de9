// Fuzzes an account's JSON record: what is accepted is written and read back as the same.
#include <string>

#include "common/parse.h"
#include "helper/account.h"
#include "tests/fuzz/target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using labgpu::test::promise;
  const std::string text(reinterpret_cast<const char*>(data), size);
  auto account = labgpu::parse_record("alice", text);
  if (!account) {
    promise(!account.error().message.empty(), "a refusal says why");
    return 0;
  }
  promise(account->name == "alice", "a record is its own account's");
  promise(labgpu::is_person_id(account->uid) && account->gid == account->uid, "ids are a person's");
  promise(labgpu::is_plain_path(account->home), "the home directory is a plain path");
  const std::string written = labgpu::record_text(*account);
  auto again = labgpu::parse_record("alice", written);
  promise(again.has_value(), "what is written can be read");
  promise(labgpu::record_text(*again) == written, "what is read is what was written");
  return 0;
}
