// The table of system calls, and the BPF program that the kernel runs before each of them.
#include "session/syscall_filter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bit>
#include <string_view>

#include "common/tty_ioctl.h"

namespace labgpu {

namespace {

// Programs of another kind of machine, which the kernel may run too, have other numbers.
#if defined(__x86_64__)
constexpr uint32_t kMachine = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr uint32_t kMachine = AUDIT_ARCH_AARCH64;
#else
#error "which system calls poll(3) and its like make is known for x86_64 and aarch64"
#endif

#ifdef SYS_poll
constexpr uint32_t kPoll = SYS_poll;
#else
constexpr uint32_t kPoll = SYS_ppoll;  // what poll(3) of glibc calls where there is no poll(2)
#endif

// Of one argument. Those that are looked at are an int or unsigned to the kernel, which does not
// use the upper half of the register (include/linux/syscalls.h, SYSCALL_DEFINEx), so neither is it
// compared.
struct Condition {
  static constexpr int kNone = -1;
  enum class Kind : uint8_t { kIs, kIsAtMost };
  int argument = kNone;
  uint32_t value = 0;
  Kind kind = Kind::kIs;
};

struct Allowed {
  static constexpr size_t kMostConditions = 2;
  uint32_t call;
  std::string_view reason;
  Condition conditions[kMostConditions] = {};  // all of them; the first ones are used

  [[nodiscard]] size_t count() const {
    size_t used = 0;
    while (used < kMostConditions && conditions[used].argument != Condition::kNone) ++used;
    return used;
  }
  // Instructions: the call, two for each condition, the answer, and after conditions the next call.
  [[nodiscard]] size_t length() const { return 2 + 2 * count() + (count() > 0 ? 1 : 0); }
};

// A program that is too long stays too long: size() is 0 then.
class Program {
 public:
  void begin();
  // What follows, with a length of `over`, is for calls with lower numbers than that.
  void leave_to_others(uint32_t from, size_t over);
  void add(const Allowed& allowed);
  void end();
  [[nodiscard]] unsigned short size() const { return fits_ ? size_ : 0; }
  [[nodiscard]] sock_filter* code() { return code_; }

 private:
  void load(size_t offset) { put(BPF_LD | BPF_W | BPF_ABS, static_cast<uint32_t>(offset)); }
  void answer(uint32_t action) { put(BPF_RET | BPF_K, action); }
  void jump_unless(const Condition& condition, size_t over);
  void put(unsigned code, uint32_t value, size_t if_true = 0, size_t if_false = 0);

