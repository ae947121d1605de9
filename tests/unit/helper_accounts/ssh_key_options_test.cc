// Options of keys: what sshd takes, and what it would pass over in silence.
#include "helper/ssh_key_options.h"

#include <gmock/gmock.h>

namespace labgpu {
namespace {

using testing::HasSubstr;

std::string verdict(const std::string& options) {
  auto checked = check_ssh_key_options(options);
  return checked ? "good" : checked.error().message;
}

TEST(SshKeyOptions, WhatSshdTakes) {
  for (const char* options : {
           "restrict",
           "restrict,pty,port-forwarding,agent-forwarding,x11-forwarding,user-rc",
           "no-pty,NO-Port-Forwarding,no-agent-forwarding,no-X11-forwarding,no-user-rc",
           "no-touch-required,verify-required",
           "cert-authority,principals=\"alice,bob\"",
           "command=\"\"",
           "command=\"say \\\"a, b\\\" c\\d\",no-pty",
           "from=\"*.example.org,!bad.example.org,192.0.2.0/24,2001:db8::/32,192.0.2.7,10.*\"",
           "from=\"10.0.0.1/32\"",
           "from=\"0.0.0.0/0,::/0\"",
           "expiry-time=\"20261231\"",
           "expiry-time=\"202612312359\"",
           "expiry-time=\"20261231235959Z\",expiry-time=\"20251231utc\"",
           "environment=\"A=\",environment=\"B_2=b=c, \\\"d\\\"\"",
           "permitopen=\"localhost:8888\",permitopen=\"[2001:db8::1]:*\",permitopen=\"*:ssh\"",
           "permitlisten=\"8080\",permitlisten=\"localhost:8080\",permitlisten=\"*\"",
           "tunnel=\"0\",tunnel=\"Any\"",
           ",no-pty,,no-user-rc,",
           "",
       }) {
    EXPECT_EQ(verdict(options), "good") << options;
  }
}

TEST(SshKeyOptions, WhatSshdDoesNotKnow) {
  EXPECT_EQ(verdict("no-ptty"), "has the option \"no-ptty\", which sshd does not know");
  for (const char* options : {"no-restrict", "no-command=\"x\"", "no-cert-authority", "ptyx", "no-",
                              "\"no-pty\"", "restrict,permit", "=\"x\"", "no-pty;no-user-rc"}) {
    EXPECT_THAT(verdict(options), HasSubstr("which sshd does not know")) << options;
  }
}

TEST(SshKeyOptions, ValuesWhereTheyBelong) {
  EXPECT_THAT(verdict("pty=\"yes\""), HasSubstr("the option pty with a value"));
  EXPECT_THAT(verdict("command"), HasSubstr("the option command without a value"));
  EXPECT_THAT(verdict("command=ls"), HasSubstr("not in double quotes"));
  EXPECT_THAT(verdict("command=\"ls"), HasSubstr("not in double quotes"));
  EXPECT_THAT(verdict("command=\"ls\\\""), HasSubstr("not in double quotes"));
  EXPECT_THAT(verdict("command=\"a\"b"), HasSubstr("between the option command"));
}

TEST(SshKeyOptions, WhatMayBeThereOnce) {
  for (const char* options : {"command=\"a\",command=\"a\"", "from=\"a\",no-pty,FROM=\"b\"",
                              "cert-authority,principals=\"a\",principals=\"b\""}) {
    EXPECT_THAT(verdict(options), HasSubstr("more often than sshd takes")) << options;
  }
}

TEST(SshKeyOptions, ValuesThatSshdRefuses) {
  for (const char* options : {
           "from=\"\"",
           "from=\"a,,b\"",
           "from=\"a,!\"",
           "from=\"192.0.2.1/24\"",
           "from=\"192.0.2.0/33\"",
           "from=\"192.0.2.0/x\"",
           "from=\"2001:db8::1/32\"",
           "from=\"host/8\"",
           "expiry-time=\"\"",
           "expiry-time=\"2026-12-31\"",
           "expiry-time=\"20261331\"",
           "expiry-time=\"202612312460\"",
           "expiry-time=\"19700101\"",
           "expiry-time=\"never\"",
           "environment=\"A\"",
           "environment=\"=b\"",
           "environment=\"A-B=c\"",
           "permitopen=\"8080\"",
           "permitopen=\"host:0\"",
           "permitopen=\"host:65536\"",
           "permitopen=\"host:no-such-service\"",
           "permitopen=\"[::1]8080\"",
           "permitopen=\"[::1\"",
           "permitlisten=\"\"",
           "permitlisten=\"host:\"",
           "tunnel=\"2147483646\"",
           "tunnel=\"all\"",
       }) {
    EXPECT_THAT(verdict(options), HasSubstr("has options that sshd refuses: ")) << options;
  }
  EXPECT_THAT(verdict("from=\"" + std::string(1024, 'a') + "\""), HasSubstr("1023 characters"));
}

TEST(SshKeyOptions, CertificatesAreNotHeldToACommand) {
  EXPECT_THAT(verdict("command=\"x\",cert-authority"), HasSubstr("cert-authority and command"));
  EXPECT_THAT(verdict("principals=\"a\""), HasSubstr("needs cert-authority"));
}

}  // namespace
}  // namespace labgpu
