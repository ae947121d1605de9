// One file that `labgpu setup` edits and `labgpu setup --undo` gives back.
#include "cli/setup/edited_file.h"

namespace labgpu {

Result<void> EditedFile::load() {
  auto saved = load_saved(saved_);
  if (!saved) return Failed(saved.error());
  at_load_ = std::move(*saved);
  auto text = read_text(path_);
  if (!text) return Failed(text.error());
  current_ = std::move(*text);
  bool untouched = at_load_.after.has_value() && current_ == at_load_.after;
  original_ = untouched ? at_load_.before : edit_.strip(current_);
  wanted_ = edit_.edit(untouched ? original_ : current_);
  return {};
}

Result<void> EditedFile::apply() {
  if (wanted_ == current_) return {};
  applied_ = true;
  auto done = store_saved(saved_, {original_, wanted_});
  if (done) done = write_text(path_, wanted_);
  return done;
}

Result<void> EditedFile::undo() {
  if (current_ != original_) {
    auto done = write_text(path_, original_);
    if (!done) return done;
  }
  return store_saved(saved_, {});
}

Result<void> EditedFile::roll_back() {
  if (!applied_) return {};
  auto done = write_text(path_, current_);
  if (done) done = store_saved(saved_, at_load_);
  return done;
}

}  // namespace labgpu
