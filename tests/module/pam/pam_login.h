// One PAM handle on a service that has the built module in every line.
#pragma once

#include <security/pam_appl.h>

#include <string>
#include <vector>

#include "tests/support/temporary_directory.h"

namespace labgpu::test {

// What every call returns when the module returned PAM_IGNORE: the stack then goes on to a module
// that returns this, which ours never does.
inline constexpr int kIgnored = PAM_CRED_EXPIRED;

// Calls libpam as sshd's monitor does. Ends the handle when it goes.
class PamLogin {
 public:
  // `options` are the module's; `remote_host` may be nullptr: not set. An address, because libpam's
  // audit looks names up.
  explicit PamLogin(const std::string& user, const std::string& options = "",
                    const char* remote_host = "192.0.2.7");
  PamLogin(const PamLogin&) = delete;
  PamLogin& operator=(const PamLogin&) = delete;
  ~PamLogin();

  int authenticate() { return pam_authenticate(handle_, 0); }
  int account(int flags = 0) { return pam_acct_mgmt(handle_, flags); }
  int setcred(int flags = PAM_ESTABLISH_CRED) { return pam_setcred(handle_, flags); }
  int open_session(int flags = 0) { return pam_open_session(handle_, flags); }
  int close_session() { return pam_close_session(handle_, 0); }
  // Types these one after the other when passwords are asked for; then no more.
  int change_password(std::vector<std::string> typed, int flags = 0);
  // pam_end, before the object goes.
  void end();

  int put_environment(const std::string& assignment) {
    return pam_putenv(handle_, assignment.c_str());
  }
  // NAME=VALUE each, sorted.
  [[nodiscard]] std::vector<std::string> environment() const;
  // The errors that were shown to the user, in order.
  [[nodiscard]] const std::vector<std::string>& texts() const { return texts_; }
  // What else was shown, and the questions that were asked.
  [[nodiscard]] const std::vector<std::string>& hints() const { return hints_; }
  [[nodiscard]] const std::vector<std::string>& questions() const { return questions_; }
  [[nodiscard]] pam_handle_t* handle() const { return handle_; }

 private:
  static int converse(int count, const pam_message** messages, pam_response** responses,
                      void* self);

  TemporaryDirectory services_;
  pam_handle_t* handle_ = nullptr;
  std::vector<std::string> texts_;
  std::vector<std::string> hints_;
  std::vector<std::string> questions_;
  std::vector<std::string> typed_;
};

}  // namespace labgpu::test
