// Names of images: what Docker leaves out, and which are labgpu's own.
#include "helper/image_name.h"

#include <algorithm>
#include <optional>

#include "helper/settings_values.h"
#include "helper/text_list.h"

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

bool is_word_character(char c) { return is_alphanumeric(c) || c == '_'; }

template <typename Character>
bool has_only(std::string_view text, Character is_one) {
  return std::all_of(text.begin(), text.end(), is_one);
}

// What follows the last `mark`, taken off `text`.
std::optional<std::string_view> take_after_last(std::string_view& text, char mark) {
  auto at = text.rfind(mark);
  if (at == std::string_view::npos) return std::nullopt;
  auto after = text.substr(at + 1);
  text = text.substr(0, at);
  return after;
}

// What a name consists of, by the grammar of github.com/distribution/reference, regexp.go.

// A registry's host, and its port.
bool is_registry(std::string_view text) {
  auto port = take_after_last(text, ':');
  if (port && (port->empty() || !has_only(*port, [](char c) { return c >= '0' && c <= '9'; }))) {
    return false;
  }
  auto labels = split(text, '.');
  return std::all_of(labels.begin(), labels.end(), is_host_label);
}

// normalize.go, splitDockerDomain(): anything else before the first slash is part of the path.
bool names_registry(std::string_view first) {
  return first == "localhost" || first.find_first_of(".:") != std::string_view::npos ||
         std::any_of(first.begin(), first.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

bool is_tag(std::string_view text) {
  constexpr size_t kLongest = 128;
  return !text.empty() && text.size() <= kLongest && is_word_character(text.front()) &&
         has_only(text, [](char c) { return is_word_character(c) || c == '.' || c == '-'; });
}

// Of the one algorithm that registries use.
bool is_digest(std::string_view text) {
  constexpr std::string_view kAlgorithm = "sha256:";
  constexpr size_t kDigits = 64;
  return drop_prefix(text, kAlgorithm) && text.size() == kDigits &&
         has_only(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
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

bool is_name_component(std::string_view name) {
  if (name.empty() || !is_lower_or_digit(name.front()) || !is_lower_or_digit(name.back())) {
    return false;
  }
  for (size_t at = 0; at < name.size();) {
    size_t end = at;
    while (end < name.size() && !is_lower_or_digit(name[end])) ++end;
    auto separator = name.substr(at, end - at);
    bool hyphens = separator.find_first_not_of('-') == std::string_view::npos;
    if (!hyphens && separator != "." && separator != "_" && separator != "__") return false;
    at = end + 1;
  }
  return true;
}

bool is_image_name(std::string_view image) {
  constexpr size_t kLongest = 255;
  if (is_digest(image)) return true;
  auto digest = take_after_last(image, '@');
  if (digest && !is_digest(*digest)) return false;
  // A colon before the last slash is that of a port.
  bool tagged = image.substr(image.rfind('/') + 1).find(':') != std::string_view::npos;
  auto tag = tagged ? take_after_last(image, ':') : std::nullopt;
  if ((tag && !is_tag(*tag)) || image.size() > kLongest) return false;
  auto parts = split(image, '/');
  auto path = parts.begin();
  if (parts.size() > 1 && names_registry(*path)) {
    if (!is_registry(*path)) return false;
    ++path;
  }
  return std::all_of(path, parts.end(), is_name_component);
}

bool is_made_here(std::string_view image) { return familiar_name(image).starts_with(kMadeHere); }

// moby, image/store.go: Search() takes any beginning, with or without the algorithm.
bool may_be_id(std::string_view image) {
  if (image.starts_with("sha256:")) return true;
  return image.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

std::string build_repository(const std::string& user, uint32_t uid) {
  return std::string(kBuilds) + (is_name_component(user) ? user : std::to_string(uid));
}

}  // namespace labgpu
