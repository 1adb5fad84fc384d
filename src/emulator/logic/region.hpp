#pragma once

#include "aws/operations.hpp"
#include "emulator/logic/iterator.hpp"
#include "emulator/logic/put.hpp"
#include "emulator/logic/stream.hpp"
#include "emulator/logic/subject.hpp"
#include "emulator/logic/validation.hpp"
#include <kinesis/kinesis_api.hpp>

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kinesis::emulator {

struct RegionOptions {
  std::string region = "us-east-1";
  std::string account = "123456789012";
  /// Rates of shards and of the control plane, and quotas.
  bool limits = true;
  /// How long streams and consumers stay in CREATING, UPDATING and DELETING.
  std::chrono::milliseconds stream_delay{0};
  std::chrono::milliseconds iterator_lifetime{std::chrono::minutes(5)};
  /// The service ends a subscription after this time.
  std::chrono::milliseconds subscription_lifetime{std::chrono::minutes(5)};
  /// Memory for records; beyond, the oldest go first.
  std::size_t memory_bytes = std::size_t{1} << 30;
  /// Quotas of the account.
  int shard_limit = 20'000;
  int on_demand_stream_limit = 50;
};

/// What GetRecords gives.
struct ReadResult {
  RecordSlice slice;
  /// Absent at the end of a closed shard.
  std::optional<std::string> next_iterator;
  std::int64_t millis_behind_latest = 0;
  std::vector<ChildShard> child_shards;
};

/// The state of Kinesis for one account in one region: plain values, moved on by calls that say what time it is. Not
/// thread-safe.
///
/// Errors are AWS's (errors.hpp). The rate of an operation is checked first, then the form of the request, then the
/// state it finds.
class Region {
 public:
  Region(RegionOptions options, Moment now);

  /// Carries out any operation of the API, as the service would answer it.
  template <class Request>
  Result<typename Request::Response> call(const Request& request, Moment now) {
    if (auto refused = admit(Request::operation, subject_of(request).stream, now)) return *refused;
    return perform(request, now);
  }

  /// The same for the operations that carry records, without a copy of them.
  Result<PutResult> put(const PreparedPut& put, Moment now, const EntryFault& fault = {});
  Result<ReadResult> read(const GetRecordsRequest& request, Moment now);
  /// What of a PutRecord is not in the view of it.
  std::optional<Error> check_ordering(const PutRecordRequest& request, Moment now) const;

  /// SubscribeToShard: accepts a subscription, whose events are then asked for one by one.
  Result<Subscription> subscribe(const SubscribeToShardRequest& request, Moment now);
  SubscriptionStep next_event(Subscription& subscription, Moment now);
  /// Its reader has gone.
  void unsubscribe(const Subscription& subscription, Moment now);
  /// Another number whenever subscriptions may have to know of something other than new records.
  std::uint64_t changes() const noexcept { return changes_; }

  /// The shards that the records of a put would go to, each once; none if the stream is not there.
  std::vector<std::uint32_t> shards_of(const PreparedPut& put, Moment now);

  /// CreateStream without rates and delays.
  Result<void> create_active(const std::string& stream, int shards, Moment now);
  /// Splits a shard of any stream in the middle: what AWS does to a busy on-demand stream.
  Result<void> split_in_half(std::string_view stream, std::string_view shard, Moment now);
  /// MergeShards and ListShards without rates; of the latter, all that have not expired.
  Result<void> merge(const std::string& stream, const ShardId& shard, const ShardId& adjacent, Moment now);
  Result<std::vector<KinesisShard>> describe_shards(const std::string& stream, Moment now);

  /// Carries out what is due. Every call does so first.
  void advance(Moment now);
  /// Records that had to go because of `memory_bytes`, since last asked.
  std::size_t take_evicted() noexcept { return std::exchange(evicted_, 0); }
  std::size_t memory() const noexcept { return memory_; }

  const RegionOptions& options() const noexcept { return options_; }
  const std::map<std::string, Stream, std::less<>>& streams() const noexcept { return streams_; }

 private:
#define X(Operation, function) Result<Operation##Response> perform(const Operation##Request& request, Moment now);
  KINESIS_OPERATIONS(X)
#undef X

  std::optional<Error> admit(std::string_view operation, std::string_view stream, Moment now);
  void sweep(Moment now);
  void evict();
  /// When a change that begins now is done.
  Moment::Monotonic due(Moment now) noexcept;

  // Finding streams, and AWS's words for when they cannot be used. `stream` may be a name or an ARN.
  Result<Stream*> find(const StreamRequest& request);
  Result<Stream*> find_by_arn(std::string_view arn);
  Result<Stream*> find_named(std::string_view name);
  /// One that takes and gives records.
  Result<Stream*> find_usable(const StreamRequest& request);
  Result<Stream*> find_usable(std::optional<std::string_view> name, std::optional<std::string_view> arn);
  /// One to which nothing is being done.
  Result<Stream*> find_active(const StreamRequest& request);
  Result<Stream*> find_active_by_arn(std::string_view arn);
  std::optional<Error> not_active(const Stream& stream) const;
  Error stream_not_found(std::string_view name) const;
  Error shard_not_found(std::string_view shard, std::string_view stream) const;
  Error shard_does_not_exist(std::string_view shard, std::string_view stream) const;
  Error in_on_demand_mode(const Stream& stream) const;
  Error shard_throttled(const Shard& shard, const Stream& stream) const;
  Result<Shard*> find_shard(Stream& stream, std::string_view id);

  int open_shards() const noexcept;
  int on_demand_streams() const noexcept;
  std::optional<Error> over_shard_limit(int additional) const;
  std::optional<Error> over_on_demand_limit() const;
  /// Of operations that name a warm throughput.
  std::optional<Error> no_commitment() const;
  static void note_refused(Shard& shard, Moment now) noexcept;
  void cool(Stream& stream, Moment now);

  // Reading.
  Result<std::uint64_t> start_of(const StartingPosition& position, std::string_view operation, const Shard& shard,
                                 const Stream& stream, Moment now) const;
  Result<std::uint64_t> index_of(const StartingPosition& position, std::string_view operation, const Shard& shard,
                                 const Stream& stream) const;
  Result<ShardPosition> check_iterator(const GetRecordsRequest& request, Moment now) const;
  static std::vector<ChildShard> children_of(const Shard& shard, const Stream& stream);

  // Fan-out.
  SubscriptionStep next_event(Subscription& subscription, Stream& stream, Shard& shard, FanOut& fan_out, Moment now);
  FanOutEvent take_records(Subscription& subscription, const Stream& stream, Shard& shard, FanOut& fan_out, Moment now);
  static FanOutEvent last_event(Subscription& subscription, const Stream& stream, const Shard& shard, FanOut& fan_out,
                                Moment now);
  static FanOutEvent heartbeat(Subscription& subscription, const Stream& stream, const Shard& shard, bool has_records,
                               Moment now);
  static void release(FanOut& fan_out) noexcept;
  Error already_subscribed(const Consumer& consumer, const Shard& shard) const;
  Error consumer_not_active(const Consumer& consumer, const Stream& stream) const;
  Error consumer_not_found(std::string_view consumer, std::string_view stream) const;

  // Consumers and tagged resources.
  Result<std::pair<Stream*, Consumer*>> find_consumer(const ConsumerRequest& request);
  struct Resource {
    Tags* tags;
    std::optional<std::string>* policy;
  };
  Result<Resource> find_resource(const std::string& arn);
  std::optional<Error> check_tags(const Tags& added, const Tags& present, std::string_view stream) const;
  Result<std::vector<MetricsName>> checked_metrics(const std::vector<MetricsName>& metrics) const;

  RegionOptions options_;
  ArnSpace arns_;
  LogMemory log_memory_;
  std::map<std::string, Stream, std::less<>> streams_;
  ControlRates rates_;
  BillingCommitment commitment_;
  std::uint64_t next_serial_;
  std::size_t memory_ = 0;
  std::size_t evicted_ = 0;
  std::uint64_t changes_ = 0;
  std::uint64_t last_subscription_ = 0;
  Moment::Monotonic next_due_ = Moment::Monotonic::max();
  Moment::Monotonic next_sweep_;
};

/// A PutRecord as a PutRecords of one record, of views of it.
aws::PutRecordsView single_put(const PutRecordRequest& request);
/// Answers of the results. `account` is for the message of a record that was refused.
PutRecordsResponse to_response(const PutResult& result, std::string_view account);
Result<PutRecordResponse> to_single_response(const PutResult& result, std::string_view account);
std::string throttled_message(std::string_view stream, std::uint32_t shard, std::string_view account);
/// The records of a read as a client sees them; their data stay where they are.
GetRecordsResponse to_records(ReadResult result);
std::vector<KinesisRecord> to_kinesis_records(const RecordSlice& slice);
SubscribeToShardEvent to_event(FanOutEvent event);
/// What a request that only asks whether it would be allowed is answered.
Error dry_run();

/// The form of the members that name a stream.
Validation& check_stream(Validation& validation, const StreamRequest& request);

}  // namespace kinesis::emulator
