// The Engine API's client: versions, errors and replies that are not what they should be.
#include "helper/docker_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <string>

#include "helper/docker_json.h"
#include "tests/unit/helper_docker/fake_server.h"
#include "tests/unit/helper_docker/run_task.h"

namespace labgpu {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing_support::FakeConnection;
using testing_support::FakeRequest;
using testing_support::FakeServer;
using testing_support::http_reply;
using testing_support::run_task;
using testing_support::with_version;

constexpr char kContainer[] = R"({
  "Id": "abc", "Name": "/alice_container", "Unknown": [1, {}],
  "Config": {"Image": "img", "Labels": {"org.labgpu.user": "alice"}},
  "State": {"Status": "running", "Pid": 4711, "ExitCode": 0, "StartedAt": "2026-01-02T03:04:05Z"},
  "Mounts": [{"Type": "bind", "Source": "/s", "Destination": "/d"}],
  "NetworkSettings": {"Networks": {"bridge": {"IPAddress": "172.17.0.2"}}}})";

// An engine that answers every request but the first with `reply`.
struct Engine {
  explicit Engine(std::string reply, const std::string& newest = "1.41",
                  const std::string& oldest = "1.12")
      : server(
            with_version(newest, oldest,
                         [reply](const FakeRequest&, const FakeConnection& c) { c.send(reply); })),
        client(loop, server.socket_path()) {}
  FakeServer server;
  EventLoop loop;
  DockerClient client;
};

TEST(DockerClient, SpeaksTheEnginesVersion) {
  Engine engine(http_reply(200, kContainer));
  ASSERT_TRUE(run_task(engine.loop, engine.client.inspect_container("a/b")));
  ASSERT_TRUE(run_task(engine.loop, engine.client.inspect_container("c")));
  EXPECT_THAT(engine.server.requests(),
              ElementsAre("GET /version", "GET /v1.41/containers/a%2Fb/json",
                          "GET /v1.41/containers/c/json"));
}

TEST(DockerClient, SpeaksItsOwnNewestToANewerEngine) {
  Engine engine(http_reply(200, kContainer), "1.52", "1.44");
  ASSERT_TRUE(run_task(engine.loop, engine.client.inspect_container("c")));
  EXPECT_EQ(engine.server.requests().back(), "GET /v1.44/containers/c/json");
}

TEST(DockerClient, SaysWhichVersionsDoNotMeet) {
  Engine old(http_reply(200, kContainer), "1.40", "1.12");
  Result<ContainerDetails> details = run_task(old.loop, old.client.inspect_container("c"));
  ASSERT_FALSE(details);
  EXPECT_EQ(details.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(details.error().message,
            "Docker speaks the API versions 1.12 to 1.40, labgpu 1.41 to 1.44; update the Docker "
            "Engine");
  Engine young(http_reply(200, kContainer), "1.99", "1.45");
  details = run_task(young.loop, young.client.inspect_container("c"));
  ASSERT_FALSE(details);
  EXPECT_THAT(details.error().message, HasSubstr("1.45 to 1.99"));
  EXPECT_THAT(details.error().message, HasSubstr("update the labgpu package"));
}

TEST(DockerClient, VersionThatIsNoneIsAnError) {
  for (const char* version : {"", "1", "1.x", "-1.41", "1.41.2", "99999999999.1"}) {
    Engine engine(http_reply(200, kContainer), version);
    EXPECT_FALSE(run_task(engine.loop, engine.client.inspect_container("c"))) << version;
  }
}

TEST(DockerClient, ContainerIsRead) {
  Engine engine(http_reply(200, kContainer));
  Result<ContainerDetails> details = run_task(engine.loop, engine.client.inspect_container("c"));
  ASSERT_TRUE(details);
  EXPECT_EQ(details->id, "abc");
  EXPECT_EQ(details->name, "alice_container");
  EXPECT_EQ(details->image, "img");
  EXPECT_EQ(details->labels.at("org.labgpu.user"), "alice");
  EXPECT_EQ(details->state, "running");
  EXPECT_EQ(details->pid, 4711);
  EXPECT_EQ(details->started_at, "2026-01-02T03:04:05Z");
  ASSERT_EQ(details->mounts.size(), 1U);
  EXPECT_EQ(details->mounts[0].source, "/s");
  EXPECT_EQ(details->mounts[0].destination, "/d");
  EXPECT_EQ(details->address, "172.17.0.2");
  // Of what Docker does not tell there is none.
  EXPECT_EQ(details->limits.memory_bytes + details->limits.nano_cpus, 0U);
  EXPECT_EQ(details->limits.restart, "no");
  EXPECT_TRUE(details->ports.empty());
}

TEST(DockerClient, ImagesAreRead) {
  Engine engine(
      http_reply(200, R"([{"Id": "sha256:1", "Created": 5, "Size": 7, "Labels": {"a": "b"},
    "RepoTags": ["x:1", "x:2"], "RepoDigests": ["x@sha256:0"]},
    {"Id": "sha256:2", "Created": 6, "Size": 8, "Labels": null, "RepoTags": ["<none>:<none>"]}])"));
  auto images = run_task(engine.loop, engine.client.list_images("x"));
  ASSERT_TRUE(images) << images.error().message;
  ASSERT_EQ(images->size(), 2U);
  EXPECT_EQ((*images)[0].names, (std::vector<std::string>{"x:1", "x:2"}));
  EXPECT_EQ((*images)[0].digests, (std::vector<std::string>{"x@sha256:0"}));
  EXPECT_EQ((*images)[0].labels.at("a"), "b");
  EXPECT_EQ((*images)[0].created, 5);
  EXPECT_EQ((*images)[0].bytes, 7U);
  EXPECT_TRUE((*images)[1].names.empty());
  EXPECT_EQ(engine.server.requests().back(),
            "GET /v1.41/images/json?filters=%7B%22reference%22%3A%5B%22x%22%5D%7D");
  Engine one(http_reply(200, R"({"Id": "sha256:1", "Size": 7, "RepoTags": [],
    "Config": {"OnBuild": ["RUN x"], "Labels": {"a": "b"}}})"));
  auto image = run_task(one.loop, one.client.inspect_image("lab/x:1"));
  ASSERT_TRUE(image) << image.error().message;
  EXPECT_EQ(image->triggers, std::vector<std::string>{"RUN x"});
  EXPECT_EQ(image->labels.at("a"), "b");
  EXPECT_FALSE(parse_image_list(nlohmann::json::object()));
  EXPECT_FALSE(parse_image_details({{"Id", 5}}));
}

