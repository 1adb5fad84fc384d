#include "aws/cbor.hpp"
#include "aws/cbor_format.hpp"
#include "aws/json_format.hpp"
#include "aws/kinesis_shapes.hpp"
#include "aws/records_cbor.hpp"
#include "aws/records_json.hpp"
#include "aws/shape_samples.hpp"

#include <gtest/gtest.h>

// The codecs of their own against the generic ones.
namespace kinesis::aws {
namespace {

enum class Format { cbor, json };

std::string text_of(const core::Buffer& buffer) { return std::string(as_text(buffer.bytes())); }

// A blob with or without readable bytes behind it, that lives on the heap so that views into it are checked.
Blob heap_blob(const std::string& bytes, Padding padding) {
  auto owner = std::make_shared<std::vector<char>>(bytes.begin(), bytes.end());
  owner->resize(bytes.size() + (padding == Padding::none ? 0 : 64));
  return Blob(BytesView(reinterpret_cast<const std::byte*>(owner->data()), bytes.size()), owner);
}

class Records : public testing::TestWithParam<std::tuple<Format, Padding>> {
 protected:
  Format format() const { return std::get<0>(GetParam()); }
  Padding padding() const { return std::get<1>(GetParam()); }

  template <class T>
  std::string generic(const T& value) const {
    return format() == Format::cbor ? to_cbor(value) : to_json(value);
  }
  template <class T>
  Result<T> read_generic(const std::string& bytes, Missing missing = Missing::accepted) const {
    if (format() == Format::cbor) return from_cbor<T>(heap_blob(bytes, padding()), missing);
    return from_json<T>(bytes, Padding::none, missing);
  }
  template <class T>
  T sample(int richness) {
    T value{};
    fill_sample(type_of<T>(), &value, random_, richness);
    return value;
  }

  Result<GetRecordsResponse> read_get_records(const std::string& bytes) const {
    const Blob body = heap_blob(bytes, padding());
    return format() == Format::cbor ? read_get_records_cbor(body) : read_get_records_json(body, padding());
  }
  Result<SubscribeToShardEvent> read_event(const std::string& bytes) const {
    const Blob body = heap_blob(bytes, padding());
    return format() == Format::cbor ? read_subscribe_event_cbor(body) : read_subscribe_event_json(body, padding());
  }
  Result<PutRecordsResponse> read_answer(const std::string& bytes) const {
    const Blob body = heap_blob(bytes, padding());
    return format() == Format::cbor ? read_put_records_answer_cbor(body)
                                    : read_put_records_answer_json(body, padding());
  }
  Result<PutRecordsView> read_request(const std::string& bytes, std::size_t max = max_put_records) const {
    const Blob body = heap_blob(bytes, padding());
    if (format() == Format::cbor) return read_put_records_cbor(body, max);
    return read_put_records_json(body, padding(), core::Buffer(), max);
  }
  std::string write(const PutRecordsRequest& request) const {
    core::Buffer out;
    if (format() == Format::cbor) {
      write_put_records_cbor(request, out);
    } else {
      write_put_records_json(request, out);
    }
    return text_of(out);
  }

