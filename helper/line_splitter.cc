// A stream of bytes, cut into lines.
#include "helper/line_splitter.h"

#include <utility>

namespace labgpu {

bool LineSplitter::feed(std::string_view piece,
                        const std::function<void(std::string_view)>& on_line) {
  for (;;) {
    size_t end = piece.find('\n');
    if (end == std::string_view::npos) break;
    begun_.append(piece.substr(0, end));
    piece.remove_prefix(end + 1);
    std::string line = std::exchange(begun_, {});
    if (!line.empty()) on_line(line);
  }
  begun_.append(piece);
  return begun_.size() <= kMaxLine;
}

}  // namespace labgpu
