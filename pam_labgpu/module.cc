// pam_labgpu's entry points: what sshd's PAM calls mean for an account that labgpu manages.
//
// The order of calls in sshd (OpenSSH 9.2 sshd.c and 10.0 sshd-session.c: main, privsep_postauth;
// session.c: do_setusercontext; platform.c: platform_setusercontext_post_groups), for a user that
// is not root:
//
//   monitor     pam_authenticate        not for keys; for keyboard-interactive in a forked process,
//                                       followed there by pam_acct_mgmt and, when that wants a new
//                                       password, pam_chauthtok (auth-pam.c, sshpam_thread)
//   monitor     pam_acct_mgmt           unless done there
//   monitor     pam_setcred             PAM_ESTABLISH_CRED
//   monitor     pam_open_session        a failure only disables forwarding; sessions exit with 254
//   user child  pam_setcred             PAM_ESTABLISH_CRED; uid 0 still, but the user's groups;
//                                       the result matters only after a password login
//   monitor     pam_close_session, pam_setcred PAM_DELETE_CRED, pam_end
//
// The user child never ends the handle. Other programs (su, login, cron) make these calls in one
// process: then nothing enters a login view, the session command starts in the host's network
// namespace, and the helper refuses to attach it.
#include <errno.h>
#include <fcntl.h>
#include <security/pam_ext.h>
#include <security/pam_modules.h>
#include <syslog.h>
#include <unistd.h>

#include "common/unique_fd.h"
#include "pam_labgpu/environment.h"
#include "pam_labgpu/handle.h"
#include "pam_labgpu/helper_client.h"
#include "pam_labgpu/login_view.h"
#include "pam_labgpu/options.h"
#include "pam_labgpu/ownership.h"
#include "pam_labgpu/password.h"
#include "pam_labgpu/session_data.h"

#define LABGPU_PAM_ENTRY extern "C" __attribute__((visibility("default"))) int

