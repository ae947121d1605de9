// Public keys: the line, the blob, the fingerprint. Base64 and SHA-256 are libcrypto's.
#include "helper/ssh_key.h"

#include <openssl/evp.h>

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

namespace labgpu {

namespace {

using Blob = std::vector<unsigned char>;

struct KeyType {
  std::string_view name;
  size_t fields;  // length-prefixed fields of the blob, the type's name included
};

constexpr KeyType kTypes[] = {
    {"ssh-ed25519", 2},
    {"ssh-rsa", 3},
    {"ecdsa-sha2-nistp256", 3},
    {"ecdsa-sha2-nistp384", 3},
    {"ecdsa-sha2-nistp521", 3},
    {"sk-ssh-ed25519@openssh.com", 3},
    {"sk-ecdsa-sha2-nistp256@openssh.com", 4},
};

// sshd reads lines of any length; a 16384 bit RSA key has less than 3000 characters.
constexpr size_t kLongestLine = 8192;

Failed refuse(const std::string& why) { return fail(ErrorCode::kInvalid, "the key " + why); }

const KeyType* find_type(std::string_view name) {
  for (const auto& type : kTypes) {
    if (type.name == name) return &type;
  }
  return nullptr;
}

bool is_blank(char c) { return c == ' ' || c == '\t'; }

std::string_view trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  auto first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

// Takes the first word off `rest` together with the blanks behind it. With `quotes`, blanks between
// double quotes belong to the word, and \" does not end them: authorized_keys(5)'s options.
std::string_view take_word(std::string_view& rest, bool quotes) {
  bool quoted = false;
  size_t end = 0;
  for (; end < rest.size() && (quoted || !is_blank(rest[end])); ++end) {
    if (!quotes) continue;
    if (rest[end] == '\\' && end + 1 < rest.size() && rest[end + 1] == '"') {
      ++end;
    } else if (rest[end] == '"') {
      quoted = !quoted;
    }
  }
  auto word = rest.substr(0, end);
  rest.remove_prefix(end);
  while (!rest.empty() && is_blank(rest.front())) rest.remove_prefix(1);
  return word;
}

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

// Takes a field, a big-endian u32 count and that many bytes, off the blob at `at`.
std::optional<std::string_view> take_field(const Blob& blob, size_t& at) {
  if (blob.size() - at < 4) return std::nullopt;
  uint32_t size = 0;
  for (size_t i = 0; i < 4; ++i) size = size << 8 | blob[at + i];
  at += 4;
  if (size == 0 || size > blob.size() - at) return std::nullopt;
  std::string_view field(reinterpret_cast<const char*>(blob.data()) + at, size);
  at += size;
  return field;
}

bool is_blob_of(const KeyType& type, const Blob& blob) {
  size_t at = 0;
  if (take_field(blob, at) != type.name) return false;
  for (size_t i = 1; i < type.fields; ++i) {
    auto field = take_field(blob, at);
    constexpr size_t kEd25519Bytes = 32;
    bool ed25519 = type.name.find("ed25519") != std::string_view::npos;
    if (!field || (ed25519 && i == 1 && field->size() != kEd25519Bytes)) return false;
  }
  return at == blob.size();
}

std::string fingerprint_of(const Blob& blob) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  EVP_Digest(blob.data(), blob.size(), digest.data(), &size, EVP_sha256(), nullptr);
  auto text = encode_base64(digest.data(), size);
  return "SHA256:" + text.substr(0, text.find('='));
}

// What people paste by mistake, told apart from what is merely wrong.
std::optional<Failed> well_known_mistake(std::string_view text) {
  auto has = [text](std::string_view part) { return text.find(part) != std::string_view::npos; };
  if (has("PRIVATE KEY-----") || text.starts_with("PuTTY-User-Key-File")) {
    return refuse(
        "is a private key, which must stay with its owner: make a new pair, and give the file "
        "that ends in .pub");
  }
  if (text.starts_with("---- BEGIN SSH2 PUBLIC KEY") || has("BEGIN PUBLIC KEY") ||
      has("BEGIN RSA PUBLIC KEY")) {
    return refuse("is not in OpenSSH's format: convert it with ssh-keygen -i");
  }
  if (text.empty()) return refuse("is empty");
  if (text.starts_with("#")) return refuse("is only a comment");
  return std::nullopt;
}

}  // namespace

Result<SshKey> parse_ssh_key(std::string_view text) {
  auto line = trim(text);
  if (auto mistake = well_known_mistake(line)) return *mistake;
  if (line.size() > kLongestLine) return refuse("is too long");
  for (char c : line) {
    auto byte = static_cast<unsigned char>(c);
    if (c == '\n') return refuse("must be a single line");
    if ((byte < 0x20 && c != '\t') || byte == 0x7f) return refuse("has a control character in it");
  }

  auto rest = line;
  auto word = take_word(rest, false);
  const KeyType* type = find_type(word);
  if (type == nullptr) {
    rest = line;
    take_word(rest, true);
    word = take_word(rest, false);
    type = find_type(word);
  }
  if (type == nullptr) {
    return refuse(
        "has no type that sshd takes: it must begin with ssh-ed25519, ssh-rsa, "
        "ecdsa-sha2-… or sk-…");
  }
  auto blob = decode_base64(take_word(rest, false));
  if (!blob)
    return refuse("is not whole: what follows " + std::string(type->name) + " is not base64");
  if (!is_blob_of(*type, *blob)) {
    return refuse("is not whole: what follows " + std::string(type->name) + " is not such a key");
  }
  return SshKey{std::string(line), std::string(type->name), std::string(rest),
                fingerprint_of(*blob)};
}

}  // namespace labgpu
