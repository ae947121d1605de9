// Makes the container ready for its person: the account, sudo, and the image's PATH.
#include "init/provision.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/deadline.h"
#include "common/read_text_file.h"
#include "common/unique_fd.h"
#include "init/log.h"
#include "init/profile.h"
#include "init/text_file.h"

namespace labgpu {

namespace {

constexpr char kPasswd[] = "/etc/passwd";
constexpr char kGroup[] = "/etc/group";

// One thread, one file at a time. Static, so that memory is only taken for what a file fills.
char file_space[kMaxTextFile];
char edit_space[kMaxTextFile + size_t{4} * PATH_MAX];

bool explain(Sentence& sentence, std::string_view user, const char* what, const char* why) {
  sentence.clear();
  sentence.add("cannot set up the account ").add(user).add(" in the container: ");
  sentence.add(what).add(": ").add(why);
  return false;
}

bool explain(Sentence& sentence, std::string_view user, const char* what, int error) {
  return explain(sentence, user, what, strerror(error));
}

// The lock of lckpwdf(3), which useradd(8), passwd(1) and their like take before they edit.
// PID 1 must not stand still, so whoever holds it longer than this makes the login fail.
int lock_account_files(UniqueFd& lock) {
  constexpr uint32_t kPatienceMs = 1000;
  constexpr int kRetryMs = 20;
  lock.reset(
      open("/etc/.pwd.lock", O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600));
  if (!lock.valid()) return errno;
  struct flock whole {};
  whole.l_type = F_WRLCK;
  whole.l_whence = SEEK_SET;
  Deadline deadline = Deadline::after_ms(kPatienceMs);
  while (fcntl(lock.get(), F_SETLK, &whole) != 0) {
    if (errno != EAGAIN && errno != EACCES) return errno;
    if (deadline.poll_timeout() == 0) return EBUSY;
    poll(nullptr, 0, kRetryMs);
  }
  return 0;
}

// An image without the file (built FROM scratch) is one with an empty file.
int read_or_empty(const char* path, std::string_view& out) {
  out = {};
  int error = read_text_file(path, file_space, out);
  return error == ENOENT ? 0 : error;
}

std::string_view default_shell() {
  return access("/bin/bash", X_OK) == 0 ? "/bin/bash" : "/bin/sh";
}

struct AccountEdits {
  Edit passwd = Edit::kUnchanged;
  Edit group = Edit::kUnchanged;
  bool name_was_there = false;
};

// With `write`, what differs is written at once. False: `sentence` says what failed.
bool edit_account_files(const GuestAccount& account, bool write, AccountEdits& edits,
                        Sentence& sentence) {
  constexpr mode_t kMode = 0644;
  auto apply = [&](const char* path, Edit edit, const EditBuffer& edited) {
    if (edit == Edit::kTooLong) return EFBIG;
    if (edit == Edit::kUnchanged || !write) return 0;
    return replace_text_file(path, edited.text, kMode);
  };
  EditBuffer edited{.space = edit_space, .text = {}};
  std::string_view text;

  // The group first: a passwd line whose gid has no name yet is what `id` would complain about.
  int error = read_or_empty(kGroup, text);
  if (error == 0) {
    edits.group = edit_group(text, account, edited);
    error = apply(kGroup, edits.group, edited);
  }
  if (error != 0) return explain(sentence, account.name, kGroup, error);

  error = read_or_empty(kPasswd, text);
  if (error == 0) {
    PasswdEntry existing;
    edits.name_was_there = find_passwd_entry(text, account.name, existing);
    edits.passwd = edit_passwd(text, account, default_shell(), edited);
    error = apply(kPasswd, edits.passwd, edited);
  }
  return error == 0 || explain(sentence, account.name, kPasswd, error);
}

// A missing right to sudo is no reason to refuse the login: it is logged.
void provision_sudo(std::string_view user) {
  constexpr mode_t kMode = 0440;  // sudoers(5) refuses a file that others may write
  TextBuffer<256> path;
  TextBuffer<256> rule;
  path.add("/etc/sudoers.d/labgpu-").add(user);
  rule.add(user).add(" ALL=(ALL:ALL) NOPASSWD: ALL\n");
  struct stat status {};
  if (stat("/etc/sudoers.d", &status) != 0 || lstat(path.c_str(), &status) == 0) return;
  int error = create_text_file(path.c_str(), rule.view(), kMode);
  if (error != 0 && error != EEXIST) {
    TextBuffer<512> line;
    line.add(path.view()).add(": ").add(strerror(error));
    log_line(line.view());
  }
}

}  // namespace

bool provision_account(const GuestAccount& account, Provisioned& out, Sentence& sentence) {
  AccountEdits edits;
  if (!edit_account_files(account, false, edits, sentence)) return false;
  if (edits.passwd != Edit::kUnchanged || edits.group != Edit::kUnchanged) {
    UniqueFd lock;
    int error = lock_account_files(lock);
    if (error == EBUSY) {
      return explain(sentence, account.name, kPasswd,
                     "another program is editing it; try again when it has finished");
    }
    if (error != 0) return explain(sentence, account.name, "/etc/.pwd.lock", error);
    // Read again: what the first look saw may have changed before the lock was had.
    if (!edit_account_files(account, true, edits, sentence)) return false;
  }
  out.account_is_new = !edits.name_was_there;
  provision_sudo(account.name);
  return true;
}

bool find_shell(std::string_view name, Shell& out) {
  std::string_view passwd;
  PasswdEntry entry;
  if (read_text_file(kPasswd, file_space, passwd) != 0 || !find_passwd_entry(passwd, name, entry)) {
    return false;
  }
  out.clear();
  out.add(entry.shell.empty() ? std::string_view("/bin/sh") : entry.shell);
  return out.ok();
}

int set_groups(std::string_view name, gid_t gid) {
  static gid_t groups[NGROUPS_MAX];
  std::string_view text;
  int error = read_or_empty(kGroup, text);
  if (error != 0) return error;
  size_t count = collect_groups(text, name, gid, groups);
  return setgroups(count, groups) == 0 ? 0 : errno;
}

void provision_profile(const char* path_variable) {
  constexpr char kScript[] = "/etc/profile.d/00-labgpu.sh";
  constexpr mode_t kMode = 0644;
  static ProfileScript script;
  struct stat status {};
  if (path_variable == nullptr || stat("/etc/profile.d", &status) != 0) return;
  int error = EFBIG;
  if (make_profile_script(path_variable, script)) {
    std::string_view existing;
    if (read_text_file(kScript, file_space, existing) == 0 && existing == script.view()) return;
    error = replace_text_file(kScript, script.view(), kMode);
  }
  if (error != 0) {
    TextBuffer<512> line;
    line.add(kScript).add(": ").add(strerror(error));
    log_line(line.view());
  }
}

}  // namespace labgpu
