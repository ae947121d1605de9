// What a file was before `labgpu setup` changed it, and what it became.
#include "cli/setup/saved_texts.h"

#include <utility>

namespace labgpu {

Result<SavedTexts> load_saved(const std::string& prefix) {
  auto before = read_text(prefix + ".before");
  if (!before) return Failed(before.error());
  auto after = read_text(prefix + ".after");
  if (!after) return Failed(after.error());
  return SavedTexts{std::move(*before), std::move(*after)};
}

// `after` is written last and removed first, so that a crash leaves no pair that does not belong
// together.
Result<void> store_saved(const std::string& prefix, const SavedTexts& saved) {
  auto done = write_text(prefix + ".after", std::nullopt);
  if (done) done = write_text(prefix + ".before", saved.after ? saved.before : std::nullopt);
  if (done && saved.after) done = write_text(prefix + ".after", saved.after);
  return done;
}

}  // namespace labgpu
