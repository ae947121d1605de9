// What the built module needs and shows: libc and the entry points, not a symbol more.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdio.h>

#include <memory>
#include <regex>
#include <string>
#include <vector>

namespace {

std::string output_of(const std::string& command) {
  std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "re"), &pclose);
  EXPECT_NE(pipe, nullptr);
  std::string output;
  char chunk[4096];
  size_t size = 0;
  while ((size = fread(chunk, 1, sizeof chunk, pipe.get())) > 0) output.append(chunk, size);
  return output;
}

// The first group of every match.
std::vector<std::string> matches(const std::string& text, const std::string& pattern) {
  std::vector<std::string> found;
  const std::regex expression(pattern);
  for (std::sregex_iterator i(text.begin(), text.end(), expression), end; i != end; ++i) {
    found.push_back((*i)[1]);
  }
  return found;
}

const std::string kModule = LABGPU_NSS_MODULE;

#if !defined(__SANITIZE_ADDRESS__)
TEST(Linkage, NeedsLibcAlone) {
  EXPECT_THAT(matches(output_of("readelf -dW " + kModule), R"(\(NEEDED\).*\[(.*)\])"),
              testing::ElementsAre("libc.so.6"));
}
#endif

TEST(Linkage, IsNamedAsGlibcLooksForIt) {
  EXPECT_THAT(matches(output_of("readelf -dW " + kModule), R"(\(SONAME\).*\[(.*)\])"),
              testing::ElementsAre("libnss_labgpu.so.2"));
}

TEST(Linkage, IsResolvedAtOnceAndStaysLoaded) {
  const std::string dynamic = output_of("readelf -dW " + kModule);
  EXPECT_THAT(dynamic, testing::ContainsRegex("FLAGS_1.*NOW"));
  EXPECT_THAT(dynamic, testing::ContainsRegex("FLAGS_1.*NODELETE"));
  EXPECT_THAT(output_of("readelf -lW " + kModule), testing::HasSubstr("GNU_RELRO"));
  EXPECT_THAT(dynamic, testing::Not(testing::HasSubstr("TEXTREL")));
  EXPECT_THAT(dynamic, testing::Not(testing::HasSubstr("RUNPATH")));
}

TEST(Linkage, ShowsTheEntryPointsAlone) {
  EXPECT_THAT(matches(output_of("nm -D --defined-only " + kModule), R"([0-9a-f]+ \w (\S+))"),
              testing::UnorderedElementsAre(
                  "_nss_labgpu_getpwnam_r", "_nss_labgpu_getpwuid_r", "_nss_labgpu_setpwent",
                  "_nss_labgpu_getpwent_r", "_nss_labgpu_endpwent", "_nss_labgpu_getgrnam_r",
                  "_nss_labgpu_getgrgid_r", "_nss_labgpu_setgrent", "_nss_labgpu_getgrent_r",
                  "_nss_labgpu_endgrent", "_nss_labgpu_getspnam_r", "_nss_labgpu_setspent",
                  "_nss_labgpu_getspent_r", "_nss_labgpu_endspent", "_nss_labgpu_initgroups_dyn"));
}

}  // namespace
