// The environment of a command: NAME=VALUE texts, where a later one replaces an earlier one.
#pragma once

#include <stddef.h>

#include <span>
#include <string_view>

namespace labgpu {

// About 300 KiB, so made static by its user. Not thread-safe. Values are copied in.
class Environment {
 public:
  // False when the name is empty or has a '=', or when there is no room left; nothing changes then.
  bool set(std::string_view name, std::string_view value);
  // The same for "NAME=VALUE".
  bool set(std::string_view assignment);
  [[nodiscard]] bool has(std::string_view name) const;
  // As execve(2) takes it; valid until the next set().
  [[nodiscard]] char* const* pointers() { return variables_; }

 private:
  static constexpr size_t kMaxVariables = 1024;
  static constexpr size_t kMaxBytes = size_t{256} * 1024;
  [[nodiscard]] size_t find(std::string_view name) const;

  char* variables_[kMaxVariables + 1] = {};
  size_t count_ = 0;
  char bytes_[kMaxBytes];
  size_t used_ = 0;
};

// Adds what init's own environment says: the image's ENV and what Docker was told to set. Left out
// is what Docker or a shell sets for one process and not for the container, and what belongs to
// root.
void add_image_environment(char* const* own, Environment& out);

// Adds what the text of an /etc/environment says, in the format of pam_env(8): NAME=VALUE or
// `export NAME=VALUE`, '#' begins a comment, one pair of quotes around the value is dropped. PATH
// is left alone when the image has one: Ubuntu's file has a PATH that knows nothing of CUDA's.
void add_environment_file(std::string_view text, Environment& out);

}  // namespace labgpu
