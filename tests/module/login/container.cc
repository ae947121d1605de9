// A small container made of namespaces and the machine's own /usr.
#include "tests/module/login/container.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>

#include "common/packet_socket.h"
#include "common/paths.h"
#include "tests/module/login/test_world.h"

namespace labgpu::login_test {

namespace {

namespace fs = std::filesystem;

constexpr char kPasswd[] =
    "root:x:0:0:root:/root:/bin/bash\n"
    "daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\n";
constexpr char kGroup[] = "root:x:0:\ntty:x:5:\nvideo:x:44:alice\n";

void bind_mount(const std::string& from, const std::string& to, bool read_only) {
  ASSERT_EQ(mount(from.c_str(), to.c_str(), nullptr, MS_BIND, nullptr), 0) << from;
  if (!read_only) return;
  ASSERT_EQ(mount(nullptr, to.c_str(), nullptr, MS_BIND | MS_REMOUNT | MS_RDONLY, nullptr), 0);
}

// As PID 1 of the new namespaces; only system calls, since the test program has threads.
[[noreturn]] void become_init(const char* root, char** environment) {
  bool ready =
      chroot(root) == 0 && chdir("/") == 0 && mount("proc", "/proc", "proc", 0, nullptr) == 0;
  // Nothing to read and a log nobody takes away, as after `docker run -d` with a hung daemon.
  int nothing = open("/dev/null", O_RDWR);
  dup2(nothing, STDIN_FILENO);
  char* arguments[] = {const_cast<char*>(kGuestInit), nullptr};
  if (ready) execve(kGuestInit, arguments, environment);
  _exit(125);
}

std::string status_field(const std::string& process, const std::string& field) {
  std::string status = read_file(process + "/status");
  size_t at = status.find(field + ":\t");
  if (at == std::string::npos) return "";
  at += field.size() + 2;
  return status.substr(at, status.find('\n', at) - at);
}

}  // namespace

Identity alice() {
  return {
      .user = kUser, .uid = kUid, .gid = kUid, .group = kUser, .home = kHome, .login_as_root = 0};
}

Container::Container() {
  char name[] = "/run/labgpu/container-XXXXXX";
  root_ = mkdtemp(name);
  EXPECT_EQ(mount("tmpfs", root_.c_str(), "tmpfs", 0, "mode=755"), 0);
  make_tree();
  make_devices();
}

void Container::make_tree() {
  for (const char* directory :
       {"/usr", "/etc/profile.d", "/etc/skel", "/dev/pts", "/proc", "/root", "/run", "/home/alice",
        "/tmp", "/var/lib", "/.labgpu/bin", "/.labgpu/run"}) {
    fs::create_directories(path(directory));
  }
  chmod(path("/tmp").c_str(), 01777);
  bind_mount("/usr", path("/usr"), true);
  for (const char* name : {"bin", "sbin", "lib", "lib64"}) {
    fs::create_symlink(std::string("usr/") + name, path(std::string("/") + name));
  }
  fs::copy_file("/etc/profile", path("/etc/profile"));
  fs::copy_file("/etc/ld.so.cache", path("/etc/ld.so.cache"));
  write_file(path("/etc/passwd"), kPasswd);
  write_file(path("/etc/group"), kGroup);
  fs::copy_file(init_program(), path(kGuestInit));
  EXPECT_EQ(chown(path(kHome).c_str(), kUid, kUid), 0);
}

void Container::make_devices() {
  struct Device {
    const char* name;
    unsigned major, minor;
  };
  for (const Device& device : {Device{"null", 1, 3}, Device{"zero", 1, 5}, Device{"full", 1, 7},
                               Device{"urandom", 1, 9}, Device{"tty", 5, 0}}) {
    std::string node = path(std::string("/dev/") + device.name);
    EXPECT_EQ(mknod(node.c_str(), S_IFCHR | 0666, makedev(device.major, device.minor)), 0);
    chmod(node.c_str(), 0666);
  }
  EXPECT_EQ(mount("devpts", path("/dev/pts").c_str(), "devpts", 0,
                  "newinstance,ptmxmode=0666,mode=0620,gid=5"),
            0);
  fs::create_symlink("pts/ptmx", path("/dev/ptmx"));
  fs::create_symlink("/proc/self/fd", path("/dev/fd"));
}

Container::~Container() {
  if (init_ > 0) {
    kill(init_, SIGKILL);
    waitpid(init_, nullptr, 0);
  }
  umount2(root_.c_str(), MNT_DETACH);
  rmdir(root_.c_str());
}

void Container::make_read_only(const std::string& inside) {
  bind_mount(path(inside), path(inside), true);
}

void Container::hide(const std::string& program) {
  if (exists(path(program))) bind_mount("/dev/null", path(program), false);
}

void Container::start() {
  std::vector<char*> variables;
  for (std::string& variable : environment) variables.push_back(variable.data());
  variables.push_back(nullptr);
  constexpr unsigned long kFlags = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWUTS | SIGCHLD;
  long pid = syscall(SYS_clone, kFlags, nullptr, nullptr, nullptr, nullptr);
  if (pid == 0) become_init(root_.c_str(), variables.data());
  ASSERT_GT(pid, 0);
  init_ = static_cast<pid_t>(pid);
  ASSERT_TRUE(eventually([&] { return connect().valid(); })) << "init does not listen";
}

bool Container::is_running() const {
  return init_ > 0 && status_field("/proc/" + std::to_string(init_), "State")[0] != 'Z';
}

int Container::open_descriptors() const {
  fs::directory_iterator entries("/proc/" + std::to_string(init_) + "/fd");
  return static_cast<int>(std::distance(fs::begin(entries), fs::end(entries)));
}

std::vector<pid_t> Container::processes_with(const std::string& text) const {
  std::vector<pid_t> found;
  fs::path own = fs::read_symlink("/proc/" + std::to_string(init_) + "/ns/pid");
  for (const fs::directory_entry& entry : fs::directory_iterator("/proc")) {
    std::error_code error;
    fs::path space = fs::read_symlink(entry.path() / "ns/pid", error);
    if (error || space != own) continue;
    if (read_file(entry.path() / "cmdline").find(text) == std::string::npos) continue;
    found.push_back(std::stoi(entry.path().filename()));
  }
  return found;
}

bool Container::has_stopped(const std::string& text) const {
  auto found = processes_with(text);
  return found.size() == 1 &&
         status_field("/proc/" + std::to_string(found[0]), "State").starts_with('T');
}

int Container::zombies() const {
  int count = 0;
  std::string children =
      "/proc/" + std::to_string(init_) + "/task/" + std::to_string(init_) + "/children";
  std::istringstream list(read_file(children));
  for (std::string pid; list >> pid;) {
    std::string state = status_field("/proc/" + pid, "State");
    count += !state.empty() && state[0] == 'Z' ? 1 : 0;
  }
  return count;
}

Container::Stopped Container::stop(int signal) {
  auto begin = std::chrono::steady_clock::now();
  kill(init_, signal);
  Stopped stopped{};
  waitpid(init_, &stopped.status, 0);
  init_ = 0;
  stopped.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return stopped;
}

UniqueFd Container::connect() const {
  UniqueFd socket;
  int error =
      connect_packet_socket(path(kGuestInitSocket).c_str(), Deadline::after_ms(1000), socket);
  return error == 0 ? std::move(socket) : UniqueFd();
}

UniqueFd Container::connect_as_helper(const Identity& identity) const {
  UniqueFd socket = connect();
  Deadline deadline = Deadline::after_ms(1000);
  EXPECT_EQ(send_message(socket.get(), Hello{}, deadline), 0);
  std::vector<unsigned char> buffer(kMaxPacket);
  EXPECT_EQ(send_message(socket.get(), identity, buffer, deadline), 0);
  return socket;
}

}  // namespace labgpu::login_test
