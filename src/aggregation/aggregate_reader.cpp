#include "aggregation/aggregate_reader.hpp"

#include "core/md5.hpp"

#include <protozero/pbf_reader.hpp>

#include <algorithm>
#include <utility>

namespace kinesis::aggregation {
namespace {

using protozero::pbf_wire_type;
using protozero::tag_and_type;

BytesView bytes_of(protozero::data_view view) noexcept { return as_bytes({view.data(), view.size()}); }
std::string_view text_of(protozero::data_view view) noexcept { return {view.data(), view.size()}; }
protozero::pbf_reader reader_of(BytesView bytes) noexcept {
  return protozero::pbf_reader(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

/// A field the format demands is not there.
class MissingField : public protozero::exception {};

/// A tag has a key; its value is nobody's concern.
void check_tag(protozero::pbf_reader tag) {
  bool has_key = false;
  while (tag.next()) {
    has_key |= tag.tag_and_type() == tag_and_type(1, pbf_wire_type::length_delimited);
    tag.skip();
  }
  if (!has_key) throw MissingField();
}

}  // namespace

bool is_candidate(BytesView data) noexcept { return data.size() > envelope_size && looks_like_aggregate(data); }

BytesView message_of(BytesView candidate) noexcept {
  return candidate.subspan(magic.size(), candidate.size() - envelope_size);
}

bool checksum_matches(BytesView candidate) noexcept {
  const core::Md5Digest digest = core::md5(message_of(candidate));
  return std::equal(digest.begin(), digest.end(), candidate.end() - checksum_size);
}

void find_aggregates(std::span<const BytesView> data, std::vector<std::size_t>& found) {
  const std::size_t start = found.size();
  std::vector<BytesView> messages;
  for (std::size_t i = 0; i < data.size(); ++i) {
    if (!is_candidate(data[i])) continue;
    found.push_back(i);
    messages.push_back(message_of(data[i]));
  }
  std::vector<core::Md5Digest> digests(messages.size());
  core::md5_many(messages, digests);
  std::size_t kept = start;
  for (std::size_t i = 0; i < digests.size(); ++i) {
    const std::size_t at = found[start + i];
    if (std::equal(digests[i].begin(), digests[i].end(), data[at].end() - checksum_size)) found[kept++] = at;
  }
  found.resize(kept);
}

void AggregateReader::collect(BytesView message) {
  partition_keys_.clear();
  explicit_hash_keys_.clear();
  records_.clear();
  protozero::pbf_reader reader = reader_of(message);
  while (reader.next()) {
    switch (reader.tag_and_type()) {
      case tag_and_type(1, pbf_wire_type::length_delimited):
        partition_keys_.push_back(text_of(reader.get_view()));
        break;
      case tag_and_type(2, pbf_wire_type::length_delimited):
        explicit_hash_keys_.push_back(text_of(reader.get_view()));
        break;
      case tag_and_type(3, pbf_wire_type::length_delimited):
        records_.push_back(bytes_of(reader.get_view()));
        break;
      default:
        reader.skip();
    }
  }
}

/// False if it names a key that is not there. A field that comes twice counts as it comes last.
bool AggregateReader::read_record(BytesView message, UserRecordView& record) {
  std::optional<std::uint64_t> partition_key;
  std::optional<std::uint64_t> explicit_hash_key;
  bool has_data = false;
  protozero::pbf_reader reader = reader_of(message);
  while (reader.next()) {
    switch (reader.tag_and_type()) {
      case tag_and_type(1, pbf_wire_type::varint):
        partition_key = reader.get_uint64();
        break;
      case tag_and_type(2, pbf_wire_type::varint):
        explicit_hash_key = reader.get_uint64();
        break;
      case tag_and_type(3, pbf_wire_type::length_delimited):
        record.data = bytes_of(reader.get_view());
        has_data = true;
        break;
      case tag_and_type(4, pbf_wire_type::length_delimited):
        check_tag(reader.get_message());
        break;
      default:
        reader.skip();
    }
  }
  if (!partition_key || !has_data) throw MissingField();
  if (*partition_key >= partition_keys_.size()) return false;
  record.key_index = static_cast<std::uint32_t>(*partition_key);
  record.partition_key = partition_keys_[record.key_index];
  if (!explicit_hash_key) return true;
  if (*explicit_hash_key >= explicit_hash_keys_.size()) return false;
  record.explicit_hash_key = explicit_hash_keys_[static_cast<std::size_t>(*explicit_hash_key)];
  return true;
}

ReadOutcome AggregateReader::read(BytesView aggregate, std::vector<UserRecordView>& out) {
  const std::size_t start = out.size();
  bool all_found = true;
  try {
    collect(message_of(aggregate));
    out.resize(start + records_.size());
    // All are read even after a bad place: bytes that are not the format decide first, as in the KCL.
    for (std::size_t i = 0; i < records_.size(); ++i) all_found &= read_record(records_[i], out[start + i]);
  } catch (const protozero::exception&) {
    out.resize(start);
    return ReadOutcome::not_protobuf;
  }
  if (all_found) return ReadOutcome::user_records;
  out.resize(start);
  return ReadOutcome::bad_index;
}

}  // namespace kinesis::aggregation
