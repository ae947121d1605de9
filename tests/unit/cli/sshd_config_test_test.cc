// What is read out of sshd's own words.
#include "cli/setup/sshd_config_test.h"

#include <gmock/gmock.h>

namespace labgpu {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

SshdSettings good() {
  return {{"usepam", "yes"},
          {"forcecommand", "/usr/libexec/labgpu/labgpu-session"},
          {"authorizedkeysfile", ".ssh/authorized_keys /var/lib/labgpu/keys/%u"},
          {"permituserrc", "no"},
          {"permittunnel", "no"},
          {"chrootdirectory", "none"}};
}

TEST(MemberFaults, NoneWhenAllIsAsTheDropInSays) { EXPECT_THAT(member_faults(good()), IsEmpty()); }

TEST(MemberFaults, EachSettingIsLookedAt) {
  for (const auto& [keyword, value] : good()) {
    if (keyword == "usepam") continue;
    auto settings = good();
    settings[keyword] = "other";
    EXPECT_THAT(member_faults(settings), ElementsAre(HasSubstr("\"other\""))) << keyword;
    settings.erase(keyword);
    EXPECT_THAT(member_faults(settings), ElementsAre(HasSubstr("sshd's " + keyword)));
  }
}

TEST(GlobalFaults, PamMustBeUsedUnderItsUsualName) {
  EXPECT_THAT(global_faults(good()), IsEmpty());
  EXPECT_THAT(global_faults({{"usepam", "no"}}), ElementsAre(HasSubstr("UsePAM yes")));
  EXPECT_THAT(global_faults({}), ElementsAre(HasSubstr("UsePAM yes")));
  auto settings = good();
  settings["pamservicename"] = "sshd";
  EXPECT_THAT(global_faults(settings), IsEmpty());
  settings["pamservicename"] = "mine";
  EXPECT_THAT(global_faults(settings), ElementsAre(HasSubstr("PAMServiceName")));
}

}  // namespace
}  // namespace labgpu
