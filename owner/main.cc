// labgpu-owner UID: whose account is it, in the words of systemd's ExecCondition=.
//
// Exit status 0: the host's alone, or nobody's; its `systemd --user` may run on the host. 1: its
// sessions are in a container of labgpu's, or that cannot be told. 2: called wrongly, which
// systemd takes like 1.
#include <pwd.h>
#include <stdio.h>

#include "common/account_owner.h"
#include "common/parse.h"

int main(int argc, char** argv) {
  uint32_t uid = 0;
  if (argc != 2 || !labgpu::parse_u32(argv[1], uid)) {
    fputs("Usage: labgpu-owner UID\n", stderr);
    return 2;
  }
  const passwd* account = getpwuid(uid);
  if (account == nullptr || labgpu::owner_of(*account) == labgpu::Owner::kHost) return 0;
  printf("%s: sessions are in a container\n", account->pw_name);
  return 1;
}
