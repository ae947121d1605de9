// Runs a program one instruction at a time; prints how many it took, and how many of them were CPUID. usage: PROGRAM [ARGUMENT...]
//
// For machines whose processor's counters cannot be had (virtual ones), and for programs that a seccomp filter or a static C library
// keeps valgrind out of.
#include <stdio.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char** argv) {
  const long kCpuid = 0xa20f;  // 0f a2
  long steps = 0, cpuids = 0;
  int status = 0;
  if (argc < 2) return 2;
  pid_t child = fork();
  if (child == 0) {
    ptrace(PTRACE_TRACEME, 0, NULL, NULL);
    execv(argv[1], argv + 1);
    _exit(127);
  }
  while (waitpid(child, &status, 0) == child && WIFSTOPPED(status)) {
    struct user_regs_struct registers;
    ptrace(PTRACE_GETREGS, child, NULL, &registers);
    if ((ptrace(PTRACE_PEEKTEXT, child, registers.rip, NULL) & 0xffff) == kCpuid) ++cpuids;
    ++steps;
    ptrace(PTRACE_SINGLESTEP, child, NULL, NULL);
  }
  printf("%ld %ld\n", steps, cpuids);
  return 0;
}
