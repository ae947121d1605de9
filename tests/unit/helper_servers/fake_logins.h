// Logins without sshd: a test says which are open, and sees which were ended.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "helper/logins.h"

namespace labgpu::test {

class FakeLogins final : public Logins {
 public:
  std::vector<Login> open;
  std::vector<uint64_t> ended;
  Result<void> outcome;  // of end()

  void add(const std::string& user, uint64_t count = 1) {
    for (; count > 0; --count) {
      Login login;
      login.number = ++last_;
      login.user = user;
      open.push_back(std::move(login));
    }
  }

  [[nodiscard]] uint64_t count_of(const std::string& user) const override {
    return static_cast<uint64_t>(std::count_if(
        open.begin(), open.end(), [&](const Login& login) { return login.user == user; }));
  }
  [[nodiscard]] uint64_t begun_by(const std::string&) const override { return last_; }
  [[nodiscard]] std::vector<Login> list() const override { return open; }
  Result<void> end(uint64_t number) override {
    if (outcome) ended.push_back(number);
    return outcome;
  }

 private:
  uint64_t last_ = 0;
};

}  // namespace labgpu::test
