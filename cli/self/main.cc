// labgpu-self, a user's own command; see docs/man/labgpu.1.
#include <sys/stat.h>

#include <iostream>

#include "cli/self/self.h"
#include "common/messages.h"

int main(int argc, char** argv) {
  constexpr int kConnection = labgpu::Managed::kDescriptor;
  struct stat status {};
  if (fstat(kConnection, &status) != 0 || !S_ISSOCK(status.st_mode)) {
    std::cerr << "labgpu: this is run by logins; from elsewhere use: ssh USER@HOST labgpu\n";
    return labgpu::kExitUsage;
  }
  return labgpu::run_self(argc, argv, labgpu::UniqueFd(kConnection));
}
