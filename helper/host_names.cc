// Users and groups of other NSS sources.
#include "helper/host_names.h"

#include <errno.h>
#include <grp.h>
#include <nss.h>
#include <pwd.h>
#include <stdlib.h>

#include <sstream>
#include <vector>

#include "common/paths.h"
#include "helper/read_file.h"

namespace labgpu {

namespace {

// One of getpwnam_r(3) and its siblings, with a buffer that grows. They return 0 without an entry
// for "not found", but some sources say one of these errors instead (getpwnam(3), "ERRORS"). Of the
// entry only the numbers are good: its texts were in the buffer.
template <typename Entry, typename Key>
Result<std::optional<Entry>> find_entry(int (*look_up)(Key, Entry*, char*, size_t, Entry**),
                                        Key key) {
  constexpr size_t kLargest = size_t{1} << 24;  // a group may have very many members
  std::vector<char> buffer(4096);
  for (;;) {
    Entry entry{};
    Entry* found = nullptr;
    int error = look_up(key, &entry, buffer.data(), buffer.size(), &found);
    if (found != nullptr) return entry;
    if (error == ERANGE && buffer.size() < kLargest) {
      buffer.resize(buffer.size() * 4);
    } else if (error == 0 || error == ENOENT || error == ESRCH) {
      return std::nullopt;
    } else if (error != EINTR) {
      return fail_errno("look up whether the server has such a user or group", error);
    }
  }
}

template <typename Entry, typename Key>
Result<bool> has_entry(int (*look_up)(Key, Entry*, char*, size_t, Entry**), Key key) {
  return find_entry(look_up, key).map([](const auto& found) { return found.has_value(); });
}

template <typename First, typename Second>
Result<bool> either(First first, Second second) {
  Result<bool> found = first();
  if (!found || *found) return found;
  return second();
}

// Sources and actions; an action is everything from '[' to ']', with the spaces in it.
std::vector<std::string> split_services(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> services;
  for (std::string word; in >> word;) {
    if (word.front() == '[' && word.back() != ']') {
      std::string rest;
      std::getline(in, rest, ']');
      word += rest + "]";
    }
    services.push_back(word);
  }
  return services;
}

}  // namespace

Result<bool> NssHostNames::has_name(const std::string& name) const {
  return either([&] { return has_entry(getpwnam_r, name.c_str()); },
                [&] { return has_entry(getgrnam_r, name.c_str()); });
}

Result<bool> NssHostNames::has_id(uint32_t id) const {
  return either([&] { return has_entry(getpwuid_r, id); },
                [&] { return has_entry(getgrgid_r, id); });
}

Result<std::optional<gid_t>> find_host_group(const std::string& name) {
  auto entry = find_entry(getgrnam_r, name.c_str());
  if (!entry) return Failed(entry.error());
  return *entry ? std::optional((*entry)->gr_gid) : std::nullopt;
}

std::string sources_without_labgpu(std::string_view nsswitch, std::string_view database) {
  std::istringstream lines{std::string(nsswitch)};
  std::string sources;
  for (std::string line; std::getline(lines, line);) {
    line = line.substr(0, line.find('#'));
    auto colon = line.find(':');
    if (colon == std::string::npos) continue;
    std::string name;
    std::istringstream(line.substr(0, colon)) >> name;
    if (name != database) continue;

    bool skipping = true;  // an action belongs to the source before it, so none can be first
    for (const auto& word : split_services(line.substr(colon + 1))) {
      if (word.front() != '[') skipping = word == "labgpu";
      if (!skipping) sources += (sources.empty() ? "" : " ") + word;
    }
    break;  // glibc takes the first line of a database, nsswitch.conf(5)
  }
  return sources.empty() ? "files" : sources;
}

Result<void> leave_labgpu_out_of_nss(const std::string& nsswitch) {
  // nss-systemd asks every service but those (systemd, src/shared/userdb.c, userdb_start_query).
  if (setenv("SYSTEMD_BYPASS_USERDB", kUserdbService, 1) != 0) {
    return fail_errno("keep the look-up of users from asking labgpud itself", errno);
  }
  auto text = read_file(nsswitch);
  if (!text && text.error().code != ErrorCode::kNotFound) return Failed(text.error());
  // Naming the sources also keeps glibc from asking nscd and from reading a changed file again
  // (glibc, nss/nss_database.c, __nss_configure_lookup).
  for (const char* database : {"passwd", "group", "shadow"}) {
    auto sources = sources_without_labgpu(text.value_or(""), database);
    if (__nss_configure_lookup(database, sources.c_str()) != 0) {
      return fail_errno("configure the look-up of users without labgpu", errno);
    }
  }
  return {};
}

}  // namespace labgpu
