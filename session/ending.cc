// How the session command ends.
#include "session/ending.h"

#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/text_buffer.h"

namespace labgpu {

namespace {

// Signals whose default is to end a process (signal(7)); any other number comes from an init that
// does not tell the truth, and must not stop this process instead.
bool is_deadly(int number) {
  switch (number) {
    case SIGCHLD:
    case SIGCONT:
    case SIGSTOP:
    case SIGTSTP:
    case SIGTTIN:
    case SIGTTOU:
    case SIGURG:
    case SIGWINCH:
      return false;
    default:
      return number > 0 && number < NSIG;
  }
}

// U+0080 to U+009F are controls too, "\xc2\x9b" means what "\33[" does; the second byte alone may
// be a part of any other character.
bool is_control(unsigned char byte, unsigned char before) {
  return byte < 0x20 || byte == 0x7f || (before == 0xc2 && byte >= 0x80 && byte < 0xa0);
}

}  // namespace

void tell_user(std::string_view sentence) {
  constexpr size_t kLongest = 4000;
  TextBuffer<4096> line;
  line.add("labgpu: ");
  if (sentence.size() > kLongest) sentence = std::string_view(sentence.data(), kLongest);
  unsigned char before = 0;
  for (const char& c : sentence) {
    auto byte = static_cast<unsigned char>(c);
    line.add(is_control(byte, before) ? std::string_view("?") : std::string_view(&c, 1));
    before = byte;
  }
  line.add("\n");
  [[maybe_unused]] ssize_t written = write(STDERR_FILENO, line.c_str(), line.view().size());
}

void tell_user(std::string_view sentence, std::string_view detail) {
  TextBuffer<1024> joined;
  joined.add(sentence).add(": ").add(detail);
  tell_user(joined.view());
}

int status_of_failure(uint16_t code) {
  switch (static_cast<FailureCode>(code)) {
    case FailureCode::kUnavailable:
    case FailureCode::kNotYet:
      return kTryLater;
    default:
      return kRefused;
  }
}

int tell_failure(const Failure& failure) {
  tell_user(failure.sentence);
  return status_of_failure(failure.code);
}

int tell_lost(std::string_view sentence, int error) {
  tell_user(sentence, strerror(error));
  return kContainerLost;
}

void end_like(const Ending& ending) {
  if (!ending.by_signal) _exit(ending.value);
  if (is_deadly(ending.value)) {
    signal(ending.value, SIG_DFL);
    sigset_t only;
    sigfillset(&only);
    sigdelset(&only, ending.value);
    // Not raise(3): C libraries differ in the calls that it makes, and the jail knows these.
    syscall(SYS_tgkill, getpid(), gettid(), ending.value);
    sigprocmask(SIG_SETMASK, &only, nullptr);
  }
  constexpr int kShellSignalBase = 128;  // what shells make of a death by signal
  _exit(kShellSignalBase + ending.value);
}

}  // namespace labgpu
