// Compares what labgpu.json says about groups with sshd, with labgpud, and with the host.
#include "cli/setup/bridge_checks.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <sys/statvfs.h>

#include <array>
#include <span>
#include <sstream>

#include "common/bridge_index.h"
#include "common/paths.h"
#include "common/sshd_drop_in.h"

namespace labgpu {

namespace {

std::string joined(const std::vector<std::string>& names) {
  std::string list;
  for (const auto& name : names) list += (list.empty() ? "" : ",") + name;
  return list;
}

Finding check_drop_in(const std::vector<std::string>& groups, const std::string& drop_in) {
  auto wanted = joined(groups);
  Finding finding{false, false, "the groups of sshd's drop-in: " + wanted, ""};
  auto found = groups_of_drop_in(drop_in);
  finding.ok = found == std::string(kGroupName) + (wanted.empty() ? "" : "," + wanted);
  if (!finding.ok) {
    finding.advice = "it is for " + (found.empty() ? "none" : std::string(found)) +
                     ", and logins of the others are refused; run labgpu setup";
  }
  return finding;
}

// What labgpud publishes; nothing when it serves no accounts of the host, or that cannot be read.
std::string published_groups(const std::string& root) {
  BridgeIndex index;
  BridgePolicy policy;
  std::array<char, BridgeIndex::kPolicyRoom> buffer{};
  bool found = index.open((root + kBridgeIndex).c_str()) == 0 && index.policy(buffer, policy) == 0;
  return found ? std::string(policy.groups) : "";
}

Finding check_published(const std::string& root, const std::vector<std::string>& groups) {
  auto wanted = joined(groups);
  auto found = published_groups(root);
  Finding finding{found == wanted, false, "the groups that labgpud serves: " + wanted, ""};
  if (!finding.ok) {
    finding.advice = "it serves " + (found.empty() ? "none" : found) +
                     "; systemctl restart labgpud, and its log if that fails";
  }
  return finding;
}

struct Person {
  std::string name;
  uid_t uid = 0;
};

// Whom the group lists, where the name service knows them.
std::vector<Person> listed_in(const std::string& name) {
  std::vector<std::string> names;
  if (const group* entry = getgrnam(name.c_str())) {
    for (char** member = entry->gr_mem; *member != nullptr; ++member) names.emplace_back(*member);
  }
  std::vector<Person> people;
  for (const auto& member : names) {
    const passwd* account = getpwnam(member.c_str());
    if (account != nullptr) people.push_back({member, account->pw_uid});
  }
  return people;
}

Finding check_group(const std::string& name) {
  Finding finding{getgrnam(name.c_str()) != nullptr, false, "the group " + name, ""};
  if (!finding.ok) {
    finding.advice =
        "the server has no such group, or cannot look it up now: until then who has left another "
        "group stays refused";
  }
  return finding;
}

// sshd's drop-in leaves out root alone, so the session command would be what others of the system
// get.
Finding check_people(const std::string& name, uint32_t first_uid) {
  Finding finding{true, false, "only people's accounts in " + name, ""};
  std::vector<std::string> system;
  for (const auto& person : listed_in(name)) {
    if (person.name != "root" && person.uid < first_uid) system.push_back(person.name);
  }
  finding.ok = system.empty();
  if (!finding.ok) {
    finding.advice = joined(system) + " cannot log in by ssh, and has no container (uids below " +
                     std::to_string(first_uid) + " have none): take it out of the group";
  }
  return finding;
}

}  // namespace

std::vector<Finding> check_bridge(const std::string& root, const ConfiguredBridge& bridge,
                                  const std::string& drop_in) {
  std::vector<Finding> findings;
  // Groups that were taken out of labgpu.json must not stay elsewhere.
  bool differs = !drop_in.empty() && groups_of_drop_in(drop_in) != kGroupName;
  if (!bridge.groups.empty() || differs) findings.push_back(check_drop_in(bridge.groups, drop_in));
  if (!bridge.groups.empty() || !published_groups(root).empty()) {
    findings.push_back(check_published(root, bridge.groups));
  }
  if (!root.empty()) return findings;
  for (const auto& group : bridge.groups) {
    findings.push_back(check_group(group));
    findings.push_back(check_people(group, bridge.first_uid));
  }
  return findings;
}

std::optional<std::string> any_member_of(const ConfiguredBridge& bridge) {
  for (const auto& group : bridge.groups) {
    for (const auto& person : listed_in(group)) {
      if (person.uid >= bridge.first_uid) return person.name;
    }
  }
  return std::nullopt;
}

bool is_listed_in(const ConfiguredBridge& bridge, const std::string& user) {
  for (const auto& group : bridge.groups) {
    for (const auto& person : listed_in(group)) {
      if (person.name == user && person.uid >= bridge.first_uid) return true;
    }
  }
  return false;
}

std::string home_with_programs_of_root(const ConfiguredBridge& bridge) {
  auto member = any_member_of(bridge);
  const passwd* account = member ? getpwnam(member->c_str()) : nullptr;
  struct statvfs file_system {};
  bool known = account != nullptr && statvfs(account->pw_dir, &file_system) == 0;
  return known && (file_system.f_flag & ST_NOSUID) == 0 ? account->pw_dir : "";
}

std::string keys_left_behind(const SshdSettings& settings) {
  std::string elsewhere;
  auto found = settings.find("authorizedkeysfile");
  std::istringstream files(found == settings.end() ? "" : found->second);
  for (std::string file; files >> file;) {
    // sshd's own default has the second name too, which nobody has used since 2001.
    if (file == ".ssh/authorized_keys" || file == ".ssh/authorized_keys2" || file == "none")
      continue;
    elsewhere += (elsewhere.empty() ? "" : " ") + file;
  }
  return elsewhere;
}

}  // namespace labgpu
