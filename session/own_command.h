// Commands that are labgpu's own: `ssh alice@host labgpu status` is carried out on the server and
// never reaches the container, nor a shell.
#pragma once

#include <stddef.h>

#include <string_view>

#include "common/text_buffer.h"

namespace labgpu {

// Is the first word exactly `labgpu`? Also when something follows it that only a shell could make
// something of, as in "labgpu;id": what begins like a command of labgpu's is taken for a bad one
// and not passed on.
[[nodiscard]] bool is_own_command(std::string_view command);

// The words of a command, as execve(2) wants them.
class CommandWords {
 public:
  static constexpr size_t kMostWords = 64;
  static constexpr size_t kLongest = 4096;

  // Takes `command` apart at its blanks. Quotes ('...', "...") and backslashes keep a word together
  // as in a shell; whatever else a shell gives a meaning to is refused, and so are control
  // characters. Returns nullptr, or a sentence for the user that says what is wrong.
  [[nodiscard]] const char* split(std::string_view command);

  // Replaces the first word.
  void set_program(const char* path) { words_[0] = path; }
  [[nodiscard]] size_t count() const { return count_; }
  // Ends with a null pointer. Borrows from this object.
  [[nodiscard]] const char* const* words() const { return words_; }

 private:
  [[nodiscard]] const char* take_word(std::string_view& rest);
  void add(char c) { text_.add(std::string_view(&c, 1)); }

  TextBuffer<kLongest> text_;
  const char* words_[kMostWords + 1] = {};
  size_t count_ = 0;
};

}  // namespace labgpu
