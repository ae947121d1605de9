// An index that is replaced a thousand times under 64 threads and 64 processes: no wrong answer.
#include <errno.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <charconv>
#include <new>
#include <string>
#include <thread>
#include <vector>

#include "tests/module/nss/fixture.h"

namespace labgpu {
namespace {

#ifdef __SANITIZE_ADDRESS__
constexpr int kReplacements =
    100;  // each takes many times as long, and memory is used the same way
#else
constexpr int kReplacements = 1000;
#endif
constexpr int kThreads = 64;
constexpr int kProcesses = 64;

// Which version of the index is in place; in memory that forked processes share. Version n has been
// begun, but n-1 may still be there, when begun = n and done = n - 1.
struct Shared {
  std::atomic<int> begun = 0;
  std::atomic<int> done = 0;
  std::atomic<bool> stop = false;
  std::atomic<long> look_ups = 0;
  std::atomic<long> settled = 0;  // look-ups during which only one version was there
  std::atomic<long> mistakes = 0;
};

// Version n: alice and bob always, alice's real name says n; carol in the even ones alone.
std::vector<Account> version(int n) {
  Account alice = test::account("alice", 20001);
  alice.real_name = std::to_string(n);
  std::vector<Account> accounts{alice, test::account("bob", 20002)};
  if (n % 2 == 0) accounts.push_back(test::account("carol", 20003));
  for (uint32_t i = 0; i < 20; ++i) {
    accounts.push_back(test::account("u" + std::to_string(i), 20010 + i));
  }
  return accounts;
}

// Asks everything there is to ask, again and again, and notes what cannot have been so. run() uses
// no heap: in a process that was forked while other threads used it, AddressSanitizer's is locked
// for ever (GCC 12; glibc's own is not).
class Reader {
 public:
  Reader(const test::NssModule& module, Shared& shared)
      : module_(module),
        shared_(shared),
        groups_(static_cast<gid_t*>(calloc(kGroups, sizeof(gid_t)))) {}
  ~Reader() { free(groups_); }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  void run() {
    // Readers only get the time that the writer leaves them.
    setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), 19);
    while (!shared_.stop) {
      ask_for_alice();
      ask_for_carol();
      passwd entry{};
      expect(module_.getpwuid_r(20002, &entry, buffer_, sizeof buffer_, &error_) ==
                 NSS_STATUS_SUCCESS &&
             std::string_view(entry.pw_name) == "bob");
      expect_absent(module_.getpwnam_r("nobody-ever", &entry, buffer_, sizeof buffer_, &error_));
      expect_absent(module_.getpwuid_r(29999, &entry, buffer_, sizeof buffer_, &error_));
      expect(groups_of("alice") == NSS_STATUS_SUCCESS);
      expect_absent(groups_of("nobody-ever"));
    }
  }

 private:
  void expect(bool right) {
    ++shared_.look_ups;
    if (!right) ++shared_.mistakes;
  }
  void expect_absent(nss_status status) {
    expect(status == NSS_STATUS_NOTFOUND && error_ == ENOENT);
  }

  // The answer is of a version that was there between the question and the answer.
  void ask_for_alice() {
    const int oldest = shared_.done;
    passwd entry{};
    nss_status status = module_.getpwnam_r("alice", &entry, buffer_, sizeof buffer_, &error_);
    const int newest = shared_.begun;
    int n = -1;
    if (status == NSS_STATUS_SUCCESS && entry.pw_uid == 20001) {
      std::from_chars(entry.pw_gecos, entry.pw_gecos + strlen(entry.pw_gecos), n);
    }
    expect(oldest <= n && n <= newest);
  }

  // Comes and goes: what was remembered of her absence must not outlive it.
  void ask_for_carol() {
    const int oldest = shared_.done;
    passwd entry{};
    bool by_name =
        module_.getpwnam_r("carol", &entry, buffer_, sizeof buffer_, &error_) == NSS_STATUS_SUCCESS;
    bool by_uid =
        module_.getpwuid_r(20003, &entry, buffer_, sizeof buffer_, &error_) == NSS_STATUS_SUCCESS;
    bool in_group = groups_of("carol") == NSS_STATUS_SUCCESS;
    const int newest = shared_.begun;
    if (oldest != newest) return;
    ++shared_.settled;
    const bool there = newest % 2 == 0;
    expect(by_name == there && by_uid == there && in_group == there);
  }

  nss_status groups_of(const char* user) {
    long start = 0;
    long size = kGroups;
    nss_status status = module_.initgroups_dyn(user, 1, &start, &size, &groups_, 0, &error_);
    if (status == NSS_STATUS_SUCCESS) expect(start == 1 && groups_[0] == test::kGroup);
    return status;
  }

  static constexpr long kGroups = 4;
  const test::NssModule& module_;
  Shared& shared_;
  gid_t* groups_;  // malloc's, as initgroups_dyn wants it
  char buffer_[1024] = {};
  int error_ = 0;
};

class Replacement : public test::NssTest {
 protected:
  Replacement() {
    void* memory =
        mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) throw std::bad_alloc();
    shared_ = new (memory) Shared;
  }
  ~Replacement() override {
    stop();
    munmap(shared_, sizeof(Shared));
  }

  void put_in_place(int n) {
    shared_->begun = n;
    ASSERT_NO_FATAL_FAILURE(write_index_of(version(n)));
    shared_->done = n;
  }
  // In the middle of the threads' look-ups, when these are there.
  void start_process() {
    Reader reader(module_, *shared_);
    pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      alarm(300);  // a lock that nobody ever releases would show as death by SIGALRM
      reader.run();
      _exit(0);
    }
    processes_.push_back(child);
  }
  void stop() {
    shared_->stop = true;
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
    for (pid_t process : processes_) {
      int status = 0;
      EXPECT_EQ(waitpid(process, &status, 0), process);
      EXPECT_TRUE(WIFEXITED(status)) << "signal " << WTERMSIG(status);
    }
    processes_.clear();
  }

  Shared* shared_ = nullptr;
  std::vector<std::thread> threads_;
  std::vector<pid_t> processes_;
};

TEST_F(Replacement, EveryAnswerIsRight) {
  ASSERT_NO_FATAL_FAILURE(put_in_place(0));
  for (int i = 0; i < kThreads; ++i) {
    threads_.emplace_back([this] { Reader(module_, *shared_).run(); });
  }
  for (int n = 1; n <= kReplacements; ++n) {
    if (n <= kProcesses) {
      ASSERT_NO_FATAL_FAILURE(start_process());
    }
    ASSERT_NO_FATAL_FAILURE(put_in_place(n));
    const long before = shared_->settled;
    while (shared_->settled < before + 10) usleep(100);
  }
  stop();
  EXPECT_EQ(shared_->mistakes, 0);
  RecordProperty("look_ups", std::to_string(shared_->look_ups));
  RecordProperty("settled", std::to_string(shared_->settled));
}

}  // namespace
}  // namespace labgpu
