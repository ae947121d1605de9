// Asks the kernel for disks, on threads that may hang.
#include "helper/disk_usage.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <deque>
#include <mutex>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "common/unique_fd.h"
#include "helper/log.h"
#include "helper/thread.h"

namespace labgpu {

struct DiskUsage::Desk {
  AskDisk ask;
  UniqueFd answered;  // an eventfd, readable when there are answers
  std::mutex mutex;   // of what is below
  std::deque<std::string> questions;
  std::vector<std::pair<std::string, std::optional<DiskSpace>>> answers;
  unsigned threads = 0;
};

std::optional<DiskSpace> ask_kernel_for_disk(const std::string& path) {
  struct stat status {};
  struct statvfs space {};
  if (stat(path.c_str(), &status) != 0 || statvfs(path.c_str(), &space) != 0) return std::nullopt;
  return DiskSpace{.device = status.st_dev,
                   .total = space.f_blocks * space.f_frsize,
                   .used = (space.f_blocks - space.f_bfree) * space.f_frsize,
                   .available = space.f_bavail * space.f_frsize};
}

DiskUsage::DiskUsage(EventLoop& loop, AskDisk ask, std::chrono::milliseconds fresh)
    : fresh_(fresh), desk_(std::make_shared<Desk>()) {
  desk_->ask = std::move(ask);
  desk_->answered.reset(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!desk_->answered.valid()) throw std::runtime_error("eventfd");
  on_answer_ = loop.watch(desk_->answered.get(), EPOLLIN, [this](uint32_t) { take_answers(); });
}

DiskUsage::~DiskUsage() {
  std::lock_guard lock(desk_->mutex);
  desk_->questions.clear();
}

void DiskUsage::answer_questions(const std::shared_ptr<Desk>& desk) {
  std::unique_lock lock(desk->mutex);
  while (!desk->questions.empty()) {
    auto path = std::move(desk->questions.front());
    desk->questions.pop_front();
    lock.unlock();
    auto space = desk->ask(path);
    lock.lock();
    desk->answers.emplace_back(std::move(path), space);
    eventfd_write(desk->answered.get(), 1);
  }
  --desk->threads;
}

void DiskUsage::ask(const std::string& path) {
  if (!open_.insert(path).second) return;
  std::lock_guard lock(desk_->mutex);
  desk_->questions.push_back(path);
  if (desk_->threads == kMostThreads) return;
  try {
    start_thread([desk = desk_] { answer_questions(desk); }).detach();
    ++desk_->threads;
  } catch (const std::system_error& error) {
    log(LogLevel::kWarning, std::string("cannot ask how full disks are: ") + error.what());
    desk_->questions.pop_back();
    open_.erase(path);
  }
}

Task<void> DiskUsage::look_at(std::vector<std::string> paths) {
  auto now = Clock::now();
  for (const auto& path : paths) {
    auto known = known_.find(path);
    if (known == known_.end() || now - known->second.when > fresh_) ask(path);
  }
  auto is_open = [this](const std::string& path) { return open_.contains(path); };
  while (std::any_of(paths.begin(), paths.end(), is_open)) {
    auto news = news_;
    co_await *news;
  }
}

std::optional<DiskSpace> DiskUsage::space_of(const std::string& path) const {
  auto known = known_.find(path);
  if (known == known_.end() || Clock::now() - known->second.when > 2 * fresh_) return std::nullopt;
  return known->second.space;
}

void DiskUsage::take_answers() {
  eventfd_t count = 0;
  eventfd_read(desk_->answered.get(), &count);
  std::vector<std::pair<std::string, std::optional<DiskSpace>>> answers;
  {
    std::lock_guard lock(desk_->mutex);
    answers.swap(desk_->answers);
  }
  for (auto& [path, space] : answers) {
    known_[path] = {space, Clock::now()};
    open_.erase(path);
  }
  auto told = std::exchange(news_, std::make_shared<Shared<bool>>());
  told->set(true);
}

}  // namespace labgpu
