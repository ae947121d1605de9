// Sorts a foreign container's mounts and variables into what can be taken over and what cannot.
#include "helper/adoption.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "helper/docker_json.h"
#include "helper/setting_environment.h"
#include "helper/setting_mounts.h"

namespace labgpu {

namespace {

using nlohmann::json;

// As for the setting mounts, when it is set and when a container is made.
Result<void> check_mount(const ContainerMount& mount, const Account& account,
                         const SettingsPolicy& policy) {
  if (mount.type != "bind") {
    return fail(ErrorCode::kInvalid, "is a " + mount.type +
                                         " of Docker's; copy what is in it to a directory of the "
                                         "server, or into the home");
  }
  json described = {
      {"source", mount.source}, {"target", mount.destination}, {"readOnly", !mount.writable}};
  auto read = mount_from_json(described);
  if (!read) return Failed(read.error());
  if (auto right = check_mount_source(*read, policy.own_paths); !right) return right;
  if (auto right = check_mount_links(*read); !right) return right;
  return check_mount_target(read->target, account.home);
}

void sort_mount(const ContainerMount& mount, const Account& account, const SettingsPolicy& policy,
                Adoption& adoption) {
  if (mount.source == account.home && mount.destination == account.home) return;
  Mount wanted{mount.source, mount.destination, !mount.writable};
  if (auto right = check_mount(mount, account, policy); right) {
    adoption.mounts.push_back(std::move(wanted));
  } else {
    adoption.refused.push_back({std::move(wanted), right.error().message});
  }
}

std::vector<std::string> variables_of(const json& configuration) {
  std::vector<std::string> variables;
  DockerFields(configuration, "a container's configuration").optional_texts("Env", variables);
  return variables;
}

// Not those of its image, which are in what is made of it.
void sort_environment(const ContainerDetails& container, const ImageDetails& image,
                      Adoption& adoption) {
  auto own = variables_of(image.configuration);
  std::set<std::string> known(own.begin(), own.end());
  for (const auto& variable : variables_of(container.configuration)) {
    auto equals = variable.find('=');
    if (known.contains(variable) || equals == std::string::npos) continue;
    auto name = variable.substr(0, equals);
    auto value = variable.substr(equals + 1);
    if (environment_from_json({{name, value}})) {
      adoption.environment[name] = value;
    } else {
      adoption.left_out.push_back(name);
    }
  }
}

}  // namespace

Adoption plan_from(const ContainerDetails& container, const ImageDetails& image,
                   const Account& account, const SettingsPolicy& policy) {
  Adoption adoption;
  adoption.container = container.name;
  adoption.id = container.id;
  adoption.runs = container.state == "running" || container.state == "paused" ||
                  container.state == "restarting";
  adoption.image = container.image;
  DockerFields(container.configuration, "a container's configuration")
      .optional_text("Hostname", adoption.hostname);
  // Docker calls it after its id when nobody says anything; the host's own name it has with
  // --network host.
  if (container.id.starts_with(adoption.hostname)) adoption.hostname.clear();
  // A setting has no domain.
  adoption.hostname.resize(std::min(adoption.hostname.find('.'), adoption.hostname.size()));
  sort_environment(container, image, adoption);
  for (const auto& mount : container.mounts) sort_mount(mount, account, policy, adoption);
  return adoption;
}

Account with_adopted_settings(Account account, const Adoption& adoption) {
  if (!adoption.hostname.empty()) account.settings.hostname = adoption.hostname;
  if (!adoption.environment.empty()) account.settings.environment = adoption.environment;
  if (!adoption.mounts.empty()) account.settings.mounts = adoption.mounts;
  return account;
}

}  // namespace labgpu
