// Other programs: run with an argument list, never through a shell, and ended when labgpu is.
#pragma once

#include <signal.h>

#include <string>
#include <vector>

#include "cli/result.h"
#include "common/unique_fd.h"

namespace labgpu {

// While it lives, SIGINT, SIGTERM and SIGHUP are held back, so that what was begun can be finished
// or undone. run_program() ends the program on such a signal. One at a time, in a program of one
// thread.
class HeldSignals {
 public:
  HeldSignals();
  // Signals that came and were not seen by run_program() take effect here.
  ~HeldSignals();
  HeldSignals(const HeldSignals&) = delete;
  HeldSignals& operator=(const HeldSignals&) = delete;

  // Readable (a signalfd) when one of the signals came.
  [[nodiscard]] int fd() const { return fd_.get(); }
  // What programs that are started get as their mask.
  [[nodiscard]] const sigset_t& mask_before() const { return before_; }

 private:
  sigset_t before_{};
  UniqueFd fd_;
};

enum class Output {
  kCapture,   // both streams come back
  kProgress,  // both go to labgpu's stderr
};

struct Outcome {
  int status = 0;  // the exit status; 128 + the number after a signal
  std::string out;
  std::string err;
};

// Runs argv[0], found in PATH, with stdin from /dev/null and in a process group of its own.
// Succeeds when the program ran to its end, whatever its status. On a held signal the group gets
// SIGTERM, and SIGKILL after 20 s; the failure has kExitInterrupted.
Result<Outcome> run_program(const std::vector<std::string>& argv, Output output,
                            const HeldSignals& signals);

// The same, and a status other than 0 is a failure: "context: " and its stderr in one line.
Result<Outcome> run_checked(const std::string& context, const std::vector<std::string>& argv,
                            Output output, const HeldSignals& signals);

// True when PATH has an executable of that name.
bool have_program(const std::string& name);

}  // namespace labgpu
