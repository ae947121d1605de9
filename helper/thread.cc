// Starts threads without signals.
#include "helper/thread.h"

#include <pthread.h>
#include <signal.h>

#include <utility>

namespace labgpu {

namespace {

// A thread starts with its maker's mask.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_{};
};

}  // namespace

std::thread start_thread(std::function<void()> work) {
  SignalsBlocked blocked;
  return std::thread(std::move(work));
}

}  // namespace labgpu
