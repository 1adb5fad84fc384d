#include "aws/records_cbor.hpp"

#include "aws/cbor.hpp"
#include "aws/cbor_format.hpp"
#include "aws/kinesis_shapes.hpp"

#include <algorithm>

namespace kinesis::aws {
namespace {

using cbor::Head;
using cbor::head_size;
using cbor::Items;
using cbor::Major;
using cbor::put_head;

// Room that is given out at once for what the wire announces; more is got as it comes.
constexpr std::size_t most_reserved = 10'000;

std::size_t text_size(std::string_view text) noexcept { return head_size(text.size()) + text.size(); }

char* put(char* at, std::string_view bytes) noexcept {
  std::memcpy(at, bytes.data(), bytes.size());
  return at + bytes.size();
}
char* put_text(char* at, std::string_view text) noexcept { return put(put_head(at, Major::text, text.size()), text); }
char* put_bytes(char* at, BytesView bytes) noexcept {
  at = put_head(at, Major::bytes, bytes.size());
  if (!bytes.empty()) std::memcpy(at, bytes.data(), bytes.size());
  return at + bytes.size();
}

// Keys with their heads.
constexpr std::string_view key_data =
    "\x64"
    "Data";
constexpr std::string_view key_partition_key =
    "\x6C"
    "PartitionKey";
constexpr std::string_view key_explicit_hash_key =
    "\x6F"
    "ExplicitHashKey";
constexpr std::string_view key_sequence_number =
    "\x6E"
    "SequenceNumber";
constexpr std::string_view key_arrival =
    "\x78\x1B"
    "ApproximateArrivalTimestamp";
constexpr std::string_view key_encryption_type =
    "\x6E"
    "EncryptionType";
constexpr std::string_view key_shard_id =
    "\x67"
    "ShardId";
constexpr std::string_view key_error_code =
    "\x69"
    "ErrorCode";
constexpr std::string_view key_error_message =
    "\x6C"
    "ErrorMessage";

// The start of the next `size` bytes of `out`.
char* extend(core::Buffer& out, std::size_t size) {
  const std::size_t start = out.size();
  out.resize(start + size);
  return reinterpret_cast<char*>(out.data()) + start;
}

// A member that may be absent.
std::size_t optional_size(std::string_view key, std::string_view text) noexcept {
  return text.empty() ? 0 : key.size() + text_size(text);
}
char* put_optional(char* at, std::string_view key, std::string_view text) noexcept {
  return text.empty() ? at : put_text(put(at, key), text);
}

std::size_t entry_size(const PutRecordsRequestEntry& entry) noexcept {
  std::size_t size = 1 + key_data.size() + head_size(entry.data.size()) + entry.data.size() +
                     optional_size(key_partition_key, entry.partition_key);
  if (entry.explicit_hash_key) size += key_explicit_hash_key.size() + text_size(*entry.explicit_hash_key);
  return size;
}

char* put_entry(char* at, const PutRecordsRequestEntry& entry) noexcept {
  const unsigned members = 1u + (entry.partition_key.empty() ? 0 : 1) + (entry.explicit_hash_key ? 1 : 0);
  at = put_head(at, Major::map, members);
  at = put_bytes(put(at, key_data), entry.data.bytes());
  at = put_optional(at, key_partition_key, entry.partition_key);
  if (entry.explicit_hash_key) at = put_text(put(at, key_explicit_hash_key), *entry.explicit_hash_key);
  return at;
}

}  // namespace

void write_put_records_cbor(const PutRecordsRequest& request, core::Buffer& out) {
  std::string head;
  cbor::Writer writer(head);
  writer.map(1u + (request.stream_name ? 1 : 0) + (request.stream_arn ? 1 : 0) + (request.stream_id ? 1 : 0) +
             (request.dry_run ? 1 : 0));
  const auto member = [&](std::string_view name, const std::optional<std::string>& value) {
    if (!value) return;
    writer.text(name);
    writer.text(*value);
  };
  member("StreamName", request.stream_name);
  member("StreamARN", request.stream_arn);
  member("StreamId", request.stream_id);
  writer.text("Records");
  writer.array(request.records.size());

  std::string tail;
  if (request.dry_run) {
    cbor::Writer(tail).text("DryRun");
    cbor::Writer(tail).boolean(*request.dry_run);
  }

  std::size_t size = head.size() + tail.size();
  for (const PutRecordsRequestEntry& entry : request.records) size += entry_size(entry);
  char* at = put(extend(out, size), head);
  for (const PutRecordsRequestEntry& entry : request.records) at = put_entry(at, entry);
  put(at, tail);
}

void write_put_records_answer_cbor(std::span<const PutRecordsResultView> results, EncryptionType encryption_type,
                                   core::Buffer& out) {
  std::size_t failed = 0;
  std::size_t size = 0;
  for (const PutRecordsResultView& result : results) {
    failed += result.error_code.empty() ? 0 : 1;
    size += 1 + optional_size(key_sequence_number, result.sequence_number) +
            optional_size(key_shard_id, result.shard_id) + optional_size(key_error_code, result.error_code) +
            optional_size(key_error_message, result.error_message);
  }
  const std::string_view encryption = to_string(encryption_type);
  std::string head;
  cbor::Writer writer(head);
  writer.map(encryption.empty() ? 2 : 3);
  writer.text("FailedRecordCount");
  writer.integer(static_cast<std::int64_t>(failed));
  writer.text("Records");
  writer.array(results.size());

  char* at = extend(out, head.size() + size + optional_size(key_encryption_type, encryption));
  at = put(at, head);
  for (const PutRecordsResultView& result : results) {
    const auto present = [](std::string_view text) { return text.empty() ? 0u : 1u; };
    at = put_head(at, Major::map,
                  present(result.sequence_number) + present(result.shard_id) + present(result.error_code) +
                      present(result.error_message));
    at = put_optional(at, key_sequence_number, result.sequence_number);
    at = put_optional(at, key_shard_id, result.shard_id);
    at = put_optional(at, key_error_code, result.error_code);
    at = put_optional(at, key_error_message, result.error_message);
  }
  put_optional(at, key_encryption_type, encryption);
}

std::size_t append_record_cbor(const StoredRecordView& record, core::Buffer& out) {
  const std::string_view encryption = to_string(record.encryption_type);
  const std::size_t before = 1 + key_sequence_number.size() + text_size(record.sequence_number) + key_arrival.size() +
                             1 + cbor::integer_size(record.approximate_arrival_millis) + key_data.size() +
                             head_size(record.data.size());
  const std::size_t start = out.size();
  char* at = extend(out, before + record.data.size() + optional_size(key_partition_key, record.partition_key) +
                             optional_size(key_encryption_type, encryption));
  at = put_head(at, Major::map, 3u + (record.partition_key.empty() ? 0 : 1) + (encryption.empty() ? 0 : 1));
  at = put_text(put(at, key_sequence_number), record.sequence_number);
  at = put_head(put(at, key_arrival), Major::tag, 1);
  at = cbor::put_integer(at, record.approximate_arrival_millis);
  at = put_bytes(put(at, key_data), record.data);
  at = put_optional(at, key_partition_key, record.partition_key);
  put_optional(at, key_encryption_type, encryption);
  return start + before;
}

namespace {

RecordsFrame frame(std::size_t records, const RecordsEnd& end, std::string_view next_name) {
  RecordsFrame out;
  cbor::Writer head(out.head);
  head.map(1u + (end.next ? 1 : 0) + (end.millis_behind_latest ? 1 : 0) + (end.child_shards.empty() ? 0 : 1));
  head.text("Records");
  head.array(records);
  cbor::Writer tail(out.tail);
  if (end.next) {
    tail.text(next_name);
    tail.text(*end.next);
  }
  if (end.millis_behind_latest) {
    tail.text("MillisBehindLatest");
    tail.integer(*end.millis_behind_latest);
  }
  if (!end.child_shards.empty()) {
    tail.text("ChildShards");
    tail.array(end.child_shards.size());
    for (const ChildShard& child : end.child_shards) write_cbor(type_of<ChildShard>(), &child, out.tail);
  }
  return out;
}

// The fast readers return false for whatever they do not expect, and the generic reader judges it: it accepts it or
// says what is wrong.

bool read_text(cbor::Reader& in, std::string_view& out) {
  Head head;
  return in.head(head) && head.major == Major::text && !head.is_indefinite() && in.content(head, out);
}

// The same where null stands for absent.
bool read_text_or_null(cbor::Reader& in, std::string_view& out) {
  Head head;
  if (!in.head(head)) return false;
  if (head.is_null()) return true;
  return head.major == Major::text && !head.is_indefinite() && in.content(head, out);
}

bool begin(cbor::Reader& in, Major major, Items& items) {
  Head head;
  return in.head(head) && head.major == major && in.begin(head, items);
}

bool read_key(cbor::Reader& in, std::string_view& key) {
  std::string joined;
  return in.key(key, joined) && joined.empty();
}

bool skip_value(cbor::Reader& in) {
  Head head;
  return in.head(head) && in.skip(head);
}

struct RawRecord {
  std::string_view sequence_number;
  std::int64_t millis = 0;
  std::string_view data;
  std::string_view partition_key;
  std::string_view encryption_type;
};

bool read_millis(cbor::Reader& in, std::int64_t& out) {
  Head head;
  if (!in.head(head) || head.major != Major::unsigned_integer) return false;
  out = static_cast<std::int64_t>(head.value);
  return out >= 0;
}

bool read_data(cbor::Reader& in, std::string_view& out) {
  Head head;
  return in.head(head) && head.major == Major::bytes && !head.is_indefinite() && in.content(head, out);
}

// One record; a member that comes twice is not expected, the last one wins as in the generic reader.
bool read_raw_record(cbor::Reader& in, RawRecord& out) {
  Items members;
  if (!begin(in, Major::map, members)) return false;
  while (in.next(members)) {
    std::string_view key;
    if (!read_key(in, key)) return false;
    bool good = false;
    switch (key.size()) {
      case 4:
        good = key == "Data" ? read_data(in, out.data) : skip_value(in);
        break;
      case 12:
        good = key == "PartitionKey" ? read_text_or_null(in, out.partition_key) : skip_value(in);
        break;
      case 14:
        if (key == "SequenceNumber") {
          good = read_text(in, out.sequence_number);
        } else {
          good = key == "EncryptionType" ? read_text_or_null(in, out.encryption_type) : skip_value(in);
        }
        break;
      case 27:
        good = key == "ApproximateArrivalTimestamp" ? read_millis(in, out.millis) : skip_value(in);
        break;
      default:
        good = skip_value(in);
    }
    if (!good) return false;
  }
  return in.ok();
}

bool read_records(cbor::Reader& in, const std::shared_ptr<const void>& owner, std::vector<KinesisRecord>& out) {
  Items items;
  if (!begin(in, Major::array, items)) return false;
  out.clear();
  // The smallest record AWS could send has a sequence number and data.
  if (!items.is_indefinite)
    out.reserve(std::min({static_cast<std::size_t>(items.left), most_reserved, in.remaining() / 16}));
  while (in.next(items)) {
    RawRecord raw;
    if (out.size() == max_elements || !read_raw_record(in, raw)) return false;
    KinesisRecord& record = out.emplace_back();
    if (!record.sequence_number.assign(raw.sequence_number)) return false;
    if (!from_millis(raw.millis, record.approximate_arrival_timestamp)) return false;
    record.data = Blob(as_bytes(raw.data), owner);
    record.partition_key = raw.partition_key;
    if (!raw.encryption_type.empty()) {
      record.encryption_type = static_cast<EncryptionType>(enum_value(type_of<EncryptionType>(), raw.encryption_type));
    }
  }
  return in.ok();
}

// A member that is not hot, by the generic reader.
template <class T>
bool read_other(cbor::Reader& in, const Blob& body, T& out) {
  const std::size_t start = in.position();
  if (!skip_value(in)) return false;
  const Blob part(body.bytes().subspan(start, in.position() - start), body.owner());
  return read_cbor(type_of<T>(), &out, part).has_value();
}

template <class Answer, class Next>
bool read_answer(const Blob& body, Answer& out, std::optional<Next> Answer::* next, std::string_view next_name) {
  cbor::Reader in(body.bytes());
  Items members;
  if (!begin(in, Major::map, members)) return false;
  while (in.next(members)) {
    std::string_view key;
    if (!read_key(in, key)) return false;
    bool good = false;
    if (key == "Records") {
      good = read_records(in, body.owner(), out.records);
    } else if (key == next_name) {
      good = read_other(in, body, out.*next);
    } else if (key == "MillisBehindLatest") {
      good = read_other(in, body, out.millis_behind_latest);
    } else if (key == "ChildShards") {
      good = read_other(in, body, out.child_shards);
    } else {
      good = skip_value(in);
    }
    if (!good) return false;
  }
  return in.ok() && in.at_end();
}

bool read_result(cbor::Reader& in, PutRecordsResultEntry& out) {
  Items members;
  if (!begin(in, Major::map, members)) return false;
  while (in.next(members)) {
    std::string_view key;
    std::string_view value;
    if (!read_key(in, key)) return false;
    if (key == "SequenceNumber") {
      if (!read_text(in, value) || !out.sequence_number.emplace().assign(value)) return false;
    } else if (key == "ShardId") {
      if (!read_text(in, value)) return false;
      out.shard_id = value;
    } else if (key == "ErrorCode") {
      if (!read_text(in, value)) return false;
      out.error_code = value;
    } else if (key == "ErrorMessage") {
      if (!read_text(in, value)) return false;
      out.error_message = value;
    } else if (!skip_value(in)) {
      return false;
    }
  }
  return in.ok();
}

bool read_results(cbor::Reader& in, std::vector<PutRecordsResultEntry>& out) {
  Items items;
  if (!begin(in, Major::array, items)) return false;
  out.clear();
  if (!items.is_indefinite)
    out.reserve(std::min({static_cast<std::size_t>(items.left), most_reserved, in.remaining() / 16}));
  while (in.next(items)) {
    if (out.size() == max_elements || !read_result(in, out.emplace_back())) return false;
  }
  return in.ok();
}

bool read_put_records_answer(const Blob& body, PutRecordsResponse& out) {
  cbor::Reader in(body.bytes());
  Items members;
  if (!begin(in, Major::map, members)) return false;
  while (in.next(members)) {
    std::string_view key;
    if (!read_key(in, key)) return false;
    bool good = false;
    if (key == "Records") {
      good = read_results(in, out.records);
    } else if (key == "FailedRecordCount") {
      good = read_other(in, body, out.failed_record_count);
    } else if (key == "EncryptionType") {
      good = read_other(in, body, out.encryption_type);
    } else {
      good = skip_value(in);
    }
    if (!good) return false;
  }
  return in.ok() && in.at_end();
}

bool read_put_record(cbor::Reader& in, PutRecordView& out) {
  Items members;
  bool has_data = false;
  if (!begin(in, Major::map, members)) return false;
  while (in.next(members)) {
    std::string_view key;
    std::string_view value;
    if (!read_key(in, key)) return false;
    if (key == "Data") {
      if (!read_data(in, value)) return false;
      out.data = as_bytes(value);
      has_data = true;
    } else if (key == "PartitionKey") {
      if (!read_text(in, out.partition_key)) return false;
    } else if (key == "ExplicitHashKey") {
      if (!read_text(in, value)) return false;
      out.explicit_hash_key = value;
    } else if (!skip_value(in)) {
      return false;
    }
  }
  return in.ok() && has_data;
}

enum class Outcome { read, unexpected, too_many };

Outcome read_put_records(cbor::Reader& in, PutRecordsView& out, std::size_t max_records) {
  Items members;
  bool has_records = false;
  if (!begin(in, Major::map, members)) return Outcome::unexpected;
  const auto text = [&](std::optional<std::string_view>& to) { return read_text(in, to.emplace()); };
  while (in.next(members)) {
    std::string_view key;
    if (!read_key(in, key)) return Outcome::unexpected;
    bool good = false;
    if (key == "Records") {
      Items items;
      if (!begin(in, Major::array, items)) return Outcome::unexpected;
      if (!items.is_indefinite && items.left > max_records) return Outcome::too_many;
      out.records.clear();
      out.records.reserve(items.left);
      has_records = true;
      while (in.next(items)) {
        if (out.records.size() == max_records) return Outcome::too_many;
        if (!read_put_record(in, out.records.emplace_back())) return Outcome::unexpected;
      }
      good = in.ok();
    } else if (key == "StreamName") {
      good = text(out.stream_name);
    } else if (key == "StreamARN") {
      good = text(out.stream_arn);
    } else if (key == "StreamId") {
      good = text(out.stream_id);
    } else if (key == "DryRun") {
      Head head;
      good = in.head(head) && head.is_bool();
      out.dry_run = head.info == cbor::simple_true;
    } else {
      good = skip_value(in);
    }
    if (!good) return Outcome::unexpected;
  }
  return in.ok() && in.at_end() && has_records ? Outcome::read : Outcome::unexpected;
}

}  // namespace

RecordsFrame get_records_frame_cbor(std::size_t records, const RecordsEnd& end) {
  return frame(records, end, "NextShardIterator");
}

RecordsFrame subscribe_event_frame_cbor(std::size_t records, const RecordsEnd& end) {
  return frame(records, end, "ContinuationSequenceNumber");
}

bool read_record_cbor(BytesView& fragments, StoredRecordView& record) {
  cbor::Reader in(fragments);
  RawRecord raw;
  if (!read_raw_record(in, raw)) return false;
  fragments = fragments.subspan(in.position());
  record.sequence_number = raw.sequence_number;
  record.approximate_arrival_millis = raw.millis;
  record.data = as_bytes(raw.data);
  record.partition_key = raw.partition_key;
  record.encryption_type = static_cast<EncryptionType>(enum_value(type_of<EncryptionType>(), raw.encryption_type));
  return true;
}

Result<GetRecordsResponse> read_get_records_cbor(const Blob& body) {
  GetRecordsResponse answer;
  if (read_answer(body, answer, &GetRecordsResponse::next_shard_iterator, "NextShardIterator")) return answer;
  return from_cbor<GetRecordsResponse>(body);
}

Result<SubscribeToShardEvent> read_subscribe_event_cbor(const Blob& payload) {
  SubscribeToShardEvent event;
  if (read_answer(payload, event, &SubscribeToShardEvent::continuation_sequence_number, "ContinuationSequenceNumber")) {
    return event;
  }
  return from_cbor<SubscribeToShardEvent>(payload);
}

Result<PutRecordsResponse> read_put_records_answer_cbor(const Blob& body) {
  PutRecordsResponse answer;
  if (read_put_records_answer(body, answer)) return answer;
  return from_cbor<PutRecordsResponse>(body);
}

Result<PutRecordsView> read_put_records_cbor(const Blob& body, std::size_t max_records) {
  PutRecordsView view;
  cbor::Reader in(body.bytes());
  const Outcome outcome = read_put_records(in, view, max_records);
  if (outcome == Outcome::too_many) return too_many_put_records(max_records);
  if (outcome == Outcome::read) {
    view.owner = body.owner();
    return view;
  }
  auto request = from_cbor<PutRecordsRequest>(body, Missing::refused);
  if (!request) return request.error();
  if (request->records.size() > max_records) return too_many_put_records(max_records);
  return view_of(std::make_shared<const PutRecordsRequest>(*std::move(request)));
}

}  // namespace kinesis::aws
