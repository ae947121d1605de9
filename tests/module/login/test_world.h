// What every login test stands on: a mount namespace of its own, and small helpers for files.
#pragma once

#include <sys/types.h>

#include <string>

namespace labgpu::login_test {

// The account of every test.
inline constexpr char kUser[] = "alice";
inline constexpr uid_t kUid = 20001;
inline constexpr char kHome[] = "/home/alice";

// Where the built programs are found by any user: copies, since a build folder may be private.
std::string session_program();
std::string init_program();

std::string read_file(const std::string& path);
void write_file(const std::string& path, const std::string& content, mode_t mode = 0644);
bool exists(const std::string& path);

// Calls `condition` until it holds; false after `seconds`.
template <typename Condition>
bool eventually(Condition condition, int seconds = 10);
void pause_ms(int milliseconds);
// How many processes of kUid are in the mount namespace of these tests.
int processes_of_user();

template <typename Condition>
bool eventually(Condition condition, int seconds) {
  constexpr int kStepMs = 5;
  for (int waited = 0; waited <= seconds * 1000; waited += kStepMs) {
    if (condition()) return true;
    pause_ms(kStepMs);
  }
  return false;
}

}  // namespace labgpu::login_test
