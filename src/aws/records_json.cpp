#include "aws/records_json.hpp"

#include "aws/json_writer.hpp"
#include "aws/kinesis_shapes.hpp"
#include "aws/records_cbor.hpp"
#include "core/base64.hpp"

#include <simdjson.h>

#include <algorithm>

namespace kinesis::aws {
namespace {

using simdjson::SUCCESS;
namespace ondemand = simdjson::ondemand;

void append(core::Buffer& out, std::string_view text) { out.append(as_bytes(text)); }

void append_base64(core::Buffer& out, BytesView bytes) {
  const std::size_t start = out.size();
  out.resize(start + core::base64_encoded_size(bytes.size()));
  core::base64_encode(bytes, reinterpret_cast<char*>(out.data()) + start);
}

// A string with its quotes. `scratch` is reused.
void append_string(core::Buffer& out, std::string_view text, std::string& scratch) {
  scratch.clear();
  append_json_string(scratch, text);
  append(out, scratch);
}

void append_member(core::Buffer& out, std::string_view name_and_colon, std::string_view text, std::string& scratch) {
  append(out, name_and_colon);
  append_string(out, text, scratch);
}

}  // namespace

void write_put_records_json(const PutRecordsRequest& request, core::Buffer& out) {
  std::size_t size = 200;
  for (const PutRecordsRequestEntry& entry : request.records) {
    size += 100 + core::base64_encoded_size(entry.data.size()) + entry.partition_key.size();
  }
  out.reserve(out.size() + size);

  std::string scratch;
  JsonWriter head(scratch);
  head.begin_object();
  if (request.stream_name) head.key("StreamName").string(*request.stream_name);
  if (request.stream_arn) head.key("StreamARN").string(*request.stream_arn);
  if (request.stream_id) head.key("StreamId").string(*request.stream_id);
  head.key("Records").begin_array();
  append(out, scratch);
  std::string_view before = R"({"Data":")";
  for (const PutRecordsRequestEntry& entry : request.records) {
    append(out, before);
    append_base64(out, entry.data.bytes());
    append(out, "\"");
    if (!entry.partition_key.empty()) append_member(out, R"(,"PartitionKey":)", entry.partition_key, scratch);
    if (entry.explicit_hash_key) append_member(out, R"(,"ExplicitHashKey":)", *entry.explicit_hash_key, scratch);
    append(out, "}");
    before = R"(,{"Data":")";
  }
  append(out, "]");
  if (request.dry_run) append(out, *request.dry_run ? R"(,"DryRun":true)" : R"(,"DryRun":false)");
  append(out, "}");
}

void write_put_records_answer_json(std::span<const PutRecordsResultView> results, EncryptionType encryption_type,
                                   core::Buffer& out) {
  const auto failed = std::count_if(results.begin(), results.end(),
                                    [](const PutRecordsResultView& result) { return !result.error_code.empty(); });
  std::string text;
  text.reserve(100 + results.size() * 160);
  JsonWriter json(text);
  json.begin_object().key("FailedRecordCount").integer(failed).key("Records").begin_array();
  for (const PutRecordsResultView& result : results) {
    json.begin_object();
    if (!result.sequence_number.empty()) json.key("SequenceNumber").plain_string(result.sequence_number);
    if (!result.shard_id.empty()) json.key("ShardId").string(result.shard_id);
    if (!result.error_code.empty()) json.key("ErrorCode").string(result.error_code);
    if (!result.error_message.empty()) json.key("ErrorMessage").string(result.error_message);
    json.end_object();
  }
  json.end_array();
  const std::string_view encryption = to_string(encryption_type);
  if (!encryption.empty()) json.key("EncryptionType").plain_string(encryption);
  json.end_object();
  append(out, text);
}