  std::mt19937_64 random_{7};
};
INSTANTIATE_TEST_SUITE_P(Both, Records,
                         testing::Values(std::tuple(Format::cbor, Padding::none),
                                         std::tuple(Format::json, Padding::none),
                                         std::tuple(Format::json, Padding::at_least_64_bytes)),
                         [](const auto& param) {
                           const bool cbor = std::get<0>(param.param) == Format::cbor;
                           const bool padded = std::get<1>(param.param) != Padding::none;
                           return std::string(cbor ? "Cbor" : padded ? "JsonPadded" : "Json");
                         });

// Both readers agree: the same value, or both an error.
template <class T>
void expect_same(const Result<T>& fast, const Result<T>& generic, const std::string& bytes) {
  ASSERT_EQ(fast.has_value(), generic.has_value()) << bytes << "\n" << (fast ? generic : fast).error().what();
  if (fast) {
    EXPECT_EQ(difference(type_of<T>(), &*fast, &*generic), "") << bytes;
  } else {
    EXPECT_EQ(fast.error().message(), generic.error().message());
  }
}

PutRecordsRequest owned(const PutRecordsView& view) {
  PutRecordsRequest request;
  if (view.stream_name) request.stream_name = *view.stream_name;
  if (view.stream_arn) request.stream_arn = *view.stream_arn;
  if (view.stream_id) request.stream_id = *view.stream_id;
  if (view.dry_run) request.dry_run = true;
  for (const auto& record : view.records) {
    auto& entry = request.records.emplace_back(Blob::copy_of(record.data), std::string(record.partition_key));
    if (record.explicit_hash_key) entry.explicit_hash_key = *record.explicit_hash_key;
  }
  return request;
}

void expect_same(const Result<PutRecordsView>& fast, Result<PutRecordsRequest> generic, const std::string& bytes) {
  ASSERT_EQ(fast.has_value(), generic.has_value()) << bytes;
  if (!fast) {
    EXPECT_EQ(fast.error().message(), generic.error().message());
    EXPECT_EQ(fast.error().service_code(), generic.error().service_code());
    return;
  }
  if (generic->dry_run == false) generic->dry_run.reset();
  const PutRecordsRequest request = owned(*fast);
  EXPECT_EQ(difference(type_of<PutRecordsRequest>(), &request, &*generic), "") << bytes;
}

TEST_P(Records, AreWrittenAsTheGenericWriterDoes) {
  for (int round = 0; round < 300; ++round) {
    const auto request = sample<PutRecordsRequest>(round % 101);
    EXPECT_EQ(write(request), generic(request));
  }
  PutRecordsRequest request("s", {});
  EXPECT_EQ(write(request), generic(request));
  for (const std::size_t size : {0u, 1u, 23u, 24u, 255u, 256u, 65535u, 65536u, 1'000'000u}) {
    request.records.emplace_back(Blob(std::string(size, 'x')), std::string(size % 300, 'k'));
  }
  EXPECT_EQ(write(request), generic(request));
}

TEST_P(Records, AreReadAsTheGenericReaderDoes) {
  for (int round = 0; round < 200; ++round) {
    const int richness = round % 101;
    const std::string answer = generic(sample<GetRecordsResponse>(richness));
    expect_same(read_get_records(answer), read_generic<GetRecordsResponse>(answer), answer);
    const std::string event = generic(sample<SubscribeToShardEvent>(richness));
    expect_same(read_event(event), read_generic<SubscribeToShardEvent>(event), event);
    const std::string results = generic(sample<PutRecordsResponse>(richness));
    expect_same(read_answer(results), read_generic<PutRecordsResponse>(results), results);
    const std::string request = generic(sample<PutRecordsRequest>(richness));
    expect_same(read_request(request), read_generic<PutRecordsRequest>(request, Missing::refused), request);
  }
}

TEST_P(Records, AreReadAsTheGenericReaderDoesWhateverTheBytes) {
  const auto check = [&](const std::string& answer, const std::string& results, const std::string& request) {
    expect_same(read_get_records(answer), read_generic<GetRecordsResponse>(answer), answer);
    expect_same(read_event(answer), read_generic<SubscribeToShardEvent>(answer), answer);
    expect_same(read_answer(results), read_generic<PutRecordsResponse>(results), results);
    expect_same(read_request(request), read_generic<PutRecordsRequest>(request, Missing::refused), request);
  };
  check("", "", "");
  const auto changed = [&](std::string bytes) {
    if (format() == Format::json) {
      // On-demand parsing does not look into what it skips, so only changes that keep the text JSON are comparable.
      std::size_t last_escape = 0;
      bool in_string = false;
      for (std::size_t i = 1; i < bytes.size(); ++i) {
        char& c = bytes[i];
        if (c == '\\') last_escape = i;
        if (c == '"' && i != last_escape + 1) in_string = !in_string;
        if (!in_string || i - last_escape < 6 || random_() % 40 != 0) continue;
        if (c >= '1' && c <= '9') c = static_cast<char>('1' + random_() % 9);
        if (c >= 'a' && c <= 'z') c = static_cast<char>('a' + random_() % 26);
      }
      return bytes;
    }
    for (auto left = random_() % 3; left > 0; --left) bytes[random_() % bytes.size()] = static_cast<char>(random_());
    if (random_() % 4 == 0) bytes.resize(random_() % bytes.size());
    return bytes;
  };
  for (int round = 0; round < 600; ++round) {
    check(changed(generic(sample<GetRecordsResponse>(100))), changed(generic(sample<PutRecordsResponse>(100))),
          changed(generic(sample<PutRecordsRequest>(100))));
  }
}

TEST_P(Records, RefuseMoreThanTheLimit) {
  PutRecordsRequest request("s", {});
  for (std::size_t i = 0; i < max_put_records; ++i) request.records.emplace_back("x", "k");
  EXPECT_EQ(read_request(generic(request))->records.size(), max_put_records);
  request.records.emplace_back("x", "k");
  const auto refused = read_request(generic(request));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), errc::invalid_argument);
  EXPECT_EQ(refused.error().service_code(), "ValidationException");
  EXPECT_EQ(read_request(generic(request), 1000)->records.size(), max_put_records + 1);
}

