// Engine API calls: targets, time limits and errors.
#include "helper/docker_client.h"

#include <cstdio>
#include <utility>

#include "helper/docker_json.h"
#include "helper/http_message.h"

namespace labgpu {

using nlohmann::json;

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds kQuickCall{30};
// Creating unpacks nothing, but a busy disk or a loaded daemon makes both of these slow.
constexpr seconds kSlowCall{120};
// Docker says nothing before it has read and written the last of hundreds of gigabytes.
constexpr std::chrono::hours kCommit{6};
// A pull says nothing while Docker waits for another client's pull of the same layers, or finishes
// a large layer on a slow disk. The silence of a registry Docker itself ends sooner.
constexpr seconds kSilentPull{600};
// Whoever wants the image waits for the pull that there is, so it must not go on for ever.
constexpr std::chrono::hours kLongestPull{24};
// Of an entry of a list of containers or images, one or two kilobytes; of all other replies, some
// ten. What is as large as an image does not come this way (image_export).
constexpr size_t kLargestList = size_t{16} << 20;

// How Docker says that there is nothing to do.
constexpr int kNotModified = 304;

// Any UTF-8 that is broken is replaced, because dump() throws on it otherwise.
std::string to_text(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string container_target(const std::string& container, const std::string& rest) {
  return "/containers/" + url_encode(container) + rest;
}

std::string image_target(const std::string& image, const std::string& rest) {
  return "/images/" + url_encode(image) + rest;
}

// "name:tag", as a query says it.
std::string repository_query(const std::string& image) {
  size_t colon = image.rfind(':');
  return "repo=" + url_encode(image.substr(0, colon)) +
         "&tag=" + url_encode(image.substr(colon + 1));
}

// Without a tag Docker would fetch all tags of the name; with a digest, "tag" is the digest.
std::string pull_target(const std::string& image) {
  size_t digest = image.find('@');
  size_t colon = image.rfind(':');
  size_t slash = image.rfind('/');
  bool has_tag = colon != std::string::npos && (slash == std::string::npos || colon > slash);
  size_t end = digest != std::string::npos ? digest : has_tag ? colon : image.size();
  std::string tag = end < image.size() ? image.substr(end + 1) : "latest";
  return "/images/create?fromImage=" + url_encode(image.substr(0, end)) + "&tag=" + url_encode(tag);
}

// https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Image/operation/ImageBuild.
// Containers of steps are removed also when one fails. Only what was made from `cache_from` is
// taken in place of a step that would run (moby, image/cache/cache.go).
std::string build_target(const ImageBuild& build) {
  std::string target =
      "/build?rm=1&forcerm=1&networkmode=default&dockerfile=" + url_encode(build.recipe) +
      "&t=" + url_encode(build.name) + "&labels=" + url_encode(to_text(build.labels));
  if (build.cache_from.empty()) {
    target += "&nocache=1";
  } else {
    target += "&cachefrom=" + url_encode(to_text(build.cache_from));
  }
  for (const auto& [key, value] : build.limits.items()) {
    target += "&" + key + "=" + url_encode(value.is_number() ? value.dump() : to_text(value));
  }
  return target;
}

// GET /events wants seconds and nanoseconds, as in "1700000000.000000001".
std::string to_event_time(std::chrono::system_clock::time_point point) {
  auto since_epoch = std::chrono::duration_cast<std::chrono::nanoseconds>(point.time_since_epoch());
  auto whole = std::chrono::duration_cast<seconds>(since_epoch);
  char text[64];
  std::snprintf(text, sizeof text, "%lld.%09lld", static_cast<long long>(whole.count()),
                static_cast<long long>((since_epoch - whole).count()));
  return text;
}

}  // namespace

struct DockerClient::Call {
  std::string what;  // "start the container alice_container": for "Docker cannot …"
  std::string method = "GET";
  std::string target;  // without the version
  std::string body = {};
  milliseconds timeout = kQuickCall;
  StreamLimits stream = {};
  size_t max_body = HttpRequest{}.max_body;
};

DockerClient::DockerClient(EventLoop& loop, std::string socket_path)
    : http_(loop, std::move(socket_path)) {}

Failed DockerClient::unreachable(const std::string& what, const Error& error) const {
  return fail(error.code, "Docker cannot " + what + " (" + http_.socket_path() +
                              "): " + error.message + "; see systemctl status docker");
}

Failed DockerClient::refused(const std::string& what, const HttpResponse& response) const {
  ErrorCode code = ErrorCode::kInvalid;
  if (response.status == 404) code = ErrorCode::kNotFound;
  if (response.status == 409) code = ErrorCode::kExists;
  if (response.status >= 500) code = ErrorCode::kUnavailable;
  return fail(code,
              "Docker cannot " + what + ": " + docker_refusal(response.status, response.body));
}

Task<Result<void>> DockerClient::negotiate() {
  std::string what = "say its version";
  HttpRequest request{.target = "/version", .timeout = kQuickCall};
  Result<HttpResponse> response = co_await http_.request(std::move(request));
  if (!response) co_return unreachable(what, response.error());
  if (!is_http_success(response->status)) co_return refused(what, *response);
  Result<json> reply = parse_docker_json(response->body, "Docker's version");
  if (!reply) co_return Failed(reply.error());
  Result<ApiVersion> chosen = choose_api_version(*reply);
  if (!chosen) co_return Failed(chosen.error());
  version_ = *chosen;
  co_return Result<void>();
}

Task<Result<HttpRequest>> DockerClient::make_request(const Call& call) {
  if (!version_) {
    Result<void> negotiated = co_await negotiate();
    if (!negotiated) co_return Failed(negotiated.error());
  }
  co_return HttpRequest{.method = call.method,
                        .target = "/v" + to_string(*version_) + call.target,
                        .body = call.body,
                        .timeout = call.timeout,
                        .stream = call.stream,
                        .max_body = call.max_body};
}

Task<Result<HttpResponse>> DockerClient::call(Call call) {
  Result<HttpRequest> request = co_await make_request(call);
  if (!request) co_return Failed(request.error());
  Result<HttpResponse> response = co_await http_.request(std::move(*request));
  if (!response) co_return unreachable(call.what, response.error());
  if (!is_http_success(response->status) && response->status != kNotModified) {
    co_return refused(call.what, *response);
  }
  co_return response;
}

Task<Result<HttpResponse>> DockerClient::call_stream(Call call, HttpStream stream) {
  Result<HttpRequest> request = co_await make_request(call);
  if (!request) co_return Failed(request.error());
  Result<HttpResponse> response = co_await http_.stream(std::move(*request), std::move(stream));
  if (!response) co_return unreachable(call.what, response.error());
  if (!is_http_success(response->status)) co_return refused(call.what, *response);
  co_return response;
}

Task<Result<json>> DockerClient::call_json(Call described) {
  std::string what = described.what;
  Result<HttpResponse> response = co_await call(std::move(described));
  if (!response) co_return Failed(response.error());
  Result<json> reply = parse_docker_json(response->body, "the reply");
  if (!reply) co_return wrap("Docker cannot " + what, reply.error());
  co_return reply;
}

Task<Result<void>> DockerClient::call_plain(Call described) {
  Result<HttpResponse> response = co_await call(std::move(described));
  if (!response) co_return Failed(response.error());
  co_return Result<void>();
}

Task<Result<EngineInfo>> DockerClient::info() {
  Call described{.what = "describe itself", .target = "/info"};
  Result<json> reply = co_await call_json(std::move(described));
  if (!reply) co_return Failed(reply.error());
  co_return parse_engine_info(*reply);
}

Task<Result<std::vector<ContainerSummary>>> DockerClient::list_containers(std::string label) {
  json filters = {{"label", json::array({label})}};
  Call described{.what = "list the containers",
                 .target = "/containers/json?all=1&filters=" + url_encode(to_text(filters)),
                 .max_body = kLargestList};
  Result<json> reply = co_await call_json(std::move(described));
  if (!reply) co_return Failed(reply.error());
  co_return parse_container_list(*reply);
}

Task<Result<ContainerDetails>> DockerClient::inspect_container(std::string container) {
  Call described{.what = "show the container " + container,
                 .target = container_target(container, "/json")};
  Result<json> reply = co_await call_json(std::move(described));
  if (!reply) co_return Failed(reply.error());
  co_return parse_container_details(*reply);
}

Task<Result<std::string>> DockerClient::call_for_id(Call described) {
  std::string what = described.what;
  Result<json> reply = co_await call_json(std::move(described));
  if (!reply) co_return Failed(reply.error());
  std::string id;
  what = "Docker's reply, when it was to " + what;
  DockerFields fields(*reply, what);
  fields.id("Id", id);
  if (!fields.result()) co_return Failed(fields.result().error());
  co_return id;
}

Task<Result<std::string>> DockerClient::create_container(std::string name, json specification) {
  Call described{.what = "create the container " + name,
                 .method = "POST",
                 .target = "/containers/create?name=" + url_encode(name),
                 .body = to_text(specification),
                 .timeout = kSlowCall};
  Result<std::string> id = co_await call_for_id(std::move(described));
  co_return id;
}

Task<Result<void>> DockerClient::rename_container(std::string container, std::string name) {
  Call described{.what = "call the container " + container + " " + name,
                 .method = "POST",
                 .target = container_target(container, "/rename?name=" + url_encode(name))};
  Result<void> done = co_await call_plain(std::move(described));
  co_return done;
}

Task<Result<std::string>> DockerClient::commit_container(std::string container, std::string image,
                                                         json configuration) {
  Call described{.what = "make the image " + image,
                 .method = "POST",
                 .target = "/commit?pause=0&container=" + url_encode(container) + "&" +
                           repository_query(image),
                 .body = to_text(configuration),
                 .timeout = kCommit};
  Result<std::string> id = co_await call_for_id(std::move(described));
  co_return id;
}

Task<Result<void>> DockerClient::start_container(std::string container) {
  Call described{.what = "start the container " + container,
                 .method = "POST",
                 .target = container_target(container, "/start"),
                 .timeout = kSlowCall};
  Result<void> done = co_await call_plain(std::move(described));
  co_return done;
}

Task<Result<void>> DockerClient::stop_container(std::string container, seconds grace) {
  Call described{.what = "stop the container " + container,
                 .method = "POST",
                 .target = container_target(container, "/stop?t=" + std::to_string(grace.count())),
                 .timeout = grace + kQuickCall};
  Result<void> done = co_await call_plain(std::move(described));
  co_return done;
}

Task<Result<void>> DockerClient::unpause_container(std::string container) {
  Call described{.what = "resume the container " + container,
                 .method = "POST",
                 .target = container_target(container, "/unpause")};
  Result<void> done = co_await call_plain(std::move(described));
  co_return done;
}

Task<Result<void>> DockerClient::update_container(std::string container, json changes) {
  Call described{.what = "change the container " + container,
                 .method = "POST",
                 .target = container_target(container, "/update"),
                 .body = to_text(changes)};
  Result<void> done = co_await call_plain(std::move(described));
  co_return done;
}

Task<Result<void>> DockerClient::remove_container(std::string container) {
  Call described{.what = "remove the container " + container,
                 .method = "DELETE",
                 .target = container_target(container, "?force=1&v=1"),
                 .timeout = kSlowCall};
  Result<void> done = co_await call_plain(std::move(described));
  co_return done;
}

Task<Result<ImageDetails>> DockerClient::inspect_image(std::string image) {
  Call described{.what = "show the image " + image, .target = image_target(image, "/json")};
  Result<json> reply = co_await call_json(std::move(described));
  if (!reply) co_return Failed(reply.error());
  co_return parse_image_details(*reply);
}

Task<Result<void>> DockerClient::tag_image(std::string image, std::string name) {
  Call described{.what = "call the image " + image + " " + name,
                 .method = "POST",
                 .target = image_target(image, "/tag?" + repository_query(name))};
  Result<void> done = co_await call_plain(std::move(described));
  co_return done;
}

Task<Result<std::string>> DockerClient::save_target(std::string image) {
  Call described{.what = "save the image " + image, .target = image_target(image, "/get")};
  Result<HttpRequest> request = co_await make_request(described);
  if (!request) co_return Failed(request.error());
  co_return std::move(request->target);
}

Task<Result<void>> DockerClient::remove_image(std::string image) {
  Call described{.what = "remove the image " + image,
                 .method = "DELETE",
                 .target = image_target(image, ""),
                 .timeout = kSlowCall};
  Result<void> done = co_await call_plain(std::move(described));
  co_return done;
}

Task<Result<void>> DockerClient::pull_image(std::string image, HttpStream stream) {
  Call described{.what = "fetch it",
                 .method = "POST",
                 .target = pull_target(image),
                 .timeout = kSlowCall,
                 .stream = {.silence = kSilentPull, .whole = kLongestPull}};
  Result<HttpResponse> done = co_await call_stream(std::move(described), std::move(stream));
  if (!done) co_return Failed(done.error());
  co_return Result<void>();
}

Task<Result<std::vector<ImageDetails>>> DockerClient::list_images(std::string pattern) {
  json filters = json::object();
  if (!pattern.empty()) filters["reference"] = json::array({pattern});
  Call described{.what = "list the images",
                 .target = "/images/json?filters=" + url_encode(to_text(filters)),
                 .max_body = kLargestList};
  Result<json> reply = co_await call_json(std::move(described));
  if (!reply) co_return Failed(reply.error());
  co_return parse_image_list(*reply);
}

Task<Result<void>> DockerClient::build_image(ImageBuild build, seconds limit, HttpStream stream) {
  Call described{
      .what = "build the image", .method = "POST", .target = build_target(build), .timeout = limit};
  Result<HttpRequest> request = co_await make_request(described);
  if (!request) co_return Failed(request.error());
  request->upload_fd = build.context_fd;
  request->upload_size = build.context_size;
  request->content_type = "application/x-tar";
  request->stream.whole = limit;
  Result<HttpResponse> done = co_await http_.stream(std::move(*request), std::move(stream));
  if (!done) co_return unreachable(described.what, done.error());
  if (!is_http_success(done->status)) co_return refused(described.what, *done);
  co_return Result<void>();
}

Task<Error> DockerClient::follow_events(std::string label,
                                        std::chrono::system_clock::time_point since,
                                        HttpStream stream) {
  version_.reset();
  json filters = {
      {"type", json::array({"container"})},
      {"label", json::array({label})},
      {"event", json::array({"start", "die", "oom", "kill", "destroy", "pause", "unpause"})}};
  Call described{.what = "tell its events",
                 .target = "/events?since=" + to_event_time(since) +
                           "&filters=" + url_encode(to_text(filters))};
  Result<HttpResponse> ended = co_await call_stream(std::move(described), std::move(stream));
  if (!ended) co_return ended.error();
  co_return Error{ErrorCode::kUnavailable, "Docker ended its stream of events"};
}

}  // namespace labgpu
