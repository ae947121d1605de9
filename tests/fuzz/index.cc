// Fuzzes the index: the input is all three files at once, and every entry point of libnss_labgpu is
// asked about them. In a /var/lib of the process's own (tests/module/nss/private_files.cc).
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <string>

#include "common/paths.h"
#include "nss_labgpu/entry_points.h"
#include "tests/fuzz/target.h"

namespace labgpu {
namespace {

using test::promise;

constexpr const char* kNames[] = {"alice", "bob",         "labgpu",
                                  "root",  "nobody-ever", "alice+container"};

// A walk moves on with every step, and a record has 8 bytes at least.
constexpr size_t kSmallestRecord = 8;

// All three names lead to one file, which is written anew for each input.
void put_in_place(const uint8_t* data, size_t size) {
  static const int file = [] {
    const std::filesystem::path passwd = kPasswdIndex;
    std::filesystem::create_directories(kIndexedNames);
    for (const char* name : kNames) {
      close(open((std::string(kIndexedNames) + "/" + name).c_str(), O_WRONLY | O_CREAT | O_CLOEXEC,
                 0644));
    }
    int opened = open(kPasswdIndex, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    std::filesystem::create_symlink(passwd, kGroupIndex);
    std::filesystem::create_symlink(passwd, kShadowIndex);
    return opened;
  }();
  promise(ftruncate(file, 0) == 0, "the index can be written");
  promise(pwrite(file, data, size, 0) == static_cast<ssize_t>(size), "the index can be written");
}

class Questions {
 public:
  explicit Questions(size_t size) : most_steps_(size / kSmallestRecord + 1) {}

  void ask_all() {
    for (const char* name : kNames) {
      if (done(_nss_labgpu_getpwnam_r(name, &account_, buffer_, sizeof buffer_, &error_))) {
        promise(strcmp(account_.pw_name, name) == 0, "the account is the one asked for");
        check_account();
      }
      if (done(_nss_labgpu_getgrnam_r(name, &group_, buffer_, sizeof buffer_, &error_))) {
        promise(strcmp(group_.gr_name, name) == 0, "the group is the one asked for");
        check_group();
      }
      if (done(_nss_labgpu_getspnam_r(name, &secret_, buffer_, sizeof buffer_, &error_))) {
        promise(strcmp(secret_.sp_namp, name) == 0, "the password is of the one asked for");
        check_secret();
      }
      ask_initgroups(name);
    }
    for (uint32_t id : {0U, 20000U, 20001U, 20002U, 120001U, UINT32_MAX}) {
      if (done(_nss_labgpu_getpwuid_r(id, &account_, buffer_, sizeof buffer_, &error_))) {
        promise(account_.pw_uid == id, "the account has the uid asked for");
        check_account();
      }
      if (done(_nss_labgpu_getgrgid_r(id, &group_, buffer_, sizeof buffer_, &error_))) {
        promise(group_.gr_gid == id, "the group has the gid asked for");
        check_group();
      }
    }
    walk();
  }

 private:
  // Whether there is an answer; anything else is a proper error.
  [[nodiscard]] bool done(nss_status status) const {
    if (status == NSS_STATUS_SUCCESS) return true;
    promise((status == NSS_STATUS_NOTFOUND && error_ == ENOENT) ||
                (status == NSS_STATUS_UNAVAIL && error_ == EBADMSG) ||
                (status == NSS_STATUS_TRYAGAIN && error_ == ERANGE),
            "an error is one of the contract's");
    return false;
  }

  [[nodiscard]] bool is_in_buffer(const char* text) const {
    return text >= buffer_ && text < buffer_ + sizeof buffer_ &&
           memchr(text, '\0', static_cast<size_t>(buffer_ + sizeof buffer_ - text)) != nullptr;
  }
  void check_account() const {
    promise(account_.pw_uid != 0 && account_.pw_uid != UINT32_MAX, "nobody is root");
    promise(account_.pw_gid != 0 && account_.pw_gid != UINT32_MAX, "nobody has root's group");
    for (const char* text : {account_.pw_name, account_.pw_passwd, account_.pw_gecos,
                             account_.pw_dir, account_.pw_shell}) {
      promise(is_in_buffer(text), "texts lie in the buffer");
    }
    promise(account_.pw_dir[0] == '/' && account_.pw_shell[0] == '/', "paths are absolute");
    const bool may_log_in = strchr(account_.pw_name, '+') == nullptr;
    promise((may_log_in && strcmp(account_.pw_passwd, "x") == 0) ||
                strcmp(account_.pw_passwd, "*") == 0,
            "passwords are in the shadow");
  }
  void check_group() const {
    promise(group_.gr_gid != 0 && group_.gr_gid != UINT32_MAX, "no group is root's");
    promise(is_in_buffer(group_.gr_name) && is_in_buffer(group_.gr_passwd),
            "texts are in the buffer");
    for (char** member = group_.gr_mem; *member != nullptr; ++member) {
      promise(is_in_buffer(*member) && **member != '\0', "members are names in the buffer");
    }
  }
  void check_secret() const {
    promise(is_in_buffer(secret_.sp_namp) && is_in_buffer(secret_.sp_pwdp),
            "texts are in the buffer");
  }

  void ask_initgroups(const char* user) {
    long start = 0;
    long size = 1;
    auto* groups = static_cast<gid_t*>(calloc(1, sizeof(gid_t)));
    if (done(_nss_labgpu_initgroups_dyn(user, 20001, &start, &size, &groups, 0, &error_))) {
      promise(start <= size, "the groups fit");
    }
    promise(std::find(groups, groups + start, 0U) == groups + start, "nobody is in root's group");
    free(groups);
  }

  template <typename Next, typename Check>
  void walk_one(Next next, Check check) {
    size_t steps = 0;
    while (done(next())) {
      check();
      promise(++steps <= most_steps_, "a walk comes to its end");
    }
  }
  void walk() {
    (void)_nss_labgpu_setpwent(0);
    (void)_nss_labgpu_setgrent(0);
    (void)_nss_labgpu_setspent(0);
    walk_one([&] { return _nss_labgpu_getpwent_r(&account_, buffer_, sizeof buffer_, &error_); },
             [&] { check_account(); });
    walk_one([&] { return _nss_labgpu_getgrent_r(&group_, buffer_, sizeof buffer_, &error_); },
             [&] { check_group(); });
    walk_one([&] { return _nss_labgpu_getspent_r(&secret_, buffer_, sizeof buffer_, &error_); },
             [&] { check_secret(); });
  }

  size_t most_steps_;
  passwd account_{};
  group group_{};
  spwd secret_{};
  char buffer_[1024] = {};
  int error_ = 0;
};

}  // namespace
}  // namespace labgpu

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  labgpu::put_in_place(data, size);
  labgpu::Questions(size).ask_all();
  return 0;
}