namespace labgpu {

namespace {

constexpr uint32_t kAccountWaitMs = 5000;
// The helper answers within the time it was given; this much later it is taken to be stuck.
constexpr uint32_t kAnswerMarginMs = 2000;
// sshd's own exit status for a child without a PAM session (session.c, do_child).
constexpr int kNoSession = 254;

// The reason is in errno.
[[noreturn]] void end_child(const pam_handle_t* pamh, const char* failed) {
  pam_syslog(pamh, LOG_CRIT, "ending the login of %s: %s: %m", text_item(pamh, PAM_USER), failed);
  _exit(kNoSession);
}

// Where homes are mounted when somebody looks: sshd's chdir(2) comes when it would be too late
// (pam_labgpu/programs.h).
void mount_home(const passwd& account) {
  UniqueFd home(open(account.pw_dir, O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_CLOEXEC));
}

constexpr uint32_t wait_ms(const Options& options) { return options.timeout_seconds * 1000; }

void log_silence(const pam_handle_t* pamh, int error) {
  errno = error;  // for %m
  pam_syslog(pamh, LOG_WARNING,
             "%s logs in without a container: labgpud does not answer: %m (see systemctl status "
             "labgpud)",
             text_item(pamh, PAM_USER));
}

// Asks for the container. Without one the session is a detached one, and the session command tells
// the user why, so here it is only logged. The answer is for sshd's user child: the helper works
// while sshd makes that process.
void ask_for_container(const pam_handle_t* pamh, SessionData& data, const Options& options) {
  const char* user = data.ownership.account->pw_name;
  if (data.ownership.owner == Owner::kUnclear) {
    pam_syslog(pamh, LOG_WARNING,
               "%s logs in without a container: it is unclear whose account it is", user);
    return;
  }
  HelperClient helper(Deadline::after_ms(wait_ms(options) + kAnswerMarginMs));
  int error = helper.begin_session({.user = user,
                                    .remote_host = text_item(pamh, PAM_RHOST),
                                    .host = data.ownership.describe(),
                                    .wait_ms = wait_ms(options)},
                                   data.session);
  if (error != 0) log_silence(pamh, error);
}

void take_container(const pam_handle_t* pamh, SessionData& data, const Options& options) {
  OpenedSession& session = data.session;
  if (!session.connection.valid()) return;
  const char* user = text_item(pamh, PAM_USER);
  HelperClient helper(Deadline::after_ms(wait_ms(options) + kAnswerMarginMs));
  int error = helper.take_session(session);
  if (error == EREMOTEIO) {
    pam_syslog(pamh, LOG_WARNING, "%s logs in without a container: %.*s", user,
               length(helper.failure()), helper.failure().data());
  } else if (error != 0) {
    log_silence(pamh, error);
  } else if (options.debug) {
    pam_syslog(pamh, LOG_DEBUG, "session %llu of %s is open, %s",
               static_cast<unsigned long long>(session.number), user,
               session.container.valid() ? "its container runs" : "its container is not ready");
  }
}

// Runs in sshd's user child, which must not go on outside the login view. The child's copy of the
// connection goes too: the session ends when the monitor does.
void enter_or_end(pam_handle_t* pamh, SessionData& data, const Options& options) {
  if (!data.open) {
    pam_syslog(pamh, LOG_CRIT,
               "ending the login of %s: no PAM session is open; is the session line of "
               "pam_labgpu.so missing from the PAM configuration? run labgpu setup",
               text_item(pamh, PAM_USER));
    _exit(kNoSession);
  }
  take_container(pamh, data, options);
  if (options.debug) {
    pam_syslog(pamh, LOG_DEBUG, "session %llu of %s: entering the %s login view",
               static_cast<unsigned long long>(data.session.number), text_item(pamh, PAM_USER),
               data.session.container.valid() ? "container's" : "detached");
  }
  const Ownership& ownership = data.ownership;
  const char* shell = ownership.has_session_command() ? nullptr : ownership.shell();
  if (shell != nullptr) mount_home(*ownership.account);
  const char* failed = enter_login_view(data.session.container, shell);
  if (failed != nullptr) end_child(pamh, failed);
  if (!scrub_environment(pamh)) {
    errno = ENOMEM;
    end_child(pamh, "cleaning the PAM environment");
  }
  drop_session(data);
  data.entered = true;
}

// Tells the log and the user that the helper does not want this login now.
void report_refusal(pam_handle_t* pamh, int flags, std::string_view sentence) {
  pam_syslog(pamh, LOG_NOTICE, "%s may not log in: %.*s", text_item(pamh, PAM_USER),
             length(sentence), sentence.data());
  if (!has(flags, PAM_SILENT)) pam_error(pamh, "%.*s", length(sentence), sentence.data());
}

void report_silence(pam_handle_t* pamh, int flags, int error) {
  const char* user = text_item(pamh, PAM_USER);
  errno = error;  // for %m
  pam_syslog(pamh, LOG_ERR,
             "%s may not log in: labgpud does not answer: %m (see systemctl status labgpud)", user);
  if (has(flags, PAM_SILENT)) return;
  pam_error(pamh,
            "labgpu: the labgpu service on this server does not answer, so %s cannot log in now; "
            "tell the administrator (systemctl status labgpud)",
            user);
}

// Who came with a key is not asked: sshd would run passwd(1) in place of whatever the client wants
// (OpenSSH session.c, do_child and do_pwchange), which ends every scp, sftp and editor; and what a
// key opens does not depend on the password. The shadow entry says nothing of it either: Debian's
// common-account ends PAM's account stack there and then when pam_unix wants a new password
// (new_authtok_reqd=done), before this module has its say.
int ask_for_new_password(pam_handle_t* pamh, int flags, const AccountVerdict& verdict) {
  if (verdict.change_password != 1 || !is_password_login(pamh)) return PAM_SUCCESS;
  pam_syslog(pamh, LOG_NOTICE, "%s has to choose a new password", text_item(pamh, PAM_USER));
  if (!has(flags, PAM_SILENT)) pam_info(pamh, "You have to choose a new password now.");
  return PAM_NEW_AUTHTOK_REQD;
}

// Fails closed: sshd lets keys in without looking at the shadow entry, so nobody but the helper
// stands between a locked account and its container.
int check_account(pam_handle_t* pamh, const Ownership& ownership, int flags) {
  HelperClient helper(Deadline::after_ms(kAccountWaitMs));
  AccountVerdict verdict;
  int error = helper.check_account({.user = ownership.account->pw_name,
                                    .remote_host = text_item(pamh, PAM_RHOST),
                                    .host = ownership.describe()},
                                   verdict);
  if (error == EREMOTEIO) {
    report_refusal(pamh, flags, helper.failure());
    return PAM_AUTHINFO_UNAVAIL;
  }
  if (error != 0) {
    report_silence(pamh, flags, error);
    return PAM_AUTHINFO_UNAVAIL;
  }
  if (verdict.allowed == 1) return ask_for_new_password(pamh, flags, verdict);
  report_refusal(pamh, flags, verdict.sentence);
  return PAM_PERM_DENIED;
}

int refuse_session(pam_handle_t* pamh, int flags) {
  const char* user = text_item(pamh, PAM_USER);
  pam_syslog(pamh, LOG_CRIT,
             "refusing a session to %s: pam_setcred was not called; the auth line of pam_labgpu.so "
             "is missing from the PAM configuration: run labgpu setup",
             user);
  if (!has(flags, PAM_SILENT)) {
    pam_error(pamh,
              "labgpu: this server is set up wrongly, so %s cannot log in; tell the administrator "
              "(the auth line of pam_labgpu.so is missing: run labgpu setup)",
              user);
  }
  return PAM_SESSION_ERR;
}

}  // namespace

}  // namespace labgpu

