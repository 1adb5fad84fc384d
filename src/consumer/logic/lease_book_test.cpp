#include "consumer/logic/lease_book.hpp"

#include <gtest/gtest.h>

namespace kinesis::consumer {
namespace {

using namespace std::chrono_literals;
constexpr LeaseBook::time_point start{1h};

Lease row(std::int64_t counter, std::optional<std::string> owner = "other") {
  Lease lease("s");
  lease.counter = counter;
  lease.owner = std::move(owner);
  return lease;
}

TEST(LeaseBook, ALeaseExpiresWhenItsCounterStandsStill) {
  LeaseBook book(10s);
  book.observe_all({row(1)}, start);
  book.observe_all({row(1)}, start + 9s);
  EXPECT_FALSE(book.is_free(*book.find("s"), start + 9s));
  EXPECT_TRUE(book.is_free(*book.find("s"), start + 10s));
  book.observe_all({row(2)}, start + 10s);
  EXPECT_FALSE(book.is_free(*book.find("s"), start + 19s));
}

TEST(LeaseBook, AnUnownedLeaseIsFree) {
  LeaseBook book(10s);
  book.observe_all({row(1, std::nullopt)}, start);
  EXPECT_TRUE(book.is_free(*book.find("s"), start));
}

TEST(LeaseBook, ForgetsRowsThatAreGone) {
  LeaseBook book(10s);
  book.observe_all({row(1)}, start);
  book.observe_all({}, start);
  EXPECT_EQ(book.find("s"), nullptr);
}

TEST(LeaseBook, AnOlderReadDoesNotUndoANewerWrite) {
  LeaseBook book(10s);
  book.observe(row(5, "me"), start);
  book.observe(row(4, "other"), start + 1s);
  EXPECT_EQ(book.find("s")->lease.owner, "me");
}

}  // namespace
}  // namespace kinesis::consumer
