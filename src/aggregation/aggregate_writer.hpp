#pragma once

#include "aggregation/aggregate_format.hpp"
#include "aggregation/hash_key.hpp"
#include "aggregation/index_table.hpp"
#include "core/buffer_pool.hpp"
#include "core/uint128.hpp"
#include <kinesis/bytes.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace kinesis::aggregation {

/// When an aggregate is full.
struct AggregateLimits {
  /// Data of the whole Kinesis record, envelope included. Default: the KPL's, two payload units of 25 KiB.
  std::size_t bytes = 51'200;
  /// User records.
  std::size_t records = SIZE_MAX;
};

/// Puts user records into one aggregate, byte for byte as the KPL does: the tables first, each key once and in the
/// order of its first use, then the records in the order they were added. Knows its exact size at each moment. Copies
/// the bytes of a record when it is added, and once more when the aggregate is finished.
///
/// Partition keys are UTF-8 of 1 to 256 characters; whoever adds them has checked that, and ends an aggregate long
/// before 4 GiB (Kinesis takes 10 MiB). An explicit hash key is stored
/// as the shortest decimal: "007", as some write it, becomes "7". Not thread-safe. A writer that was moved from may
/// only be assigned to or destroyed; one that had no memory for a record and threw std::bad_alloc may also be cleared.
class AggregateWriter {
 public:
  AggregateWriter() = default;
  AggregateWriter(AggregateWriter&&) noexcept = default;
  AggregateWriter& operator=(AggregateWriter&&) noexcept = default;

  /// The exact size of the aggregate if this record were added.
  std::size_t size_with(const HashedKey& partition_key, const std::optional<core::Uint128>& explicit_hash_key,
                        std::size_t data_size) const;

  /// Adds the record, or returns false, with nothing changed, if the aggregate would then be over a limit. One search
  /// of the tables, where size_with and add need two.
  bool try_add(const HashedKey& partition_key, const std::optional<core::Uint128>& explicit_hash_key, BytesView data,
               const AggregateLimits& limits);
  /// Without limits.
  void add(const HashedKey& partition_key, const std::optional<core::Uint128>& explicit_hash_key, BytesView data);

  /// Has the processor fetch what the next record will be written to. `hash_key`: of its partition key.
  void prefetch(core::Uint128 hash_key) const noexcept;

  std::size_t records() const noexcept { return count_; }
  bool empty() const noexcept { return count_ == 0; }
  /// The exact size of the aggregate, envelope included: 20 with no record.
  std::size_t size() const noexcept {
    return envelope_size + keys_.size() + explicit_hash_keys_.size() + records_.size();
  }

  /// Forgets all records; keeps the memory for the next ones.
  void clear() noexcept;

  /// Appends the aggregate, which has a record or more: readers take an empty one for somebody's own bytes. The writer
  /// stays as it is.
  void finish(Bytes& out) const;
  /// Writes the aggregate into `size()` bytes, all but its checksum, which add_checksums fills in.
  void write_unchecked(std::span<std::byte> out) const;

 private:
  /// Where a partition key stands in keys_.
  struct Key {
    std::uint32_t offset;
    std::uint32_t size;
  };
  /// Where a key is in its table, or will be.
  struct Place {
    std::uint32_t index = 0;
    std::uint32_t hash = 0;
    bool is_new = false;
  };
  struct Decimal {
    std::array<char, core::Uint128::max_digits> digits;
    std::size_t size = 0;
  };
  /// All that must be known before a record is added.
  struct Plan {
    Place key;
    Place explicit_key;
    std::size_t record = 0;  ///< Size of its Record message.
    std::size_t bytes = 0;   ///< By how much the aggregate grows.
  };

  Place find(const HashedKey& key) const;
  Place find(core::Uint128 explicit_hash_key) const;
  Plan plan(const HashedKey& key, const std::optional<core::Uint128>& explicit_hash_key, std::size_t data_size,
            Decimal& decimal) const;
  void carry_out(const Plan& plan, const HashedKey& key, const std::optional<core::Uint128>& explicit_hash_key,
                 const Decimal& decimal, BytesView data);
  void add_key(Place place, std::string_view key);
  void add_explicit(Place place, core::Uint128 explicit_hash_key, const Decimal& decimal);
  std::string_view key_at(std::uint32_t index) const noexcept;

  // The message in its three parts, each as it will stand there.
  core::Buffer keys_;
  core::Buffer explicit_hash_keys_;
  core::Buffer records_;
  std::size_t count_ = 0;

  std::vector<Key> key_list_;
  IndexTable key_table_;
  std::vector<core::Uint128> explicit_list_;
  IndexTable explicit_table_;
};

/// Fills in the checksums of aggregates as write_unchecked left them, all side by side in vector lanes: fastest for 16
/// of about one size.
void add_checksums(std::span<const std::span<std::byte>> aggregates);

}  // namespace kinesis::aggregation
