#pragma once

#include <kinesis/clock.hpp>
#include <kinesis/identifiers.hpp>

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <variant>

namespace kinesis {

/// Where a shard without a checkpoint begins.
struct TrimHorizon {};  ///< The oldest record the stream still has.
/// What arrives from the first start of the application on. The time of that start is kept with the lease until its
/// first checkpoint, so that a worker that takes over before then begins there as well; the clock of that worker
/// decides.
struct Latest {};
/// The first record at or after a time. All workers of an application must name the same one. Children of shards that
/// are split or merged later are read from their beginning; so may be those of before the time, where the first worker
/// ended while it made the leases.
struct AtTimestamp {
  Clock::wall_time_point time;
};
/// The record of this number in each shard that is named, those not named at their oldest record. For a change from
/// another system that kept its own positions. All workers of an application must name the same ones.
struct AtSequenceNumbers {
  std::map<std::string, SequenceNumber> shards;
};
using StartPosition = std::variant<TrimHorizon, Latest, AtTimestamp, AtSequenceNumbers>;

/// Reads with GetRecords, which all readers of a shard share: 5 calls and 2 MB a second.
struct Polling {
  /// Pause after an answer that reached the tip of the shard, at least 0. A quarter of it after an answer with records,
  /// twice as long after each one without, up to this. 0 asks again as fast as the shard's limit allows.
  std::chrono::milliseconds idle_interval{1'000};
  /// Records of one answer, 1 to 10,000.
  std::size_t max_records = 10'000;
  /// Answers read ahead while the handler works, 1 or more. Each may hold up to 10 MiB.
  std::size_t prefetch = 2;
  /// Bytes that all shards of the consumer may read ahead together, at least 1. Shared fairly: a shard that has nothing
  /// comes first, and none gets more than its share while it holds something. One answer alone may be larger.
  std::size_t prefetch_bytes = std::size_t{256} * 1024 * 1024;
};

/// A fan-out consumer of the stream by this name, registered if there is none, and waited for until it is active. All
/// workers of an application share it.
struct RegisteredConsumer {
  /// Letters, digits, `_.-`, up to 128. Empty: the application's name.
  std::string name = {};
  enum class Deregister {
    never,           ///< It stays, and is paid for, until somebody deregisters it.
    by_last_worker,  ///< The worker that stops while no other one holds a lease of the stream deregisters it.
  };
  Deregister deregister = Deregister::never;
};
/// One that exists. It is never registered or deregistered.
struct ExistingConsumer {
  /// Required.
  std::string arn;
};

/// Reads by SubscribeToShard: the service pushes records over HTTP/2 as they arrive, 2 MB a second for each shard, that
/// no other consumer shares. Each registered consumer and each GB costs extra.
struct EnhancedFanOut {
  std::variant<RegisteredConsumer, ExistingConsumer> consumer = RegisteredConsumer{};
  /// SubscribeToShard calls of the worker in a second, at least 1. Each shard is subscribed at most once a second
  /// anyway, which is the service's own limit.
  std::size_t subscriptions_per_second = 50;
  /// Events read ahead of the handler for each shard, 1 or more. What is not read waits in the shard's HTTP/2 window.
  std::size_t prefetch = 2;
  /// As `Polling::prefetch_bytes`: bytes that all shards of the consumer may read ahead together, at least 1. The size
  /// of an event is known only once it is there, so each shard may go over it by one, of up to 1 or 2 MB.
  std::size_t prefetch_bytes = std::size_t{256} * 1024 * 1024;
  /// Used where the consumer cannot be registered or does not become active; `event::FellBack` tells. None: that is an
  /// error of the whole consumer, which then ends as it does when there is no such stream.
  std::optional<Polling> fallback = {};
};

/// How records are fetched.
using FetchMode = std::variant<Polling, EnhancedFanOut>;

}  // namespace kinesis
