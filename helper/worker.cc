// The worker's thread, and how its results come back to the loop.
#include "helper/worker.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <stdexcept>

#include "helper/thread.h"

namespace labgpu {

Worker::Worker(EventLoop& loop) : finished_event_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (!finished_event_.valid()) throw std::runtime_error("eventfd");
  on_finished_ = loop.watch(finished_event_.get(), EPOLLIN, [this](uint32_t) { finish_jobs(); });
  thread_ = start_thread([this] { work(); });
}

Worker::~Worker() {
  {
    std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void Worker::add(Job job) {
  {
    std::lock_guard lock(mutex_);
    jobs_.push_back(std::move(job));
  }
  changed_.notify_one();
}

void Worker::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return ending_ || !jobs_.empty(); });
    if (ending_) return;
    auto job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    auto finish = job();
    job = nullptr;  // what it was given is wiped now, not when the next one comes
    lock.lock();
    if (!finish) continue;
    finished_.push_back(std::move(finish));
    eventfd_write(finished_event_.get(), 1);
  }
}

void Worker::finish_jobs() {
  eventfd_t count = 0;
  eventfd_read(finished_event_.get(), &count);
  std::deque<Finish> finished;
  {
    std::lock_guard lock(mutex_);
    finished.swap(finished_);
  }
  for (const auto& finish : finished) finish();
}

}  // namespace labgpu
