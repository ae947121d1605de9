// What authorized_keys binds a key to.
#include "session/key_command.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace labgpu {
namespace {

constexpr char kKey[] = "ssh-ed25519 AAAAC3mine";

std::string found(const std::string& file, std::string_view key = kKey) {
  auto command = std::make_unique<KeyCommandText>();
  switch (find_key_command(file, key, *command)) {
    case KeyCommand::kNotListed:
      return "not listed";
    case KeyCommand::kFree:
      return "free";
    case KeyCommand::kForced:
      return "forced: " + std::string(command->view());
  }
  return "";
}

TEST(KeyCommand, FindsAFreeKey) {
  EXPECT_EQ(found("ssh-ed25519 AAAAC3mine\n"), "free");
  EXPECT_EQ(found("ssh-ed25519 AAAAC3mine"), "free");
  EXPECT_EQ(found("# a comment\n\n  ssh-ed25519 \t AAAAC3mine alice@laptop\r\n"), "free");
  EXPECT_EQ(found("no-pty,from=\"*.example.org\" ssh-ed25519 AAAAC3mine\n"), "free");
}

TEST(KeyCommand, FindsTheCommand) {
  EXPECT_EQ(found("command=\"uptime\" ssh-ed25519 AAAAC3mine\n"), "forced: uptime");
  EXPECT_EQ(found("restrict,COMMAND=\"a b\",no-pty\tssh-ed25519 AAAAC3mine x"), "forced: a b");
  EXPECT_EQ(found(R"(command="echo \"a, b\" c\d" ssh-ed25519 AAAAC3mine)"),
            R"(forced: echo "a, b" c\d)");
  EXPECT_EQ(found("command=\"\" ssh-ed25519 AAAAC3mine"), "forced: ");
  EXPECT_EQ(found("environment=\"A=command=\\\"no\\\"\",command=\"yes\" ssh-ed25519 AAAAC3mine"),
            "forced: yes");
}

TEST(KeyCommand, AKeyMayHaveTheNameOfItsSignatures) {
  EXPECT_EQ(found("command=\"x\" rsa-sha2-512 AAAAB3mine", "ssh-rsa AAAAB3mine"), "forced: x");
  EXPECT_EQ(found("command=\"x\" rsa-sha2-256 AAAAB3mine", "ssh-rsa AAAAB3mine"), "forced: x");
  EXPECT_EQ(found("command=\"x\" webauthn-sk-ecdsa-sha2-nistp256@openssh.com AAAAInmine",
                  "sk-ecdsa-sha2-nistp256@openssh.com AAAAInmine"),
            "forced: x");
  EXPECT_EQ(found("command=\"x\" rsa-sha2-512 AAAAC3mine"), "not listed");
  EXPECT_EQ(found("command=\"x\" rsa-sha2 AAAAB3mine", "ssh-rsa AAAAB3mine"), "not listed");
}

TEST(KeyCommand, OtherKeysLinesDoNotCount) {
  EXPECT_EQ(found(""), "not listed");
  EXPECT_EQ(found("command=\"x\" ssh-ed25519 AAAAC3mineandmore\n"), "not listed");
  EXPECT_EQ(found("command=\"x\" ssh-rsa AAAAC3mine\n"), "not listed");
  EXPECT_EQ(found("#command=\"x\" ssh-ed25519 AAAAC3mine\n"), "free");  // sshd takes it so, too
  EXPECT_EQ(found("command=\"ssh-ed25519 AAAAC3mine\" ssh-ed25519 AAAAother\n"), "not listed");
  EXPECT_EQ(found("cert-authority,command=\"x\" ssh-ed25519 AAAAC3mine\n"), "not listed");
  EXPECT_EQ(found("ssh-ed25519 AAAAC3mine", "ssh-ed25519"), "not listed");
  EXPECT_EQ(found("ssh-ed25519 AAAAC3mine", ""), "not listed");
}

TEST(KeyCommand, TheFirstLineThatSurelyFitsDecides) {
  const std::string free = "ssh-ed25519 AAAAC3mine\n";
  const std::string bound = "command=\"x\" ssh-ed25519 AAAAC3mine\n";
  EXPECT_EQ(found(free + bound), "free");
  EXPECT_EQ(found(bound + free), "forced: x");
  EXPECT_EQ(found("from=\"10.0.0.1\" " + free + bound), "forced: x");
  EXPECT_EQ(found("expiry-time=\"20200101\" " + free + free + bound), "free");
}

TEST(KeyCommand, BrokenLinesAreSkipped) {
  EXPECT_EQ(found("command=\"x ssh-ed25519 AAAAC3mine\nssh-ed25519 AAAAC3mine"), "free");
  EXPECT_EQ(found("ssh-ed25519\nssh-ed25519 \n\"\n\\\n=,=\nssh-ed25519 AAAAC3mine"), "free");
  EXPECT_EQ(found(std::string("\0\0\n", 3) + kKey), "free");
}

}  // namespace
}  // namespace labgpu
