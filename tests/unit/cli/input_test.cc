// Files of public keys, and the password on the standard input.
#include "cli/input.h"

#include <gmock/gmock.h>

#include "tests/unit/cli/temporary_directory.h"

namespace labgpu {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;

TEST(ParseKeys, OneALineWithoutCommentsAndSpaces) {
  auto is = [](const std::string& text, const std::string& place) {
    return AllOf(Field(&KeyLine::text, text), Field(&KeyLine::place, place));
  };
  EXPECT_THAT(
      parse_keys("# mine\r\n\n  ssh-ed25519 AAAA a b \r\n\tfrom=\"x y\" ssh-rsa BBBB\n", "f")
          .value(),
      ElementsAre(is("ssh-ed25519 AAAA a b", "f line 3"),
                  is("from=\"x y\" ssh-rsa BBBB", "f line 4")));
  EXPECT_THAT(parse_keys("ssh-rsa A", "f").value(), ElementsAre(is("ssh-rsa A", "f line 1")));
}

TEST(ParseKeys, NothingInItIsAnErrorThatNamesTheFile) {
  EXPECT_EQ(parse_keys("# only\n\n", "alice.pub").error().message, "alice.pub has no public key");
}

TEST(ParseKeys, PrivateKeysAreRefused) {
  for (const char* text :
       {"-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl\n", "-----BEGIN RSA PRIVATE KEY-----\n",
        "-----BEGIN PRIVATE KEY-----\n", "PuTTY-User-Key-File-3: ssh-ed25519\n"}) {
    auto keys = parse_keys(text, "id_ed25519");
    ASSERT_FALSE(keys) << text;
    EXPECT_THAT(keys.error().message, HasSubstr("id_ed25519 is a private key"));
  }
}

TEST(ReadKeys, SaysWhatIsWrongWithTheFile) {
  TemporaryDirectory directory;
  EXPECT_THAT(read_keys(directory / "none.pub").error().message,
              HasSubstr("none.pub: No such file or directory"));
  EXPECT_THAT(read_keys(directory.path()).error().message, HasSubstr("Is a directory"));
  put(directory / "big", std::string(1100 * 1024, 'x'));
  EXPECT_THAT(read_keys(directory / "big").error().message, HasSubstr("too long"));
}

}  // namespace
}  // namespace labgpu
