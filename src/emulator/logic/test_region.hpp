#pragma once

#include "emulator/logic/region.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace kinesis::emulator {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// A region and a time that moves when told, for tests.
struct TestRegion {
  explicit TestRegion(RegionOptions options = {}) : region(std::move(options), now) {}

  static RegionOptions without_limits() {
    RegionOptions options;
    options.limits = false;
    return options;
  }

  void advance(std::chrono::nanoseconds by) {
    now.monotonic += by;
    now.wall += std::chrono::duration_cast<Moment::Wall::duration>(by);
  }

  template <class Request>
  auto call(const Request& request) {
    return region.call(request, now);
  }
  /// What must succeed.
  template <class Request>
  typename Request::Response ok(const Request& request) {
    auto result = region.call(request, now);
    if (!result) ADD_FAILURE() << Request::operation << ": " << result.error().what();
    return result ? *std::move(result) : typename Request::Response();
  }
  /// AWS's name of the error of what must fail; the message is kept.
  template <class Request>
  std::string failure(const Request& request) {
    auto result = region.call(request, now);
    if (result) {
      ADD_FAILURE() << Request::operation << " succeeded";
      return "";
    }
    message = result.error().message();
    return result.error().service_code();
  }

  void create(const std::string& name, int shards) { ok(CreateStreamRequest(name, shards)); }
  std::string arn(const std::string& name) const { return "arn:aws:kinesis:us-east-1:123456789012:stream/" + name; }

  PutRecordResponse put(const std::string& stream, const std::string& key, const std::string& data) {
    return ok(PutRecordRequest(stream, Blob(data), key));
  }
  /// To the shard of this hash key.
  PutRecordResponse put_at(const std::string& stream, const std::string& hash, const std::string& data) {
    PutRecordRequest request(stream, Blob(data), "key");
    request.explicit_hash_key = hash;
    return ok(request);
  }
  std::vector<KinesisShard> shards(const std::string& stream) { return ok(ListShardsRequest(stream)).shards; }
  std::vector<std::string> shard_ids(const ListShardsRequest& request) {
    std::vector<std::string> out;
    for (const KinesisShard& shard : ok(request).shards) out.push_back(shard.shard_id);
    return out;
  }
  std::string iterator(const std::string& stream, const std::string& shard,
                       ShardIteratorType type = ShardIteratorType::trim_horizon) {
    return ok(GetShardIteratorRequest(stream, shard, type)).shard_iterator.value_or("");
  }
  GetRecordsResponse read(const std::string& iterator, int limit = 10'000) {
    GetRecordsRequest request(iterator);
    request.limit = limit;
    return ok(request);
  }
  std::vector<std::string> data(const GetRecordsResponse& answer) const {
    std::vector<std::string> out;
    out.reserve(answer.records.size());
    for (const KinesisRecord& record : answer.records) out.emplace_back(record.data.text());
    return out;
  }
  StreamStatus status(const std::string& stream) {
    return ok(DescribeStreamSummaryRequest(stream)).stream_description_summary.stream_status;
  }

  Moment now{Moment::Monotonic(hours(24)), Moment::Wall(milliseconds(1'767'225'600'000))};
  Region region;
  std::string message;
};

inline constexpr std::string_view half_of_all = "170141183460469231731687303715884105728";
inline constexpr std::string_view last_of_all = "340282366920938463463374607431768211455";

}  // namespace kinesis::emulator
