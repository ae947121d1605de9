// How far the pull of an image has come, from what Docker says about it.
//
// POST /images/create answers with a line of JSON per step of a layer:
// https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Image/operation/ImageCreate; the
// words of "status" are in moby's distribution/pull_v2.go and distribution/xfer/download.go.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "helper/error.h"

namespace labgpu {

// The sums over all layers.
struct PullState {
  uint32_t layers_done = 0;
  uint32_t layers = 0;
  bool unpacking = false;   // nothing is left to be downloaded
  uint64_t bytes_done = 0;  // downloaded, or unpacked while unpacking
  uint64_t bytes = 0;       // 0 until the size of every layer is known
  bool operator==(const PullState&) const = default;
};

class PullProgress {
 public:
  // An error when the line says that the pull failed (kUnavailable, with Docker's own words), or is
  // no line of such a stream (kInvalid). Words that are not known are passed over.
  Result<void> take_line(std::string_view line);
  [[nodiscard]] PullState state() const;

 private:
  struct Layer {
    uint64_t size = 0;  // compressed; 0 until Docker says it
    uint64_t downloaded = 0;
    uint64_t unpacked = 0;
    bool is_downloaded = false;
    bool is_done = false;
  };
  void take_step(const std::string& status, const std::string& layer, const nlohmann::json* detail);

  std::map<std::string, Layer> layers_;
};

}  // namespace labgpu
