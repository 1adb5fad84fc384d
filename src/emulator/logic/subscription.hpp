#pragma once

#include "core/token_bucket.hpp"
#include "emulator/logic/moment.hpp"
#include "emulator/logic/shard_log.hpp"
#include <kinesis/error.hpp>
#include <kinesis/kinesis_api/common.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

// SubscribeToShard as values.
namespace kinesis::emulator {

/// An empty event is sent when there was none for so long.
inline constexpr auto heartbeat_period = std::chrono::seconds(5);
/// A subscription cannot be taken over before it is so old.
inline constexpr auto takeover_delay = std::chrono::seconds(5);
/// An event holds no more than this of data and keys, a single larger record aside.
inline constexpr std::size_t most_event_bytes = std::size_t{1} << 20;
inline constexpr std::size_t most_event_records = 2'000;
/// What one consumer gets of one shard in a second, and at once after a pause.
inline constexpr std::size_t fan_out_bytes = std::size_t{2} << 20;

/// What there is of one consumer and one shard, from the first call on.
struct FanOut {
  explicit FanOut(Moment now) noexcept
      : calls(1, 1, now.monotonic), bytes(fan_out_bytes, fan_out_bytes, now.monotonic) {}

  core::TokenBucket calls;
  core::TokenBucket bytes;
  /// The subscription that gets the records; 0: none.
  std::uint64_t active = 0;
  /// Nobody else can subscribe before.
  Moment::Monotonic taken_until = Moment::Monotonic::min();
};

/// Where an accepted subscription stands. Its reader keeps it; `Region::next_event` moves it on.
struct Subscription {
  /// Another one for each there ever was; above 0.
  std::uint64_t id = 0;
  std::string stream;
  /// Of the stream: a later one of the same name has another.
  std::uint64_t serial = 0;
  std::string consumer;
  std::string consumer_arn;
  std::uint32_t shard = 0;
  /// The first record to give has this index or a higher one.
  std::uint64_t index = 0;
  /// Of the last event; empty before the first.
  std::string continuation;
  Moment::Monotonic expires{};
  Moment::Monotonic next_heartbeat{};
  /// Sends no heartbeats: a fault.
  bool silent = false;
  bool ended = false;
};

/// An event of a subscription.
struct FanOutEvent {
  RecordSlice slice;
  /// ContinuationSequenceNumber; absent at the end of the shard.
  std::optional<std::string> continuation;
  std::int64_t millis_behind_latest = 0;
  std::vector<ChildShard> child_shards;
};

/// What a subscription does next.
struct SubscriptionStep {
  enum class Kind {
    wait,     ///< Nothing until `until`, or until something is put or changed.
    event,    ///< Sends `event`; goes on at once.
    end,      ///< Is over, in order.
    failure,  ///< Is over, because of `error`.
  };
  Kind kind = Kind::wait;
  Moment::Monotonic until{};
  FanOutEvent event;
  std::optional<Error> error;
};

}  // namespace kinesis::emulator
