#include "aggregation/hash_key.hpp"
#include "aws/paginators.hpp"
#include "core/prefetch.hpp"
#include "producer/pipeline.hpp"

#include <algorithm>
#include <array>
#include <utility>

// How records get into the lanes, and what the producer learns of its stream.
namespace kinesis::producer {
namespace {

constexpr std::chrono::minutes stream_period{5};
constexpr std::chrono::seconds stream_retry{30};

Error unjudged_error(const PendingRecord& record) {
  return Error(errc::timeout,
               "the record was stored on a shard that the producer could not look up before its time was over; its "
               "readers may get it")
      .with_attempts(record.attempts);
}

}  // namespace

void Pipeline::hash_keys(std::span<const PendingPtr> records) const {
  std::vector<std::string_view> keys;
  std::vector<PendingRecord*> hashed;
  keys.reserve(records.size());
  hashed.reserve(records.size());
  for (std::size_t i = 0; i < records.size(); ++i) {
    core::prefetch_ahead<3>(records, i);
    const PendingPtr& record = records[i];
    if (record->record.explicit_hash_key) {
      record->hash = core::Uint128::parse(*record->record.explicit_hash_key).value_or(core::Uint128());
      continue;
    }
    keys.push_back(record->record.partition_key);
    hashed.push_back(record.get());
  }
  std::vector<core::Uint128> hashes(keys.size());
  aggregation::hash_keys_of(keys, hashes);
  for (std::size_t i = 0; i < hashed.size(); ++i) hashed[i]->hash = hashes[i];
}

/// Asked about both, and answered, whatever that was.
bool Pipeline::stream_is_known() const { return limits_known_ && (book_.generation() > 0 || book_.failures() > 0); }

/// New records, in order. They wait until the stream has been asked about, once.
void Pipeline::place_new(std::vector<PendingPtr> records, Clock::time_point now) {
  if (!stream_is_known()) {
    for (PendingPtr& record : records) {
      record->own_data();
      unplaced_.push_back(std::move(record));
    }
    return;
  }
  // Few enough that they are still in the processor's cache when they are placed, and enough to fill the lanes of MD5.
  constexpr std::size_t at_once = 128;
  std::array<std::optional<ShardSlot>, at_once> slots;
  for (std::size_t first = 0; first < records.size(); first += at_once) {
    const std::span<PendingPtr> some = std::span(records).subspan(first, std::min(at_once, records.size() - first));
    hash_keys(some);
    for (std::size_t i = 0; i < some.size(); ++i) slots[i] = admissible(some[i]) ? shard_of(*some[i]) : std::nullopt;
    lanes_.prefetch(some, std::span(slots).first(some.size()));
    for (std::size_t i = 0; i < some.size(); ++i)
      if (some[i]) place(std::move(some[i]), slots[i], now);
  }
}

/// What could not be judged at the door: before the first answer about the stream its record limit is not known, nor
/// whether it goes by keys; and both may change.
bool Pipeline::admissible(PendingPtr& record) {
  const auto refuse = [&](Error error) {
    finish(std::move(record), std::move(error), ProducerOutcome::refused);
    return false;
  };
  if (record->bytes > max_record_bytes_) return refuse(too_large_error(record->bytes, max_record_bytes_));
  if (record->record.partition_key.empty() && strategy_ != RecordDistributionStrategy::automatic)
    return refuse(Error(errc::invalid_argument, "the partition key is empty; 1 to 256 characters are required"));
  if (strategy_ != RecordDistributionStrategy::automatic) return true;
  if (record->record.explicit_hash_key) return refuse(no_hash_key_error());
  record->alone = true;
  return true;
}

/// The shard that takes the record; nothing where the service spreads records as it likes.
std::optional<ShardSlot> Pipeline::shard_of(const PendingRecord& record) const {
  if (record.alone) return std::nullopt;
  return book_.predict(record.hash);
}

void Pipeline::place(PendingPtr record, Clock::time_point now) {
  if (!admissible(record)) return;
  const std::optional<ShardSlot> slot = shard_of(*record);
  place(std::move(record), slot, now);
}

void Pipeline::place(PendingPtr record, std::optional<ShardSlot> slot, Clock::time_point now) {
  if (options_.ordering == Ordering::none) {
    lanes_.add(std::move(record), slot, now);
    return;
  }
  if (order_.waits(*record)) return order_.wait(std::move(record));
  if (const Entry* holder = order_.holder(*record)) {
    if (!lanes_.add_to(holder, record)) order_.wait(std::move(record));
    return;
  }
  const std::string key = record->record.partition_key;
  order_.hold(key, lanes_.add(std::move(record), slot, now));
}

/// Records whose keys are free again.
void Pipeline::place_waiting(Clock::time_point now) {
  while (PendingPtr record = order_.next()) {
    if (!admissible(record)) continue;
    const std::string key = record->record.partition_key;
    const std::optional<ShardSlot> slot = shard_of(*record);
    const Entry* const entry = lanes_.add(std::move(record), slot, now);
    order_.hold(key, entry);
    while (PendingPtr more = order_.next_of(key)) {
      if (!admissible(more)) continue;
      if (lanes_.add_to(entry, more)) continue;
      order_.wait_first(std::move(more));
      break;
    }
  }
}

/// `entry` is done with, and `records` were its own.
void Pipeline::release(const Entry* entry, const std::vector<PendingPtr>& records, Clock::time_point now) {
  if (options_.ordering == Ordering::none) return;
  order_.release(entry, records);
  place_waiting(now);
}

/// Takes an entry apart and looks the shards of its records up again. Those whose time is over fail.
void Pipeline::place_anew(EntryPtr entry, Clock::time_point now) {
  std::vector<PendingPtr> records = entry->take_records();
  if (options_.ordering == Ordering::per_key) order_.release(entry.get(), records);
  std::vector<PendingPtr> again;
  for (PendingPtr& record : records) {
    if (may_retry(options_, record->attempts, record->accepted, now)) {
      again.push_back(std::move(record));
    } else {
      give_up_on(std::move(record));
    }
  }
  if (options_.ordering == Ordering::none) {
    for (PendingPtr& record : again) place(std::move(record), now);
    return;
  }
  for (auto it = again.rbegin(); it != again.rend(); ++it) order_.wait_first(std::move(*it));
  place_waiting(now);
}

void Pipeline::expire(Clock::time_point now) {
  for (EntryPtr& entry : lanes_.take_expired(now)) place_anew(std::move(entry), now);
  if (options_.time_to_live.count() <= 0) return;
  for (PendingPtr& record : order_.take_older(now - options_.time_to_live)) give_up_on(std::move(record));
  std::erase_if(unplaced_, [&](PendingPtr& record) {
    if (record->accepted + options_.time_to_live > now) return false;
    give_up_on(std::move(record));
    return true;
  });
  std::erase_if(unjudged_, [&](Unjudged& unjudged) {
    if (over_at(*unjudged.entry) > now) return false;
    std::vector<PendingPtr>& records = unjudged.entry->records_without_data();
    release(unjudged.entry.get(), records, now);
    for (PendingPtr& record : records) {
      Error error = unjudged_error(*record);
      finish(std::move(record), std::move(error), ProducerOutcome::expired);
    }
    return true;
  });
}

/// When the time of all its records is over.
Clock::time_point Pipeline::over_at(const Entry& entry) const {
  Clock::time_point newest = entry.oldest();
  for (const PendingPtr& record : entry.records()) newest = std::max(newest, record->accepted);
  return newest + options_.time_to_live;
}

/// Asks about the shards and the stream when it is time and somebody needs to know: an idle producer asks nothing.
void Pipeline::start_learning(Clock::time_point now) {
  if (!has_work()) return;
  if (!learning_stream_ && learn_stream_at_ <= now) {
    learning_stream_ = true;
    tasks_.spawn(learn_stream());
  }
  if (book_.next_refresh() <= now) tasks_.spawn(learn_shards(book_.refresh_started(now)));
}

core::awaitable<void> Pipeline::learn_shards(Listing listing) {
  const auto self = shared_from_this();
  Clock& clock = client_.clock();
  ListShardsRequest request(options_.stream);
  if (listing == Listing::open) request.shard_filter = ShardFilter(ShardFilterType::at_latest);
  Result<std::vector<KinesisShard>> shards = Error(errc::internal, "");
  std::exception_ptr failure;
  try {
    shards = co_await aws::list_all_shards(client_.kinesis(), std::move(request));
  } catch (...) {
    failure = std::current_exception();
  }
  if (failure) {
    book_.refresh_failed(clock.now());
    std::rethrow_exception(failure);
  }
  const Clock::time_point now = clock.now();
  Result<MapChange> change = MapChange();
  if (shards) {
    change = book_.refresh_finished(*shards, now);
  } else {
    book_.refresh_failed(now);
    change = shards.error();
  }
  if (!change && client_.log().enabled(LogLevel::warning))
    client_.log().write(LogLevel::warning, "producer", "cannot list the shards of the stream",
                        {{"error", change.error().message()}});
  if (change && change->any()) map_changed(*change, now);
  judge_again();
  wake_.wake();
}

core::awaitable<void> Pipeline::learn_stream() {
  const auto self = shared_from_this();
  DescribeStreamSummaryRequest request(options_.stream);
  Result<DescribeStreamSummaryResponse> answer = Error(errc::internal, "");
  std::exception_ptr failure;
  try {
    answer = co_await client_.kinesis().describe_stream_summary(std::move(request));
  } catch (...) {
    failure = std::current_exception();
  }
  learning_stream_ = false;
  bool other_strategy = false;
  if (failure) std::rethrow_exception(failure);
  // Who may only write need not be allowed to ask. What was learned before stays.
  learn_stream_at_ = client_.clock().now() + (answer ? std::chrono::seconds(stream_period) : stream_retry);
  if (answer) {
    const StreamDescriptionSummary& stream = answer->stream_description_summary;
    strategy_ = stream.record_distribution_strategy;
    const bool automatic = strategy_ == RecordDistributionStrategy::automatic;
    other_strategy = without_keys_.exchange(automatic) != automatic;
    if (options_.max_record_bytes == 0 && stream.max_record_size_in_kib)
      max_record_bytes_ =
          std::clamp<std::size_t>(static_cast<std::size_t>(std::max(0, *stream.max_record_size_in_kib)), 1024, 10240) *
          1024;
  }
  lanes_.limit_entries(max_record_bytes_);
  limits_known_ = true;
  // What is packed already goes by keys, or without them, as the stream does now.
  if (other_strategy)
    for (EntryPtr& entry : lanes_.take_unless([](const Entry&) { return false; }))
      place_anew(std::move(entry), client_.clock().now());
  wake_.wake();
}

/// Records gathered for shards that have closed, or whose range has changed, are placed anew.
void Pipeline::map_changed(const MapChange& change, Clock::time_point now) {
  auto unfit = lanes_.take_unless([this](const Entry& entry) { return still_fits(entry); });
  // A slot that another shard has now learns its rate anew.
  for (const ShardSlot slot : change.opened) lanes_.forget_rate(slot);
  for (EntryPtr& entry : unfit) place_anew(std::move(entry), now);
}

bool Pipeline::still_fits(const Entry& entry) const {
  if (entry.slot()) return book_.fits(*entry.slot(), entry.low(), entry.high());
  return entry.records().front()->alone || !book_.predict(entry.low());
}

/// Entries whose shard was not known when they were stored.
void Pipeline::judge_again() {
  const Clock::time_point now = client_.clock().now();
  for (Unjudged& waiting : std::exchange(unjudged_, {}))
    judge_stored(std::move(waiting.entry), std::move(waiting.delivered), waiting.sent, now);
}

}  // namespace kinesis::producer
