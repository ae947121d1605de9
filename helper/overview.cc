// A few coroutines that each ask for the next row until there is none.
#include "helper/overview.h"

#include <utility>

namespace labgpu {

using std::chrono::milliseconds;

Overview::Overview(EventLoop& loop, Ask ask, std::vector<nlohmann::json> rows)
    : loop_(loop), ask_(std::move(ask)), rows_(std::move(rows)) {}

Task<std::vector<nlohmann::json>> Overview::rows(milliseconds patience) {
  if (rows_.empty()) co_return std::vector<nlohmann::json>();
  timer_ = loop_.after(patience, [this] { finished_.set(true); });
  for (size_t i = 0; i < kAtOnce; ++i) work_.add(ask_one_after_another());
  co_await finished_;
  co_return std::move(rows_);
}

Task<void> Overview::ask_one_after_another() {
  while (next_ < rows_.size()) {
    size_t index = next_++;
    auto asking = ask_(index);
    rows_[index] = co_await asking;
    if (++answered_ == rows_.size()) finish();
  }
}

// From the loop, because whoever waits may destroy this, with the frame that has come here.
void Overview::finish() {
  timer_ = loop_.after(milliseconds(0), [this] { finished_.set(true); });
}

}  // namespace labgpu