namespace {

void append_record(const StoredRecordView& record, core::Buffer& out, std::string& scratch) {
  scratch.clear();
  JsonWriter json(scratch);
  json.begin_object().key("SequenceNumber").plain_string(record.sequence_number);
  json.key("ApproximateArrivalTimestamp").epoch_seconds(record.approximate_arrival_millis);
  json.key("Data");
  append(out, scratch);
  append(out, "\"");
  append_base64(out, record.data);
  append(out, "\"");
  if (!record.partition_key.empty()) append_member(out, R"(,"PartitionKey":)", record.partition_key, scratch);
  const std::string_view encryption = to_string(record.encryption_type);
  if (!encryption.empty()) append_member(out, R"(,"EncryptionType":)", encryption, scratch);
  append(out, "}");
}

}  // namespace

void append_record_json(const StoredRecordView& record, core::Buffer& out) {
  std::string scratch;
  append_record(record, out, scratch);
}

bool append_records_json(BytesView fragments, core::Buffer& out) {
  std::string scratch;
  bool first = true;
  while (!fragments.empty()) {
    StoredRecordView record;
    if (!read_record_cbor(fragments, record)) return false;
    if (!first) append(out, ",");
    first = false;
    append_record(record, out, scratch);
  }
  return true;
}

namespace {

RecordsFrame frame(const RecordsEnd& end, std::string_view next_name) {
  RecordsFrame out;
  out.head = R"({"Records":[)";
  out.tail = "]";
  if (end.next) {
    out.tail += ",\"";
    out.tail += next_name;
    out.tail += "\":";
    append_json_string(out.tail, *end.next);
  }
  if (end.millis_behind_latest) out.tail += ",\"MillisBehindLatest\":" + std::to_string(*end.millis_behind_latest);
  if (!end.child_shards.empty()) {
    const std::vector<ChildShard> children(end.child_shards.begin(), end.child_shards.end());
    out.tail += ",\"ChildShards\":";
    write_json(type_of<std::vector<ChildShard>>(), &children, out.tail);
  }
  out.tail += '}';
  return out;
}

}  // namespace

RecordsFrame get_records_frame_json(const RecordsEnd& end) { return frame(end, "NextShardIterator"); }

RecordsFrame subscribe_event_frame_json(const RecordsEnd& end) { return frame(end, "ContinuationSequenceNumber"); }

namespace {

// A parser keeps room for the largest document it has seen, so one that has seen a very large one is not kept.
constexpr std::size_t largest_kept = 4 << 20;

// An on-demand document over a body.
class Document {
 public:
  Document(const Blob& body, Padding padding) : parser_(body.size() <= largest_kept ? kept() : large_) {
    const std::string_view text = body.text();
    if (text.empty()) return;  // there may be no bytes behind it either
    if (padding == Padding::none) {
      copy_ = simdjson::padded_string(text.data(), text.size());
      error_ = parser_.iterate(copy_).get(document_);
    } else {
      error_ =
          parser_
              .iterate(simdjson::padded_string_view(text.data(), text.size(), text.size() + simdjson::SIMDJSON_PADDING))
              .get(document_);
    }
    if (error_ == SUCCESS) error_ = document_.get_object().get(root_);
  }
  Document(const Document&) = delete;
  Document& operator=(const Document&) = delete;

  bool ok() const noexcept { return error_ == SUCCESS; }
  ondemand::object& root() noexcept { return root_; }
  /// True once everything was read and nothing follows.
  bool at_end() { return document_.current_location().error() == simdjson::OUT_OF_BOUNDS; }
  /// Whether views of it are parts of the body.
  bool is_over_body() const noexcept { return copy_.size() == 0; }

 private:
  static ondemand::parser& kept() {
    static thread_local ondemand::parser parser;
    return parser;
  }

