// yescrypt by libcrypt.
#include "helper/password.h"

#include <crypt.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <memory>
#include <string_view>

namespace labgpu {

namespace {

// CRYPT_MAX_PASSPHRASE_SIZE, crypt(3); PAM_MAX_RESP_SIZE, pam_conv(3), is the same with its NUL.
constexpr size_t kLongest = CRYPT_MAX_PASSPHRASE_SIZE - 1;

struct CryptData {
  void* data = nullptr;
  int size = 0;
  CryptData() = default;
  CryptData(const CryptData&) = delete;
  CryptData& operator=(const CryptData&) = delete;
  ~CryptData() {
    if (data == nullptr) return;
    explicit_bzero(data, static_cast<size_t>(size));
    free(data);
  }
};

}  // namespace

Result<std::string> hash_password(const std::string& password) {
  if (password.empty()) return fail(ErrorCode::kInvalid, "a password must not be empty");
  if (password.size() > kLongest) {
    return fail(ErrorCode::kInvalid,
                "a password must have at most " + std::to_string(kLongest) + " bytes");
  }
  if (password.find_first_of(std::string_view("\n\r\0", 3)) != std::string::npos) {
    return fail(ErrorCode::kInvalid, "a password must have no line break and no NUL in it");
  }
  // Cost 0 is libcrypt's default; without random bytes of ours it takes the kernel's
  // (crypt_gensalt(3)).
  std::unique_ptr<char, decltype(&free)> salt(crypt_gensalt_ra("$y$", 0, nullptr, 0), free);
  if (!salt) return fail_errno("make a salt for a password", errno);
  CryptData work;
  const char* hash = crypt_ra(password.c_str(), salt.get(), &work.data, &work.size);
  if (hash == nullptr) return fail_errno("hash a password", errno);
  return std::string(hash);
}

bool verify_password(const std::string& password, const std::string& hash) {
  CryptData work;
  const char* again = crypt_ra(password.c_str(), hash.c_str(), &work.data, &work.size);
  return again != nullptr && hash == again;
}

Result<void> generate_password(Secret& password) {
  constexpr std::string_view kAlphabet = "abcdefghjkmnpqrstuvwxyz23456789";
  constexpr size_t kCharacters = 16;
  constexpr size_t kGroup = 4;
  constexpr unsigned kMask = 31;  // the next power of two above the alphabet's size, less one
  if (password.text) {
    return fail(ErrorCode::kInvalid, "a password can be given or generated, not both");
  }
  auto& text = password.text.emplace();
  text.reserve(kCharacters + kCharacters / kGroup);
  for (size_t made = 0; made < kCharacters;) {
    unsigned char byte = 0;
    if (getrandom(&byte, 1, 0) != 1) return fail_errno("make a password", errno);
    size_t index = byte & kMask;
    if (index >= kAlphabet.size()) continue;  // so that all are as likely
    if (made > 0 && made % kGroup == 0) text += '-';
    text += kAlphabet[index];
    ++made;
  }
  return {};
}

void wipe(std::string& secret) {
  secret.resize(secret.capacity());  // an earlier, longer value may lie behind the end
  explicit_bzero(secret.data(), secret.size());
  secret.clear();
}

}  // namespace labgpu
