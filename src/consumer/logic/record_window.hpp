#pragma once

#include <kinesis/record.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>

namespace kinesis::consumer {

/// The records of one shard that are taken in and not yet covered: which may start, and up to where all are done. Those
/// of one partition key start one after another. A value.
class RecordWindow {
 public:
  /// Of the records in the order they were added, from 0.
  using Ticket = std::uint64_t;

  struct Options {
    std::size_t concurrency = 1;
    /// Records in the window, at least 1.
    std::size_t capacity = 1'000;
    /// One after another whatever their keys.
    bool in_order = false;
    /// A key's next record starts only once a checkpoint covers the one before.
    bool save_between = false;
  };
  explicit RecordWindow(Options options) : options_(options) {}

  bool has_room() const noexcept { return entries_.size() < options_.capacity; }
  Ticket add(std::string key, RecordPosition position);

  /// The oldest record that may start now, which then counts as running.
  std::optional<Ticket> start();
  /// From now on only those start that are older than one which has started: once they are done, all that was handled
  /// is done without a gap.
  void close_gaps() noexcept {
    if (!limit_) limit_ = next_to_start_;
  }
  /// After `close_gaps`: some of those are not done.
  bool has_gaps() const;

  /// A running record is done. How many records more are done without a gap because of it.
  std::size_t complete(Ticket ticket);
  /// Everything up to here is done. Empty until the first record is.
  const std::optional<RecordPosition>& done() const noexcept { return done_; }

  /// A checkpoint covers everything up to `position`. Needed with `save_between` only.
  void save(const RecordPosition& position);
  /// With `save_between`: a record waits for nothing but a checkpoint of `done()`.
  bool waits_for_save() const noexcept { return urgent_ > 0; }
  /// With `save_between`: how many are done without a gap and not saved, each of a key of its own.
  std::size_t unsaved() const noexcept { return options_.save_between ? covered_ : 0; }

  /// Records that are not done.
  std::size_t unfinished() const noexcept { return unfinished_; }
  std::size_t running() const noexcept { return running_; }

 private:
  struct Entry {
    std::string key;
    RecordPosition position;
    bool done = false;
    bool urgent = false;
  };
  Entry& at(Ticket ticket) { return entries_[static_cast<std::size_t>(ticket - first_)]; }
  void let_next_go(const std::string& key);
  void mark_urgent(Entry& entry);

  Options options_;
  std::deque<Entry> entries_;
  Ticket first_ = 0;
  /// Entries at the front that are done without a gap; they stay until saved.
  std::size_t covered_ = 0;
  std::optional<RecordPosition> done_;
  /// Of each key with records in the window: their tickets. The first one holds the key.
  std::unordered_map<std::string, std::deque<Ticket>> keys_;
  std::set<Ticket> ready_;
  Ticket next_to_start_ = 0;  // none from here on has started
  std::optional<Ticket> limit_;
  std::size_t running_ = 0;
  std::size_t unfinished_ = 0;
  std::size_t urgent_ = 0;
};

}  // namespace kinesis::consumer
