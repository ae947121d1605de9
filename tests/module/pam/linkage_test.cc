// What the built module needs and what it shows, compared with what it may.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdio.h>

#include <memory>
#include <sstream>
#include <string>
#include <vector>

namespace labgpu::test {
namespace {

using testing::UnorderedElementsAre;

// The last word of every line that `command` prints.
std::vector<std::string> last_words(const std::string& command) {
  std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  std::vector<std::string> words;
  char line[4096];
  while (fgets(line, sizeof line, pipe.get()) != nullptr) {
    std::istringstream stream(line);
    std::string word;
    while (stream >> word) {
    }
    words.push_back(word);
  }
  return words;
}

TEST(Linkage, NeedsLibcAndLibpamOnly) {
  EXPECT_THAT(last_words("readelf -dW " MODULE_PATH " | grep NEEDED"),
              UnorderedElementsAre("[libpam.so.0]", "[libc.so.6]"));
}

TEST(Linkage, ShowsItsEntryPointsOnly) {
  EXPECT_THAT(
      last_words("nm -D --defined-only " MODULE_PATH),
      UnorderedElementsAre("pam_sm_authenticate", "pam_sm_setcred", "pam_sm_acct_mgmt",
                           "pam_sm_open_session", "pam_sm_close_session", "pam_sm_chauthtok"));
}

}  // namespace
}  // namespace labgpu::test
