// Finding the login's key in sshd's file, and the key in the user's.
#include "session/login_key.h"

#include <errno.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <memory>

#include "tests/support/temporary_directory.h"

namespace labgpu {
namespace {

class LoginKeyTest : public testing::Test {
 protected:
  LoginKeyTest() {
    std::filesystem::create_directory(directory_ / ".ssh");
    test::write_file(auth_info_, "publickey ssh-ed25519 AAAAC3mine\n");
  }
  int find(const char* user = "labgpu-test-nobody") {
    std::string home = directory_ / "";
    return find_login_key_command(
        {.auth_info = auth_info_.c_str(), .home = home.c_str(), .user = user}, result_, *command_);
  }

  test::TemporaryDirectory directory_;
  std::string auth_info_ = directory_ / "sshauth";
  std::string keys_ = directory_ / ".ssh/authorized_keys";
  KeyCommand result_ = KeyCommand::kFree;
  std::unique_ptr<KeyCommandText> command_ = std::make_unique<KeyCommandText>();
};

TEST_F(LoginKeyTest, TheCommandOfTheKeyThatWasUsed) {
  test::write_file(keys_, "ssh-ed25519 AAAAC3other\ncommand=\"backup\" ssh-ed25519 AAAAC3mine\n");
  EXPECT_EQ(find(), 0);
  EXPECT_EQ(result_, KeyCommand::kForced);
  EXPECT_EQ(command_->view(), "backup");
}

TEST_F(LoginKeyTest, WithSeveralMethodsTheKeyCounts) {
  test::write_file(auth_info_, "password\npublickey ssh-ed25519 AAAAC3mine\n");
  test::write_file(keys_, "command=\"backup\" ssh-ed25519 AAAAC3mine\n");
  EXPECT_EQ(find(), 0);
  EXPECT_EQ(result_, KeyCommand::kForced);
}

TEST_F(LoginKeyTest, WithoutAKeyThereIsNothingToFind) {
  test::write_file(keys_, "command=\"backup\" ssh-ed25519 AAAAC3mine\n");
  test::write_file(auth_info_, "password\nkeyboard-interactive/pam\n");
  EXPECT_EQ(find(), 0);
  EXPECT_EQ(result_, KeyCommand::kNotListed);
  EXPECT_EQ(find_login_key_command({}, result_, *command_), 0);
  EXPECT_EQ(result_, KeyCommand::kNotListed);
}

TEST_F(LoginKeyTest, AMissingFileListsNothing) {
  EXPECT_EQ(find(), 0);
  EXPECT_EQ(result_, KeyCommand::kNotListed);
}

TEST_F(LoginKeyTest, AFileThatCannotBeReadIsAnError) {
  test::write_file(keys_, std::string(300 * 1024, '#'));
  EXPECT_EQ(find(), EFBIG);
  std::filesystem::remove(keys_);
  ASSERT_EQ(mkfifo(keys_.c_str(), 0600), 0);
  EXPECT_EQ(find(), EINVAL);
  std::filesystem::remove(auth_info_);
  EXPECT_EQ(find(), ENOENT);
}

}  // namespace
}  // namespace labgpu
