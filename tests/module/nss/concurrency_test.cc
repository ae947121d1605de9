// Threads that share a walk, children forked in the middle of it, threads that are cancelled.
#include <errno.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "tests/module/nss/fixture.h"
#include "tests/support/temporary_directory.h"

namespace labgpu {
namespace {

class Concurrency : public test::NssTest {
 protected:
  // Starts threads that call `work` over and over until the end of the test.
  template <typename Work>
  void keep_doing(int count, Work work) {
    for (int i = 0; i < count; ++i) {
      threads_.emplace_back([this, work] {
        while (!stop_) work();
      });
    }
  }
  void join() {
    stop_ = true;
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }
  ~Concurrency() override { join(); }

  // A look-up of alice, who is in every index of these tests: it must always be right.
  void look_up_alice() {
    char buffer[1024];
    passwd entry{};
    int error = 0;
    nss_status status = module_.getpwnam_r("alice", &entry, buffer, sizeof buffer, &error);
    ++look_ups_;
    if (status != NSS_STATUS_SUCCESS || std::string_view(entry.pw_name) != "alice" ||
        entry.pw_uid != 20001) {
      ++mistakes_;
    }
  }

  std::atomic<bool> stop_ = false;
  std::atomic<int> look_ups_ = 0;
  std::atomic<int> mistakes_ = 0;
  std::vector<std::thread> threads_;
};

TEST_F(Concurrency, ThreadsThatShareAWalkNeverWaitAndNeverGetTwice) {
  std::vector<Account> accounts;
  for (uint32_t i = 1; i <= 200; ++i) {
    accounts.push_back(test::account("u" + std::to_string(i), 20000 + i));
  }
  ASSERT_NO_FATAL_FAILURE(write_index_of(accounts));
  module_.setpwent(0);
  std::vector<std::atomic<int>> seen(201);
  std::atomic<int> ends = 0;
  std::vector<std::thread> walkers;
  walkers.reserve(4);
  for (int i = 0; i < 4; ++i) {
    walkers.emplace_back([&] {
      char buffer[1024];
      passwd entry{};
      int error = 0;
      for (;;) {
        nss_status status = module_.getpwent_r(&entry, buffer, sizeof buffer, &error);
        if (status == NSS_STATUS_TRYAGAIN && error == EAGAIN) continue;  // another thread is inside
        if (status != NSS_STATUS_SUCCESS) break;
        ++seen[entry.pw_uid - 20000];
      }
      ++ends;
    });
  }
  for (std::thread& walker : walkers) walker.join();
  EXPECT_EQ(ends, 4);
  for (uint32_t i = 1; i <= 200; ++i) EXPECT_EQ(seen[i], 1) << i;
}

// In a forked child: everything works, whatever the other threads of the parent were doing.
int check_in_child(const test::NssModule& module) {
  char buffer[1024];
  passwd entry{};
  int error = 0;
  alarm(30);  // a lock that nobody will ever release would show as death by SIGALRM
  if (module.getpwnam_r("alice", &entry, buffer, sizeof buffer, &error) != NSS_STATUS_SUCCESS)
    return 1;
  if (module.setpwent(0) != NSS_STATUS_SUCCESS) return 2;
  int count = 0;
  nss_status status = NSS_STATUS_SUCCESS;
  while ((status = module.getpwent_r(&entry, buffer, sizeof buffer, &error)) ==
         NSS_STATUS_SUCCESS) {
    ++count;
  }
  if (status != NSS_STATUS_NOTFOUND) return 3;
  return count == 3 ? 0 : 4;
}

TEST_F(Concurrency, ForkedChildrenAreNotHeldUp) {
  keep_doing(2, [this] { look_up_alice(); });
  keep_doing(2, [this] {
    char buffer[1024];
    passwd entry{};
    int error = 0;
    if (module_.getpwent_r(&entry, buffer, sizeof buffer, &error) == NSS_STATUS_NOTFOUND) {
      (void)module_.setpwent(0);
    }
  });
  for (int i = 0; i < 200; ++i) {
    pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) _exit(check_in_child(module_));
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFEXITED(status)) << "signal " << WTERMSIG(status);
    ASSERT_EQ(WEXITSTATUS(status), 0);
  }
  join();
  EXPECT_EQ(mistakes_, 0);
}

TEST_F(Concurrency, ACancelledThreadLeavesNoDescriptor) {
  const size_t before = test::open_descriptors();
  for (int i = 0; i < 50; ++i) {
    const int begun = look_ups_;
    std::thread thread([this] {
      for (;;) {
        look_up_alice();
        pthread_testcancel();
      }
    });
    while (look_ups_ == begun) std::this_thread::yield();
    ASSERT_EQ(pthread_cancel(thread.native_handle()), 0);
    thread.join();
  }
  EXPECT_EQ(test::open_descriptors(), before);
  EXPECT_EQ(mistakes_, 0);
}

}  // namespace
}  // namespace labgpu
