// Progress of long methods, by a timer.
#include "helper/work_progress.h"

namespace labgpu {

using std::chrono::milliseconds;

WorkProgress::WorkProgress(EventLoop& loop, const VarlinkCall& call, const char* step)
    : loop_(loop), call_(call), step_(std::make_shared<const char*>(step)) {
  arm();
}

OnStep WorkProgress::on_step() const {
  return [step = step_](const char* now) { *step = now; };
}

void WorkProgress::arm() {
  constexpr milliseconds kTelling = std::chrono::seconds(1);
  timer_ = loop_.after(kTelling, [this] {
    auto elapsed =
        std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - begun_);
    call_.tell({{"work", {{"step", *step_}, {"elapsedMSec", elapsed.count()}}}});
    arm();
  });
}

}  // namespace labgpu
