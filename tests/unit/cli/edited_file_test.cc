// One edited file through setup, undo, failures and the administrator's own edits in between.
#include "cli/setup/edited_file.h"

#include <gmock/gmock.h>

#include "cli/setup/pam_file.h"
#include "cli/setup/sshd_dropin.h"
#include "tests/unit/cli/temporary_directory.h"

namespace labgpu {
namespace {

using testing::HasSubstr;

const Edit kPam{add_pam_lines, remove_pam_lines};
const Edit kDropIn{[](const Text& text) { return add_drop_in(text, {}); }, remove_drop_in};
// Without its final newline only the saved bytes can give it back.
constexpr char kOriginal[] = "auth required a.so\naccount required a.so\nsession required a.so";

class EditedFileTest : public testing::Test {
 protected:
  EditedFile open(const Edit& edit = kPam) {
    EditedFile file(path_, directory_ / "saved", edit);
    EXPECT_TRUE(file.load());
    return file;
  }
  void apply(const Edit& edit = kPam) { ASSERT_TRUE(open(edit).apply()); }
  void undo(const Edit& edit = kPam) { ASSERT_TRUE(open(edit).undo()); }
  bool anything_saved() {
    return exists(directory_ / "saved.before") || exists(directory_ / "saved.after");
  }

  TemporaryDirectory directory_;
  std::string path_ = directory_ / "file";
};

TEST_F(EditedFileTest, UndoGivesBackEveryByte) {
  put(path_, kOriginal);
  apply();
  EXPECT_NE(slurp(path_), kOriginal);
  EXPECT_EQ(slurp(directory_ / "saved.before"), kOriginal);
  undo();
  EXPECT_EQ(slurp(path_), kOriginal);
  EXPECT_FALSE(anything_saved());
}

TEST_F(EditedFileTest, ApplyTwiceIsOnce) {
  put(path_, kOriginal);
  apply();
  std::string once = slurp(path_);
  apply();
  EXPECT_EQ(slurp(path_), once);
  undo();
  EXPECT_EQ(slurp(path_), kOriginal);
}

TEST_F(EditedFileTest, TheAdministratorsOwnEditSurvivesUndo) {
  put(path_, kOriginal);
  apply();
  put(path_, slurp(path_) + "password required b.so\n");
  undo();
  EXPECT_EQ(slurp(path_), std::string(kOriginal) + "\npassword required b.so\n");
  EXPECT_FALSE(anything_saved());
}

TEST_F(EditedFileTest, ALineTakenOutByHandComesBackAndTheOldBytesDoNot) {
  put(path_, kOriginal);
  apply();
  // As when a package upgrade brings a new file.
  put(path_, "auth required new.so\n");
  apply();
  EXPECT_TRUE(has_pam_line(slurp(path_), "session"));
  undo();
  EXPECT_EQ(slurp(path_), "auth required new.so\n");
}

TEST_F(EditedFileTest, AnotherVersionsEditIsReplacedFromTheOriginal) {
  put(path_, kOriginal);
  Edit older{[](const Text& text) { return Text{*text + "\n# old labgpu\n"}; }, remove_pam_lines};
  apply(older);
  apply();
  EXPECT_EQ(slurp(path_).find("old labgpu"), std::string::npos);
  undo();
  EXPECT_EQ(slurp(path_), kOriginal);
}

TEST_F(EditedFileTest, RollBackAfterTheFirstSetup) {
  put(path_, kOriginal);
  auto file = open();
  ASSERT_TRUE(file.apply());
  ASSERT_TRUE(file.roll_back());
  EXPECT_EQ(slurp(path_), kOriginal);
  EXPECT_FALSE(anything_saved());
}

TEST_F(EditedFileTest, RollBackKeepsWhatAnEarlierSetupSaved) {
  put(path_, kOriginal);
  apply();
  std::string edited = slurp(path_);
  put(path_, edited.substr(0, edited.find("session")));
  auto file = open();
  ASSERT_TRUE(file.apply());
  ASSERT_TRUE(file.roll_back());
  EXPECT_EQ(slurp(directory_ / "saved.before"), kOriginal);
  EXPECT_EQ(slurp(directory_ / "saved.after"), edited);
}

TEST_F(EditedFileTest, UndoOfACrashBetweenSavingAndEditing) {
  put(path_, kOriginal);
  put(directory_ / "saved.before", kOriginal);
  put(directory_ / "saved.after", "what was never written");
  undo();
  EXPECT_EQ(slurp(path_), kOriginal);
  EXPECT_FALSE(anything_saved());
}

TEST_F(EditedFileTest, BytesSavedWithoutTheirPairAreNotTaken) {
  put(path_, kOriginal);
  put(directory_ / "saved.before", "of another time");
  undo();
  EXPECT_EQ(slurp(path_), kOriginal);
}

TEST_F(EditedFileTest, UndoWithoutSetupChangesNothing) {
  put(path_, kOriginal);
  undo();
  EXPECT_EQ(slurp(path_), kOriginal);
}

TEST_F(EditedFileTest, AFileThatSetupMadeIsRemoved) {
  apply(kDropIn);
  EXPECT_TRUE(exists(path_));
  undo(kDropIn);
  EXPECT_FALSE(exists(path_));
}

TEST_F(EditedFileTest, AForeignDropInOfThatNameComesBack) {
  put(path_, "X11Forwarding no\n");
  apply(kDropIn);
  EXPECT_NE(slurp(path_), "X11Forwarding no\n");
  undo(kDropIn);
  EXPECT_EQ(slurp(path_), "X11Forwarding no\n");
}

TEST_F(EditedFileTest, AnEditedDropInIsKeptBySetupAndRemovedByUndo) {
  apply(kDropIn);
  put(path_, slurp(path_) + "    X11Forwarding no\n");
  std::string edited = slurp(path_);
  apply(kDropIn);
  EXPECT_EQ(slurp(path_), edited);
  undo(kDropIn);
  EXPECT_FALSE(exists(path_));
}

TEST(DropIn, TheProbeIsForAUserThatCannotExist) {
  auto probe = probe_drop_in(*add_drop_in({}, {"gpuusers"}));
  ASSERT_TRUE(probe);
  EXPECT_NE(probe->find("\nMatch User labgpu.probe\n"), std::string::npos);
  EXPECT_EQ(probe->find("Group labgpu"), std::string::npos);
  EXPECT_FALSE(probe_drop_in("# Match User *,!root Group labgpu\n"));
}

TEST(DropIn, IsForTheGroupsOfTheConfiguration) {
  EXPECT_THAT(*add_drop_in({}, {}), HasSubstr("\nMatch User *,!root Group labgpu\n"));
  EXPECT_THAT(*add_drop_in({}, {"gpuusers", "x"}),
              HasSubstr("\nMatch User *,!root Group labgpu,gpuusers,x\n"));
  EXPECT_THAT(*add_drop_in({}, {"domain users"}),
              HasSubstr("\nMatch User *,!root Group \"labgpu,domain users\"\n"));
}

TEST(DropIn, AnEditedOneGetsTheGroupsAndKeepsTheRest) {
  std::string edited = *add_drop_in({}, {"gpuusers"}) + "    X11Forwarding no\n";
  auto changed = *add_drop_in(edited, {"others"});
  EXPECT_EQ(changed, *add_drop_in({}, {"others"}) + "    X11Forwarding no\n");
  std::string without_line = "# Written by `labgpu setup`\nMatch User alice\n";
  EXPECT_EQ(*add_drop_in(without_line, {"gpuusers"}), without_line);
}

}  // namespace
}  // namespace labgpu
