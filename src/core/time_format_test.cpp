#include "core/time_format.hpp"

#include "core/random.hpp"

#include <gtest/gtest.h>

namespace kinesis::core {
namespace {

using namespace std::chrono_literals;

WallTime at(std::chrono::nanoseconds since_epoch) {
  return WallTime(std::chrono::duration_cast<WallTime::duration>(since_epoch));
}

TEST(TimeFormatTest, IsoHasMillisecondsAndCutsTheRest) {
  EXPECT_EQ(format_iso8601(at(0ns)), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(format_iso8601(at(1440938160s + 123'999'999ns)), "2015-08-30T12:36:00.123Z");
  EXPECT_EQ(format_iso8601(at(-1ns)), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(format_iso8601(at(951'782'400s)), "2000-02-29T00:00:00.000Z");
}

TEST(TimeFormatTest, ReadsTheFormsAwsWrites) {
  EXPECT_EQ(parse_iso8601("2015-08-30T12:36:00Z"), at(1440938160s));
  EXPECT_EQ(parse_iso8601("2015-08-30T12:36:00.5Z"), at(1440938160s + 500ms));
  EXPECT_EQ(parse_iso8601("2015-08-30T12:36:00.123456789Z"), at(1440938160s + 123456789ns));
  EXPECT_EQ(parse_iso8601("2015-08-30T12:36:00UTC"), at(1440938160s));
  EXPECT_EQ(parse_iso8601("2015-08-30T14:36:00+02:00"), at(1440938160s));
  EXPECT_EQ(parse_iso8601("2015-08-30T11:06:00-0130"), at(1440938160s));
  EXPECT_EQ(parse_iso8601("2015-08-30 12:36:00.250+00:00"), at(1440938160s + 250ms));
}

TEST(TimeFormatTest, RefusesWhatIsNoTime) {
  for (const char* text :
       {"", "2015", "2015-08-30", "2015-08-30T12:36:00", "2015-8-30T12:36:00Z", "2015-02-29T00:00:00Z",
        "2015-13-01T00:00:00Z", "2015-08-30T24:00:00Z", "2015-08-30T12:60:00Z", "2015-08-30T12:36:61Z",
        "2015-08-30T12:36:00.Z", "2015-08-30T12:36:00.1234567890Z", "2015-08-30T12:36:00Zx", "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z", "2015-08-30T12:36:00+24:00", "2015-08-30T12:36:00+2", "-015-08-30T12:36:00Z"}) {
    EXPECT_EQ(parse_iso8601(text), std::nullopt) << text;
  }
}

TEST(TimeFormatTest, AmzDateGoesBothWays) {
  EXPECT_EQ(format_amz_date(at(1440938160s + 999ms)), "20150830T123600Z");
  EXPECT_EQ(parse_amz_date("20150830T123600Z"), at(1440938160s));
  for (const char* text :
       {"", "20150830T123600", "20150830123600Z", "20150830T1236Z", "20151330T123600Z", "20150830T123600ZZ"}) {
    EXPECT_EQ(parse_amz_date(text), std::nullopt) << text;
  }
}

// The three examples of RFC 7231, section 7.1.1.1.
TEST(TimeFormatTest, ReadsAllThreeHttpDates) {
  EXPECT_EQ(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT"), at(784111777s));
  EXPECT_EQ(parse_http_date("Sunday, 06-Nov-94 08:49:37 GMT"), at(784111777s));
  EXPECT_EQ(parse_http_date("Sun Nov  6 08:49:37 1994"), at(784111777s));
  EXPECT_EQ(parse_http_date("Sun Nov 16 08:49:37 1994"), at(784111777s + 240h));
  EXPECT_EQ(parse_http_date("Sunday, 06-Nov-26 08:49:37 GMT"), at(1793954977s));
  EXPECT_EQ(format_http_date(at(784111777s + 5ms)), "Sun, 06 Nov 1994 08:49:37 GMT");
}

TEST(TimeFormatTest, RefusesOtherHttpDates) {
  for (const char* text :
       {"", "Sun, 06 Nov 1994 08:49:37", "06 Nov 1994 08:49:37 GMT", "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 +0000", "Sun, 31 Feb 1994 08:49:37 GMT", "Xyz, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06 Foo 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 GMT "}) {
    EXPECT_EQ(parse_http_date(text), std::nullopt) << text;
  }
}

TEST(TimeFormatTest, EveryFormRoundTrips) {
  Random random(1);
  for (int i = 0; i < 500; ++i) {
    const WallTime time = at(std::chrono::seconds(random.below(8'000'000'000)));
    EXPECT_EQ(parse_iso8601(format_iso8601(time)), time);
    EXPECT_EQ(parse_amz_date(format_amz_date(time)), time);
    EXPECT_EQ(parse_http_date(format_http_date(time)), time);
  }
}

}  // namespace
}  // namespace kinesis::core
