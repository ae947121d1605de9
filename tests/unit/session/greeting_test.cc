// In which words a greeting is asked for.
#include "session/greeting.h"

#include <gtest/gtest.h>

namespace labgpu {
namespace {

TEST(GreetingLanguage, IsWhatTheLocaleSays) {
  struct Case {
    const char* locale;
    GreetingLanguage language;
  };
  for (const auto& [locale, language] : {Case{"zh_CN.UTF-8", GreetingLanguage::kChinese},
                                         Case{"zh_TW.utf8", GreetingLanguage::kChinese},
                                         Case{"zh.UTF-8@pinyin", GreetingLanguage::kChinese},
                                         Case{"zh_CN.GB18030", GreetingLanguage::kAsciiEnglish},
                                         Case{"zh_CN", GreetingLanguage::kAsciiEnglish},
                                         Case{"zha_CN.UTF-8", GreetingLanguage::kEnglish},
                                         Case{"de_DE.UTF-8", GreetingLanguage::kEnglish},
                                         Case{"C.UTF-8", GreetingLanguage::kEnglish},
                                         Case{"de_DE@euro", GreetingLanguage::kAsciiEnglish},
                                         Case{"en_US.UTF-80", GreetingLanguage::kAsciiEnglish},
                                         Case{"C", GreetingLanguage::kAsciiEnglish},
                                         Case{"\033[2J", GreetingLanguage::kAsciiEnglish}}) {
    EXPECT_EQ(greeting_language(nullptr, nullptr, locale), language) << locale;
  }
}

TEST(GreetingLanguage, TheFirstThatIsNotEmptyCounts) {
  EXPECT_EQ(greeting_language("zh_CN.UTF-8", "C", "C"), GreetingLanguage::kChinese);
  EXPECT_EQ(greeting_language("", "zh_CN.UTF-8", "C"), GreetingLanguage::kChinese);
  EXPECT_EQ(greeting_language("C", "zh_CN.UTF-8", "zh_CN.UTF-8"), GreetingLanguage::kAsciiEnglish);
  EXPECT_EQ(greeting_language(nullptr, "", ""), GreetingLanguage::kAsciiEnglish);
}

}  // namespace
}  // namespace labgpu
