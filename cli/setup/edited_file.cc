// One file that `labgpu setup` edits and `labgpu setup --undo` gives back.
#include "cli/setup/edited_file.h"

namespace labgpu {

Result<void> EditedFile::load() {
  struct {
    std::string path;
    Text& into;
  } reads[] = {{saved_ + ".before", at_load_.before},
               {saved_ + ".after", at_load_.after},
               {path_, current_}};
  for (auto& read : reads) {
    auto text = read_text(read.path);
    if (!text) return Failed(text.error());
    read.into = std::move(*text);
  }
  bool untouched = at_load_.after.has_value() && current_ == at_load_.after;
  original_ = untouched ? at_load_.before : edit_.strip(current_);
  wanted_ = edit_.edit(untouched ? original_ : current_);
  return {};
}

// `after` is written last and removed first, so that a crash leaves no pair that does not belong
// together: without it nothing is taken as saved.
Result<void> EditedFile::save(const Saved& saved) {
  auto done = write_text(saved_ + ".after", std::nullopt);
  if (done) done = write_text(saved_ + ".before", saved.before);
  if (done && saved.after) done = write_text(saved_ + ".after", saved.after);
  return done;
}

Result<void> EditedFile::apply() {
  if (wanted_ == current_) return {};
  applied_ = true;
  auto done = save({original_, wanted_});
  if (done) done = write_text(path_, wanted_);
  return done;
}

Result<void> EditedFile::undo() {
  if (current_ != original_) {
    auto done = write_text(path_, original_);
    if (!done) return done;
  }
  return save({});
}

Result<void> EditedFile::roll_back() {
  if (!applied_) return {};
  auto done = write_text(path_, current_);
  if (done) done = save(at_load_);
  return done;
}

}  // namespace labgpu
