// labgpu's profile of pam-auth-update(8): the line in common-password through which passwd(1) and
// sshd change passwords.
//
// /etc/pam.d/common-* are pam-auth-update's, which never updates them again once it finds somebody
// else's line in its part; so it is asked to put labgpu's there. It writes all five files anew,
// which may move options that the administrator added; so what they were is kept, and given back
// byte for byte as long as they are what it made of them.
#pragma once

#include <array>
#include <string>

#include "cli/result.h"
#include "cli/setup/text_file.h"
#include "cli/subprocess.h"

namespace labgpu {

class PamProfile {
 public:
  // `saved` is the directory of the saved texts.
  PamProfile(std::string root, std::string saved, const HeldSignals& signals);

  // The file that has the line.
  [[nodiscard]] std::string path() const;
  // Is the line in force, put there by whomever?
  [[nodiscard]] Result<bool> is_in_force() const;

  // True when it did something. When it fails, nothing was changed, and the sentence says what to
  // do.
  Result<bool> enable();
  // The same. What it cannot take out again is the administrator's.
  Result<bool> disable();

 private:
  static constexpr size_t kFileCount = 5;
  using Texts = std::array<Text, kFileCount>;

  [[nodiscard]] std::string path_of(size_t file) const;
  [[nodiscard]] std::string saved_prefix(size_t file) const;
  [[nodiscard]] Result<Texts> read_files() const;
  // Where `now` differs from it.
  [[nodiscard]] Result<void> put_back(const Texts& wanted, const Texts& now) const;
  [[nodiscard]] Result<void> update(const std::string& option) const;
  [[nodiscard]] Result<void> update_and_save(const Texts& before) const;
  // What each file was, if it still is what enable() made of it.
  [[nodiscard]] Result<Texts> saved_originals(const Texts& now) const;
  [[nodiscard]] Result<void> remove_and_put_back() const;
  [[nodiscard]] Result<void> forget_saved() const;

  std::string root_;
  std::string saved_;
  const HeldSignals& signals_;
};

}  // namespace labgpu