  ondemand::parser large_;
  ondemand::parser& parser_;
  simdjson::padded_string copy_;
  ondemand::document document_;
  ondemand::object root_;
  simdjson::error_code error_ = simdjson::UNINITIALIZED;
};

// The fast readers return false for whatever they do not expect, and the generic reader judges it: it accepts it or
// says what is wrong.

// What is between the quotes, escapes as they are: a second pass over the data to undo escapes they never have would
// double the cost.
bool raw_string(ondemand::value value, std::string_view& out) {
  std::string_view token = value.raw_json_token();
  while (!token.empty() &&
         (token.back() == ' ' || token.back() == '\n' || token.back() == '\r' || token.back() == '\t')) {
    token.remove_suffix(1);
  }
  if (token.size() < 2 || token.front() != '"' || token.back() != '"') return false;
  out = token.substr(1, token.size() - 2);
  return true;
}

// A string as a view: of the document, or of the parser's room if there are escapes. Valid until the next document.
bool read_text(ondemand::value value, std::string_view& out) {
  if (!raw_string(value, out)) return false;
  if (out.find('\\') == std::string_view::npos) return true;
  return value.get_string().get(out) == SUCCESS;
}

bool is_null(ondemand::value value) { return value.raw_json_token().starts_with("null"); }

// For members that null leaves absent.
bool read_text_or_null(ondemand::value value, std::string_view& out) {
  if (is_null(value)) return true;
  return read_text(value, out);
}

bool read_millis(ondemand::value value, std::int64_t& out) {
  double seconds = 0;
  Timestamp time;
  if (value.get_double().get(seconds) != SUCCESS || !from_seconds(seconds, time)) return false;
  out = to_millis(time);
  return true;
}

// Decodes base64 behind what is in `room`, which has capacity for all of a document's strings.
bool decode_into(std::string_view text, core::Buffer& room, BytesView& out) {
  const std::size_t start = room.size();
  if (start + core::base64_decoded_capacity(text.size()) > room.capacity()) return false;
  const auto size = core::base64_decode(text, room.data() + start);
  if (!size) return false;
  room.resize(start + *size);
  out = BytesView(room.data() + start, *size);
  return true;
}

struct RawRecord {
  std::string_view sequence_number;
  std::int64_t millis = 0;
  std::string_view data;
  std::string_view partition_key;
  std::string_view encryption_type;
};

bool read_raw_record(ondemand::object object, RawRecord& out) {
  for (auto field : object) {
    std::string_view key;
    ondemand::value value;
    if (field.unescaped_key().get(key) != SUCCESS || field.value().get(value) != SUCCESS) return false;
    bool good = true;
    if (key == "Data") {
      good = raw_string(value, out.data);
    } else if (key == "SequenceNumber") {
      good = raw_string(value, out.sequence_number);
    } else if (key == "PartitionKey") {
      good = read_text_or_null(value, out.partition_key);
    } else if (key == "ApproximateArrivalTimestamp") {
      good = read_millis(value, out.millis);
    } else if (key == "EncryptionType") {
      good = read_text_or_null(value, out.encryption_type);
    }
    if (!good) return false;
  }
  return true;
}

bool read_records(ondemand::value value, const std::shared_ptr<core::Buffer>& room, std::vector<KinesisRecord>& out) {
  ondemand::array array;
  if (value.get_array().get(array) != SUCCESS) return false;
  out.clear();
  for (auto item : array) {
    ondemand::object object;
    RawRecord raw;
    if (out.size() == max_elements) return false;
    if (item.get_object().get(object) != SUCCESS || !read_raw_record(object, raw)) return false;
    KinesisRecord& record = out.emplace_back();
    BytesView data;
    if (!record.sequence_number.assign(raw.sequence_number)) return false;
    if (!from_millis(raw.millis, record.approximate_arrival_timestamp)) return false;
    if (!decode_into(raw.data, *room, data)) return false;
    record.data = Blob(data, room);
    record.partition_key = raw.partition_key;
    if (!raw.encryption_type.empty()) {
      record.encryption_type = static_cast<EncryptionType>(enum_value(type_of<EncryptionType>(), raw.encryption_type));
    }
  }
  return true;
}

// A member that is not hot, by the generic reader.
template <class T>
bool read_other(ondemand::value value, T& out) {
  ondemand::object object;
  ondemand::array array;
  std::string_view json;
  if (value.get_object().get(object) == SUCCESS) {
    if (object.raw_json().get(json) != SUCCESS) return false;
  } else if (value.get_array().get(array) == SUCCESS) {
    if (array.raw_json().get(json) != SUCCESS) return false;
  } else {
    json = value.raw_json_token();
  }
  return read_json(type_of<T>(), &out, json).has_value();
}

template <class Answer, class Next>
bool read_answer(const Blob& body, Padding padding, core::Buffer room, Answer& out, std::optional<Next> Answer::* next,
                 std::string_view next_name) {
  Document document(body, padding);
  if (!document.ok()) return false;
  room.clear();
  room.reserve(core::base64_decoded_capacity(body.size()) + 4);
  const auto shared = std::make_shared<core::Buffer>(std::move(room));
  for (auto field : document.root()) {
    std::string_view key;
    ondemand::value value;
    if (field.unescaped_key().get(key) != SUCCESS || field.value().get(value) != SUCCESS) return false;
    bool good = true;
    if (key == "Records") {
      good = read_records(value, shared, out.records);
    } else if (key == next_name) {
      good = read_other(value, out.*next);
    } else if (key == "MillisBehindLatest") {
      good = read_other(value, out.millis_behind_latest);
    } else if (key == "ChildShards") {
      good = read_other(value, out.child_shards);
    }
    if (!good) return false;
  }
  return document.at_end();
}

bool read_results(ondemand::value value, std::vector<PutRecordsResultEntry>& out) {
  ondemand::array array;
  if (value.get_array().get(array) != SUCCESS) return false;
  out.clear();
  for (auto item : array) {
    ondemand::object object;
    if (out.size() == max_elements || item.get_object().get(object) != SUCCESS) return false;
    PutRecordsResultEntry& result = out.emplace_back();
    for (auto field : object) {
      std::string_view key;
      std::string_view text;
      ondemand::value member;
      if (field.unescaped_key().get(key) != SUCCESS || field.value().get(member) != SUCCESS) return false;
      if (key == "SequenceNumber") {
        if (is_null(member)) continue;
        if (!raw_string(member, text) || !result.sequence_number.emplace().assign(text)) return false;
      } else if (key == "ShardId") {
        if (!read_text_or_null(member, text)) return false;
        result.shard_id = text;
      } else if (key == "ErrorCode") {
        if (!read_text_or_null(member, text)) return false;
        result.error_code = text;
      } else if (key == "ErrorMessage") {
        if (!read_text_or_null(member, text)) return false;
        result.error_message = text;
      }
    }
  }
  return true;
}

bool read_put_records_answer(const Blob& body, Padding padding, PutRecordsResponse& out) {
  Document document(body, padding);
  if (!document.ok()) return false;
  for (auto field : document.root()) {
    std::string_view key;
    ondemand::value value;
    if (field.unescaped_key().get(key) != SUCCESS || field.value().get(value) != SUCCESS) return false;
    bool good = true;
    if (key == "Records") {
      good = read_results(value, out.records);
    } else if (key == "FailedRecordCount") {
      good = read_other(value, out.failed_record_count);
    } else if (key == "EncryptionType") {
      good = read_other(value, out.encryption_type);
    }
    if (!good) return false;
  }
  return document.at_end();
}

enum class Outcome { read, unexpected, too_many };

// Reads a PutRecords request. Its views are parts of the body, of `room`, or (with escapes) copies in `room`.
class PutRecordsReader {
 public:
  PutRecordsReader(Document& document, core::Buffer& room, std::size_t max_records) noexcept
      : document_(document), room_(room), max_records_(max_records) {}

