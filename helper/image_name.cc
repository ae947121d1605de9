// Names of images: what Docker leaves out, and which are labgpu's own.
#include "helper/image_name.h"

#include <algorithm>

namespace labgpu {

namespace {

constexpr std::string_view kMadeHere = "labgpu/";
constexpr std::string_view kBuilds = "labgpu/build/";

bool drop_prefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

bool is_lower_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

// A component of a name: [a-z0-9]+ with "_", "__" or hyphens between
// (github.com/distribution/reference, regexp.go; dots are in no account's name).
bool is_component(std::string_view name) {
  if (name.empty() || !is_lower_or_digit(name.front()) || !is_lower_or_digit(name.back())) {
    return false;
  }
  for (size_t at = 0; at < name.size();) {
    size_t end = at;
    while (end < name.size() && !is_lower_or_digit(name[end])) ++end;
    auto separator = name.substr(at, end - at);
    bool hyphens = separator.find_first_not_of('-') == std::string_view::npos;
    if (!hyphens && separator != "_" && separator != "__") return false;
    at = end + 1;
  }
  return true;
}

}  // namespace

// The prefixes as in github.com/distribution/reference, normalize.go.
std::string familiar_name(std::string_view image) {
  if (drop_prefix(image, "docker.io/") || drop_prefix(image, "index.docker.io/")) {
    bool of_library = std::count(image.begin(), image.end(), '/') == 1;
    if (of_library) drop_prefix(image, "library/");
  }
  std::string name(image);
  auto last = image.substr(image.rfind('/') + 1);
  if (last.find_first_of(":@") == std::string_view::npos) name += ":latest";
  return name;
}

bool is_made_here(std::string_view image) { return familiar_name(image).starts_with(kMadeHere); }

// moby, image/store.go: Search() takes any beginning, with or without the algorithm.
bool may_be_id(std::string_view image) {
  if (image.starts_with("sha256:")) return true;
  return image.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

std::string build_repository(const std::string& user, uint32_t uid) {
  return std::string(kBuilds) + (is_component(user) ? user : std::to_string(uid));
}

}  // namespace labgpu
