// sshd's word on the login, and the two authorized_keys files of labgpu's drop-in.
#include "session/login_key.h"

#include <errno.h>
#include <limits.h>

#include <algorithm>

#include "common/parse.h"
#include "common/paths.h"
#include "common/read_text_file.h"

namespace labgpu {

namespace {

char auth_info_buffer[64 * 1024];
char keys_buffer[256 * 1024];

// Lines "METHOD" and "publickey TYPE BASE64", one per method that succeeded (auth2.c,
// auth2_update_session_info).
std::string_view key_of(std::string_view auth_info) {
  constexpr std::string_view kPublicKey = "publickey ";
  while (!auth_info.empty()) {
    size_t end = std::min(auth_info.find('\n'), auth_info.size());
    std::string_view line(auth_info.data(), end);
    if (has_prefix(line, kPublicKey)) {
      line.remove_prefix(kPublicKey.size());
      return line;
    }
    auth_info.remove_prefix(std::min(end + 1, auth_info.size()));
  }
  return {};
}

int look_into(std::string_view path, std::string_view key, KeyCommand& result,
              KeyCommandText& command) {
  TextBuffer<PATH_MAX> name;
  if (!name.add(path).ok()) return ENAMETOOLONG;
  std::string_view keys;
  int error = read_text_file(name.c_str(), keys_buffer, keys);
  if (error == ENOENT || error == ENOTDIR) return 0;
  if (error == 0) result = find_key_command(keys, key, command);
  return error;
}

}  // namespace

int find_login_key_command(const LoginKeySources& sources, KeyCommand& result,
                           KeyCommandText& command) {
  result = KeyCommand::kNotListed;
  if (sources.auth_info == nullptr) return 0;
  std::string_view auth_info;
  int error = read_text_file(sources.auth_info, auth_info_buffer, auth_info);
  if (error != 0) return error;
  std::string_view key = key_of(auth_info);
  if (key.empty() || sources.home == nullptr || sources.user == nullptr) return 0;

  TextBuffer<PATH_MAX> own;
  own.add(sources.home).add("/.ssh/authorized_keys");
  error = look_into(own.view(), key, result, command);
  if (error != 0 || result != KeyCommand::kNotListed) return error;
  TextBuffer<PATH_MAX> given;
  given.add(kStateDirectory).add("/keys/").add(sources.user);
  return look_into(given.view(), key, result, command);
}

}  // namespace labgpu