TEST_P(Records, MissDataInARequest) {
  std::string bytes = R"({"StreamName":"s","Records":[{"PartitionKey":"k"}]})";
  if (format() == Format::cbor) {
    bytes.clear();
    cbor::Writer out(bytes);
    out.map(1);
    out.text("Records");
    out.array(1);
    out.map(1);
    out.text("PartitionKey");
    out.text("k");
  }
  const auto request = read_request(bytes);
  ASSERT_FALSE(request);
  EXPECT_EQ(request.error().service_code(), "ValidationException");
  EXPECT_NE(request.error().message().find("'data'"), std::string::npos);
}

TEST_P(Records, KeepAliveWhatTheyAreViewsOf) {
  PutRecordsRequest request("stream-with-a-name",
                            {PutRecordsRequestEntry(Blob(std::string(100, 'x')), "partition \"key\"")});
  std::optional<PutRecordsView> view = read_request(generic(request)).value();  // the body is gone, but for the view
  EXPECT_EQ(view->records[0].partition_key, "partition \"key\"");
  EXPECT_EQ(view->stream_name, "stream-with-a-name");
  const Blob kept(view->records[0].data, view->owner);
  view.reset();
  EXPECT_EQ(kept.text(), std::string(100, 'x'));

  GetRecordsResponse answer;
  answer.records.emplace_back().data = Blob(std::string(100, 'y'));
  Blob data;
  {
    auto read = read_get_records(generic(answer)).value();
    data = read.records[0].data;
  }
  EXPECT_EQ(data.text(), std::string(100, 'y'));
}

StoredRecordView stored(const KinesisRecord& record) {
  StoredRecordView view;
  view.sequence_number = record.sequence_number.view();
  view.approximate_arrival_millis = to_millis(record.approximate_arrival_timestamp);
  view.data = record.data.bytes();
  view.partition_key = record.partition_key;
  view.encryption_type = record.encryption_type;
  return view;
}

// What a server sends in pieces is what the generic writer writes in one.
TEST_P(Records, AreSentInPiecesAsTheGenericWriterWrites) {
  for (int round = 0; round < 200; ++round) {
    const auto answer = sample<GetRecordsResponse>(round % 101);
    RecordsEnd end;
    if (answer.next_shard_iterator) end.next = *answer.next_shard_iterator;
    end.millis_behind_latest = answer.millis_behind_latest;
    end.child_shards = answer.child_shards;
    core::Buffer cbor_records;
    core::Buffer json_records;
    for (const auto& record : answer.records) {
      const std::size_t at = append_record_cbor(stored(record), cbor_records);
      EXPECT_EQ(as_text(cbor_records.bytes().subspan(at, record.data.size())), record.data.text());
      if (!json_records.empty()) json_records.append(as_bytes(","));
      append_record_json(stored(record), json_records);
    }
    if (format() == Format::cbor) {
      const auto frame = get_records_frame_cbor(answer.records.size(), end);
      EXPECT_EQ(frame.head + text_of(cbor_records) + frame.tail, generic(answer));
      continue;
    }
    const auto frame = get_records_frame_json(end);
    EXPECT_EQ(frame.head + text_of(json_records) + frame.tail, generic(answer));
    bool times_are_positive = true;
    for (const auto& record : answer.records)
      times_are_positive &= to_millis(record.approximate_arrival_timestamp) >= 0;
    core::Buffer converted;
    ASSERT_EQ(append_records_json(cbor_records.bytes(), converted), times_are_positive);
    if (times_are_positive) {
      EXPECT_EQ(text_of(converted), text_of(json_records));
    }
  }
}

