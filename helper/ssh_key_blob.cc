// Key blobs (RFC 4253 6.6, RFC 5656 3.1, RFC 8709 4, OpenSSH's PROTOCOL.u2f). Base64, SHA-256 and
// the curves are libcrypto's.
#include "helper/ssh_key_blob.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>

#include <array>
#include <bit>
#include <cstdint>
#include <memory>

namespace labgpu {

struct SshKeyType {
  std::string_view word;  // in the line
  std::string_view name;  // in the blob
  enum { kEd25519, kRsa, kEcdsa } kind;
  bool hardware;           // an application follows the key
  std::string_view curve;  // of ECDSA: its name in the blob, and libcrypto's number
  int nid;
};

namespace {

using Blob = std::vector<unsigned char>;

constexpr SshKeyType kTypes[] = {
    {"ssh-ed25519", "ssh-ed25519", SshKeyType::kEd25519, false, "", 0},
    {"ssh-rsa", "ssh-rsa", SshKeyType::kRsa, false, "", 0},
    {"rsa-sha2-256", "ssh-rsa", SshKeyType::kRsa, false, "", 0},
    {"rsa-sha2-512", "ssh-rsa", SshKeyType::kRsa, false, "", 0},
    {"ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256", SshKeyType::kEcdsa, false, "nistp256",
     NID_X9_62_prime256v1},
    {"ecdsa-sha2-nistp384", "ecdsa-sha2-nistp384", SshKeyType::kEcdsa, false, "nistp384",
     NID_secp384r1},
    {"ecdsa-sha2-nistp521", "ecdsa-sha2-nistp521", SshKeyType::kEcdsa, false, "nistp521",
     NID_secp521r1},
    {"sk-ssh-ed25519@openssh.com", "sk-ssh-ed25519@openssh.com", SshKeyType::kEd25519, true, "", 0},
    {"sk-ecdsa-sha2-nistp256@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com", SshKeyType::kEcdsa,
     true, "nistp256", NID_X9_62_prime256v1},
    {"webauthn-sk-ecdsa-sha2-nistp256@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com",
     SshKeyType::kEcdsa, true, "nistp256", NID_X9_62_prime256v1},
};

Failed refuse(const std::string& why) { return fail(ErrorCode::kInvalid, why); }

std::string encode_base64(const unsigned char* data, size_t size) {
  std::string text((size + 2) / 3 * 4 + 1, '\0');  // EVP_EncodeBlock(3) adds a NUL
  int length =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), data, static_cast<int>(size));
  text.resize(static_cast<size_t>(length));
  return text;
}

// EVP_DecodeBlock(3) forgives a lot, so the result must encode to the very text again.
std::optional<Blob> decode_base64(std::string_view text) {
  if (text.empty() || text.size() % 4 != 0) return std::nullopt;
  Blob blob(text.size() / 4 * 3);
  int length = EVP_DecodeBlock(blob.data(), reinterpret_cast<const unsigned char*>(text.data()),
                               static_cast<int>(text.size()));
  if (length < 0) return std::nullopt;
  size_t padding = text.size() - (text.find_last_not_of('=') + 1);
  if (padding > 2) return std::nullopt;
  blob.resize(static_cast<size_t>(length) - padding);
  if (encode_base64(blob.data(), blob.size()) != text) return std::nullopt;
  return blob;
}

// A blob from its front: big-endian u32 counts and that many bytes (RFC 4251 5).
class BlobReader {
 public:
  explicit BlobReader(const Blob& blob)
      : rest_(reinterpret_cast<const char*>(blob.data()), blob.size()) {}

