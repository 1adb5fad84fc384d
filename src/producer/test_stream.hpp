#pragma once

#include "aggregation/deaggregator.hpp"
#include "aggregation/hash_key.hpp"
#include "core/async.hpp"
#include <kinesis/producer.hpp>
#include <kinesis/testing/manual_clock.hpp>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

// A stream in memory that can be resharded, and a fixture for producers to it.
namespace kinesis::producer {

using namespace std::chrono_literals;
using testing::ManualClock;

/// A service with one stream. Stores everything unless told otherwise, each record on the shard that has its hash key.
class TestStream final : public KinesisApi {
 public:
  struct Shard {
    std::string id;
    aggregation::HashRange range;
    bool open = true;
    std::vector<PutRecordsRequestEntry> stored;
  };
  struct Call {
    Clock::time_point at;
    std::vector<PutRecordsRequestEntry> entries;
  };

  explicit TestStream(ManualClock& clock) : clock_(clock) { add({}); }

  // What the stream is like.
  std::optional<int> max_record_size_in_kib;
  RecordDistributionStrategy strategy = RecordDistributionStrategy::unknown;
  Clock::duration latency{0};
  /// What goes wrong. `call` counts from 1.
  std::function<std::string(std::size_t call, const PutRecordsRequestEntry&)> refuse;
  std::function<std::optional<Error>(const Call&)> fail_call;
  std::function<void(std::size_t call, PutRecordsResponse&)> spoil;
  std::optional<Error> list_error;
  std::optional<Error> describe_error;
  Clock::duration list_latency{0};

  // What was done.
  std::vector<Call> calls;
  std::size_t lists = 0;
  std::size_t describes = 0;
  std::vector<Shard> shards;

  void split(std::size_t shard) {
    const aggregation::HashRange range = shards.at(shard).range;
    EXPECT_TRUE(shards[shard].open);
    const core::Uint128 middle = core::midpoint(range.first, range.last);
    shards[shard].open = false;
    add({range.first, middle});
    add({middle + core::Uint128(1), range.last});
  }
  /// Neighbours, the lower one first.
  void merge(std::size_t low, std::size_t high) {
    shards.at(low).open = shards.at(high).open = false;
    add({shards[low].range.first, shards[high].range.last});
  }
  /// Splits until there are so many open shards, which must be a power of 2.
  void split_into(std::size_t count) {
    for (std::size_t i = 0; shards.size() + 1 < 2 * count; ++i) split(i);
  }

  /// The data that a KCL application gets, shard by shard, duplicates included.
  std::vector<std::string> delivered() const {
    std::vector<std::string> found;
    aggregation::Deaggregator reader;
    for (const Shard& shard : shards) {
      for (const PutRecordsRequestEntry& entry : shard.stored) {
        const BytesView data = entry.data.bytes();
        const aggregation::ReadRecord read = reader.read(std::span(&data, 1), shard.range).front();
        if (read.form == aggregation::RecordForm::raw) found.emplace_back(as_text(data));
        if (read.form != aggregation::RecordForm::user_records) continue;
        for (const auto& record : reader.user_records()) found.emplace_back(as_text(record.data));
      }
    }
    return found;
  }
  std::size_t stored() const {
    std::size_t count = 0;
    for (const Shard& shard : shards) count += shard.stored.size();
    return count;
  }

