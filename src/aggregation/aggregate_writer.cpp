#include "aggregation/aggregate_writer.hpp"

#include "core/md5.hpp"
#include "core/prefetch.hpp"

#include <algorithm>
#include <cstring>

namespace kinesis::aggregation {
namespace {

/// Size of a string, bytes or message field, whose tags all are one byte.
constexpr std::size_t field_size(std::size_t size) noexcept { return 1 + varint_size(size) + size; }

std::byte* grow(core::Buffer& buffer, std::size_t by) {
  const std::size_t end = buffer.size();
  buffer.resize(end + by);
  return buffer.data() + end;
}

/// The first and the last word of them, which may overlap.
template <class Word>
void copy_ends(std::byte* to, const std::byte* from, std::size_t size) noexcept {
  Word first;
  Word last;
  std::memcpy(&first, from, sizeof first);
  std::memcpy(&last, from + size - sizeof last, sizeof last);
  std::memcpy(to, &first, sizeof first);
  std::memcpy(to + size - sizeof last, &last, sizeof last);
}

/// Without a call where there is little, as in most keys.
std::byte* write_bytes(std::byte* to, BytesView bytes) noexcept {
  const std::size_t size = bytes.size();
  if (size > 32) {
    std::memcpy(to, bytes.data(), size);
  } else if (size >= 16) {
    copy_ends<core::NativeUint128>(to, bytes.data(), size);
  } else if (size >= 8) {
    copy_ends<std::uint64_t>(to, bytes.data(), size);
  } else {
    for (std::size_t i = 0; i < size; ++i) to[i] = bytes[i];
  }
  return to + size;
}

std::byte* write_field(std::byte* to, std::byte tag, BytesView bytes) noexcept {
  *to++ = tag;
  return write_bytes(write_varint(to, bytes.size()), bytes);
}

}  // namespace

inline std::string_view AggregateWriter::key_at(std::uint32_t index) const noexcept {
  const Key key = key_list_[index];
  return as_text(keys_.bytes().subspan(key.offset, key.size));
}

inline AggregateWriter::Place AggregateWriter::find(const HashedKey& key) const {
  const std::uint32_t hash = IndexTable::hash_of(key.hash_key);
  const std::uint32_t index = key_table_.find(hash, [&](std::uint32_t at) { return key_at(at) == key.text; });
  if (index == IndexTable::none) return {key_table_.size(), hash, true};
  return {index, hash, false};
}

AggregateWriter::Place AggregateWriter::find(core::Uint128 explicit_hash_key) const {
  const std::uint32_t hash = IndexTable::hash_of(explicit_hash_key);
  const std::uint32_t index =
      explicit_table_.find(hash, [&](std::uint32_t at) { return explicit_list_[at] == explicit_hash_key; });
  if (index == IndexTable::none) return {explicit_table_.size(), hash, true};
  return {index, hash, false};
}

// In lines: as calls, passing what they work on costs as much as their work.
[[gnu::always_inline]] inline AggregateWriter::Plan AggregateWriter::plan(
    const HashedKey& key, const std::optional<core::Uint128>& explicit_hash_key, std::size_t data_size,
    Decimal& decimal) const {
  Plan plan;
  plan.key = find(key);
  if (plan.key.is_new) plan.bytes = field_size(key.text.size());
  plan.record = 1 + varint_size(plan.key.index) + field_size(data_size);
  if (explicit_hash_key) {
    plan.explicit_key = find(*explicit_hash_key);
    if (plan.explicit_key.is_new) {
      decimal.size = explicit_hash_key->write(decimal.digits);
      plan.bytes += field_size(decimal.size);
    }
    plan.record += 1 + varint_size(plan.explicit_key.index);
  }
  plan.bytes += field_size(plan.record);
  return plan;
}

[[gnu::always_inline]] inline void AggregateWriter::add_key(Place place, std::string_view key) {
  const std::size_t end = keys_.size() + field_size(key.size());
  write_field(grow(keys_, end - keys_.size()), tag::partition_key, as_bytes(key));
  key_list_.push_back({static_cast<std::uint32_t>(end - key.size()), static_cast<std::uint32_t>(key.size())});
  key_table_.add(place.hash);
}

void AggregateWriter::add_explicit(Place place, core::Uint128 explicit_hash_key, const Decimal& decimal) {
  const std::string_view digits(decimal.digits.data(), decimal.size);
  write_field(grow(explicit_hash_keys_, field_size(digits.size())), tag::explicit_hash_key, as_bytes(digits));
  explicit_list_.push_back(explicit_hash_key);
  explicit_table_.add(place.hash);
}

[[gnu::always_inline]] inline void AggregateWriter::carry_out(const Plan& plan, const HashedKey& key,
                                                              const std::optional<core::Uint128>& explicit_hash_key,
                                                              const Decimal& decimal, BytesView data) {
  if (plan.key.is_new) add_key(plan.key, key.text);
  if (plan.explicit_key.is_new) add_explicit(plan.explicit_key, *explicit_hash_key, decimal);
  std::byte* to = grow(records_, field_size(plan.record));
  *to++ = tag::record;
  to = write_varint(to, plan.record);
  *to++ = tag::partition_key_index;
  to = write_varint(to, plan.key.index);
  if (explicit_hash_key) {
    *to++ = tag::explicit_hash_key_index;
    to = write_varint(to, plan.explicit_key.index);
  }
  write_field(to, tag::data, data);
  ++count_;
}

std::size_t AggregateWriter::size_with(const HashedKey& partition_key,
                                       const std::optional<core::Uint128>& explicit_hash_key,
                                       std::size_t data_size) const {
  Decimal decimal;
  return size() + plan(partition_key, explicit_hash_key, data_size, decimal).bytes;
}

bool AggregateWriter::try_add(const HashedKey& partition_key, const std::optional<core::Uint128>& explicit_hash_key,
                              BytesView data, const AggregateLimits& limits) {
  if (count_ >= limits.records) return false;
  Decimal decimal;
  const Plan needed = plan(partition_key, explicit_hash_key, data.size(), decimal);
  if (size() + needed.bytes > limits.bytes) return false;
  carry_out(needed, partition_key, explicit_hash_key, decimal, data);
  return true;
}

void AggregateWriter::add(const HashedKey& partition_key, const std::optional<core::Uint128>& explicit_hash_key,
                          BytesView data) {
  constexpr AggregateLimits none{.bytes = SIZE_MAX};
  try_add(partition_key, explicit_hash_key, data, none);
}

void AggregateWriter::prefetch(core::Uint128 hash_key) const noexcept {
  core::prefetch_lines<1>(keys_.data() + keys_.size());
  core::prefetch_lines<3>(records_.data() + records_.size());
  core::prefetch_lines<1>(key_list_.data() + key_list_.size());
  key_table_.prefetch(hash_key);
}

void AggregateWriter::clear() noexcept {
  keys_.clear();
  explicit_hash_keys_.clear();
  records_.clear();
  count_ = 0;
  key_list_.clear();
  key_table_.clear();
  explicit_list_.clear();
  explicit_table_.clear();
}

void AggregateWriter::write_unchecked(std::span<std::byte> out) const {
  std::byte* to = out.data();
  for (const BytesView part : {BytesView(magic), keys_.bytes(), explicit_hash_keys_.bytes(), records_.bytes()})
    to = std::copy(part.begin(), part.end(), to);
}

void AggregateWriter::finish(Bytes& out) const {
  const std::size_t start = out.size();
  out.resize(start + size());
  const std::span<std::byte> aggregate = std::span(out).subspan(start);
  write_unchecked(aggregate);
  add_checksums({&aggregate, 1});
}

void add_checksums(std::span<const std::span<std::byte>> aggregates) {
  std::vector<BytesView> messages;
  messages.reserve(aggregates.size());
  for (const std::span<std::byte> aggregate : aggregates)
    messages.push_back(aggregate.subspan(magic.size(), aggregate.size() - envelope_size));
  std::vector<core::Md5Digest> digests(aggregates.size());
  core::md5_many(messages, digests);
  for (std::size_t i = 0; i < aggregates.size(); ++i)
    std::copy(digests[i].begin(), digests[i].end(), aggregates[i].end() - checksum_size);
}

}  // namespace kinesis::aggregation
