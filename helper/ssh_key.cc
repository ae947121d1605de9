// Public keys: the line and its parts.
#include "helper/ssh_key.h"

#include <optional>

#include "helper/ssh_key_blob.h"
#include "helper/ssh_key_options.h"

namespace labgpu {

namespace {

// sshd reads lines of any length; a 16384 bit RSA key has less than 3000 characters.
constexpr size_t kLongestLine = 8192;

Failed refuse(const std::string& why) { return fail(ErrorCode::kInvalid, "the key " + why); }

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

Result<void> check_characters(std::string_view line) {
  if (line.size() > kLongestLine) return refuse("is too long");
  for (char c : line) {
    auto byte = static_cast<unsigned char>(c);
    if (c == '\n') return refuse("must be a single line");
    if ((byte < 0x20 && c != '\t') || byte == 0x7f) return refuse("has a control character in it");
  }
  return {};
}

// Neither the first word is a type nor the one behind the options.
Failed refuse_type(std::string_view first, std::string_view second) {
  for (auto word : {first, second}) {
    if (word.ends_with("-cert-v01@openssh.com")) {
      return refuse(
          "is a certificate, which sshd does not look for among keys: give the key of the "
          "authority that signed it, with the option cert-authority before it");
    }
    if (word == "ssh-dss") {
      return refuse("is a DSA key, which sshd no longer takes: make a new one with ssh-keygen");
    }
  }
  return refuse(
      "has no type that sshd takes: it must begin with ssh-ed25519, ssh-rsa, ecdsa-sha2-… or "
      "sk-…, or have one of these behind its options");
}

}  // namespace

Result<SshKey> parse_ssh_key(std::string_view text) {
  auto line = trim(text);
  if (auto mistake = well_known_mistake(line)) return *mistake;
  if (auto plain = check_characters(line); !plain) return Failed(plain.error());

  auto rest = line;
  std::string_view options;
  auto word = take_word(rest, false);
  const SshKeyType* type = find_ssh_key_type(word);
  if (type == nullptr) {
    rest = line;
    options = take_word(rest, true);
    auto second = take_word(rest, false);
    type = find_ssh_key_type(second);
    if (type == nullptr) return refuse_type(word, second);
    if (auto right = check_ssh_key_options(options); !right) return refuse(right.error().message);
  }
  auto base64 = take_word(rest, false);
  if (auto whole = check_ssh_key_blob(*type, base64); !whole) return refuse(whole.error().message);

  SshKey key;
  key.type = name_of(*type);
  key.comment = rest;
  key.fingerprint = ssh_key_fingerprint(base64);
  if (!options.empty()) key.line = std::string(options) + " ";
  key.line += key.type + " " + std::string(base64);
  if (!key.comment.empty()) key.line += " " + key.comment;
  return key;
}

Result<void> check_ssh_key_lines(const std::vector<std::string>& lines) {
  size_t size = 0;
  for (const auto& line : lines) size += line.size() + 1;
  if (size <= kMaxKeyLines) return {};
  return fail(ErrorCode::kInvalid, "the keys have " + std::to_string(size / 1024) +
                                       " KiB together, and an account may have " +
                                       std::to_string(kMaxKeyLines / 1024) +
                                       ": remove those that nobody uses");
}

}  // namespace labgpu