TEST(DockerClient, LimitsAndPortsAreRead) {
  auto reply = nlohmann::json::parse(kContainer);
  reply["HostConfig"] = nlohmann::json::parse(R"({
    "Memory": 1073741824, "NanoCpus": 1500000000, "PidsLimit": 100,
    "RestartPolicy": {"Name": "always", "MaximumRetryCount": 0},
    "PortBindings": {"22/tcp": [{"HostIp": "", "HostPort": "20001"}], "80/tcp": null}})");
  Result<ContainerDetails> details = parse_container_details(reply);
  ASSERT_TRUE(details) << details.error().message;
  EXPECT_EQ(details->limits.memory_bytes, 1U << 30);
  EXPECT_EQ(details->limits.nano_cpus, 1500000000U);
  EXPECT_EQ(details->limits.pids, 100);
  EXPECT_EQ(details->limits.restart, "always");
  ASSERT_EQ(details->ports.size(), 1U);
  EXPECT_EQ(details->ports[0].container, "22/tcp");
  EXPECT_EQ(details->ports[0].host, "20001");
  reply["HostConfig"]["PidsLimit"] = nullptr;
  reply["HostConfig"]["Memory"] = -1;
  details = parse_container_details(reply);
  ASSERT_TRUE(details);
  EXPECT_EQ(details->limits.pids, 0);
  EXPECT_EQ(details->limits.memory_bytes, 0U);
}

TEST(DockerClient, WrongTypesAreErrorsThatNameTheField) {
  struct Case {
    const char* pointer;
    nlohmann::json value;
    const char* named;
  };
  const Case cases[] = {
      {"/Id", 5, "Id"},
      {"/State", "up", "State.Status"},
      {"/State/Pid", "4711", "State.Pid"},
      {"/State/Pid", 1e30, "State.Pid"},
      {"/State/Pid", uint64_t{1} << 63, "State.Pid"},
      {"/State/Pid", int64_t{1} << 40, "State.Pid"},
      {"/State/Pid", -1, "State.Pid"},
      {"/Config/Labels", nlohmann::json::array(), "Config.Labels"},
      {"/Config/Labels", {{"a", 1}}, "Config.Labels"},
      {"/Mounts", 7, "Mounts"},
      {"/Mounts/0", "x", "Destination"},
      {"/NetworkSettings/Networks/bridge", 1, "IPAddress"},
      {"/HostConfig/Memory", "1g", "HostConfig.Memory"},
      {"/HostConfig/PidsLimit", 1.5, "HostConfig.PidsLimit"},
      {"/HostConfig/RestartPolicy/Name", 1, "HostConfig.RestartPolicy.Name"},
      {"/HostConfig/PortBindings", {"80/tcp"}, "HostConfig.PortBindings"},
      {"/HostConfig/PortBindings/80~1tcp", {{{"HostPort", 80}}}, "HostPort"},
  };
  for (const Case& one : cases) {
    auto reply = nlohmann::json::parse(kContainer);
    reply[nlohmann::json::json_pointer(one.pointer)] = one.value;
    Result<ContainerDetails> details = parse_container_details(reply);
    if (std::string(one.pointer) == "/Mounts/0") {
      EXPECT_FALSE(details);
      continue;
    }
    ASSERT_FALSE(details) << one.pointer;
    EXPECT_THAT(details.error().message, HasSubstr(one.named)) << one.pointer;
  }
}

