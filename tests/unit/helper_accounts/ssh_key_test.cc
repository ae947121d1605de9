// Public keys as ssh-keygen makes them, and everything that is not one.
#include "helper/ssh_key.h"

#include <gmock/gmock.h>
#include <openssl/evp.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>

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
  // A length-prefixed field of a blob (RFC 4251 5).
  static std::string field(const std::string& bytes) {
    std::string text;
    for (int shift : {24, 16, 8, 0}) text.push_back(static_cast<char>(bytes.size() >> shift));
    return text + bytes;
  }
  static std::string line_of(const std::string& name, const std::string& blob) {
    std::vector<unsigned char> text(blob.size() * 2 + 4);
    auto size = EVP_EncodeBlock(text.data(), reinterpret_cast<const unsigned char*>(blob.data()),
                                static_cast<int>(blob.size()));
    return name + " " + std::string(text.begin(), text.begin() + size);
  }
  static std::string blob_of(const std::string& line) {
    auto begin = line.find(' ') + 1;
    auto base64 = line.substr(begin, line.find(' ', begin) - begin);
    std::string blob(base64.size(), '\0');
    auto size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(blob.data()),
                                reinterpret_cast<const unsigned char*>(base64.data()),
                                static_cast<int>(base64.size()));
    blob.resize(static_cast<size_t>(size) - (base64.size() - 1 - base64.find_last_not_of('=')));
    return blob;
  }
  static std::string fingerprint(const std::string& name, const std::string& blob) {
    auto key = parse_ssh_key(line_of(name, blob));
    return key ? key->fingerprint : key.error().message;
  }
  std::string fingerprint_by_ssh_keygen(const std::string& name, const std::string& blob) const {
    auto file = directory_ / "made-up.pub";
    std::ofstream(file) << line_of(name, blob) << '\n';
    auto told = output_of("ssh-keygen -lf " + file);
    auto begin = told.find(' ') + 1;
    return told.substr(begin, told.find(' ', begin) - begin);
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

// A hardware key needs a device; the key of another pair with an application behind it is one
// (OpenSSH's PROTOCOL.u2f), and ssh-keygen takes it for one.
TEST_F(SshKeyTest, HardwareKeys) {
  const std::string application = field("ssh:");
  const std::string name = "sk-ssh-ed25519@openssh.com";
  auto plain = blob_of(make_key("ed25519", "ed25519"));
  auto key = field(name) + plain.substr(field("ssh-ed25519").size());
  EXPECT_EQ(fingerprint(name, key + application),
            fingerprint_by_ssh_keygen(name, key + application));
  EXPECT_THAT(refusal(line_of(name, key)), HasSubstr("not such a key"));
  EXPECT_THAT(refusal(line_of(name, key + application + application)), HasSubstr("not such a key"));
  EXPECT_THAT(refusal(line_of(name, key + field(std::string("a\0b", 3)))),
              HasSubstr("not such a key"));

  const std::string ecdsa_name = "sk-ecdsa-sha2-nistp256@openssh.com";
  auto ecdsa = blob_of(make_key("ecdsa -b 256", "ecdsa"));
  key = field(ecdsa_name) + ecdsa.substr(field("ecdsa-sha2-nistp256").size()) + application;
  EXPECT_EQ(fingerprint(ecdsa_name, key), fingerprint_by_ssh_keygen(ecdsa_name, key));
  EXPECT_EQ(parse_ssh_key(line_of("webauthn-" + ecdsa_name, key))->line, line_of(ecdsa_name, key));
}

TEST_F(SshKeyTest, AnRsaKeyMayHaveTheNameOfItsSignatures) {
  auto plain = without_newline(make_key("rsa -b 2048", "rsa"));
  for (const std::string alias : {"rsa-sha2-256", "rsa-sha2-512"}) {
    auto key = parse_ssh_key("no-pty " + alias + plain.substr(plain.find(' ')));
    ASSERT_TRUE(key) << key.error().message;
    EXPECT_EQ(key->line, "no-pty " + plain) << "the session command looks for ssh-rsa";
    EXPECT_EQ(key->type, "ssh-rsa");
  }
}

TEST_F(SshKeyTest, RsaKeysHaveTheLengthThatSshdTakes) {
  EXPECT_TRUE(parse_ssh_key(make_key("rsa -b 1024", "rsa1024")));
  auto rsa = [](const std::string& modulus) {
    return line_of("ssh-rsa", field("ssh-rsa") + field("\x01\x00\x01") + field(modulus));
  };
  std::string modulus(128, '\x7f');
  EXPECT_THAT(refusal(rsa(modulus)), HasSubstr("is an RSA key of 1023 bits"));
  EXPECT_THAT(refusal(rsa(std::string(2048, '\x7f'))), "accepted");
  EXPECT_THAT(refusal(rsa(std::string(2049, '\x7f'))), HasSubstr("16391 bits"));
  EXPECT_THAT(refusal(rsa(std::string(129, '\xff'))), HasSubstr("not such a key"));  // negative
  EXPECT_THAT(refusal(rsa(std::string(1, '\0') + std::string(129, '\x7f'))),
              HasSubstr("not such a key"));
  EXPECT_THAT(refusal(rsa("")), HasSubstr("not such a key"));
  EXPECT_THAT(refusal(rsa(std::string(1, '\0'))), HasSubstr("not such a key"));
}

TEST_F(SshKeyTest, EcdsaKeysArePointsOfTheirCurve) {
  auto ecdsa = [](const std::string& curve, const std::string& point) {
    const std::string name = "ecdsa-sha2-nistp256";
    return line_of(name, field(name) + field(curve) + field(point));
  };
  auto blob = blob_of(make_key("ecdsa -b 256", "ecdsa"));
  auto point = blob.substr(blob.size() - 65);
  EXPECT_EQ(refusal(ecdsa("nistp256", point)), "accepted");
  EXPECT_THAT(refusal(ecdsa("nistp384", point)), HasSubstr("not such a key"));
  EXPECT_THAT(refusal(ecdsa("nistp256", point.substr(1))), HasSubstr("not such a key"));
  EXPECT_THAT(refusal(ecdsa("nistp256", point.substr(0, 64))), HasSubstr("not such a key"));
  point.back() = static_cast<char>(point.back() ^ 1);
  EXPECT_THAT(refusal(ecdsa("nistp256", point)), HasSubstr("not such a key"));
}

TEST_F(SshKeyTest, CertificatesAndTheirAuthoritiesAreToldApart) {
  auto authority = without_newline(make_key("ed25519", "authority"));
  ed25519();
  output_of("ssh-keygen -q -s " + (directory_ / "authority") + " -I id -n alice " +
            (directory_ / "ed25519.pub"));
  auto certificate = test::read_file(directory_ / "ed25519-cert.pub");
  EXPECT_THAT(refusal(certificate), HasSubstr("is a certificate"));
  EXPECT_THAT(refusal("cert-authority " + certificate), HasSubstr("is a certificate"));
  EXPECT_EQ(refusal("cert-authority,principals=\"alice,admin\" " + authority), "accepted");
  EXPECT_THAT(refusal("principals=\"alice\" " + authority), HasSubstr("needs cert-authority"));
  EXPECT_THAT(refusal("cert-authority,command=\"x\" " + authority),
              HasSubstr("cert-authority and command"));
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
  EXPECT_THAT(refusal("nonsense " + plain), HasSubstr("the key has the option \"nonsense\""));
}

TEST_F(SshKeyTest, AllKeysOfAnAccountFitIntoTheirFile) {
  EXPECT_TRUE(check_ssh_key_lines(std::vector<std::string>(24, std::string(8191, 'x'))));
  EXPECT_THAT(
      check_ssh_key_lines(std::vector<std::string>(25, std::string(8191, 'x'))).error().message,
      HasSubstr("have 200 KiB together, and an account may have 192"));
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
      "ssh-dss AAAAB3NzaC1kc3MAAACBAA==",
      "no-pty ssh-dss AAAAB3NzaC1kc3MAAACBAA==",
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
