// Asks for passwords through libpam, and hands them to the helper.
//
// pam_chauthtok calls every module twice (pam_sm_chauthtok(3)): with PAM_PRELIM_CHECK, where the
// old password is asked for and checked, and with PAM_UPDATE_AUTHTOK, where the new one is taken.
// pam_get_authtok(3) gives what an earlier module, such as pam_pwquality, has asked for; without
// one it asks itself, twice. It also knows use_authtok and the like among the module's options.
#include "pam_labgpu/password.h"

#include <errno.h>
#include <security/pam_ext.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "pam_labgpu/handle.h"
#include "pam_labgpu/helper_client.h"

namespace labgpu {

namespace {

// Two hashes on a busy machine, behind those of others.
constexpr uint32_t kPasswordWaitMs = 10000;
// As pam_unix has it for a wrong password.
constexpr unsigned kFailDelayMicroseconds = 2000000;
constexpr int kMistypings = 3;

constexpr char kPasswordLogin[] = "labgpu_password_login";
char password_login_mark;  // its address is what is kept; nothing is ever written here

// A program of root's, such as passwd(1) when root runs it, need not know the old password. sshd is
// root too: it says that the password is changed because it has expired.
bool is_changed_by_root(int flags) {
  return getuid() == 0 && !has(flags, PAM_CHANGE_EXPIRED_AUTHTOK);
}

int result_of(uint16_t failure_code) {
  switch (static_cast<FailureCode>(failure_code)) {
    case FailureCode::kWrongPassword:
      return PAM_AUTH_ERR;
    case FailureCode::kTooManyAttempts:
      return PAM_TRY_AGAIN;
    case FailureCode::kNotAllowed:
    case FailureCode::kNoAccount:
      return PAM_PERM_DENIED;
    default:
      return PAM_AUTHTOK_ERR;
  }
}

int report_failure(pam_handle_t* pamh, int flags, const HelperClient& helper) {
  auto sentence = helper.failure();
  pam_syslog(pamh, LOG_NOTICE, "the password of %s is not changed: %.*s", text_item(pamh, PAM_USER),
             length(sentence), sentence.data());
  if (!has(flags, PAM_SILENT)) pam_error(pamh, "%.*s", length(sentence), sentence.data());
  return result_of(helper.failure_code());
}

int report_silence(pam_handle_t* pamh, int flags, int error) {
  const char* user = text_item(pamh, PAM_USER);
  errno = error;  // for %m
  pam_syslog(pamh, LOG_ERR,
             "the password of %s is not changed: labgpud does not answer: %m (see systemctl status "
             "labgpud)",
             user);
  if (!has(flags, PAM_SILENT)) {
    pam_error(pamh,
              "labgpu: the labgpu service on this server does not answer, so the password of %s "
              "cannot be changed now; tell the administrator (systemctl status labgpud)",
              user);
  }
  return PAM_TRY_AGAIN;
}

int report(pam_handle_t* pamh, int flags, const HelperClient& helper, int error) {
  if (error == 0) return PAM_SUCCESS;
  if (error == EREMOTEIO) return report_failure(pamh, flags, helper);
  return report_silence(pamh, flags, error);
}

int check_old_password(pam_handle_t* pamh, int flags) {
  const char* user = text_item(pamh, PAM_USER);
  CheckPassword request{.user = user, .by_root = 1, .old_password = {}};
  if (!is_changed_by_root(flags)) {
    if (!has(flags, PAM_SILENT)) pam_info(pamh, "Changing password for %s.", user);
    const char* old_password = nullptr;
    int result = pam_get_authtok(pamh, PAM_OLDAUTHTOK, &old_password, nullptr);
    if (result != PAM_SUCCESS) return result;
    request.by_root = 0;
    request.old_password = old_password;
    pam_fail_delay(pamh, kFailDelayMicroseconds);  // libpam waits only after a failure
  }
  HelperClient helper(Deadline::after_ms(kPasswordWaitMs));
  return report(pamh, flags, helper, helper.check_password(request));
}

int take_new_password(pam_handle_t* pamh, int flags) {
  // Never asked again after it was refused: an earlier module may have checked its quality, and
  // would not see another one.
  const char* new_password = nullptr;
  int result = PAM_TRY_AGAIN;  // libpam's word for two that differ
  for (int i = 0; i < kMistypings && result == PAM_TRY_AGAIN; ++i) {
    result = pam_get_authtok(pamh, PAM_AUTHTOK, &new_password, nullptr);
  }
  if (result != PAM_SUCCESS) return result;
  HelperClient helper(Deadline::after_ms(kPasswordWaitMs));
  ChangePassword request{.user = text_item(pamh, PAM_USER),
                         .by_root = static_cast<uint8_t>(is_changed_by_root(flags) ? 1 : 0),
                         .old_password = text_item(pamh, PAM_OLDAUTHTOK),
                         .new_password = new_password};
  return report(pamh, flags, helper, helper.change_password(request));
}

}  // namespace

int change_password(pam_handle_t* pamh, int flags) {
  if (has(flags, PAM_PRELIM_CHECK)) return check_old_password(pamh, flags);
  return take_new_password(pamh, flags);
}

int note_password_login(pam_handle_t* pamh) {
  return pam_set_data(pamh, kPasswordLogin, &password_login_mark, nullptr);
}

bool is_password_login(const pam_handle_t* pamh) {
  const void* data = nullptr;
  return pam_get_data(pamh, kPasswordLogin, &data) == PAM_SUCCESS;
}

}  // namespace labgpu
