// rebuild, snapshot, snapshots, restore, export and adopt: what they ask, send and print.
#include <gmock/gmock.h>
#include <stdlib.h>
#include <time.h>

#include "tests/unit/cli/exchange.h"

namespace labgpu {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;

json container() {
  return {{"user", "alice"},
          {"name", "alice_container"},
          {"id", "0123"},
          {"state", "running"},
          {"image", "i:1"},
          {"startedAt", "2025-05-20T12:03:04.5Z"},
          {"address", ""},
          {"sessions", 0},
          {"ports", json::array()},
          {"needsRebuild", json::array()},
          {"pending", json::array()}};
}

json snapshot() {
  return {{"user", "alice"},
          {"name", "before"},
          {"image", "labgpu/snapshot/alice:before"},
          {"madeUSec", uint64_t{1747742584} * 1000000},
          {"bytes", uint64_t{3} << 29},
          {"note", "torch 2"},
          {"automatic", false}};
}

TEST(Rebuild, SaysWhatIsKept) {
  Exchange keep({"rebuild", "alice", "--keep", "--yes"}, {reply({{"container", container()}})});
  EXPECT_EQ(keep.ran.status, 0) << keep.ran.err;
  EXPECT_EQ(keep.method(), "org.labgpu.Rebuild");
  EXPECT_EQ(keep.parameters(), json({{"name", "alice"}, {"keep", true}}));
  EXPECT_THAT(keep.ran.out, HasSubstr("alice_container"));
  Exchange own({"rebuild", "--fresh", "--yes"}, {reply({{"container", container()}})});
  EXPECT_EQ(own.parameters(), json({{"keep", false}}));
}

TEST(Rebuild, WantsOneKindAndAYes) {
  EXPECT_EQ(run_labgpu({"rebuild", "alice", "--yes"}).status, 2);
  EXPECT_EQ(run_labgpu({"rebuild", "alice", "--keep", "--fresh", "--yes"}).status, 2);
  Exchange unasked({"rebuild", "alice", "--fresh"}, {});
  EXPECT_EQ(unasked.ran.status, 2);
  EXPECT_TRUE(unasked.helper.requests().empty());
}

TEST(Snapshot, IsMadeWithNameAndNote) {
  setenv("TZ", "UTC0", 1);
  tzset();
  Exchange e({"snapshot", "alice", "--name", "before", "--note", "torch 2"},
             {reply({{"snapshot", snapshot()}})});
  EXPECT_EQ(e.ran.status, 0) << e.ran.err;
  EXPECT_EQ(e.method(), "org.labgpu.Snapshot");
  EXPECT_EQ(e.parameters(), json({{"name", "alice"}, {"snapshot", "before"}, {"note", "torch 2"}}));
  EXPECT_EQ(e.ran.out,
            "USER   SNAPSHOT  MADE              SIZE     NOTE\n"
            "alice  before    2025-05-20 12:03  1.5 GiB  torch 2\n");
  Exchange own({"snapshot"}, {reply({{"snapshot", snapshot()}})});
  EXPECT_EQ(own.parameters(), json::object());
}

TEST(Snapshots, AreListedAndRemoved) {
  Exchange all({"snapshots"}, {reply({{"snapshots", {snapshot()}}})});
  EXPECT_EQ(all.method(), "org.labgpu.ListSnapshots");
  EXPECT_EQ(all.parameters(), json::object());
  EXPECT_THAT(all.ran.out, HasSubstr("torch 2"));
  Exchange one({"snapshots", "alice", "--json"}, {reply({{"snapshots", {snapshot()}}})});
  EXPECT_EQ(one.parameters(), json({{"name", "alice"}}));
  EXPECT_EQ(json::parse(one.ran.out)["snapshots"][0], snapshot());
  Exchange removed({"snapshots", "alice", "--remove", "before", "--yes"}, {reply(json::object())});
  EXPECT_EQ(removed.method(), "org.labgpu.RemoveSnapshot");
  EXPECT_EQ(removed.parameters(), json({{"name", "alice"}, {"snapshot", "before"}}));
  EXPECT_EQ(removed.ran.out, "removed the snapshot before\n");
  Exchange unasked({"snapshots", "alice", "--remove", "before"}, {});
  EXPECT_EQ(unasked.ran.status, 2);
  EXPECT_TRUE(unasked.helper.requests().empty());
}

TEST(Restore, SaysWhatBecameOfWhatWasThere) {
  Exchange e({"restore", "alice", "before", "--yes"},
             {reply({{"container", container()}, {"saved", "20250520-120304"}})});
  EXPECT_EQ(e.ran.status, 0) << e.ran.err;
  EXPECT_EQ(e.method(), "org.labgpu.Restore");
  EXPECT_EQ(e.parameters(), json({{"name", "alice"}, {"snapshot", "before"}, {"discard", false}}));
  EXPECT_THAT(e.ran.out, AllOf(HasSubstr("alice_container"), HasSubstr("20250520-120304")));
  Exchange own({"restore", "before", "--discard", "--yes"}, {reply({{"container", container()}})});
  EXPECT_EQ(own.parameters(), json({{"snapshot", "before"}, {"discard", true}}));
  EXPECT_EQ(run_labgpu({"restore", "--yes"}).status, 2);
  EXPECT_EQ(run_labgpu({"restore", "a", "b", "c", "--yes"}).status, 2);
}

TEST(Export, NamesTheFileAndPerhapsASnapshot) {
  auto answer = reply({{"file", "/home/alice/a.tar"}});
  Exchange e({"export", "alice", "a.tar", "--snapshot", "before"}, {answer});
  EXPECT_EQ(e.ran.status, 0) << e.ran.err;
  EXPECT_EQ(e.method(), "org.labgpu.Export");
  EXPECT_EQ(e.parameters(), json({{"name", "alice"}, {"file", "a.tar"}, {"snapshot", "before"}}));
  EXPECT_EQ(e.ran.out, "wrote /home/alice/a.tar\n");
  Exchange own({"export", "a.tar"}, {answer});
  EXPECT_EQ(own.parameters(), json({{"file", "a.tar"}}));
}

json adoption() {
  return {{"container", "torch"},
          {"runs", true},
          {"image", "pytorch:2"},
          {"hostname", "box"},
          {"env", {{"A", "1"}}},
          {"leftOut", {"HOME"}},
          {"mounts", {{{"source", "/d"}, {"target", "/data"}, {"readOnly", true}}}},
          {"refused", {{{"source", "/etc"}, {"target", "/e"}, {"why", "is the server's own"}}}}};
}

TEST(Adopt, ADryRunShowsThePlan) {
  Exchange e({"adopt", "alice", "torch", "--dry-run"}, {reply({{"adoption", adoption()}})});
  EXPECT_EQ(e.ran.status, 0) << e.ran.err;
  EXPECT_EQ(e.method(), "org.labgpu.Adopt");
  EXPECT_EQ(
      e.parameters(),
      json({{"name", "alice"}, {"container", "torch"}, {"dryRun", true}, {"skipMounts", false}}));
  EXPECT_EQ(e.ran.out,
            "container  torch, which is stopped\n"
            "image      pytorch:2\n"
            "hostname   box\n"
            "variable   A=1\n"
            "left out   variable HOME\n"
            "mount      /d:/data:ro\n"
            "left out   mount /e is the server's own\n");
}

TEST(Adopt, AsksAndTellsWhatBecameOfIt) {
  Exchange e({"adopt", "alice", "torch", "--skip-mounts", "--yes"},
             {reply({{"adoption", adoption()}, {"container", container()}})});
  EXPECT_EQ(e.ran.status, 0) << e.ran.err;
  EXPECT_EQ(e.parameters()["skipMounts"], true);
  EXPECT_EQ(e.parameters()["dryRun"], false);
  EXPECT_THAT(e.ran.out, AllOf(HasSubstr("alice_container"), HasSubstr("docker rm")));
  Exchange unasked({"adopt", "alice", "torch"}, {});
  EXPECT_EQ(unasked.ran.status, 2);
  EXPECT_TRUE(unasked.helper.requests().empty());
}

}  // namespace
}  // namespace labgpu
