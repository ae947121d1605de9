// Templates of greetings: what is refused, what is left out, and that values drive no terminal.
#include "helper/greeting_template.h"

#include <gmock/gmock.h>

namespace labgpu::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

std::string rendered(const std::string& text, const GreetingValues& values = {}) {
  auto parsed = GreetingTemplate::parse(text);
  return parsed ? parsed->render(values) : "refused: " + parsed.error().message;
}

std::string refusal(const std::string& text) {
  auto parsed = GreetingTemplate::parse(text);
  return parsed ? "accepted" : parsed.error().message;
}

TEST(GreetingTemplate, EveryPlaceholderHasItsValue) {
  const std::map<std::string, Placeholder> names = {
      {"user", Placeholder::kUser},         {"hostname", Placeholder::kHostname},
      {"host", Placeholder::kHost},         {"container", Placeholder::kContainer},
      {"image", Placeholder::kImage},       {"state_since", Placeholder::kStateSince},
      {"sessions", Placeholder::kSessions}, {"gpus", Placeholder::kGpus},
      {"memory", Placeholder::kMemory},     {"cpus", Placeholder::kCpus},
      {"disks", Placeholder::kDisks},       {"ports", Placeholder::kPorts},
      {"rebuild", Placeholder::kRebuild},
  };
  for (const auto& [name, placeholder] : names) {
    auto parsed = GreetingTemplate::parse("<{" + name + "}>");
    ASSERT_TRUE(parsed) << parsed.error().message;
    EXPECT_EQ(parsed->render({{placeholder, {"it"}}}), "<it>\n");
    for (const auto& [other, another] : names) {
      EXPECT_EQ(parsed->uses(another), another == placeholder) << name << other;
    }
  }
}

TEST(GreetingTemplate, MistakesNameTheLineAndWhatIsAllowed) {
  EXPECT_THAT(refusal("one\ntwo {colour}\n"),
              AllOf(StartsWith("line 2: there is no {colour}; there are: {user} {hostname} "),
                    HasSubstr("{rebuild}")));
  EXPECT_EQ(refusal("{user"), "line 1: has a single {; write {name}, or {{ and }} for braces");
  EXPECT_EQ(refusal("user}"), "line 1: has a single }; write {name}, or {{ and }} for braces");
  EXPECT_EQ(refusal("a\n\xff\n"), "line 2: is not UTF-8; save the file in that encoding");
  EXPECT_EQ(refusal("a\r\n"), "line 1: ends as lines of Windows do; save the file with Unix ends");
  EXPECT_THAT(refusal("a\a"), HasSubstr("line 1: has a control character"));
  EXPECT_THAT(refusal(std::string("a\0b", 3)), HasSubstr("line 1: has a control character"));
  EXPECT_EQ(refusal(std::string(GreetingTemplate::kLargest, 'x')), "accepted");
  EXPECT_THAT(refusal(std::string(GreetingTemplate::kLargest + 1, 'x')), HasSubstr("too large"));
}

TEST(GreetingTemplate, BracesTabsAndColoursAreTheAdministratorsToUse) {
  EXPECT_EQ(rendered("{{user}} }}{{\t\033[1mbold\033[0m\n"), "{user} }{\t\033[1mbold\033[0m\n");
}

TEST(GreetingTemplate, ALineWithoutAnyValueIsLeftOut) {
  const std::string text = "a\n{gpus} {cpus}\n\nPorts {ports}\nz";
  EXPECT_EQ(rendered(text), "a\n\nz\n");
  EXPECT_EQ(rendered(text, {{Placeholder::kCpus, {"4"}}, {Placeholder::kPorts, {}}}),
            "a\n 4\n\nz\n");
}

TEST(GreetingTemplate, AnEmptyFileSaysNothing) {
  EXPECT_TRUE(GreetingTemplate::parse("")->empty());
  EXPECT_EQ(rendered(""), "");
}

TEST(GreetingTemplate, ListsGoOnBelowTheirFirstItem) {
  const std::string wide(30, 'x');
  EXPECT_EQ(rendered("GPUs    {gpus}.", {{Placeholder::kGpus, {wide, wide, wide}}}),
            "GPUs    " + wide + "    " + wide + "\n        " + wide + ".\n");
  EXPECT_EQ(rendered("显卡  {gpus}", {{Placeholder::kGpus, {std::string(70, 'x'), "中文"}}}),
            "显卡  " + std::string(70, 'x') + "\n      中文\n");
  // A colour has no width, a tab goes on to the next column of eight.
  EXPECT_EQ(
      rendered("\033[1;32mA\033[0m\t{gpus}",
               {{Placeholder::kGpus, {std::string(60, 'x'), std::string(9, 'y')}}}),
      "\033[1;32mA\033[0m\t" + std::string(60, 'x') + "\n        " + std::string(9, 'y') + "\n");
}

TEST(GreetingTemplate, ColumnsAreThoseOfTheTerminal) {
  // 8 + 30 + 4 + 38 = 80, and one more.
  const std::string first(30, 'x');
  std::string nineteen;
  for (int i = 0; i < 19; ++i) nineteen += "宽";
  EXPECT_EQ(rendered("12345678{gpus}", {{Placeholder::kGpus, {first, nineteen}}}),
            "12345678" + first + "    " + nineteen + "\n");
  EXPECT_EQ(rendered("12345678{gpus}", {{Placeholder::kGpus, {first + "x", nineteen}}}),
            "12345678" + first + "x\n        " + nineteen + "\n");
}

TEST(GreetingTemplate, ValuesDriveNoTerminal) {
  EXPECT_EQ(rendered("{image}|{disks}", {{Placeholder::kImage, {"a\033[2J\r\n\tb\xff\u009b\u202e"}},
                                         {Placeholder::kDisks, {std::string("/x\0y", 4)}}}),
            "a?[2J???b???|/x?y\n");
  EXPECT_EQ(rendered("{image}", {{Placeholder::kImage, {"{user}"}}}), "{user}\n");
}

TEST(GreetingTemplate, AsciiHasAMarkForEachOtherCharacter) {
  EXPECT_EQ(to_ascii("a 中é\033[1m\xff\n"), "a ??\033[1m?\n");
}

}  // namespace
}  // namespace labgpu::test
