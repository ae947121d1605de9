// Docker's lines about a pull, read and summed up.
#include "helper/pull_progress.h"

#include <algorithm>

#include "helper/docker_json.h"

namespace labgpu {

using nlohmann::json;

namespace {

constexpr char kWhat[] = "a line of Docker's about a pull";
// Above what any image has (Docker allows 127 layers), and sums of such sizes fit into 64 bits.
constexpr size_t kMostLayers = 1000;
constexpr uint64_t kLargestLayer = uint64_t{1} << 50;

// Only shown to people: what is not a number, or none that a size can be, counts as not said.
uint64_t size_in(const json* detail, const char* key) {
  if (detail == nullptr) return 0;
  auto found = detail->find(key);
  if (found == detail->end() || !found->is_number_unsigned()) return 0;
  return std::min(found->get<uint64_t>(), kLargestLayer);
}

bool is_step(std::string_view status) {
  constexpr std::string_view kSteps[] = {"Pulling fs layer",   "Waiting",           "Downloading",
                                         "Verifying Checksum", "Download complete", "Extracting",
                                         "Pull complete",      "Already exists"};
  return std::find(std::begin(kSteps), std::end(kSteps), status) != std::end(kSteps);
}

}  // namespace

Result<void> PullProgress::take_line(std::string_view line) {
  Result<json> parsed = parse_docker_json(line, kWhat);
  if (!parsed) return Failed(parsed.error());
  std::string error;
  std::string status;
  std::string id;
  DockerFields fields(*parsed, kWhat);
  // "error" is the same text, for clients from before 2013; newer engines may leave it out.
  fields.sentence("error", error).sentence("errorDetail.message", error);
  fields.optional_text("status", status).optional_text("id", id);
  const json* detail = fields.optional_object("progressDetail");
  if (!fields.result()) return fields.result();
  if (!error.empty()) return fail(ErrorCode::kUnavailable, error);
  // "Pulling from NAME" has an id too, the tag.
  if (!id.empty() && is_step(status)) take_step(status, id, detail);
  return {};
}

void PullProgress::take_step(const std::string& status, const std::string& id, const json* detail) {
  if (id.size() > kLongestId) return;
  if (layers_.size() >= kMostLayers && !layers_.contains(id)) return;
  Layer& layer = layers_[id];
  uint64_t current = size_in(detail, "current");
  uint64_t total = size_in(detail, "total");
  if (status == "Downloading") {
    layer.size = std::max(total, layer.size);
    layer.downloaded = current;  // fewer than before after a lost connection
  } else if (status == "Download complete" || status == "Verifying Checksum") {
    layer.is_downloaded = true;
  } else if (status == "Extracting") {
    layer.size = std::max(total, layer.size);
    layer.unpacked = current;
    layer.is_downloaded = true;
  } else if (status == "Pull complete" || status == "Already exists") {
    layer.is_downloaded = layer.is_done = true;
  }
}

PullState PullProgress::state() const {
  PullState state;
  state.layers = static_cast<uint32_t>(layers_.size());
  state.unpacking = !layers_.empty();
  uint64_t downloaded = 0;
  uint64_t unpacked = 0;
  bool all_known = true;
  for (const auto& [id, layer] : layers_) {
    if (layer.is_done) ++state.layers_done;
    if (!layer.is_downloaded) state.unpacking = false;
    // A small layer is there before Docker has said its size.
    if (layer.size == 0 && !layer.is_downloaded) all_known = false;
    state.bytes += layer.size;
    downloaded += layer.is_downloaded ? layer.size : std::min(layer.downloaded, layer.size);
    unpacked += layer.is_done ? layer.size : std::min(layer.unpacked, layer.size);
  }
  state.bytes_done = state.unpacking ? unpacked : downloaded;
  if (!all_known) state.bytes = 0;
  return state;
}

}  // namespace labgpu