TEST(DockerClient, IdsAreNoneOfAnyLength) {
  for (const std::string& id : {std::string(), std::string(129, 'a'), std::string("a\0b", 3)}) {
    auto container = nlohmann::json::parse(kContainer);
    container["Id"] = id;
    EXPECT_FALSE(parse_container_details(container)) << id;
    EXPECT_FALSE(parse_container_list({{{"Id", id}, {"State", "running"}}})) << id;
    nlohmann::json event = {{"Action", "start"}, {"Actor", {{"ID", id}}}};
    EXPECT_FALSE(parse_container_event(event.dump())) << id;
  }
}

TEST(DockerClient, ASentenceIsCutBetweenCharacters) {
  EXPECT_EQ(docker_sentence("ein Wort"), "ein Wort");
  std::string long_one;
  while (long_one.size() < 3000) long_one += "\xe4\xb8\xad";  // three bytes each
  EXPECT_EQ(docker_sentence(long_one), long_one.substr(0, 999) + " ...");
  EXPECT_EQ(docker_sentence(std::string(2000, '\x80')), " ...");
}

TEST(DockerClient, EveryMissingFieldIsEitherOptionalOrAnError) {
  const auto whole = nlohmann::json::parse(kContainer);
  for (const char* pointer : {"/Id", "/Name", "/Config/Image", "/State/Status", "/State/Pid"}) {
    nlohmann::json flat = whole.flatten();
    flat.erase(pointer);
    EXPECT_FALSE(parse_container_details(flat.unflatten())) << pointer;
  }
  for (const char* pointer : {"/Mounts", "/NetworkSettings", "/Config/Labels"}) {
    nlohmann::json less = whole;
    less[nlohmann::json::json_pointer(pointer)] = nullptr;
    EXPECT_TRUE(parse_container_details(less)) << pointer;
  }
}

TEST(DockerClient, GarbageIsAnError) {
  const std::string bodies[] = {"",
                                "{",
                                "null",
                                "[]",
                                "{} {}",
                                "\xff",
                                "\"text\"",
                                "{\"Id\":\"\xff\"}",
                                std::string("{\0}", 3),
                                std::string(100000, '[')};
  for (const std::string& body : bodies) {
    Engine engine(http_reply(200, body));
    EXPECT_FALSE(run_task(engine.loop, engine.client.inspect_container("c"))) << body.substr(0, 20);
    EXPECT_FALSE(run_task(engine.loop, engine.client.create_container("c", {})))
        << body.substr(0, 20);
  }
}

TEST(DockerClient, RefusalsKeepDockersSentence) {
  struct Case {
    int status;
    ErrorCode code;
  };
  const Case cases[] = {{400, ErrorCode::kInvalid},     {404, ErrorCode::kNotFound},
                        {409, ErrorCode::kExists},      {500, ErrorCode::kUnavailable},
                        {503, ErrorCode::kUnavailable}, {301, ErrorCode::kInvalid}};
  for (const Case& one : cases) {
    Engine engine(http_reply(one.status, R"({"message":"the reason"})"));
    Result<void> started = run_task(engine.loop, engine.client.start_container("c"));
    ASSERT_FALSE(started);
    EXPECT_EQ(started.error().code, one.code);
    EXPECT_EQ(started.error().message, "Docker cannot start the container c: the reason");
  }
}

TEST(DockerClient, RefusalWithoutSentenceHasTheStatus) {
  for (const char* body : {"", "<html>", R"({"message":7})", "{}"}) {
    Engine engine(http_reply(502, body));
    Result<void> started = run_task(engine.loop, engine.client.start_container("c"));
    ASSERT_FALSE(started);
    EXPECT_THAT(started.error().message, HasSubstr("HTTP status 502")) << body;
  }
}

