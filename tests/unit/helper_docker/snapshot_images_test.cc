// Snapshots among Docker's images, and the names of images that labgpu makes.
#include "helper/snapshot_images.h"

#include <gmock/gmock.h>

#include "helper/kept_images.h"

namespace labgpu {
namespace {

ImageDetails image(const std::string& tag, const std::string& user, const std::string& uid,
                   const std::string& made) {
  return {.id = "sha256:1",
          .names = {"other:1", tag},
          .bytes = 150,
          .labels = {{"org.labgpu.snapshot.user", user},
                     {"org.labgpu.snapshot.uid", uid},
                     {"org.labgpu.snapshot.made", made},
                     {"org.labgpu.snapshot.note", "n"},
                     {"org.labgpu.snapshot.base-bytes", "100"}}};
}

TEST(SnapshotImages, AreThoseOfTheAccountInOrder) {
  auto found = snapshots_in({image("labgpu/snapshot/alice:b", "alice", "20001", "2"),
                             image("labgpu/snapshot/alice:a", "alice", "20001", "1"),
                             image("labgpu/snapshot/alice:former", "alice", "20000", "1"),
                             image("labgpu/snapshot/bob:x", "bob", "20002", "1"),
                             image("labgpu/kept/alice:x", "alice", "20001", "1")},
                            {"alice", 20001});
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].name, "a");
  EXPECT_EQ(found[1].name, "b");
  EXPECT_EQ(found[1].image, "labgpu/snapshot/alice:b");
  EXPECT_EQ(found[1].bytes, 50U);
  EXPECT_EQ(found[1].note, "n");
  EXPECT_FALSE(found[1].automatic);
}

TEST(SnapshotImages, AForeignLabelIsNoReasonToFail) {
  auto odd = image("labgpu/snapshot/alice:a", "alice", "20001", "yesterday");
  odd.labels["org.labgpu.snapshot.base-bytes"] = "9999";
  auto found = snapshots_in({odd}, {"alice", 20001});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].made, 0U);
  EXPECT_EQ(found[0].bytes, 0U);
}

TEST(SnapshotImages, UnnamedOnesAreCalledAfterTheMoment) {
  EXPECT_EQ(snapshot_name_of(uint64_t{1747742584} * 1'000'000), "20250520-120304");
  EXPECT_TRUE(check_snapshot_name(snapshot_name_of(0)));
}

// What Docker takes for a part of an image's name.
TEST(KeptImages, NamesAreDockers) {
  for (const char* name : {"alice", "a", "a-b", "a--b", "a_b", "a__b", "a1"}) {
    EXPECT_EQ(image_name_of(name, 7), name);
  }
  for (const char* name : {"_alice", "alice_", "alice-", "a___b", "a_-b", "a-_b"}) {
    EXPECT_EQ(image_name_of(name, 7), "uid-7");
  }
  EXPECT_EQ(kept_image("alice", 7, "0123456789abcdef"), "labgpu/kept/alice:0123456789ab");
}

}  // namespace
}  // namespace labgpu
