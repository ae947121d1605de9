// Strict reading of JSON: types, missing and unknown fields, depth.
#include "helper/json_fields.h"

#include <gmock/gmock.h>

namespace labgpu {
namespace {

using nlohmann::json;
using testing::HasSubstr;

std::string mistake_of(const Result<void>& finished) {
  return finished ? "no mistake" : finished.error().message;
}

TEST(JsonFields, TakesEveryType) {
  json object = {{"t", "text"}, {"b", true},       {"n", 4294967296U}, {"i", 7U},
                 {"l", {"a"}},  {"o", {{"x", 1}}}, {"null", nullptr}};
  JsonFields fields(object, "");
  EXPECT_EQ(fields.text("t"), "text");
  EXPECT_EQ(fields.boolean("b"), true);
  EXPECT_EQ(fields.number("n"), 4294967296U);
  EXPECT_EQ(fields.id("i"), 7U);
  EXPECT_EQ(fields.texts("l"), std::vector<std::string>{"a"});
  EXPECT_NE(fields.object("o"), nullptr);
  EXPECT_EQ(fields.text("null"), std::nullopt);
  EXPECT_EQ(fields.text("absent"), std::nullopt);
  EXPECT_TRUE(fields.finish_strict());
}

TEST(JsonFields, WrongTypesAreNamedWithTheirPlace) {
  json object = {{"a", 1}, {"b", "x"}, {"c", -1}, {"d", 4294967296U}, {"e", {1}}, {"f", {"x"}}};
  auto mistake = [&](auto take) {
    JsonFields fields(object, "here");
    take(fields);
    return mistake_of(fields.finish());
  };
  EXPECT_EQ(mistake([](JsonFields& f) { f.text("a"); }), "here.a must be a text");
  EXPECT_EQ(mistake([](JsonFields& f) { f.boolean("b"); }), "here.b must be true or false");
  EXPECT_THAT(mistake([](JsonFields& f) { f.number("c"); }), HasSubstr("here.c must be a whole"));
  EXPECT_THAT(mistake([](JsonFields& f) { f.id("d"); }), HasSubstr("here.d is too large"));
  EXPECT_THAT(mistake([](JsonFields& f) { f.texts("e"); }), HasSubstr("a list of texts"));
  EXPECT_THAT(mistake([](JsonFields& f) { f.object("f"); }), HasSubstr("must be an object"));
  EXPECT_THAT(mistake([](JsonFields& f) { f.array("a"); }), HasSubstr("must be a list"));
  EXPECT_EQ(mistake([](JsonFields& f) { f.required_text("gone"); }), "here.gone is missing");
  EXPECT_EQ(mistake([](JsonFields& f) { f.required_id("gone"); }), "here.gone is missing");
  EXPECT_EQ(mistake([](JsonFields& f) { f.required_texts("gone"); }), "here.gone is missing");
}

TEST(JsonFields, TheFirstMistakeIsTheOneThatIsTold) {
  json object = {{"a", 1}, {"b", 2}};
  JsonFields fields(object, "");
  fields.text("a");
  fields.text("b");
  EXPECT_EQ(mistake_of(fields.finish()), "a must be a text");
  EXPECT_EQ(fields.refused_key(), "a");
}

TEST(JsonFields, UnknownFieldsAreRefusedOrKept) {
  json object = {{"a", "x"}, {"z", {1, 2}}};
  JsonFields fields(object, "");
  fields.text("a");
  EXPECT_TRUE(fields.finish());
  EXPECT_EQ(fields.rest(), (json{{"z", {1, 2}}}));
  EXPECT_EQ(mistake_of(fields.finish_strict()), "z is not a known field; there are: a");
}

TEST(JsonFields, WhatIsNoObjectIsAMistake) {
  json list = json::array({1});
  JsonFields fields(list, "docker");
  EXPECT_EQ(fields.text("x"), std::nullopt);
  EXPECT_THAT(mistake_of(fields.finish_strict()), HasSubstr("docker must be an object"));
}

TEST(JsonFields, ANulInATextIsRefused) {
  json object = {{"a", std::string("x\0y", 3)}};
  JsonFields fields(object, "");
  EXPECT_EQ(fields.text("a"), std::nullopt);
  EXPECT_FALSE(fields.finish());
}

TEST(ParseJson, CommentsOnlyWhereTheyAreAllowed) {
  EXPECT_TRUE(parse_json("{ // a\n /* b */ }", true));
  EXPECT_FALSE(parse_json("{ // a\n}", false));
}

TEST(ParseJson, SaysWhereItIsWrong) {
  auto parsed = parse_json("{\n\"a\": 1,\n}", true);
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().code, ErrorCode::kInvalid);
  EXPECT_THAT(parsed.error().message, HasSubstr("line 3"));
}

TEST(ParseJson, KnowsTheLinesOfFields) {
  JsonLines lines;
  auto parsed = parse_json(
      "{ // first\n\"a\": 1, /* two\nthree */ \"b\": {\n  \"c\":\n 2, \"d\": [{\"c\": 1},\n"
      "{\"c\": 2}]}\n}",
      lines);
  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_EQ(lines["a"], 2U);
  EXPECT_EQ(lines["b"], 3U);
  EXPECT_EQ(lines["b.c"], 4U);
  EXPECT_EQ(lines["b.d"], 5U);
  JsonFields fields((*parsed)["b"], "b", &lines);
  fields.text("c");
  EXPECT_EQ(mistake_of(fields.finish()), "line 4: b.c must be a text");
  JsonFields missing((*parsed)["b"], "b", &lines);
  missing.required_text("x");
  EXPECT_EQ(mistake_of(missing.finish()), "line 3: b.x is missing");
}

TEST(ParseJson, AFieldThatIsThereTwiceIsRefusedWithBothLines) {
  JsonLines lines;
  auto parsed = parse_json("{\"a\": {\"x\": 1,\n\"y\": 1,\n\"x\": 2}}", lines);
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().message, "line 3: a.x is there already, in line 1");
}

TEST(ParseJson, RefusesWhatIsDeepAndWhatIsNotUtf8) {
  EXPECT_FALSE(parse_json(std::string(500000, '['), false));
  EXPECT_FALSE(parse_json(std::string(40, '[') + std::string(40, ']'), false));
  EXPECT_TRUE(parse_json(std::string(10, '[') + std::string(10, ']'), false));
  EXPECT_FALSE(parse_json("\"\xff\"", false));
}

}  // namespace
}  // namespace labgpu
