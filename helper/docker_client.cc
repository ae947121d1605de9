// Engine API calls: targets, time limits and errors.
#include "helper/docker_client.h"

#include <cstdio>
#include <utility>

#include "helper/docker_json.h"

namespace labgpu {

using nlohmann::json;

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds kQuickCall{30};
// Creating unpacks nothing, but a busy disk or a loaded daemon makes both of these slow.
constexpr seconds kSlowCall{120};
// A pull says nothing while Docker waits for another client's pull of the same layers, or finishes
// a large layer on a slow disk. The silence of a registry Docker itself ends sooner.
constexpr seconds kSilentPull{600};
// Whoever wants the image waits for the pull that there is, so it must not go on for ever.
constexpr std::chrono::hours kLongestPull{24};
// Of an entry of a list of containers, one or two kilobytes; of all other replies, some ten.
constexpr size_t kLargestList = size_t{16} << 20;

bool is_success(long status) { return status >= 200 && status < 300; }

// How Docker says that there is nothing to do.
constexpr long kNotModified = 304;

// Any UTF-8 that is broken is replaced, because dump() throws on it otherwise.
std::string to_text(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string container_target(const std::string& container, const std::string& rest) {
  return "/containers/" + url_encode(container) + rest;
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
  std::string sentence;
  if (Result<json> reply = parse_docker_json(response.body, "the reply")) {
    DockerFields(*reply, "the reply").sentence("message", sentence);
  }
  if (sentence.empty()) sentence = "HTTP status " + std::to_string(response.status);
  ErrorCode code = ErrorCode::kInvalid;
  if (response.status == 404) code = ErrorCode::kNotFound;
  if (response.status == 409) code = ErrorCode::kExists;
  if (response.status >= 500) code = ErrorCode::kUnavailable;
  return fail(code, "Docker cannot " + what + ": " + sentence);
}

Task<Result<void>> DockerClient::negotiate() {
  std::string what = "say its version";
  HttpRequest request{.target = "/version", .timeout = kQuickCall};
  Result<HttpResponse> response = co_await http_.request(std::move(request));
  if (!response) co_return unreachable(what, response.error());
  if (!is_success(response->status)) co_return refused(what, *response);
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
  if (!is_success(response->status) && response->status != kNotModified) {
    co_return refused(call.what, *response);
  }
  co_return response;
}

Task<Result<HttpResponse>> DockerClient::call_stream(Call call, HttpStream stream) {
  Result<HttpRequest> request = co_await make_request(call);
  if (!request) co_return Failed(request.error());
  Result<HttpResponse> response = co_await http_.stream(std::move(*request), std::move(stream));
  if (!response) co_return unreachable(call.what, response.error());
  if (!is_success(response->status)) co_return refused(call.what, *response);
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

Task<Result<std::string>> DockerClient::create_container(std::string name, json specification) {
  Call described{.what = "create the container " + name,
                 .method = "POST",
                 .target = "/containers/create?name=" + url_encode(name),
                 .body = to_text(specification),
                 .timeout = kSlowCall};
  Result<json> reply = co_await call_json(std::move(described));
  if (!reply) co_return Failed(reply.error());
  std::string id;
  DockerFields fields(*reply, "Docker's reply to a create");
  fields.id("Id", id);
  if (!fields.result()) co_return Failed(fields.result().error());
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

Task<Error> DockerClient::follow_events(std::string label,
                                        std::chrono::system_clock::time_point since,
                                        HttpStream stream) {
  version_.reset();
  json filters = {{"type", json::array({"container"})},
                  {"label", json::array({label})},
                  {"event", json::array({"start", "die", "destroy", "pause", "unpause"})}};
  Call described{.what = "tell its events",
                 .target = "/events?since=" + to_event_time(since) +
                           "&filters=" + url_encode(to_text(filters))};
  Result<HttpResponse> ended = co_await call_stream(std::move(described), std::move(stream));
  if (!ended) co_return ended.error();
  co_return Error{ErrorCode::kUnavailable, "Docker ended its stream of events"};
}

}  // namespace labgpu