  Outcome read(PutRecordsView& out) {
    bool has_records = false;
    for (auto field : document_.root()) {
      std::string_view key;
      ondemand::value value;
      if (field.unescaped_key().get(key) != SUCCESS || field.value().get(value) != SUCCESS) return Outcome::unexpected;
      bool good = true;
      if (key == "Records") {
        const Outcome outcome = read_records(value, out.records);
        if (outcome != Outcome::read) return outcome;
        has_records = true;
      } else if (key == "StreamName") {
        good = text(value, out.stream_name);
      } else if (key == "StreamARN") {
        good = text(value, out.stream_arn);
      } else if (key == "StreamId") {
        good = text(value, out.stream_id);
      } else if (key == "DryRun") {
        good = value.get_bool().get(out.dry_run) == SUCCESS;
      }
      if (!good) return Outcome::unexpected;
    }
    return has_records && document_.at_end() ? Outcome::read : Outcome::unexpected;
  }

 private:
  Outcome read_records(ondemand::value value, std::vector<PutRecordView>& out) {
    ondemand::array array;
    if (value.get_array().get(array) != SUCCESS) return Outcome::unexpected;
    out.clear();
    for (auto item : array) {
      ondemand::object object;
      if (out.size() == max_records_) return Outcome::too_many;
      if (item.get_object().get(object) != SUCCESS || !read_record(object, out.emplace_back()))
        return Outcome::unexpected;
    }
    return Outcome::read;
  }

