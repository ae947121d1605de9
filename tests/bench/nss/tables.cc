// Writes the same accounts for `files`, for libnss-extrausers and for labgpu.
#include "tests/bench/nss/tables.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>

#include <filesystem>
#include <fstream>
#include <vector>

#include "common/paths.h"
#include "helper/index_writer.h"

namespace labgpu::bench {

namespace {

[[noreturn]] void give_up(const std::string& what) {
  fprintf(stderr, "nss_bench: cannot %s: %s; run it as root\n", what.c_str(), strerror(errno));
  exit(1);
}

constexpr char kExtraUsers[] = "/var/lib/extrausers";

std::string passwd_line(const std::string& name, uint32_t id) {
  const std::string number = std::to_string(id);
  return name + ":x:" + number + ":" + number + "::/home/" + name + ":" + kSessionCommand + "\n";
}

std::string group_line(const std::string& name, uint32_t id) {
  return name + ":x:" + std::to_string(id) + ":\n";
}

void add_many(uint32_t accounts, std::ofstream& passwd, std::ofstream& groups) {
  if (accounts == 0) return;
  groups << kGroupName << ":x:" << kGroup << ":";
  for (uint32_t i = 0; i < accounts; ++i) groups << (i == 0 ? "" : ",") << user_name(i);
  groups << "\n";
  for (uint32_t i = 0; i < accounts; ++i) {
    passwd << passwd_line(user_name(i), kFirstId + i);
    groups << group_line(user_name(i), kFirstId + i);
  }
}

}  // namespace

std::string host_name(uint32_t i) { return i == 0 ? "root" : "host" + std::to_string(i); }
std::string user_name(uint32_t i) { return "user" + std::to_string(i); }

void make_files_private(const std::string& directory) {
  if (unshare(CLONE_NEWNS) != 0) give_up("make a mount namespace");
  if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) give_up("make it private");
  if (mount(directory.c_str(), "/var/lib", nullptr, MS_BIND, nullptr) != 0) {
    give_up("use " + directory);
  }
  for (const char* name : {"passwd", "group"}) {
    const std::string own = std::string("/var/lib/") + name;
    const std::string hosts = std::string("/etc/") + name;
    std::ofstream(own) << "";
    if (mount(own.c_str(), hosts.c_str(), nullptr, MS_BIND, nullptr) != 0) give_up("hide " + hosts);
  }
}

void write_host_files(uint32_t accounts) {
  std::ofstream passwd("/etc/passwd");
  std::ofstream groups("/etc/group");
  for (uint32_t i = 0; i < kHostAccounts; ++i) {
    const uint32_t id = i == 0 ? 0 : kFirstHostId + i;
    passwd << passwd_line(host_name(i), id);
    groups << group_line(host_name(i), id);
  }
  add_many(accounts, passwd, groups);
  if (!passwd.flush() || !groups.flush()) give_up("write the host's files");
}

void write_extrausers(uint32_t accounts) {
  std::filesystem::create_directories(kExtraUsers);
  std::ofstream passwd(std::string(kExtraUsers) + "/passwd");
  std::ofstream groups(std::string(kExtraUsers) + "/group");
  add_many(accounts, passwd, groups);
  if (!passwd.flush() || !groups.flush()) give_up("write the files of libnss-extrausers");
}

void write_index_files(uint32_t accounts) {
  std::vector<Account> many(accounts);
  for (uint32_t i = 0; i < accounts; ++i) {
    many[i].name = user_name(i);
    many[i].uid = many[i].gid = kFirstId + i;
    many[i].home = "/home/" + many[i].name;
  }
  const std::filesystem::path directory = std::filesystem::path(kPasswdIndex).parent_path();
  std::filesystem::create_directories(directory);
  auto written = write_index(directory, many, kGroup);
  if (written) return;
  fprintf(stderr, "nss_bench: %s\n", written.error().message.c_str());
  exit(1);
}

}  // namespace labgpu::bench
