// Mounts from and to text and JSON, and what may be mounted where.
#include "helper/setting_mounts.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <system_error>

#include "common/parse.h"
#include "helper/json_fields.h"
#include "helper/text_list.h"

namespace labgpu {

namespace {

// With one of these in a container, its root is the server's: it reads passwords and keys, or
// changes what the server runs.
constexpr std::array<std::string_view, 12> kServersOwn = {"/boot",
                                                          "/dev",
                                                          "/etc",
                                                          "/proc",
                                                          "/root",
                                                          "/run",
                                                          "/sys",
                                                          "/var/run",
                                                          "/var/log",
                                                          "/var/lib/docker",
                                                          "/var/lib/containerd",
                                                          "/var/lib/labgpu"};

// Programs of the server: to look at, not to change.
constexpr std::array<std::string_view, 7> kServersPrograms = {"/usr",   "/bin",   "/sbin",  "/lib",
                                                              "/lib32", "/lib64", "/libx32"};

// Where host accounts and other people's homes are; one directory in it is the administrator's
// choice.
constexpr std::string_view kHomes = "/home";

// What a container's system is made of, labgpu's /tmp, and the files in which labgpu-init enters
// the account: with the server's mounted there, it would be the server's.
constexpr std::array<std::string_view, 15> kSystemTargets = {
    "/",      "/tmp",    "/etc", "/usr", "/bin",  "/sbin",       "/lib",      "/lib32",
    "/lib64", "/libx32", "/var", "/run", "/home", "/etc/passwd", "/etc/group"};

// What the kernel, Docker and labgpu fill.
constexpr std::array<std::string_view, 4> kSystemTrees = {"/proc", "/sys", "/dev", "/.labgpu"};

bool is_in(std::string_view path, std::string_view directory) {
  if (directory == "/") return true;
  return has_prefix(path, directory) &&
         (path.size() == directory.size() || path[directory.size()] == '/');
}

Failed cannot_show(const Mount& mount, const std::string& why) {
  return fail(ErrorCode::kInvalid, "cannot have " + mount.source + ": " + why +
                                       "; what may be mounted is directories of data, such as "
                                       "/data or /srv/models");
}

Result<void> check_against(const Mount& mount, std::string_view own) {
  std::string name(own);
  if (mount.source == own) return cannot_show(mount, "it is the server's own");
  if (is_in(mount.source, own)) return cannot_show(mount, "it is in " + name);
  if (is_in(own, mount.source)) return cannot_show(mount, name + " is in it");
  return {};
}

}  // namespace

Result<Mount> parse_mount(std::string_view text) {
  auto parts = split(text, ':');
  bool read_only = parts.size() > 1 && parts.back() == "ro";
  if (read_only) parts.pop_back();
  if (parts.size() > 2) {
    return fail(ErrorCode::kInvalid,
                "\"" + std::string(text) +
                    "\" must be /path or /source:/target, with :ro after it to be read-only");
  }
  Mount mount{std::string(parts.front()), std::string(parts.back()), read_only};
  for (const auto& path : {mount.source, mount.target}) {
    if (!is_plain_path(path)) {
      return fail(ErrorCode::kInvalid,
                  "\"" + path + "\" must be an absolute path without \"..\" or double slashes");
    }
  }
  return mount;
}

std::string to_text(const Mount& mount) {
  std::string text = mount.source;
  if (mount.target != mount.source) text += ":" + mount.target;
  return text + (mount.read_only ? ":ro" : "");
}

Result<Mount> mount_from_json(const nlohmann::json& value) {
  if (value.is_string()) return parse_mount(value.get_ref<const std::string&>());
  JsonFields fields(value, "a mount's");
  auto source = fields.required_text("source");
  auto target = fields.text("target").value_or(source);
  bool read_only = fields.boolean("readOnly").value_or(false);
  if (auto done = fields.finish_strict(); !done) return Failed(done.error());
  return parse_mount(source + ":" + target + (read_only ? ":ro" : ""));
}

nlohmann::json to_json(const Mount& mount) {
  return {{"source", mount.source}, {"target", mount.target}, {"readOnly", mount.read_only}};
}

nlohmann::json bind_mount(const Mount& mount) {
  return {{"Type", "bind"},
          {"Source", mount.source},
          {"Target", mount.target},
          {"ReadOnly", mount.read_only}};
}

Result<void> check_mount_source(const Mount& mount, std::span<const std::string> also) {
  for (auto own : kServersOwn) {
    if (auto free = check_against(mount, own); !free) return free;
  }
  for (const auto& own : also) {
    if (auto free = check_against(mount, own); !free) return free;
  }
  for (auto programs : kServersPrograms) {
    if (!mount.read_only && is_in(mount.source, programs)) {
      return fail(ErrorCode::kInvalid, "can have " + mount.source +
                                           ", where the server's programs are, read-only alone: " +
                                           mount.source + ":" + mount.target + ":ro");
    }
  }
  if (mount.source == kHomes) return cannot_show(mount, "everybody's homes are in it");
  return {};
}

Result<void> check_mount_links(const Mount& mount) {
  std::error_code error;
  auto real = std::filesystem::canonical(mount.source, error);
  if (error || real == mount.source) return {};
  return fail(ErrorCode::kInvalid, "cannot have " + mount.source + ": it leads to " +
                                       real.string() + " through a symbolic link; name that");
}

Result<void> check_mount_target(const std::string& target, const std::string& home) {
  if (target == home) {
    return fail(ErrorCode::kInvalid,
                "cannot have anything at " + home + ": the home directory is there already");
  }
  bool system =
      std::find(kSystemTargets.begin(), kSystemTargets.end(), target) != kSystemTargets.end();
  bool in_tree = std::any_of(kSystemTrees.begin(), kSystemTrees.end(),
                             [&](std::string_view tree) { return is_in(target, tree); });
  if (!system && !in_tree) return {};
  return fail(ErrorCode::kInvalid, "cannot have anything at " + target +
                                       ": it would hide what the container needs there");
}

}  // namespace labgpu
