#pragma once

#include <kinesis/bytes.hpp>
#include <kinesis/clock.hpp>
#include <kinesis/identifiers.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace kinesis {

/// Where a record stands in its shard: its sequence number, and its index inside a KPL aggregate (0 where it was not
/// aggregated).
struct RecordPosition {
  SequenceNumber sequence_number;
  std::uint64_t sub_sequence_number = 0;

  friend auto operator<=>(const RecordPosition&, const RecordPosition&) = default;
};

/// A record as it came from a shard, decoded.
template <class T>
struct Record {
  T data;
  std::string partition_key;
  std::optional<std::string> explicit_hash_key;
  /// The name of the stream it came from.
  std::string stream;
  std::string shard_id;
  RecordPosition position;
  /// When the service accepted it; millisecond resolution.
  Clock::wall_time_point approximate_arrival;
  /// True if it was part of a KPL aggregate.
  bool aggregated = false;
  /// How far behind the tip of the shard the answer was that brought this record.
  std::chrono::milliseconds behind_latest{0};
  /// The counter of the shard's lease when the record was handed out; with the worker's id it is a `FencingToken`.
  std::int64_t lease_counter = 0;

  const SequenceNumber& sequence_number() const noexcept { return position.sequence_number; }
  std::uint64_t sub_sequence_number() const noexcept { return position.sub_sequence_number; }
};

/// A record before decoding.
struct RawRecord {
  Blob data;
  std::string partition_key;
  std::optional<std::string> explicit_hash_key;
  RecordPosition position;
  Clock::wall_time_point approximate_arrival;
  bool aggregated = false;
};

/// Who owns a shard's lease, and its counter. The counter grows with each write of the lease, whoever makes it: a store
/// that remembers the largest it has seen for a shard, and refuses smaller ones, is safe from a worker that has lost
/// the shard and does not know it yet.
struct FencingToken {
  std::string owner;
  std::int64_t counter = 0;

  friend bool operator==(const FencingToken&, const FencingToken&) = default;
};

/// A record to send. Not an aggregate, so that it may be passed to awaited calls (g++ 12).
template <class T>
struct OutgoingRecord {
  OutgoingRecord(std::string key, T value) : partition_key(std::move(key)), data(std::move(value)) {}

  /// 1 to 256 Unicode characters. Records of one key go to one shard, as long as the stream is not resharded.
  std::string partition_key;
  T data;
  /// Decimal, 0 to 2^128 - 1: the place in the hash key space, instead of the MD5 of the partition key.
  std::optional<std::string> explicit_hash_key = {};
};

}  // namespace kinesis
