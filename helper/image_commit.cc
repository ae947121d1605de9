// What an image made of a container says of itself, and the making of it.
#include "helper/image_commit.h"

#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "helper/container_spec.h"

namespace labgpu {

using nlohmann::json;

namespace {

std::string name_of_variable(const std::string& variable) {
  return variable.substr(0, variable.find('='));
}

// The texts of a list that may be absent, null or of other things.
std::vector<std::string> texts_at(const json& configuration, const char* key) {
  std::vector<std::string> texts;
  auto list = configuration.find(key);
  if (list == configuration.end() || !list->is_array()) return texts;
  for (const json& item : *list) {
    if (item.is_string()) texts.push_back(item.get<std::string>());
  }
  return texts;
}

json committed_environment(const json& container, const json& image) {
  std::vector<std::string> environment = texts_at(image, "Env");
  std::set<std::string> known;
  for (const std::string& variable : environment) known.insert(name_of_variable(variable));
  for (const std::string& variable : texts_at(container, "Env")) {
    std::string name = name_of_variable(variable);
    if (known.insert(name).second) environment.push_back(std::move(name));
  }
  return environment;
}

json committed_labels(const json& container, const json& image, const ImageLabels& labels) {
  json all = json::object();
  if (auto own = image.find("Labels"); own != image.end() && own->is_object()) all = *own;
  if (auto given = container.find("Labels"); given != container.end() && given->is_object()) {
    for (const auto& entry : given->items()) {
      if (entry.key().starts_with(kOwnLabels)) all[entry.key()] = "";
    }
  }
  for (const auto& [key, value] : labels) all[key] = value;
  return all;
}

bool is_empty(const json& configuration, const char* key) {
  auto value = configuration.find(key);
  if (value == configuration.end() || value->empty()) return true;
  return value->is_string() && value->get_ref<const std::string&>().empty();
}

}  // namespace

json committed_configuration(const json& container, const json& image, const ImageLabels& labels) {
  json configuration = image;
  for (const char* of_one_container : {"Hostname", "Domainname", "Image"}) {
    configuration.erase(of_one_container);
  }
  configuration["Env"] = committed_environment(container, image);
  configuration["Labels"] = committed_labels(container, image, labels);
  // An absent list would be the container's, an empty one is none.
  for (const char* list : {"Entrypoint", "Cmd"}) {
    if (is_empty(configuration, list)) configuration[list] = json::array();
  }
  // The same user as none, and not the container's.
  if (is_empty(configuration, "User")) configuration["User"] = "0";
  return configuration;
}

Result<void> check_has_no_volumes(const ContainerDetails& container) {
  for (const ContainerMount& mount : container.mounts) {
    if (mount.type != "volume") continue;
    return fail(ErrorCode::kInvalid,
                "the image of the container " + container.name + " keeps " + mount.destination +
                    " in a volume, whose content no image has; copy it into the home and rebuild "
                    "the container with --fresh");
  }
  return {};
}

Task<Result<void>> commit_as_image(DockerClient& docker, ContainerDetails container,
                                   std::string name, ImageLabels labels) {
  Result<ImageDetails> from = co_await docker.inspect_image(container.image_id);
  if (!from) co_return wrap("the image that " + container.name + " is made from", from.error());
  json configuration =
      committed_configuration(container.configuration, from->configuration, labels);
  Result<std::string> made =
      co_await docker.commit_container(container.id, std::move(name), std::move(configuration));
  if (!made) co_return Failed(made.error());
  co_return Result<void>();
}

}  // namespace labgpu