  bool read_record(ondemand::object object, PutRecordView& out) {
    bool has_data = false;
    for (auto field : object) {
      std::string_view key;
      std::string_view value_text;
      ondemand::value value;
      if (field.unescaped_key().get(key) != SUCCESS || field.value().get(value) != SUCCESS) return false;
      bool good = true;
      if (key == "Data") {
        good = raw_string(value, value_text) && decode_into(value_text, room_, out.data);
        has_data = true;
      } else if (key == "PartitionKey") {
        good = kept_text(value, out.partition_key);
      } else if (key == "ExplicitHashKey") {
        good = text(value, out.explicit_hash_key);
      }
      if (!good) return false;
    }
    return has_data;
  }

  bool text(ondemand::value value, std::optional<std::string_view>& out) {
    if (is_null(value)) return true;
    return kept_text(value, out.emplace());
  }

  // A string that stays valid: the parser's room does not.
  bool kept_text(ondemand::value value, std::string_view& out) {
    if (!raw_string(value, out)) return false;
    if (document_.is_over_body() && out.find('\\') == std::string_view::npos) return true;
    if (!read_text(value, out) || room_.size() + out.size() > room_.capacity()) return false;
    const std::size_t start = room_.size();
    room_.append(as_bytes(out));
    out = as_text(room_.bytes().subspan(start));
    return true;
  }

  Document& document_;
  core::Buffer& room_;
  std::size_t max_records_;
};

}  // namespace

Result<GetRecordsResponse> read_get_records_json(const Blob& body, Padding padding, core::Buffer room) {
  GetRecordsResponse answer;
  if (read_answer(body, padding, std::move(room), answer, &GetRecordsResponse::next_shard_iterator,
                  "NextShardIterator")) {
    return answer;
  }
  return from_json<GetRecordsResponse>(body.text(), padding);
}

Result<SubscribeToShardEvent> read_subscribe_event_json(const Blob& payload, Padding padding, core::Buffer room) {
  SubscribeToShardEvent event;
  if (read_answer(payload, padding, std::move(room), event, &SubscribeToShardEvent::continuation_sequence_number,
                  "ContinuationSequenceNumber")) {
    return event;
  }
  return from_json<SubscribeToShardEvent>(payload.text(), padding);
}

Result<PutRecordsResponse> read_put_records_answer_json(const Blob& body, Padding padding) {
  PutRecordsResponse answer;
  if (read_put_records_answer(body, padding, answer)) return answer;
  return from_json<PutRecordsResponse>(body.text(), padding);
}

Result<PutRecordsView> read_put_records_json(const Blob& body, Padding padding, core::Buffer room,
                                             std::size_t max_records) {
  // Room for all strings of the body, decoded or without escapes, so that views into it stay valid.
  struct Owner {
    Blob body;
    core::Buffer room;
  };
  const auto owner = std::make_shared<Owner>();
  owner->body = body;
  owner->room = std::move(room);
  owner->room.clear();
  owner->room.reserve(body.size() + 4);
  PutRecordsView view;
  Document document(body, padding);
  if (document.ok()) {
    const Outcome outcome = PutRecordsReader(document, owner->room, max_records).read(view);
    if (outcome == Outcome::too_many) return too_many_put_records(max_records);
    if (outcome == Outcome::read) {
      view.owner = owner;
      return view;
    }
  }
  auto request = from_json<PutRecordsRequest>(body.text(), padding, Missing::refused);
  if (!request) return request.error();
  if (request->records.size() > max_records) return too_many_put_records(max_records);
  return view_of(std::make_shared<const PutRecordsRequest>(*std::move(request)));
}

}  // namespace kinesis::aws