TEST(DockerClient, NothingToDoIsASuccess) {
  Engine engine("HTTP/1.1 304 Not Modified\r\n\r\n");
  EXPECT_TRUE(run_task(engine.loop, engine.client.start_container("c")));
  EXPECT_TRUE(run_task(engine.loop, engine.client.stop_container("c", std::chrono::seconds(10))));
  EXPECT_EQ(engine.server.requests().back(), "POST /v1.41/containers/c/stop?t=10");
}

TEST(DockerClient, NoDockerSaysWhatToLookAt) {
  EventLoop loop;
  DockerClient client(loop, "/nonexistent/docker.sock");
  Result<EngineInfo> info = run_task(loop, client.info());
  ASSERT_FALSE(info);
  EXPECT_EQ(info.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(info.error().message,
              AllOf(HasSubstr("/nonexistent/docker.sock"), HasSubstr("systemctl status docker")));
}

TEST(DockerClient, InfoIsRead) {
  Engine engine(http_reply(200, R"({"Runtimes":{"runc":{},"nvidia":{}},"LoggingDriver":"local",
                                    "CDISpecDirs":["/etc/cdi"],"DockerRootDir":"/srv/docker",
                                    "SecurityOptions":["name=seccomp,profile=default"]})"));
  Result<EngineInfo> info = run_task(engine.loop, engine.client.info());
  ASSERT_TRUE(info);
  EXPECT_THAT(info->runtimes, ElementsAre("nvidia", "runc"));
  EXPECT_EQ(info->logging_driver, "local");
  EXPECT_THAT(info->cdi_spec_directories, ElementsAre("/etc/cdi"));
  EXPECT_THAT(info->security_options, ElementsAre("name=seccomp,profile=default"));
  EXPECT_EQ(info->root_directory, "/srv/docker");
}

TEST(DockerClient, ChangesAreSentAsTheyAre) {
  Engine engine(http_reply(200, R"({"Warnings":[]})"));
  EXPECT_TRUE(run_task(engine.loop, engine.client.update_container("c", {{"PidsLimit", 64}})));
  EXPECT_EQ(engine.server.requests().back(), "POST /v1.41/containers/c/update");
}

// Above what any other reply may have.
TEST(DockerClient, AListMayBeLong) {
  auto images = nlohmann::json::array();
  for (int i = 0; i < 2000; ++i) {
    images.push_back({{"Id", "sha256:" + std::to_string(i)},
                      {"RepoTags", {std::string(1000, 'a') + ":1"}},
                      {"Created", 1}});
  }
  Engine engine(http_reply(200, images.dump()));
  auto listed = run_task(engine.loop, engine.client.list_images());
  ASSERT_TRUE(listed) << listed.error().message;
  EXPECT_EQ(listed->size(), 2000U);
}

// Only what is kept has a limit, and of a stream nothing is.
TEST(DockerClient, ABuildMaySayMoreThanAReplyMay) {
  const std::string line = R"({"stream":")" + std::string(60000, 'x') + "\"}\n";
  constexpr int kLines = 400;
  FakeServer server(with_version("1.41", "1.12", [&](const FakeRequest&, const FakeConnection& c) {
    c.send("HTTP/1.1 200 OK\r\n\r\n");
    for (int i = 0; i < kLines; ++i) c.send(line);
  }));
  EventLoop loop;
  DockerClient client(loop, server.socket_path());
  UniqueFd context(memfd_create("context", MFD_CLOEXEC));
  ImageBuild build;
  build.context_fd = context.get();
  build.labels = build.limits = nlohmann::json::object();
  size_t seen = 0;
  HttpStream stream{.on_open = [] {},
                    .on_data = [&](std::string_view piece) { return (seen += piece.size()) > 0; }};
  auto built = run_task(loop, client.build_image(build, std::chrono::seconds(60), stream));
  ASSERT_TRUE(built) << built.error().message;
  EXPECT_EQ(seen, line.size() * kLines);
}

TEST(DockerClient, ListIsRead) {
  Engine engine(http_reply(200, R"([{"Id":"a","State":"running"},{"Id":"b","State":"exited"}])"));
  auto list = run_task(engine.loop, engine.client.list_containers("org.labgpu.user=alice"));
  ASSERT_TRUE(list);
  ASSERT_EQ(list->size(), 2U);
  EXPECT_EQ((*list)[1].state, "exited");
  EXPECT_EQ(engine.server.requests().back(),
            "GET /v1.41/containers/json?all=1&filters="
            "%7B%22label%22%3A%5B%22org.labgpu.user%3Dalice%22%5D%7D");
}

}  // namespace
}  // namespace labgpu