  static constexpr size_t kLongest = 256;
  sock_filter code_[kLongest];
  unsigned short size_ = 0;
  bool fits_ = true;
};

void Program::put(unsigned code, uint32_t value, size_t if_true, size_t if_false) {
  fits_ = fits_ && size_ < kLongest;
  if (!fits_) return;
  code_[size_++] = {.code = static_cast<uint16_t>(code),
                    .jt = static_cast<uint8_t>(if_true),
                    .jf = static_cast<uint8_t>(if_false),
                    .k = value};
}

// The numbers of x32 are those of x86_64 with a bit more (seccomp(2)), so none of them is in the
// table.
void Program::begin() {
  load(offsetof(seccomp_data, arch));
  put(BPF_JMP | BPF_JEQ | BPF_K, kMachine, 1, 0);
  answer(SECCOMP_RET_KILL_PROCESS);
  load(offsetof(seccomp_data, nr));
}

void Program::leave_to_others(uint32_t from, size_t over) {
  put(BPF_JMP | BPF_JGE | BPF_K, from, 0, 1);
  put(BPF_JMP | BPF_JA, static_cast<uint32_t>(over));
}

// The number of the call is loaded before and after, for the next row. Conditions put an argument
// in its place, so the number is loaded again when one of them does not hold.
void Program::add(const Allowed& allowed) {
  constexpr size_t kAnswer = 1;
  constexpr size_t kForCondition = 2;
  size_t left = allowed.count() * kForCondition + kAnswer;
  bool conditional = left > kAnswer;
  put(BPF_JMP | BPF_JEQ | BPF_K, allowed.call, 0, allowed.length() - 1);
  for (size_t i = 0; i < allowed.count(); ++i) {
    left -= kForCondition;
    jump_unless(allowed.conditions[i], left);
  }
  answer(SECCOMP_RET_ALLOW);
  if (conditional) load(offsetof(seccomp_data, nr));
}

void Program::jump_unless(const Condition& condition, size_t over) {
  static_assert(std::endian::native == std::endian::little, "the lower half comes first");
  load(offsetof(seccomp_data, args) + static_cast<size_t>(condition.argument) * sizeof(uint64_t));
  if (condition.kind == Condition::Kind::kIs) {
    put(BPF_JMP | BPF_JEQ | BPF_K, condition.value, 0, over);
  } else {
    put(BPF_JMP | BPF_JGT | BPF_K, condition.value, over, 0);
  }
}

void Program::end() { answer(SECCOMP_RET_KILL_PROCESS); }

}  // namespace

int allow_only_session_calls(int init_fd) {
  constexpr auto kAtMost = Condition::Kind::kIsAtMost;
  const auto init = static_cast<uint32_t>(init_fd);
  const auto self = static_cast<uint32_t>(getpid());
  const Allowed table[] = {
      // What a byte at a terminal costs comes first. Descriptors of others come from init, and are
      // of no more use here than where they come from.
      {kPoll, "waiting for any of the descriptors"},
      {SYS_read, "the client's terminal, the container's, and signals"},
      {SYS_write, "both terminals, and words to the user"},
      {SYS_recvmsg, "init's packets; no other socket that came with one", {{0, init}}},
      {SYS_sendmsg, "the command, and signals for it", {{0, init}}},
      {SYS_close, "what came with a packet, the container's terminal"},
      {SYS_restart_syscall, "the kernel goes on with poll(2) so, after a SIGSTOP and a SIGCONT"},
      {SYS_clock_gettime, "deadlines, where the vDSO has no clock"},

      {SYS_fstat, "is it a terminal that init sent? fstat(3) may be a call that takes paths"},
      {SYS_ioctl, "the client's terminal: its size", {{0, STDIN_FILENO}, {1, TIOCGWINSZ}}},
      {SYS_ioctl, "the client's terminal: its modes", {{0, STDIN_FILENO}, {1, TCGETS2}}},
      {SYS_ioctl, "the client's terminal: raw, and back", {{0, STDIN_FILENO}, {1, TCSETS2}}},
      {SYS_ioctl, "the container's terminal: its size", {{1, TIOCSWINSZ}}},
      {SYS_fcntl, "O_NONBLOCK of both terminals", {{1, F_GETFL}}},
      {SYS_fcntl, "O_NONBLOCK of both terminals", {{1, F_SETFL}}},
      {SYS_dup3, "/dev/null in the place of 0 to 2", {{1, STDERR_FILENO, kAtMost}}},

      {SYS_rt_sigaction, "dying of the command's signal: its default"},
      {SYS_rt_sigprocmask, "dying of the command's signal: let it through"},
      {SYS_getpid, "dying of the command's signal: tgkill(2)"},
      {SYS_gettid, "dying of the command's signal: tgkill(2)"},
      {SYS_tgkill, "dying of the command's signal: tgkill(2)", {{0, self}, {1, self}}},
      {SYS_exit_group, "the end"},
#ifdef __SANITIZE_ADDRESS__
      {SYS_sigaltstack, "AddressSanitizer asks where the stack is before each call of _exit(2)"},
#endif
  };
  // The kernel runs a new filter for each number that there is, to know which of them it answers
  // whatever the arguments are (kernel/seccomp.c, seccomp_cache_prepare). Most numbers are high and
  // most of the table's are low, so in two parts that takes half as long.
  constexpr uint32_t kHigh = 100;
  size_t low_part = 1;  // its end
  for (const Allowed& allowed : table) low_part += allowed.call < kHigh ? allowed.length() : 0;
  Program program;
  program.begin();
  program.leave_to_others(kHigh, low_part);
  for (const Allowed& allowed : table) {
    if (allowed.call < kHigh) program.add(allowed);
  }
  program.end();
  for (const Allowed& allowed : table) {
    if (allowed.call >= kHigh) program.add(allowed);
  }
  program.end();
  if (program.size() == 0) return E2BIG;
  sock_fprog installed{.len = program.size(), .filter = program.code()};
  return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &installed) == 0 ? 0 : errno;
}

}  // namespace labgpu
