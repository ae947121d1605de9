// GPUs by number or name, and the three ways in which Docker takes them.
#include "helper/setting_gpus.h"

#include <algorithm>

#include "common/parse.h"
#include "helper/text_list.h"

namespace labgpu {

using nlohmann::json;

namespace {

using Kind = GpuChoice::Kind;

constexpr std::string_view kCountPrefix = "count:";
constexpr uint32_t kMostGpus = 128;  // far more than a server has

Failed not_gpus(std::string_view text) {
  return fail(ErrorCode::kInvalid,
              "\"" + std::string(text) +
                  "\" must be auto, all, none, count:N for the first N GPUs, or GPUs with commas "
                  "between: indexes (0,1), UUIDs (GPU-...) or MIG devices (0:1, MIG-...)");
}

bool is_index(std::string_view text) {
  uint32_t index = 0;
  return parse_u32(text, index) && index < kMostGpus;
}

// As nvidia-smi -L shows them; before the driver 470 a MIG device was "MIG-GPU-UUID/1/0".
bool is_uuid(std::string_view text) {
  if (!has_prefix(text, "GPU-") && !has_prefix(text, "MIG-")) return false;
  constexpr size_t kLongest = 64;
  return text.size() > 4 && text.size() <= kLongest &&
         text.find_first_not_of("0123456789abcdefABCDEFGPU-/", 4) == std::string_view::npos;
}

bool is_device(std::string_view text) {
  auto colon = text.find(':');
  if (colon == std::string_view::npos) return is_index(text) || is_uuid(text);
  return is_index(text.substr(0, colon)) && is_index(text.substr(colon + 1));
}

// The devices as NVIDIA's toolkit names them in NVIDIA_VISIBLE_DEVICES and in its CDI
// specifications. A count is the first ones, as in Docker (moby, daemon/nvidia_linux.go).
std::vector<std::string> device_names(const GpuChoice& gpus) {
  if (gpus.kind == Kind::kDevices) return gpus.devices;
  if (gpus.kind != Kind::kCount) return {"all"};
  std::vector<std::string> names;
  for (uint32_t index = 0; index < gpus.count; ++index) names.push_back(std::to_string(index));
  return names;
}

json device_request(const GpuChoice& gpus) {
  json request = {{"Capabilities", json::array({json::array({"gpu"})})}};
  if (gpus.kind == Kind::kDevices) {
    request["DeviceIDs"] = gpus.devices;
  } else {
    request["Count"] = gpus.kind == Kind::kCount ? static_cast<int64_t>(gpus.count) : -1;
  }
  return request;
}

json cdi_request(const GpuChoice& gpus) {
  json names = json::array();
  for (const auto& name : device_names(gpus)) names.push_back("nvidia.com/gpu=" + name);
  return {{"Driver", "cdi"}, {"DeviceIDs", names}};
}

}  // namespace

Result<GpuChoice> parse_gpus(std::string_view text) {
  GpuChoice gpus;
  if (text == "auto") return gpus;
  if (text == "none" || text == "all") {
    gpus.kind = text == "none" ? Kind::kNone : Kind::kAll;
    return gpus;
  }
  if (has_prefix(text, kCountPrefix)) {
    gpus.kind = Kind::kCount;
    bool right = parse_u32(text.substr(kCountPrefix.size()), gpus.count);
    if (!right || gpus.count == 0 || gpus.count > kMostGpus) return not_gpus(text);
    return gpus;
  }
  gpus.kind = Kind::kDevices;
  for (auto part : split(text, ',')) {
    if (!is_device(part)) return not_gpus(text);
    if (std::find(gpus.devices.begin(), gpus.devices.end(), part) != gpus.devices.end()) {
      return fail(ErrorCode::kInvalid, "has " + std::string(part) + " twice");
    }
    gpus.devices.emplace_back(part);
  }
  return gpus;
}

std::string to_text(const GpuChoice& gpus) {
  switch (gpus.kind) {
    case Kind::kAuto:
      return "auto";
    case Kind::kNone:
      return "none";
    case Kind::kAll:
      return "all";
    case Kind::kCount:
      return std::string(kCountPrefix) + std::to_string(gpus.count);
    case Kind::kDevices:
      break;
  }
  return join(gpus.devices, ",");
}

std::string_view to_text(GpuAccess access) {
  switch (access) {
    case GpuAccess::kCdi:
      return "cdi";
    case GpuAccess::kDeviceRequest:
      return "device-request";
    case GpuAccess::kRuntime:
      return "runtime";
    case GpuAccess::kNone:
      break;
  }
  return "none";
}

GpuAccess access_for(const GpuChoice& gpus, GpuAccess access) {
  return gpus.kind == Kind::kNone ? GpuAccess::kNone : access;
}

void put_gpus(const GpuChoice& gpus, GpuAccess offered, json& body) {
  json& host = body["HostConfig"];
  json& environment = body["Env"];
  GpuAccess access = access_for(gpus, offered);
  // Said in every case: images of NVIDIA's set it to "all", and where "nvidia" is Docker's default
  // runtime that alone gives a container all GPUs. "void" leaves everything to others; the CDI
  // specifications of NVIDIA's toolkit say the same.
  std::string visible = "void";
  switch (access) {
    case GpuAccess::kNone:
      break;
    case GpuAccess::kCdi:
      host["DeviceRequests"] = json::array({cdi_request(gpus)});
      break;
    case GpuAccess::kDeviceRequest:
      host["DeviceRequests"] = json::array({device_request(gpus)});
      visible = join(device_names(gpus), ",");
      break;
    case GpuAccess::kRuntime:
      host["Runtime"] = "nvidia";
      visible = join(device_names(gpus), ",");
      break;
  }
  environment.push_back("NVIDIA_VISIBLE_DEVICES=" + visible);
  // Images that are not NVIDIA's own do not say what of the driver they want; without this the
  // toolkit gives them no CUDA.
  if (visible != "void") environment.push_back("NVIDIA_DRIVER_CAPABILITIES=all");
}

}  // namespace labgpu
