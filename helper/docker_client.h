// The part of Docker's Engine API that labgpu uses, as typed coroutines.
//
// Errors: kUnavailable when Docker does not answer or fails (5xx), kTimeout, kNotFound (404),
// kExists (409: the name is taken, or the state forbids it), kInvalid for other refusals and for
// replies that make no sense. The message says what was tried and has Docker's own sentence.
#pragma once

#include <chrono>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "helper/docker_types.h"
#include "helper/error.h"
#include "helper/event_loop.h"
#include "helper/http_client.h"
#include "helper/task.h"

namespace labgpu {

class DockerClient {
 public:
  // `loop` must outlive the client, the client its calls.
  DockerClient(EventLoop& loop, std::string socket_path);

  Task<Result<EngineInfo>> info();
  // All containers with `label` ("name" or "name=value"), in any state.
  Task<Result<std::vector<ContainerSummary>>> list_containers(std::string label);
  // `container` is an id or a name, here and below.
  Task<Result<ContainerDetails>> inspect_container(std::string container);
  // Returns the id.
  Task<Result<std::string>> create_container(std::string name, nlohmann::json specification);
  // Starting what runs and stopping what does not is a success.
  Task<Result<void>> start_container(std::string container);
  Task<Result<void>> stop_container(std::string container, std::chrono::seconds grace);
  Task<Result<void>> unpause_container(std::string container);
  // Changes limits and the restart policy, also while it runs.
  Task<Result<void>> update_container(std::string container, nlohmann::json changes);
  Task<Result<void>> rename_container(std::string container, std::string name);
  // Makes an image called `image` ("name:tag", which moves when it is there) of what the container
  // has beside its mounts, with `configuration` as its Config; the processes are not paused. Of
  // gigabytes it takes minutes. Returns the image's id.
  Task<Result<std::string>> commit_container(std::string container, std::string image,
                                             nlohmann::json configuration);
  // With its anonymous volumes, and also while it runs.
  Task<Result<void>> remove_container(std::string container);

  // Gives the image another name, "name:tag".
  Task<Result<void>> tag_image(std::string image, std::string name);
  // The request for the image as `docker save` writes it.
  Task<Result<std::string>> save_target(std::string image);
  // Has Docker fetch the image from its registry; `stream` gets Docker's lines about it, among them
  // perhaps one that says that it failed after all. kNotFound: the registry has no such image, or
  // does not show it. Destroying the Task cancels the pull.
  Task<Result<void>> pull_image(std::string image, HttpStream stream);

  // Of the images whose name fits the pattern ("labgpu/build/alice"), or all.
  Task<Result<std::vector<ImageDetails>>> list_images(std::string pattern = {});
  // `image` is a name, or an id. kNotFound: it is not on this server.
  Task<Result<ImageDetails>> inspect_image(std::string image);
  // Takes the name away, and deletes the image when it has no other; kExists when a container is
  // made from it.
  Task<Result<void>> remove_image(std::string image);
  // Has Docker's own builder (not BuildKit) make an image; `stream` gets its lines, among them
  // perhaps one that says that it failed after all. kTimeout after `limit`. Destroying the Task
  // ends the build.
  Task<Result<void>> build_image(ImageBuild build, std::chrono::seconds limit, HttpStream stream);

  // Events of containers with `label`, from `since` on (Docker keeps the last ones, so nothing
  // between two streams is missed). Returns when the stream ends, which is never a success.
  // Negotiates the API version anew, as Docker may be another one after a pause.
  Task<Error> follow_events(std::string label, std::chrono::system_clock::time_point since,
                            HttpStream stream);

  [[nodiscard]] const std::string& socket_path() const { return http_.socket_path(); }
  // How many HTTP requests were sent so far.
  [[nodiscard]] uint64_t request_count() const { return http_.request_count(); }

 private:
  struct Call;
  Task<Result<HttpResponse>> call(Call call);
  Task<Result<HttpResponse>> call_stream(Call call, HttpStream stream);
  Task<Result<nlohmann::json>> call_json(Call call);
  Task<Result<void>> call_plain(Call call);
  // Of a reply that says what was made.
  Task<Result<std::string>> call_for_id(Call call);
  Task<Result<void>> negotiate();
  // Negotiates first when that has not been done. `call` must outlive the Task.
  Task<Result<HttpRequest>> make_request(const Call& call);
  [[nodiscard]] Failed refused(const std::string& what, const HttpResponse& response) const;
  [[nodiscard]] Failed unreachable(const std::string& what, const Error& error) const;

  HttpClient http_;
  std::optional<ApiVersion> version_;
};

}  // namespace labgpu
