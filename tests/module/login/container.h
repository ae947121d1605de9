// A small container: a tree of files made of the machine's own /usr, and labgpu-init as its PID 1.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "common/messages.h"
#include "common/unique_fd.h"

namespace labgpu::login_test {

// Made with its files in place but not started, so that a test can change them first. Stops and
// removes everything at its end.
class Container {
 public:
  Container();
  ~Container();
  Container(const Container&) = delete;
  Container& operator=(const Container&) = delete;

  // The path on the machine of a path in the container.
  [[nodiscard]] std::string path(const std::string& inside) const { return root_ + inside; }
  // Init's environment, as an image's ENV would give it.
  std::vector<std::string> environment = {"PATH=/opt/image/bin:/usr/local/bin:/usr/bin:/bin",
                                          "HOSTNAME=abcdef", "HOME=/root", "IMAGE_SAYS=hello"};

  void make_read_only(const std::string& inside);
  // The program is there, but cannot be executed.
  void hide(const std::string& program);

  // Starts init and waits until it listens.
  void start();
  [[nodiscard]] pid_t init_pid() const { return init_; }
  [[nodiscard]] bool is_running() const;
  [[nodiscard]] int open_descriptors() const;
  // Processes in the container whose command line has `text`; init's zombies are counted with "".
  [[nodiscard]] std::vector<pid_t> processes_with(const std::string& text) const;
  // Whether there is one such process, and a signal has stopped it.
  [[nodiscard]] bool has_stopped(const std::string& text) const;
  [[nodiscard]] int zombies() const;

  struct Stopped {
    int status;      // of init, as waitpid(2) gives it
    double seconds;  // until it ended
  };
  Stopped stop(int signal);

  // A bare connection, and one on which the helper has spoken.
  [[nodiscard]] UniqueFd connect() const;
  [[nodiscard]] UniqueFd connect_as_helper(const Identity& identity) const;

 private:
  void make_tree();
  void make_devices();

  std::string root_;
  pid_t init_ = 0;
};

// The Identity of the tests' account.
Identity alice();

}  // namespace labgpu::login_test
