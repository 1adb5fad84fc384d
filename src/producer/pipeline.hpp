#pragma once

#include "core/async.hpp"
#include "core/backoff.hpp"
#include "core/random.hpp"
#include "producer/logic/answers.hpp"
#include "producer/logic/byte_chunks.hpp"
#include "producer/logic/delivery.hpp"
#include "producer/logic/key_order.hpp"
#include "producer/logic/lanes.hpp"
#include "producer/logic/producer_meter.hpp"
#include "producer/logic/shard_book.hpp"
#include <kinesis/producer.hpp>

#include <atomic>
#include <deque>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace kinesis::producer {

/// The producer over a client. Records enter from any thread, under a mutex; everything after that is on a strand:
///
///     inbox -> hash, predicted shard -> lanes (packed into entries, kept to the shard's rate) -> calls -> verdicts
///                                        ^------------- again, or to be placed anew -------------------'
class Pipeline final : public ProducerCore, public std::enable_shared_from_this<Pipeline> {
 public:
  Pipeline(Client client, ProducerOptions options);

  void start();

  asio::any_io_executor executor() const override { return client_.executor(); }
  void send(OutgoingRecord<Blob> record, detail::Handler<Receipt> done) override;
  bool try_send(OutgoingRecord<Blob> record, detail::Handler<Receipt> done) override;
  bool send_view(const OutgoingView& record, detail::Handler<Receipt> done, SendMode mode) override;
  void flush(detail::Handler<void> done) override;
  void close(std::chrono::milliseconds deadline, detail::Handler<void> done) override;
  ProducerMetrics metrics() const override;

 private:
  class Completions;
  /// Kept here and not in the coroutines: one that is cancelled before it ever ran must not take its records along.
  using Batches = std::list<Lanes::Batch>;
  struct Waiter {
    std::uint64_t epoch;
    detail::Handler<void> done;
  };
  /// Stored on a shard that the map does not have yet.
  struct Unjudged {
    EntryPtr entry;
    Delivered delivered;
    SentEntry sent;
  };

  /// What happens to a record that finds the buffer full.
  enum class NoRoom { wait, fail, refuse };

  // Entrance: any thread. `begin` makes a record of what came, under the mutex.
  template <class Begin>
  bool enter(std::size_t bytes, detail::Handler<Receipt>& done, NoRoom no_room, Begin begin);
  NoRoom no_room() const noexcept;
  bool refused_at_the_door(std::string_view partition_key, const std::optional<std::string>& explicit_hash_key,
                           std::size_t data_size, detail::Handler<Receipt>& done) const;
  bool has_room(std::size_t bytes) const;
  bool may_wait(std::size_t bytes) const;
  void join_epoch(PendingRecord& record);
  void count_in(const PendingRecord& record);
  void admit(PendingPtr record);
  void lend_data(PendingRecord& record);
  bool wait_for_room(PendingPtr record);
  PendingPtr first_waiting();
  void wake();
  void wait_for_answers(detail::Handler<void> done);
  Error full_error() const;

  // The loop (pipeline.cpp).
  static core::awaitable<void> run(std::shared_ptr<Pipeline> self);
  bool take_inbox(Clock::time_point now);
  core::awaitable<void> rest();
  bool may_call() const noexcept;
  void start_calls(Clock::time_point now);
  Clock::time_point next_event(Clock::time_point now) const;
  bool has_work() const;
  bool past_deadline(Clock::time_point now) const;
  void give_up();

  // The way into the lanes (placement.cpp).
  void hash_keys(std::span<const PendingPtr> records) const;
  void place_new(std::vector<PendingPtr> records, Clock::time_point now);
  bool admissible(PendingPtr& record);
  void place(PendingPtr record, Clock::time_point now);
  void place(PendingPtr record, std::optional<ShardSlot> slot, Clock::time_point now);
  void place_waiting(Clock::time_point now);
  void release(const Entry* entry, const std::vector<PendingPtr>& records, Clock::time_point now);
  void place_anew(EntryPtr entry, Clock::time_point now);
  void expire(Clock::time_point now);
  Clock::time_point over_at(const Entry& entry) const;
  bool stream_is_known() const;
  core::awaitable<void> learn_shards(Listing listing);
  core::awaitable<void> learn_stream();
  void start_learning(Clock::time_point now);
  std::optional<ShardSlot> shard_of(const PendingRecord& record) const;
  void map_changed(const MapChange& change, Clock::time_point now);
  bool still_fits(const Entry& entry) const;
  void judge_again();

