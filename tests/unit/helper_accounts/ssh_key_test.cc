// Public keys as ssh-keygen makes them, and everything that is not one.
#include "helper/ssh_key.h"

#include <gmock/gmock.h>

#include <cstdio>
#include <cstdlib>

#include "tests/support/temporary_directory.h"

namespace labgpu {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

std::string output_of(const std::string& command) {
  FILE* pipe = popen(command.c_str(), "r");
  std::string output;
  for (int c = 0; pipe != nullptr && (c = fgetc(pipe)) != EOF;)
    output.push_back(static_cast<char>(c));
  EXPECT_EQ(pclose(pipe), 0) << command;
  return output;
}

// One key of each kind, made by ssh-keygen once.
class SshKeyTest : public testing::Test {
 protected:
  std::string make_key(const std::string& kind, const std::string& file) const {
    output_of("ssh-keygen -q -t " + kind + " -N '' -C 'alice at home' -f " + (directory_ / file));
    return test::read_file(directory_ / (file + ".pub"));
  }
  std::string ed25519() const { return make_key("ed25519", "ed25519"); }
  static std::string without_newline(std::string text) {
    while (!text.empty() && text.back() == '\n') text.pop_back();
    return text;
  }
  static std::string refusal(const std::string& line) {
    auto key = parse_ssh_key(line);
    return key ? "accepted" : key.error().message;
  }
  test::TemporaryDirectory directory_;
};

TEST_F(SshKeyTest, FingerprintIsSshKeygens) {
  for (const char* kind :
       {"ed25519", "rsa -b 2048", "ecdsa -b 256", "ecdsa -b 384", "ecdsa -b 521"}) {
    std::string file = std::string("key-") + kind;
    std::replace(file.begin(), file.end(), ' ', '-');
    auto line = make_key(kind, file);
    auto key = parse_ssh_key(line);
    ASSERT_TRUE(key) << kind << ": " << key.error().message;
    EXPECT_EQ(key->comment, "alice at home");
    EXPECT_EQ(key->line, without_newline(line));
    EXPECT_THAT(output_of("ssh-keygen -lf " + (directory_ / (file + ".pub"))),
                HasSubstr(" " + key->fingerprint + " "));
  }
}

// The blobs of hardware keys need a device, so these are made up after OpenSSH's PROTOCOL.u2f.
TEST_F(SshKeyTest, HardwareKeys) {
  EXPECT_TRUE(parse_ssh_key(
      "sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIAECAwQFBgcICQoLDA0OD"
      "xAREhMUFRYXGBkaGxwdHh8gAAAABHNzaDo= me"));
  EXPECT_FALSE(parse_ssh_key(
      "sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIAECAwQFBgcICQoLDA0OD"
      "xAREhMUFRYXGBkaGxwdHh8g me"));
}

TEST_F(SshKeyTest, OptionsStayInTheLine) {
  auto plain = without_newline(ed25519());
  for (const std::string options : {"no-pty", "from=\"10.0.0.0/8\",no-pty",
                                    "command=\"echo \\\"hi\\\" there\"", "environment=\"A=b c\""}) {
    auto key = parse_ssh_key(options + " " + plain);
    ASSERT_TRUE(key) << options << ": " << key.error().message;
    EXPECT_EQ(key->line, options + " " + plain);
    EXPECT_EQ(key->fingerprint, parse_ssh_key(plain)->fingerprint);
  }
}

TEST_F(SshKeyTest, SpaceAroundTheLineGoes) {
  auto plain = without_newline(ed25519());
  auto key = parse_ssh_key("  " + plain + "\r\n");
  ASSERT_TRUE(key);
  EXPECT_EQ(key->line, plain);
}

TEST_F(SshKeyTest, PrivateKeysAreToldApart) {
  ed25519();
  EXPECT_THAT(refusal(test::read_file(directory_ / "ed25519")), HasSubstr("private key"));
  EXPECT_THAT(refusal("PuTTY-User-Key-File-3: ssh-ed25519"), HasSubstr("private key"));
}

TEST_F(SshKeyTest, OtherFormatsAreToldApart) {
  ed25519();
  auto other = output_of("ssh-keygen -e -f " + (directory_ / "ed25519.pub"));
  EXPECT_THAT(refusal(other), HasSubstr("ssh-keygen -i"));
}

TEST_F(SshKeyTest, WhatIsNoKeyIsRefused) {
  auto plain = without_newline(ed25519());
  auto cut = plain.substr(0, plain.find(' ', 12) - 8);
  const std::vector<std::string> bad = {
      "",
      "  ",
      "# comment",
      "ssh-ed25519",
      "ssh-ed25519 ",
      "hello",
      "ssh-dss AAAA",
      cut,
      "ssh-ed25519 AAAA",
      "ssh-ed25519 !!!!",
      "ssh-ed25519 ====",
      "ssh-ed25519 A===",
      "ssh-rsa" + plain.substr(plain.find(' ')),
      plain + "\n" + plain,
      plain + "\x01",
      plain + std::string(1, '\0') + "x",
      "no-pty \"" + plain,
      plain + std::string(9000, 'x'),
      "ssh-ed25519 " + plain.substr(12, 20) + "-" + plain.substr(33)};
  for (const auto& line : bad) {
    EXPECT_THAT(refusal(line), StartsWith("the key ")) << line.substr(0, 100);
  }
}

}  // namespace
}  // namespace labgpu
