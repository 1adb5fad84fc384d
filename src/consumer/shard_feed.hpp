#pragma once

#include "consumer/logic/record_filter.hpp"
#include "consumer/read_budget.hpp"
#include "core/async.hpp"
#include "core/channel.hpp"
#include <kinesis/consumer.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace kinesis::consumer {

/// What a fetcher hands over: records as they came, or the end of the shard with its children.
struct Fetched {
  std::vector<KinesisRecord> records;
  std::chrono::milliseconds behind_latest{0};
  bool end = false;
  std::vector<ChildShard> children;
  std::optional<ReadBudget::Hold> hold;
};

/// A shard between its fetcher and its session: where reading begins, what was read ahead, and what is done with
/// everything that came however it was fetched, when its turn comes: aggregates are taken apart, what is checkpointed
/// is dropped. On the session's strand.
class ShardFeed {
 public:
  struct Options {
    Client client;
    StreamId stream;
    StartPosition start;
    std::string shard_id;
    std::string lease_key;
    /// Where the lease was when it was taken, and its pin.
    Checkpoint checkpoint;
    std::optional<Clock::wall_time_point> pinned;
    aggregation::HashRange range;
    /// Answers or events read ahead.
    std::size_t prefetch;
    std::shared_ptr<ReadBudget> budget;
    std::function<void(const DiagnosticEvent&)> report;
    /// Keeps with the lease where LATEST is.
    std::function<core::awaitable<void>(Clock::wall_time_point)> pin;
    /// Whether others must still leave the shard to this worker.
    std::function<bool()> ours;
  };
  explicit ShardFeed(Options options);

  // For the fetcher.

  /// An answer or an event.
  struct Arrived {
    std::vector<KinesisRecord> records;
    std::optional<std::int64_t> millis_behind_latest;
    std::chrono::nanoseconds took;
  };

  const Client& client() const noexcept { return options_.client; }
  Clock& clock() const noexcept { return options_.client.clock(); }
  const StreamId& stream() const noexcept { return options_.stream; }
  const std::string& shard_id() const noexcept { return options_.shard_id; }
  /// What diagnostics call the shard.
  const std::string& name() const noexcept { return options_.lease_key; }
  bool ours() const { return options_.ours(); }
  /// Where the shard begins, as long as nothing came.
  StartingPosition begin() const;
  const Checkpoint& checkpoint() const noexcept { return options_.checkpoint; }
  /// Waits until there is room for one more; false if nobody reads any more.
  core::awaitable<bool> room() { return channel_.wait_for_room(); }
  /// Waits until so many bytes may be held.
  core::awaitable<ReadBudget::Hold> take(std::size_t bytes) { return place_->take(bytes); }
  /// False if nobody reads any more.
  core::awaitable<bool> hand_on(Arrived arrived, ReadBudget::Hold hold);
  /// Nothing comes after what was handed on.
  core::awaitable<void> end(std::vector<ChildShard> children);
  /// Reading has begun at the tip of that time: from now on the tip is where it was, or what comes meanwhile would be
  /// missed by whoever asks again.
  core::awaitable<void> pin(Clock::wall_time_point time);
  void report(const DiagnosticEvent& event) const { options_.report(event); }

  // For the session.

  core::awaitable<std::optional<Fetched>> pop() { return channel_.pop(); }
  void close() { channel_.close(); }
  /// Begins with the records of an answer.
  void open(std::vector<KinesisRecord> records) { filter_.begin(std::move(records)); }
  /// The next records of it, as RecordFilter::next; tells what was wrong with them at its end.
  bool next(detail::RecordPortion& portion, std::size_t at_least);
  /// Nothing is left of it.
  bool at_end() const noexcept { return filter_.at_end(); }
  /// Where LATEST is, if this lease began there and it is known.
  std::optional<Clock::wall_time_point> pinned() const noexcept { return options_.pinned; }

  static std::size_t size_of(const std::vector<KinesisRecord>& records);

 private:
  Options options_;
  core::Channel<Fetched> channel_;
  RecordFilter filter_;
  std::shared_ptr<ReadBudget::Place> place_;
};

/// Fetches the records of one shard, one way or another. On the session's strand.
class Fetcher {
 public:
  virtual ~Fetcher() = default;
  /// Until the end of the shard, or until nobody reads any more. Throws only cancellation and defects. What it was
  /// given must live longer. Called once.
  virtual core::awaitable<void> run() = 0;
};

}  // namespace kinesis::consumer
