// What a file was before `labgpu setup` changed it, and what it became: kept between runs, for
// undo.
#pragma once

#include <string>

#include "cli/setup/text_file.h"

namespace labgpu {

struct SavedTexts {
  Text before;  // nothing: there was no such file
  Text after;   // nothing: nothing is saved, whatever `before` is
};

// `prefix` is of two files' paths: PREFIX.before, PREFIX.after.
Result<SavedTexts> load_saved(const std::string& prefix);
// Without `after` both are removed.
Result<void> store_saved(const std::string& prefix, const SavedTexts& saved);

}  // namespace labgpu
