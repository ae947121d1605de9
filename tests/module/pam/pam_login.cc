// Writes a service file and starts libpam with it.
#include "tests/module/pam/pam_login.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <stdexcept>

namespace labgpu::test {

namespace {

// pam_debug(8) returns what its line says; the other codes pass through. setcred goes with auth.
std::string service_with(const std::string& options) {
  const std::string module = " [success=1 ignore=ignore default=die] " MODULE_PATH " " + options;
  std::string lines;
  for (const char* type : {"auth", "account", "session", "password"}) {
    lines += type + module + "\n" + type +
             " [default=die] pam_debug.so auth=cred_expired cred=cred_expired acct=cred_expired "
             "open_session=cred_expired close_session=cred_expired prechauthtok=cred_expired "
             "chauthtok=cred_expired\n" +
             type + " required pam_permit.so\n";
  }
  return lines;
}

}  // namespace

PamLogin::PamLogin(const std::string& user, const std::string& options, const char* remote_host) {
  write_file(services_ / "labgpu", service_with(options));
  write_file(services_ / "other", "");  // libpam complains when there is none
  pam_conv conversation{.conv = converse, .appdata_ptr = this};
  if (pam_start_confdir("labgpu", user.c_str(), &conversation, services_.path().c_str(),
                        &handle_) != PAM_SUCCESS ||
      (remote_host != nullptr && pam_set_item(handle_, PAM_RHOST, remote_host) != PAM_SUCCESS)) {
    throw std::runtime_error("cannot start PAM");
  }
}

PamLogin::~PamLogin() { end(); }

void PamLogin::end() {
  if (handle_ != nullptr) pam_end(handle_, PAM_SUCCESS);
  handle_ = nullptr;
}

int PamLogin::change_password(std::vector<std::string> typed, int flags) {
  typed_ = std::move(typed);
  return pam_chauthtok(handle_, flags);
}

std::vector<std::string> PamLogin::environment() const {
  std::vector<std::string> result;
  char** list = pam_getenvlist(handle_);
  for (char** entry = list; *entry != nullptr; ++entry) {
    result.emplace_back(*entry);
    free(*entry);
  }
  free(list);
  std::sort(result.begin(), result.end());
  return result;
}

int PamLogin::converse(int count, const pam_message** messages, pam_response** responses,
                       void* self) {
  auto& login = *static_cast<PamLogin*>(self);
  *responses = static_cast<pam_response*>(calloc(static_cast<size_t>(count), sizeof **responses));
  if (*responses == nullptr) return PAM_BUF_ERR;
  for (int i = 0; i < count; ++i) {
    std::string text = messages[i]->msg;
    if (messages[i]->msg_style == PAM_ERROR_MSG) login.texts_.push_back(text);
    // pam_debug says what it returns.
    if (messages[i]->msg_style == PAM_TEXT_INFO) login.hints_.push_back(text);
    if (messages[i]->msg_style != PAM_PROMPT_ECHO_OFF) continue;
    login.questions_.push_back(text);
    if (login.typed_.empty()) return PAM_CONV_ERR;
    (*responses)[i].resp = strdup(login.typed_.front().c_str());
    login.typed_.erase(login.typed_.begin());
  }
  return PAM_SUCCESS;
}

}  // namespace labgpu::test