TEST_P(Records, OfEventsAreSentInPiecesToo) {
  for (int round = 0; round < 100; ++round) {
    const auto event = sample<SubscribeToShardEvent>(round);
    RecordsEnd end;
    if (event.continuation_sequence_number) end.next = event.continuation_sequence_number->view();
    end.millis_behind_latest = event.millis_behind_latest;
    end.child_shards = event.child_shards;
    core::Buffer records;
    for (const auto& record : event.records) {
      if (format() == Format::cbor) {
        append_record_cbor(stored(record), records);
      } else {
        if (!records.empty()) records.append(as_bytes(","));
        append_record_json(stored(record), records);
      }
    }
    const auto frame = format() == Format::cbor ? subscribe_event_frame_cbor(event.records.size(), end)
                                                : subscribe_event_frame_json(end);
    EXPECT_EQ(frame.head + text_of(records) + frame.tail, generic(event));
  }
}

TEST_P(Records, AnswersAreWrittenAsTheGenericWriterDoes) {
  for (int round = 0; round < 100; ++round) {
    auto answer = sample<PutRecordsResponse>(round);
    std::vector<PutRecordsResultView> results;
    int failed = 0;
    for (const auto& entry : answer.records) {
      PutRecordsResultView& view = results.emplace_back();
      if (entry.sequence_number) view.sequence_number = entry.sequence_number->view();
      view.shard_id = entry.shard_id;
      view.error_code = entry.error_code;
      view.error_message = entry.error_message;
      failed += entry.error_code.empty() ? 0 : 1;
    }
    answer.failed_record_count = failed;
    core::Buffer out;
    if (format() == Format::cbor) {
      write_put_records_answer_cbor(results, answer.encryption_type, out);
    } else {
      write_put_records_answer_json(results, answer.encryption_type, out);
    }
    EXPECT_EQ(text_of(out), generic(answer));
  }
}

TEST(RecordsCbor, AreReadFromIndefiniteLengths) {
  std::string bytes = "\xBF\x67Records\x9F";
  for (int i = 0; i < 3; ++i) {
    bytes +=
        "\xBF\x64"
        "Data\x42"
        "ab\x6CPartitionKey\x61k\x6ESequenceNumber\x61" +
        std::to_string(i + 1) +
        "\x78\x1B"
        "ApproximateArrivalTimestamp\xC1\x1B" +
        std::string("\x00\x00\x01\x8B\xCF\xE5\x68\x7B", 8) +
        "\x6E"
        "EncryptionType\xF6\xFF";
  }
  bytes += "\xFF\xFF";
  const auto answer = read_get_records_cbor(Blob(bytes));
  ASSERT_TRUE(answer);
  ASSERT_EQ(answer->records.size(), 3u);
  EXPECT_EQ(answer->records[2].data, Blob("ab"));
  EXPECT_EQ(to_millis(answer->records[2].approximate_arrival_timestamp), 1'700'000'000'123);
}

// What an answer without a body gives: no bytes at all, padded or not.
TEST(RecordsJson, AreReadFromNothing) {
  EXPECT_TRUE(read_get_records_json(Blob(), Padding::at_least_64_bytes)->records.empty());
  EXPECT_TRUE(read_put_records_answer_json(Blob(), Padding::at_least_64_bytes)->records.empty());
  EXPECT_EQ(read_put_records_json(Blob(), Padding::at_least_64_bytes).error().service_code(), "ValidationException");
  EXPECT_TRUE(read_get_records_cbor(Blob())->records.empty());
}

TEST(RecordsJson, AreReadWithEscapesAndSpaces) {
  const std::string bytes =
      R"( { "Records" : [ { "Data" : "AQ\/D" , "PartitionKey" : "\u00e9\n" , "SequenceNumber" : "12" ,
      "ApproximateArrivalTimestamp" : 1.7E9 , "EncryptionType" : null } ] , "MillisBehindLatest" : 0 , "NextShardIterator" : "a\"b" ,
      "ChildShards" : null } )";
  const auto answer = read_get_records_json(Blob(bytes), Padding::none);
  ASSERT_TRUE(answer) << answer.error().what();
  EXPECT_EQ(answer->records[0].data, Blob("\x01\x0F\xC3"));
  EXPECT_EQ(answer->records[0].partition_key, "\xC3\xA9\n");
  EXPECT_EQ(to_millis(answer->records[0].approximate_arrival_timestamp), 1'700'000'000'000);
  EXPECT_EQ(answer->next_shard_iterator, "a\"b");
  for (const char* bad : {"{\"Records\":[]} x", "{\"Records\":[]}}", "{\"Records\":[", "[]", "{\"Records\":[{]}"}) {
    EXPECT_FALSE(read_get_records_json(Blob(bad), Padding::none)) << bad;
  }
}

}  // namespace
}  // namespace kinesis::aws
