// Sets the sandbox up with private mounts over /dev, /etc/passwd, /run and /var/lib.
#include "tests/module/pam/sandbox.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>

#include "common/paths.h"
#include "tests/support/cdb_file.h"
#include "tests/support/temporary_directory.h"

namespace labgpu::test {

namespace {

int log_socket = -1;

void must(bool done, const char* what) {
  if (done) return;
  perror(what);
  fprintf(stderr, "pam_test needs root with CAP_SYS_ADMIN\n");
  exit(1);
}

void mount_tmpfs(const char* where) {
  must(mount("tmpfs", where, "tmpfs", MS_NOSUID, "mode=0755") == 0, where);
}

// A /dev with the few devices that libc and libpam open, and a log that the test reads.
void make_devices() {
  TemporaryDirectory aside;
  for (const char* name : {"null", "urandom"}) {
    write_file(aside / name, "");
    must(mount((std::string("/dev/") + name).c_str(), (aside / name).c_str(), nullptr, MS_BIND,
               nullptr) == 0,
         name);
  }
  mount_tmpfs("/dev");
  for (const char* name : {"null", "urandom"}) {
    std::string device = std::string("/dev/") + name;
    write_file(device, "");
    must(mount((aside / name).c_str(), device.c_str(), nullptr, MS_MOVE, nullptr) == 0, name);
  }
  mkdir("/dev/shm", 01777);
  must(symlink("/run/systemd/journal/dev-log", "/dev/log") == 0, "/dev/log");
}

void listen_for_logs() {
  std::filesystem::create_directories("/run/systemd/journal");
  log_socket = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = "/run/systemd/journal/dev-log"};
  must(bind(log_socket, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0, "log socket");
}

void write_accounts() {
  const std::string session = kSessionCommand;
  TemporaryDirectory aside;
  write_file(aside / "passwd", "root:x:0:0::/root:/bin/bash\ntoor:x:0:0::/root:" + session +
                                   "\nalice:x:61001:61001::/home/alice:" + session +
                                   "\nbob:x:61002:61002::/home/bob:/bin/bash"
                                   "\ncarol:x:61003:61003::/home/carol:/bin/bash"
                                   "\ndave:x:61004:61004::/home/dave:/bin/bash"
                                   "\nerin:x:61005:61005::/home/erin:" +
                                   session +
                                   "\ngwen:x:61010:61010:Gwen G.,room 7,:/home/gwen:/bin/bash"
                                   "\nnina:x:61011:61011::/home/nina:/usr/sbin/nologin"
                                   "\ngary:x:61012:61100::/home/gary:"
                                   "\nhugo:x:61013:61013::/home/hugo:/var/lib/shells/hsh"
                                   "\nseth:x:900:61100::/home/seth:/bin/bash\n");
  write_file(aside / "group", "root:x:0:\ngwen:x:61010:\ngpuusers:x:61100:root,gwen,nina,hugo\n");
  // The mount keeps the file after its name is gone.
  for (const char* name : {"passwd", "group"}) {
    must(mount((aside / name).c_str(), (std::string("/etc/") + name).c_str(), nullptr, MS_BIND,
               nullptr) == 0,
         name);
  }
  Records records;
  auto index = [&](const std::string& name, const std::string& uid) {
    std::string line = name + ":x:" + uid + ":" + uid + "::/home/" + name + ":" + session;
    records.emplace_back("=" + name, line);
    records.emplace_back("#" + uid, line);
  };
  index("alice", "61001");
  index("bob", "61002");
  index("carol", "61999");
  std::filesystem::create_directories(std::filesystem::path(kPasswdIndex).parent_path());
  write_cdb(kPasswdIndex, records);
}

void put_session_command() {
  namespace fs = std::filesystem;
  mount_tmpfs("/usr/libexec");
  fs::create_directories(fs::path(kSessionCommand).parent_path());
  for (const char* program : {kSessionCommand, kSelfCommand}) {
    fs::copy_file(SESSION_DOUBLE, program);
  }
}

// Empty, but for what a test puts there.
void make_sshd_configuration() {
  mount_tmpfs("/etc/ssh");
  std::filesystem::create_directories(std::filesystem::path(kSshdDropIn).parent_path());
}

// A full log socket makes syslog(3) wait; so what one test left unread goes before the next.
class LogReader : public testing::EmptyTestEventListener {
  void OnTestStart(const testing::TestInfo&) override { logged(); }
};

class Sandbox : public testing::Environment {
 public:
  void SetUp() override {
    must(unshare(CLONE_NEWNS) == 0, "unshare");
    must(mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0, "private mounts");
    mount_tmpfs("/run");
    mount_tmpfs("/var/lib");
    make_devices();
    listen_for_logs();
    write_accounts();
    put_session_command();
    make_sshd_configuration();
    std::filesystem::create_directories(kSessionSocketDirectory);
    testing::UnitTest::GetInstance()->listeners().Append(new LogReader);
  }
};

const auto* const kSandbox = testing::AddGlobalTestEnvironment(new Sandbox);

}  // namespace

std::string logged() {
  std::string messages;
  char message[4096];
  for (;;) {
    ssize_t size = recv(log_socket, message, sizeof message, 0);
    if (size <= 0) return messages;
    messages.append(message, static_cast<size_t>(size)) += '\n';
  }
}

}  // namespace labgpu::test
