// Methods of org.labgpu about the server's images.
#include <map>
#include <optional>
#include <utility>

#include "helper/account_settings.h"
#include "helper/admin_methods.h"
#include "helper/admin_replies.h"
#include "helper/image_name.h"
#include "helper/settings_values.h"

namespace labgpu {

namespace {

using nlohmann::json;

constexpr std::chrono::milliseconds kTelling = std::chrono::seconds(1);

// Who uses an image, and what Docker knows of it.
struct Use {
  std::optional<ImageDetails> details;
  bool is_default = false;
  std::vector<std::string> profiles;
  std::vector<std::string> users;
};

json image_reply(const std::string& name, const Use& use) {
  json reply = {{"name", name},
                {"isDefault", use.is_default},
                {"profiles", use.profiles},
                {"users", use.users}};
  if (!use.details) return reply;
  reply["id"] = use.details->id;
  reply["bytes"] = use.details->bytes;
  reply["createdUSec"] = use.details->created * 1000000;
  return reply;
}

json progress_reply(const PullState& state) {
  return {{"progress",
           {{"layers", state.layers},
            {"layersDone", state.layers_done},
            {"bytes", state.bytes},
            {"bytesDone", state.bytes_done},
            {"unpacking", state.unpacking}}}};
}

// Tells how far a pull is, once a second, as long as it lives.
class PullTelling {
 public:
  PullTelling(EventLoop& loop, const Images& images, const VarlinkCall& call, std::string image)
      : loop_(loop), images_(images), call_(call), image_(std::move(image)) {
    arm();
  }

 private:
  void arm() {
    timer_ = loop_.after(kTelling, [this] {
      if (auto state = images_.pull_state(image_)) call_.tell(progress_reply(*state));
      arm();
    });
  }
  EventLoop& loop_;
  const Images& images_;
  const VarlinkCall& call_;
  std::string image_;
  EventSource timer_;
};

// By every name that an image of Docker's has; what labgpu made is told also when nobody uses it.
void add_details(std::map<std::string, Use>& uses, const std::vector<ImageDetails>& images) {
  for (const auto& image : images) {
    for (const auto* names : {&image.names, &image.digests}) {
      for (const auto& name : *names) {
        auto use = uses.find(name);
        if (use == uses.end() && !(names == &image.names && is_made_here(name))) continue;
        uses[name].details = image;
      }
    }
  }
}

}  // namespace

std::vector<std::pair<std::string, std::string>> AdminMethods::images_of_accounts() const {
  std::vector<std::pair<std::string, std::string>> images;
  for (const auto& account : accounts_.list()) {
    auto settings = settings_of(config_, *account);
    images.emplace_back(account->name, settings ? settings->image : "");
  }
  return images;
}

Task<VarlinkReply> AdminMethods::list_images(const nlohmann::json& parameters) {
  JsonFields fields(parameters, "");
  auto image = fields.text("image");
  if (auto finished = finish(fields); !finished) co_return VarlinkFailed(finished.error());
  std::map<std::string, Use> uses;
  auto standard = config_.defaults.image.value_or(*standard_settings().image);
  uses[familiar_name(standard)].is_default = true;
  for (const auto& [name, layer] : config_.profiles) {
    if (layer.image) uses[familiar_name(*layer.image)].profiles.push_back(name);
  }
  for (const auto& [user, used] : images_of_accounts()) {
    if (!used.empty()) uses[familiar_name(used)].users.push_back(user);
  }
  if (image) {
    auto only = uses[familiar_name(*image)];
    uses = {{familiar_name(*image), std::move(only)}};
  }
  auto listing = images_.list();
  auto found = co_await listing;
  if (!found) co_return container_failed(found.error());
  add_details(uses, *found);
  auto replies = json::array();
  for (const auto& [name, use] : uses) {
    if (!image || name == familiar_name(*image)) replies.push_back(image_reply(name, use));
  }
  co_return json{{"images", std::move(replies)}};
}

Task<VarlinkReply> AdminMethods::pull_image(const VarlinkCall& call) {
  JsonFields fields(call.parameters, "");
  auto image = fields.required_text("image");
  if (auto finished = finish(fields); !finished) co_return VarlinkFailed(finished.error());
  if (auto right = parse_image(image); !right) co_return container_failed(right.error());
  PullTelling telling(loop_, images_, call, image);
  auto pulling = images_.pull(image);
  auto pulled = co_await pulling;
  if (!pulled) co_return container_failed(pulled.error());
  co_return json::object();
}

}  // namespace labgpu
