#pragma once

#include "core/uint128.hpp"
#include "producer/logic/shard_book.hpp"
#include <kinesis/clock.hpp>
#include <kinesis/error.hpp>
#include <kinesis/kinesis_api.hpp>
#include <kinesis/producer.hpp>

#include <optional>
#include <string_view>
#include <variant>

namespace kinesis::producer {

/// What kind of trouble an error is for a record, and so what helps.
enum class Trouble {
  throttled,    ///< Too much at once, of the shard or of the key that encrypts it: slower, and again.
  transient,    ///< A fault of the service or of the way to it: again after a delay.
  credentials,  ///< They have expired, or cannot be had at the moment: again, with those that come next.
  not_ready,    ///< The stream is being created, changed or deleted: again after a longer delay.
  fatal,        ///< The same would be refused again.
};
/// Of an entry's error or of a whole call's. What says that the credentials are unknown is fatal here, because the
/// client has tried fresh ones before it gave up. An answer that makes no sense is transient: connections break, and
/// what stands between may answer in the service's place.
Trouble trouble_of(const Error& error) noexcept;

/// What becomes of a record after an answer.
struct Delivered {
  std::string shard_id;
  SequenceNumber sequence_number;
};
struct TryAgain {
  Error error;
  /// Never fatal.
  Trouble trouble = Trouble::transient;
};
struct Failed {
  Error error;
};
using Verdict = std::variant<Delivered, TryAgain, Failed>;

/// Judges one entry of an answer: stored, or by its `Trouble`. A stored aggregate still has to be where it belongs
/// (`judge_placement`). `request_id`: the call's, for the error.
Verdict judge_entry(PutRecordsResultEntry entry, std::string_view request_id = {});
/// Judges a call that failed as a whole: its records are tried again unless the trouble is fatal. (Never `Delivered`.)
Verdict judge_call(const Error& error);
/// Whether a record that is to be tried again may be: within its tries and its time.
bool may_retry(const ProducerOptions& options, int attempts, Clock::time_point accepted, Clock::time_point next_try);

/// What was sent as one entry of PutRecords.
struct SentEntry {
  /// One user record as it is, not in an aggregate.
  bool raw_single = false;
  /// The smallest and the largest hash key of the records inside.
  core::Uint128 low = {};
  core::Uint128 high = {};
  /// The shard it was meant for, if there was a prediction.
  std::optional<ShardSlot> predicted = {};
  /// When the call was begun, and when its answer was there.
  Clock::time_point began = {};
  Clock::time_point answered = {};
};

enum class Placement {
  delivered,      ///< Whoever reads that shard gets the records.
  unknown_shard,  ///< Not known yet: `ShardBook::ask_about` it, and judge again after the next refresh.
  wrong_shard,    ///< The KCL drops the whole aggregate: all of its records go again.
};

/// Whether an entry that was stored on `actual_shard` counts as delivered. The KCL drops an aggregate as a whole if the
/// hash key of one record inside is outside the range of the shard it reads, and never a record that is none
/// (amazon-kinesis-client, AggregatorUtil); so this is judged per aggregate, by its smallest and largest key. The KPL
/// judges each record alone, and around a split reports records as stored that the KCL has dropped.
///
/// `unknown_shard` is answered until the shard is known or a list of all shards from after the answer does not have it:
/// the stream was deleted then, and the records go again.
Placement judge_placement(const SentEntry& entry, std::string_view actual_shard, const ShardBook& book);
/// Whether it landed elsewhere than predicted: `ShardBook::mispredicted` decides whether that asks for a refresh.
bool was_mispredicted(const SentEntry& entry, std::string_view actual_shard, const ShardBook& book);

/// Refuses at the door what the service would refuse for ever: partition key of 1 to 256 characters of valid UTF-8,
/// explicit hash key in range, data and key together within the limit.
Result<void> check_record(std::string_view partition_key, const std::optional<std::string>& explicit_hash_key,
                          std::size_t data_size, std::size_t max_record_bytes, bool may_lack_key = false);
inline Result<void> check_record(const OutgoingRecord<Blob>& record, std::size_t max_record_bytes,
                                 bool may_lack_key = false) {
  return check_record(record.partition_key, record.explicit_hash_key, record.data.size(), max_record_bytes,
                      may_lack_key);
}
/// What a record with an explicit hash key fails with on a stream that spreads its records as it likes: nothing says
/// that the key would be heeded there, and the KPL drops it in silence.
Error no_hash_key_error();
/// What a record over the limit fails with.
Error too_large_error(std::size_t bytes, std::size_t max_record_bytes);

}  // namespace kinesis::producer
