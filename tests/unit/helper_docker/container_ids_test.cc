// helper/container_ids.h: the range that Docker maps containers' ids to.
#include "helper/container_ids.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/temporary_directory.h"

namespace labgpu {
namespace {

class ContainerIdsTest : public testing::Test {
 protected:
  ContainerIdsTest() { std::filesystem::create_directory(root_ / "etc"); }

  void put(const std::string& name, const std::string& text) {
    ASSERT_NO_FATAL_FAILURE(test::write_file(root_ / ("etc/" + name), text));
  }
  [[nodiscard]] std::optional<ContainerIds> find() const {
    return find_container_ids(options_, directory_, root_.path());
  }

  test::TemporaryDirectory root_;
  std::vector<std::string> options_{"name=apparmor", "name=userns"};
  std::string directory_ = "/var/lib/docker/100000.200000";
};

TEST_F(ContainerIdsTest, WithoutRemappingThereIsNoRange) {
  options_ = {"name=apparmor", "name=seccomp,profile=default"};
  directory_ = "/srv/1.2";
  EXPECT_FALSE(find());
}

TEST_F(ContainerIdsTest, BeginsWithRootsIdsAndIsAsLongAsItSays) {
  put("subuid", "carol:165536:65536\ndockremap:100000:65536\n");
  put("subgid", "dockremap:200000:4000\n");
  EXPECT_EQ(find(),
            (ContainerIds{.first_uid = 100000, .first_gid = 200000, .uids = 65536, .gids = 4000}));
}

TEST_F(ContainerIdsTest, WithoutALineOfTheRangeOnlyRootIsKnown) {
  const ContainerIds root{.first_uid = 100000, .first_gid = 200000, .uids = 1, .gids = 1};
  EXPECT_EQ(find(), root) << "no files";
  put("subgid", "");
  for (const char* text : {"", ":", "::", "100000:65536", "a:100000:", "a:100000:0", "a:99999:10",
                           "a:1e5:10", "a:100000:-1"}) {
    put("subuid", text);
    EXPECT_EQ(find(), root) << text;
  }
}

TEST_F(ContainerIdsTest, EndsBeforeTheLastId) {
  directory_ = "/var/lib/docker/4294967290.200000";
  put("subuid", "dockremap:4294967290:4294967295\n");
  auto ids = find();
  ASSERT_TRUE(ids);
  EXPECT_EQ(ids->uids, 5U) << "4294967295 is no id";
}

TEST_F(ContainerIdsTest, NeverBeginsWithTheHostsRoot) {
  for (const char* directory :
       {"", "/", "/var/lib/docker", "/var/lib/docker/0.0", "/d/0.100000", "/d/100000.0",
        "/d/100000", "/d/100000.", "/d/x.1", "/d/1.2/", "/d/4294967295.1", "/d/1.4294967295"}) {
    directory_ = directory;
    EXPECT_FALSE(find()) << directory;
  }
}

}  // namespace
}  // namespace labgpu
