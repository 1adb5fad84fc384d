#include "consumer/logic/read_pace.hpp"

#include <gtest/gtest.h>

namespace kinesis::consumer {
namespace {

using namespace std::chrono_literals;

const Clock::time_point start = Clock::time_point(24h);

/// Calls as often as the pace allows, with answers of `bytes`, for `time`.
int calls_in(ReadPace& pace, Clock::duration time, std::size_t bytes) {
  int calls = 0;
  for (Clock::time_point now = start; now < start + time;) {
    pace.call(now);
    pace.answer(bytes, now);
    ++calls;
    now = std::max(now + 1ns, pace.next_call(now));
  }
  return calls;
}

TEST(ReadPace, FiveCallsASecond) {
  ReadPace pace(start);
  const int calls = calls_in(pace, 20s, 0);
  EXPECT_GE(calls, 5 * 20);
  EXPECT_LE(calls, 5 * 21) << "at most the burst of one second more";
}

TEST(ReadPace, TwoMegabytesASecond) {
  ReadPace pace(start);
  const int calls = calls_in(pace, 20s, 1024 * 1024);
  EXPECT_GE(calls, 2 * 20);
  EXPECT_LE(calls, 2 * 21 + 1);
}

TEST(ReadPace, AnAnswerOfTenMegabytesIsPaidOffAfterwards) {
  ReadPace pace(start);
  pace.call(start);
  pace.answer(10 * 1024 * 1024, start);
  EXPECT_GE(pace.next_call(start), start + 4s);
  EXPECT_LE(pace.next_call(start), start + 5s);
}

TEST(ReadPace, NoMoreThanABurstOfOneSecondAfterALongRest) {
  ReadPace pace(start);
  const Clock::time_point later = start + 1h;
  int at_once = 0;
  while (pace.next_call(later) == later) {
    pace.call(later);
    pace.answer(0, later);
    ++at_once;
  }
  EXPECT_EQ(at_once, 5);
}

TEST(ReadPace, AsksLessOftenWhileOthersUseTheShardsBudget) {
  ReadPace pace(start);
  pace.call(start);
  pace.throttled();
  EXPECT_EQ(pace.next_call(start), start + 400ms);
  for (int i = 0; i < 10; ++i) pace.throttled();
  EXPECT_EQ(pace.next_call(start), start + 2s) << "and never less than every two seconds";
  Clock::time_point now = start;
  int calls = 0;
  for (; pace.next_call(now) > now; ++calls) {
    ASSERT_LT(calls, 100);
    now = pace.next_call(now);
    pace.call(now);
    pace.answer(0, now);
  }
  EXPECT_GT(calls, 5) << "it comes back step by step";
}

TEST(IdlePace, ABusyShardIsAskedMoreOften) {
  IdlePace pace(1s);
  EXPECT_EQ(pace.pause(false), 1s);
  EXPECT_EQ(pace.pause(true), 250ms);
  EXPECT_EQ(pace.pause(false), 500ms);
  EXPECT_EQ(pace.pause(false), 1s);
  EXPECT_EQ(pace.pause(false), 1s);
  EXPECT_EQ(pace.pause(true), 250ms);
  EXPECT_EQ(pace.pause(true), 250ms);
}

TEST(IdlePace, WithoutAPauseThereIsNone) {
  IdlePace pace(0s);
  EXPECT_EQ(pace.pause(true), 0s);
  EXPECT_EQ(pace.pause(false), 0s);
}

}  // namespace
}  // namespace kinesis::consumer