  // Calls and what becomes of them (calls.cpp).
  core::awaitable<void> call(Batches::iterator batch);
  core::awaitable<Result<PutRecordsResponse>> put(std::span<EntryPtr> entries);
  core::awaitable<void> find_bad_entries(std::span<EntryPtr> entries, Error error);
  void judge(std::span<EntryPtr> entries, Result<PutRecordsResponse> answer, Clock::time_point began);
  void judge_one(EntryPtr entry, Verdict verdict, SentEntry sent);
  void judge_stored(EntryPtr entry, Delivered delivered, SentEntry sent, Clock::time_point now);
  void deliver(EntryPtr entry, Delivered delivered, const SentEntry& sent, Clock::time_point now);
  void retry_or_fail(EntryPtr entry, const Error& error);
  void fail(EntryPtr entry, const Error& error, ProducerOutcome outcome);
  EntryFacts facts_of(const Entry& entry, const SentEntry& sent) const;
  std::string_view shard_name(const Entry& entry) const;
  EntryPtr without_given_up(EntryPtr entry, Clock::time_point when);

  // The way out.
  void give_up_on(PendingPtr record);
  void finish(PendingPtr record, Error error, ProducerOutcome outcome, std::string_view shard_id = {});
  void expire_waiting(Answers& answers, Clock::time_point now);
  void answer(Answers answers, Clock::time_point now);
  void settle(const Fate& fate, std::span<const PendingPtr> records);
  void post_error(detail::Handler<Receipt> done, Error error) const;
  void post_receipts(Answers answers);
  PendingPtr new_record();
  void recycle(std::vector<PendingPtr>& records);

  const Client client_;
  const ProducerOptions options_;
  const asio::any_io_executor strand_;
  /// Data and partition key of one record, and whether a record may have no key: learned, and looked at by any thread.
  std::atomic<std::size_t> max_record_bytes_;
  std::atomic<bool> without_keys_{false};
  std::atomic<bool> limits_known_{false};

  // On the strand.
  core::Notifier wake_;
  core::TaskGroup tasks_;
  core::Random random_;
  core::Backoff backoff_;
  const bool lends_data_;
  ShardBook book_;
  Lanes lanes_;
  KeyOrder order_;
  ProducerMeter meter_;
  ByteChunks placing_data_;           // the same, of the records that are being placed
  std::vector<PendingPtr> unplaced_;  // came before anything was known of the stream
  std::vector<Unjudged> unjudged_;
  Batches in_flight_;
  std::size_t bytes_in_flight_ = 0;
  Answers finished_;
  RecordDistributionStrategy strategy_ = RecordDistributionStrategy::unknown;
  bool learning_stream_ = false;
  bool flush_unplaced_ = false;  // once they are placed
  Clock::time_point learn_stream_at_ = Clock::time_point::min();

  mutable std::mutex mutex_;  // guards everything below
  std::vector<PendingPtr> inbox_;
  ByteChunks inbox_data_;           // of the records in inbox_ that only borrow theirs
  std::vector<PendingPtr> spare_;   // to be used again
  std::deque<PendingPtr> waiting_;  // for room
  ProducerMetrics metrics_;         // as of the end of the last turn, but for what is buffered
  std::uint64_t epoch_ = 1;
  std::map<std::uint64_t, std::size_t> unanswered_;  // records by epoch
  std::list<Waiter> waiters_;                        // a list: handlers are never assigned
  bool flush_asked_ = false;
  bool wake_posted_ = false;
  bool closed_ = false;
  bool ended_ = false;
  Clock::time_point close_deadline_ = Clock::time_point::max();
};

}  // namespace kinesis::producer
