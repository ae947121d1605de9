// One file that `labgpu setup` edits and `labgpu setup --undo` gives back byte for byte.
//
// What the file was and what it became are kept in a directory of their own, written before the
// edit. As long as the file is what setup made it, undo restores the saved bytes. When the
// administrator has edited it since, undo only takes labgpu's part out, and the rest stays as it
// is.
#pragma once

#include <functional>
#include <string>
#include <utility>

#include "cli/result.h"
#include "cli/setup/saved_texts.h"
#include "cli/setup/text_file.h"

namespace labgpu {

// How one kind of file is edited. Without effects; edit(edit(x)) == edit(x), and strip() undoes
// what edit() put in, up to bytes that only the saved text can tell (a missing final newline).
struct Edit {
  std::function<Text(const Text&)> edit;
  std::function<Text(const Text&)> strip;
};

class EditedFile {
 public:
  // `saved` is the path prefix of the saved texts.
  EditedFile(std::string path, std::string saved, Edit edit)
      : path_(std::move(path)), saved_(std::move(saved)), edit_(std::move(edit)) {}

  // Reads everything. Call it first, once.
  Result<void> load();

  [[nodiscard]] const std::string& path() const { return path_; }
  // What the file was at load().
  [[nodiscard]] const Text& current() const { return current_; }
  // What apply() makes of it; equal to current() when it is set up already.
  [[nodiscard]] const Text& wanted() const { return wanted_; }
  // What undo() makes of it.
  [[nodiscard]] const Text& original() const { return original_; }

  // Saves, then edits.
  Result<void> apply();
  // Gives the file back and drops what was saved.
  Result<void> undo();
  // All as it was at load(), also after an apply() that failed half-way.
  Result<void> roll_back();

 private:
  std::string path_;
  std::string saved_;
  Edit edit_;
  SavedTexts at_load_;
  Text current_;
  Text wanted_;
  Text original_;
  bool applied_ = false;
};

}  // namespace labgpu
