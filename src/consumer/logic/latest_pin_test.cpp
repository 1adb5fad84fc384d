#include "consumer/logic/latest_pin.hpp"

#include <gtest/gtest.h>

namespace kinesis::consumer {
namespace {

using namespace std::chrono_literals;

const Clock::wall_time_point noon = Clock::wall_time_point(1'767'225'600'123ms);

Lease latest() {
  Lease lease("shardId-000000000000");
  lease.checkpoint = Checkpoint::latest();
  return lease;
}

TEST(LatestPin, IsReadAsItWasWritten) {
  Lease lease = latest();
  EXPECT_EQ(pinned_latest(lease), std::nullopt);
  pin_latest(lease, noon);
  EXPECT_EQ(pinned_latest(lease), noon);
  EXPECT_EQ(lease.checkpoint, Checkpoint::latest()) << "what the KCL looks at";
  pin_latest(lease, noon + 1h);
  EXPECT_EQ(pinned_latest(lease), noon) << "the first start counts";
}

TEST(LatestPin, IsTheSameForLeasesThatAreMadeLater) {
  LeaseBook book(10s);
  EXPECT_EQ(first_start(book, noon + 1h), noon + 1h) << "nobody has begun";
  Lease first = latest();
  pin_latest(first, noon);
  Lease another = latest();
  another.key = "shardId-000000000001";
  pin_latest(another, noon + 1s);
  Lease done("shardId-000000000002");
  book.observe_all({another, first, done}, Clock::time_point());
  EXPECT_EQ(first_start(book, noon + 1h), noon);
  EXPECT_EQ(first_start(book, noon - 1s), noon - 1s) << "read before anybody made one";
}

TEST(LatestPin, GoesWithTheFirstCheckpoint) {
  Lease lease = latest();
  pin_latest(lease, noon);
  lease = LeaseUpdate::renew(lease).apply(lease);
  EXPECT_EQ(pinned_latest(lease), noon);
  lease = LeaseUpdate::take(lease, "b").apply(lease);
  EXPECT_EQ(pinned_latest(lease), noon);
  const Checkpoint done = Checkpoint::at(RecordPosition{SequenceNumber("5"), 0});
  lease = LeaseUpdate::checkpoint(lease, done).apply(lease);
  EXPECT_EQ(lease.pending_checkpoint, std::nullopt);
  EXPECT_EQ(pinned_latest(lease), std::nullopt);
}

TEST(LatestPin, OtherStartsHaveNone) {
  Lease lease("shardId-000000000000");
  pin_latest(lease, noon);
  EXPECT_EQ(lease.pending_checkpoint, std::nullopt);
}

TEST(LatestPin, AnApplicationsOwnStateIsNoTime) {
  for (const char* state : {"", "-5", "12 apples", "99999999999999999999999"}) {
    Lease lease = latest();
    lease.pending_checkpoint = Checkpoint::at_timestamp();
    lease.pending_checkpoint_state = Blob::copy_of(as_bytes(state));
    EXPECT_EQ(pinned_latest(lease), std::nullopt) << state;
  }
  Lease lease = latest();
  lease.pending_checkpoint = Checkpoint::at(RecordPosition{SequenceNumber("5"), 0});
  lease.pending_checkpoint_state = pin_state(noon);
  EXPECT_EQ(pinned_latest(lease), std::nullopt);
}

TEST(LatestPin, StandsInFrontOfWhatTheApplicationPrepares) {
  for (const char* state : {"", "mine", "two\nlines", "LATEST was at 5\n"}) {
    Lease lease = latest();
    lease.pending_checkpoint = Checkpoint::at(RecordPosition{SequenceNumber("5"), 0});
    lease.pending_checkpoint_state = pin_state(noon, Blob::copy_of(as_bytes(state)));
    EXPECT_EQ(pinned_latest(lease), noon);
    EXPECT_EQ(as_text(without_pin(*lease.pending_checkpoint_state).bytes()), state);
    // A state that is only the application's.
    lease.pending_checkpoint_state = Blob::copy_of(as_bytes(std::string("not LATEST was at 5\n") + state));
    EXPECT_EQ(pinned_latest(lease), std::nullopt);
  }
}

}  // namespace
}  // namespace kinesis::consumer
