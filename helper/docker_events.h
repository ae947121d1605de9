// Docker's events of labgpu's containers, followed for ever.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

#include "helper/docker_client.h"
#include "helper/docker_types.h"
#include "helper/error.h"
#include "helper/event_loop.h"
#include "helper/line_splitter.h"
#include "helper/task.h"

namespace labgpu {

class DockerEvents {
 public:
  struct Handlers {
    // Events flow from now on: whatever the past was has to be read anew, and was not missed if it
    // is read after this. Called again whenever events may have been lost.
    std::function<void()> on_resync;
    std::function<void(const ContainerEvent&)> on_event;
  };

  // Everything given must outlive this. Handlers run from the loop and must not destroy this.
  DockerEvents(EventLoop& loop, DockerClient& docker, std::string label, Handlers handlers);

  // Connects, and connects again after every end, at first after 100 ms, at last every 5 s. What is
  // no event ends a connection, too: whoever sends that may send nothing else.
  void start();

 private:
  Task<void> follow();
  HttpStream make_stream();
  void take_line(std::string_view line);

  EventLoop& loop_;
  DockerClient& docker_;
  std::string label_;
  Handlers handlers_;
  LineSplitter lines_;
  bool connected_ = false;
  std::string nonsense_;  // what was wrong with what came over this connection
  TaskGroup work_;
};

}  // namespace labgpu
