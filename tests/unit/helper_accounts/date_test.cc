// Dates: what is understood, in which time zone, and what is refused.
#include "helper/date.h"

#include <gmock/gmock.h>
#include <stdlib.h>
#include <time.h>

namespace labgpu {
namespace {

constexpr Microseconds kSecond = 1000000;

class DateTest : public testing::Test {
 protected:
  // POSIX form, so that no zone data is needed: an hour, in summer two, before UTC.
  DateTest() { set_zone("CET-1CEST,M3.5.0,M10.5.0/3"); }
  ~DateTest() override { set_zone("UTC0"); }
  static void set_zone(const char* zone) {
    setenv("TZ", zone, 1);
    tzset();
  }
  static Microseconds moment(const std::string& text, PartOfDay part = PartOfDay::kStart) {
    auto parsed = parse_date(text, part);
    EXPECT_TRUE(parsed) << text << " " << parsed.error().message;
    return parsed.value_or(0);
  }
};

TEST_F(DateTest, WithoutAZoneItIsTheServers) {
  EXPECT_EQ(moment("2026-01-31T18:00"), 1769878800 * kSecond);  // date -d '2026-01-31 17:00Z' +%s
  EXPECT_EQ(moment("2026-01-31T18:00:05"), 1769878805 * kSecond);
  EXPECT_EQ(moment("2026-01-31 18:00"), moment("2026-01-31T18:00"));
  EXPECT_EQ(moment("2026-07-31T18:00"), moment("2026-07-31T16:00Z"));
}

TEST_F(DateTest, TheFormsOfRfc3339) {
  auto expected = 1769878800 * kSecond;
  for (const char* same : {"2026-01-31T17:00:00Z", "2026-01-31t17:00:00z", "2026-02-01T01:00+08:00",
                           "2026-01-31 12:30:00.000-04:30"}) {
    EXPECT_EQ(moment(same), expected) << same;
  }
  EXPECT_EQ(moment("2026-01-31T17:00:00.25Z"), expected + 250000);
  EXPECT_EQ(moment("2026-01-31T17:00:00.1234567Z"), expected + 123456);
}

TEST_F(DateTest, ADayBeginsAndEndsInTheServersZone) {
  EXPECT_EQ(moment("2026-12-31"), moment("2026-12-30T23:00Z"));
  EXPECT_EQ(moment("2026-12-31", PartOfDay::kEnd) + 1, moment("2027-01-01T00:00+01:00"));
  EXPECT_EQ(moment("2028-02-29", PartOfDay::kEnd) + 1, moment("2028-03-01"));
  // A day of 23 hours.
  auto night = moment("2026-03-29", PartOfDay::kEnd) + 1 - moment("2026-03-29");
  EXPECT_EQ(night, 23 * 3600 * kSecond);
  EXPECT_EQ(moment("2026-12-31T18:00", PartOfDay::kEnd), moment("2026-12-31T18:00"));
}

TEST_F(DateTest, TheRestIsRefusedWithWhatIsAllowed) {
  for (const char* bad : {"",
                          "tomorrow",
                          "31.12.2026",
                          "2026-12",
                          "2026-13-01",
                          "2026-00-01",
                          "2026-02-29",
                          "2026-04-31",
                          "2026-12-32",
                          "26-12-31",
                          "12026-12-31",
                          "2026-12-31T",
                          "2026-12-31T24:00",
                          "2026-12-31T18",
                          "2026-12-31T18:60",
                          "2026-12-31T18:00:60",
                          "2026-12-31T18:00:00.",
                          "2026-12-31T18:00+8",
                          "2026-12-31T18:00+0800",
                          "2026-12-31T18:00X",
                          "2026-12-31Z",
                          "2026-12-31 ",
                          " 2026-12-31",
                          "2026-12-31\n",
                          "1969-12-31",
                          "1970-01-01T00:00:00+05:00",
                          "+026-12-31",
                          "2026-1-1",
                          "99999999999999999999"}) {
    auto parsed = parse_date(bad, PartOfDay::kStart);
    ASSERT_FALSE(parsed) << bad;
    EXPECT_EQ(parsed.error().code, ErrorCode::kInvalid);
    EXPECT_THAT(parsed.error().message, testing::StartsWith("must be a date such as 2026-12-31"));
  }
}

TEST_F(DateTest, TextsNameTheZone) {
  EXPECT_EQ(date_text(moment("2026-12-31", PartOfDay::kEnd)), "2026-12-31 at 23:59 CET");
  EXPECT_EQ(date_text(moment("2026-07-31T18:00")), "2026-07-31 at 18:00 CEST");
  EXPECT_EQ(date_text(UINT64_MAX - 1).empty(), false);  // whatever a record may have
}

TEST_F(DateTest, NowIsNow) {
  auto seconds = static_cast<Microseconds>(time(nullptr));
  EXPECT_GE(now_in_microseconds(), seconds * kSecond);
  EXPECT_LT(now_in_microseconds(), (seconds + 60) * kSecond);
}

}  // namespace
}  // namespace labgpu
