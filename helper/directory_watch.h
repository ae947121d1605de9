// Tells which files of a directory were changed, made, moved or removed, by whomever.
//
// It tells once it has been quiet for a moment, because an editor or a restored backup takes
// several steps for one file. Names that begin with a dot are nobody's business.
#pragma once

#include <functional>
#include <set>
#include <string>

#include "common/unique_fd.h"
#include "helper/error.h"
#include "helper/event_loop.h"

namespace labgpu {

class DirectoryWatch {
 public:
  // `all`: what has changed is not known in full, so every file has to be looked at.
  using Changed = std::function<void(const std::set<std::string>& names, bool all)>;

  // The loop must outlive it.
  DirectoryWatch(EventLoop& loop, std::string directory, Changed changed);
  DirectoryWatch(const DirectoryWatch&) = delete;
  DirectoryWatch& operator=(const DirectoryWatch&) = delete;

  Result<void> start();

 private:
  void read_events();
  void note(uint32_t what, const std::string& name);
  void tell();
  void return_to_directory();

  EventLoop& loop_;
  std::string directory_;
  Changed changed_;
  UniqueFd inotify_;
  EventSource readable_;
  EventSource quiet_;   // runs while something is to be told
  EventSource absent_;  // runs while there is no such directory
  std::set<std::string> names_;
  bool all_ = false;
};

}  // namespace labgpu
