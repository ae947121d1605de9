// Runs a program one instruction at a time; prints how many it took, and how many of them were
// CPUID. usage: PROGRAM [ARGUMENT...]
//
// For machines whose processor's counters cannot be had (virtual ones), and for programs that a
// filter of system calls keeps valgrind out of.
#include <stdio.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char** argv) {
  constexpr long kCpuid = 0xa20f;  // 0f a2
  constexpr long kTwoBytes = 0xffff;
  if (argc < 2) return 2;
  pid_t child = fork();
  if (child == 0) {
    ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
    execv(argv[1], argv + 1);
    _exit(127);
  }
  long steps = 0;
  long cpuids = 0;
  int status = 0;
  while (waitpid(child, &status, 0) == child && WIFSTOPPED(status)) {
    user_regs_struct registers{};
    ptrace(PTRACE_GETREGS, child, nullptr, &registers);
    if ((ptrace(PTRACE_PEEKTEXT, child, registers.rip, nullptr) & kTwoBytes) == kCpuid) ++cpuids;
    ++steps;
    ptrace(PTRACE_SINGLESTEP, child, nullptr, nullptr);
  }
  printf("%ld %ld\n", steps, cpuids);
  return 0;
}