  asio::awaitable<Result<PutRecordsResponse>> put_records(PutRecordsRequest request) override {
    calls.push_back(Call{clock_.now(), request.records});
    const std::size_t number = calls.size();
    const Call call = calls.back();
    if (latency > Clock::duration(0)) co_await core::sleep_for(clock_, latency);
    if (fail_call) {
      if (auto error = fail_call(call)) co_return *error;
    }
    PutRecordsResponse response;
    for (const PutRecordsRequestEntry& entry : request.records) {
      PutRecordsResultEntry& result = response.records.emplace_back();
      result.error_code = refuse ? refuse(number, entry) : "";
      if (!result.error_code.empty()) continue;
      Shard& shard = shard_for(entry);
      shard.stored.push_back(entry);
      result.shard_id = shard.id;
      result.sequence_number = SequenceNumber(std::to_string(++sequence_));
    }
    if (spoil) spoil(number, response);
    co_return response;
  }
  asio::awaitable<Result<ListShardsResponse>> list_shards(ListShardsRequest request) override {
    ++lists;
    if (list_latency > Clock::duration(0)) co_await core::sleep_for(clock_, list_latency);
    if (list_error) co_return *list_error;
    ListShardsResponse response;
    for (const Shard& shard : shards) {
      if (!shard.open && request.shard_filter) continue;
      KinesisShard& listed = response.shards.emplace_back();
      listed.shard_id = shard.id;
      listed.hash_key_range = HashKeyRange(shard.range.first.to_string(), shard.range.last.to_string());
      if (!shard.open) listed.sequence_number_range.ending_sequence_number = SequenceNumber("1");
    }
    co_return response;
  }
  asio::awaitable<Result<DescribeStreamSummaryResponse>> describe_stream_summary(
      DescribeStreamSummaryRequest) override {
    ++describes;
    if (describe_error) co_return *describe_error;
    DescribeStreamSummaryResponse response;
    response.stream_description_summary.max_record_size_in_kib = max_record_size_in_kib;
    response.stream_description_summary.record_distribution_strategy = strategy;
    co_return response;
  }

 private:
  void add(aggregation::HashRange range) {
    shards.push_back(Shard{"shardId-" + std::to_string(shards.size()), range, true, {}});
  }
  Shard& shard_for(const PutRecordsRequestEntry& entry) {
    const core::Uint128 hash = entry.explicit_hash_key ? core::Uint128::parse(*entry.explicit_hash_key).value()
                                                       : aggregation::hash_key_of(entry.partition_key);
    const bool any = strategy == RecordDistributionStrategy::automatic;
    std::vector<Shard*> fit;
    for (Shard& shard : shards) {
      if (shard.open && (any || shard.range.contains(hash))) fit.push_back(&shard);
    }
    return *fit[(sequence_ + 1) % fit.size()];
  }

  ManualClock& clock_;
  std::uint64_t sequence_ = 0;
};

/// Producers to a TestStream, in virtual time.
class StreamTest : public ::testing::Test {
 protected:
  StreamTest() : clock(std::make_shared<testing::ManualClock>()), stream(std::make_shared<TestStream>(*clock)) {}
  ~StreamTest() override { run(1h); }

  static ProducerOptions defaults() { return ProducerOptions{.stream = "s"}; }
  Producer<std::string> make(ProducerOptions options = defaults()) {
    ClientOptions client;
    client.clock = clock;
    client.kinesis = stream;
    return Producer<std::string>(Client(context.get_executor(), client), std::move(options), text);
  }
  /// `data` must be another one each time.
  void send(Producer<std::string>& producer, const std::string& data, const std::string& key = "key") {
    producer.send(key, data, [this, data](Result<Receipt> result) {
      EXPECT_TRUE(results.emplace(data, std::move(result)).second) << data << " is answered twice";
      answered.push_back(data);
    });
  }
  /// So much time passes, even if nothing happens in it.
  void run(Clock::duration time = 1min) {
    const Clock::time_point end = clock->now() + time;
    testing::run_in_virtual_time(context, *clock, time);
    if (clock->now() < end) clock->advance(end - clock->now());
    if (!context.stopped()) context.poll();
  }
  errc code_of(const std::string& data) { return results.at(data).error().code(); }
  std::size_t acknowledged() const {
    return static_cast<std::size_t>(
        std::count_if(results.begin(), results.end(), [](const auto& result) { return result.second.has_value(); }));
  }
  /// What a KCL application gets is what the producer has acknowledged, or more.
  void expect_acknowledged_are_delivered() {
    const std::vector<std::string> delivered = stream->delivered();
    const std::set<std::string> distinct(delivered.begin(), delivered.end());
    for (const auto& [data, result] : results) {
      if (!result) continue;
      EXPECT_TRUE(distinct.contains(data)) << data << " was acknowledged, and its readers do not get it";
    }
  }

  asio::io_context context{1};
  std::shared_ptr<testing::ManualClock> clock;
  std::shared_ptr<TestStream> stream;
  std::map<std::string, Result<Receipt>> results;
  std::vector<std::string> answered;
};

}  // namespace kinesis::producer