using namespace labgpu;  // NOLINT: the entry points below have C linkage and cannot be in it

// Has no say. The line stands behind the modules that have: to be called means that one of them was
// content. Only of labgpu's own accounts it matters whether that was with a password.
LABGPU_PAM_ENTRY pam_sm_authenticate(pam_handle_t* pamh, int, int, const char**) {
  if (ownership_of(pamh).owner != Owner::kLabgpu) return PAM_IGNORE;
  int noted = note_password_login(pamh);
  return noted == PAM_SUCCESS ? PAM_IGNORE : noted;
}

LABGPU_PAM_ENTRY pam_sm_acct_mgmt(pam_handle_t* pamh, int flags, int, const char**) {
  Ownership ownership = ownership_of(pamh);
  if (!ownership.managed()) return PAM_IGNORE;
  if (ownership.owner == Owner::kUnclear) {
    report_refusal(
        pamh, flags,
        "labgpu: this server cannot tell now whether your account has a container; try again, or "
        "tell the administrator (labgpu setup --check says what is missing)");
    return PAM_AUTHINFO_UNAVAIL;
  }
  if (ownership.has_no_login()) {
    report_refusal(pamh, flags,
                   "your account on this server has no login shell, so it has no login either; ask "
                   "the administrator");
    return PAM_PERM_DENIED;
  }
  return check_account(pamh, ownership, flags);
}

// The first call notes the process; a call in another process is sshd's user child. Without data in
// the child, the monitor's call never came here and open_session has refused the session already.
LABGPU_PAM_ENTRY pam_sm_setcred(pam_handle_t* pamh, int flags, int argc, const char** argv) {
  SessionData* data = find_session_data(pamh);
  Ownership ownership = data != nullptr ? data->ownership : ownership_of(pamh);
  if (!ownership.managed()) return PAM_IGNORE;
  if (has(flags, PAM_DELETE_CRED)) return PAM_SUCCESS;
  if (data == nullptr) {
    return make_session_data(pamh, ownership) != nullptr ? PAM_SUCCESS : PAM_BUF_ERR;
  }
  if (getpid() != data->owner && !data->entered) {
    enter_or_end(pamh, *data, parse_options(pamh, argc, argv));
  }
  return PAM_SUCCESS;
}

LABGPU_PAM_ENTRY pam_sm_open_session(pam_handle_t* pamh, int flags, int argc, const char** argv) {
  SessionData* data = find_session_data(pamh);
  if (data == nullptr) {
    return ownership_of(pamh).managed() ? refuse_session(pamh, flags) : PAM_IGNORE;
  }
  if (!scrub_environment(pamh)) return PAM_BUF_ERR;
  drop_session(*data);
  ask_for_container(pamh, *data, parse_options(pamh, argc, argv));
  data->owner = getpid();
  data->open = true;
  return PAM_SUCCESS;
}

LABGPU_PAM_ENTRY pam_sm_close_session(pam_handle_t* pamh, int, int, const char**) {
  SessionData* data = find_session_data(pamh);
  if (data == nullptr) return ownership_of(pamh).managed() ? PAM_SUCCESS : PAM_IGNORE;
  drop_session(*data);
  return PAM_SUCCESS;
}

LABGPU_PAM_ENTRY pam_sm_chauthtok(pam_handle_t* pamh, int flags, int, const char**) {
  if (!has_password_here(pamh)) return PAM_IGNORE;
  return change_password(pamh, flags);
}