  std::optional<std::string_view> field() {
    constexpr size_t kCount = 4;
    if (rest_.size() < kCount) return std::nullopt;
    size_t size = 0;
    for (size_t i = 0; i < kCount; ++i) size = size << 8 | static_cast<unsigned char>(rest_[i]);
    if (size > rest_.size() - kCount) return std::nullopt;
    auto found = rest_.substr(kCount, size);
    rest_.remove_prefix(kCount + size);
    return found;
  }
  [[nodiscard]] bool at_end() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

// The bits of an mpint that is above 0 and in its one shortest form; sshd would take longer ones,
// but then the same key could be written in many ways, and the session command finds one.
std::optional<size_t> positive_bits(std::string_view number) {
  if (number.empty() || (number[0] & 0x80) != 0) return std::nullopt;
  if (number[0] == 0) {
    number = number.substr(1);
    if (number.empty() || (number[0] & 0x80) == 0) return std::nullopt;
  }
  return number.size() * 8 -
         static_cast<size_t>(std::countl_zero(static_cast<unsigned char>(number[0])));
}

// sshkey.c, sshkey_check_rsa_length; sshbuf.h, SSHBUF_MAX_BIGNUM.
Result<bool> take_rsa(BlobReader& reader) {
  auto exponent = reader.field();
  auto modulus = reader.field();
  if (!exponent || !modulus || !positive_bits(*exponent)) return false;
  auto bits = positive_bits(*modulus);
  if (!bits) return false;
  constexpr size_t kFewest = 1024;
  constexpr size_t kMost = 16384;
  if (*bits >= kFewest && *bits <= kMost) return true;
  return refuse("is an RSA key of " + std::to_string(*bits) +
                " bits; sshd takes 1024 to 16384: make a new one, such as ssh-keygen -t ed25519");
}

// An uncompressed point of the curve (sshbuf-getput-crypto.c, get_ec).
bool is_point(std::string_view bytes, int nid) {
  std::unique_ptr<EC_GROUP, decltype(&EC_GROUP_free)> group(EC_GROUP_new_by_curve_name(nid),
                                                            EC_GROUP_free);
  if (!group || bytes.empty() || bytes[0] != POINT_CONVERSION_UNCOMPRESSED) return false;
  std::unique_ptr<EC_POINT, decltype(&EC_POINT_free)> point(EC_POINT_new(group.get()),
                                                            EC_POINT_free);
  return point && EC_POINT_oct2point(group.get(), point.get(),
                                     reinterpret_cast<const unsigned char*>(bytes.data()),
                                     bytes.size(), nullptr) == 1;
}

Result<bool> take_key(const SshKeyType& type, BlobReader& reader) {
  constexpr size_t kEd25519Bytes = 32;
  if (type.kind == SshKeyType::kRsa) return take_rsa(reader);
  if (type.kind == SshKeyType::kEcdsa && reader.field() != type.curve) return false;
  auto key = reader.field();
  if (!key) return false;
  return type.kind == SshKeyType::kEd25519 ? key->size() == kEd25519Bytes
                                           : is_point(*key, type.nid);
}

Result<bool> is_blob_of(const SshKeyType& type, const Blob& blob) {
  BlobReader reader(blob);
  if (reader.field() != type.name) return false;
  auto right = take_key(type, reader);
  if (!right || !*right) return right;
  if (type.hardware) {
    auto application = reader.field();
    if (!application || application->find('\0') != std::string_view::npos) return false;
  }
  return reader.at_end();
}

}  // namespace

const SshKeyType* find_ssh_key_type(std::string_view word) {
  for (const auto& type : kTypes) {
    if (type.word == word) return &type;
  }
  return nullptr;
}

std::string_view name_of(const SshKeyType& type) { return type.name; }

Result<void> check_ssh_key_blob(const SshKeyType& type, std::string_view base64) {
  std::string begins = "is not whole: what follows " + std::string(type.word);
  auto blob = decode_base64(base64);
  if (!blob) return refuse(begins + " is not base64");
  auto right = is_blob_of(type, *blob);
  if (!right) return Failed(right.error());
  if (!*right) return refuse(begins + " is not such a key");
  return {};
}

std::string ssh_key_fingerprint(std::string_view base64) {
  auto blob = decode_base64(base64).value_or(Blob());
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  EVP_Digest(blob.data(), blob.size(), digest.data(), &size, EVP_sha256(), nullptr);
  auto text = encode_base64(digest.data(), size);
  return "SHA256:" + text.substr(0, text.find('='));
}

}  // namespace labgpu
