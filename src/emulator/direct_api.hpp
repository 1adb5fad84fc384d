#pragma once

#include <kinesis/clock.hpp>
#include <kinesis/emulator.hpp>
#include <kinesis/kinesis_api.hpp>
#include <kinesis/log.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace kinesis::emulator {

class SharedRegion;

/// The operations of the service without HTTP in between, for tests and simulations in virtual time. A call suspends
/// once
/// (`latency`, and that of fault rules), then is carried out at once; its errors are those a client would make of AWS's
/// answers, after one attempt. Faults of connections become Error(connection), those of bodies Error(protocol).
///
/// A subscription gives its events as they are asked for: nothing is read ahead of `next`, which waits for no latency.
/// Faults of its stream become the same errors; with a GOAWAY it goes on, and one that stalls waits until it is
/// cancelled.
std::shared_ptr<KinesisApi> direct_api(std::shared_ptr<SharedRegion> region, Clock::duration latency = {});

/// Kinesis without a network, on any clock.
class InProcessKinesis {
 public:
  struct Options {
    /// Required.
    std::shared_ptr<Clock> clock;
    /// Rates of shards and of the control plane, quotas.
    bool limits = true;
    /// How long streams stay in CREATING, UPDATING and DELETING.
    std::chrono::milliseconds stream_delay{0};
    std::chrono::milliseconds iterator_lifetime{std::chrono::minutes(5)};
    std::chrono::milliseconds subscription_lifetime{std::chrono::minutes(5)};
    /// What each call takes.
    Clock::duration latency{0};
    std::vector<FaultRule> faults = {};
    std::size_t memory_bytes = std::size_t{1} << 30;
    std::string region = "us-east-1";
    std::string account = "123456789012";
    Log log = {};
  };
  /// A record that was stored.
  struct Accepted {
    std::string stream;
    ShardId shard_id;
    SequenceNumber sequence_number;
    std::string partition_key;
    std::string explicit_hash_key;  ///< Empty if there was none.
    std::string data;
    Timestamp accepted;
  };

  explicit InProcessKinesis(Options options);
  ~InProcessKinesis();
  InProcessKinesis(const InProcessKinesis&) = delete;
  InProcessKinesis& operator=(const InProcessKinesis&) = delete;

  /// Copies may outlive this object. Thread-safe.
  std::shared_ptr<KinesisApi> api() const { return api_; }

  // These take no virtual time and no fault, and throw the service's Error.

  /// A stream that is ACTIVE at once.
  void create_stream(const std::string& name, int shards);
  /// SplitShard in the middle of its hash keys; also of on-demand streams.
  void split(const std::string& stream, const ShardId& shard);
  void merge(const std::string& stream, const ShardId& shard, const ShardId& adjacent);
  std::vector<KinesisShard> shards(const std::string& stream);
  void add_fault(FaultRule rule);
  void clear_faults();

  /// All records that were ever stored, in the order of their puts. Kept also when the stream forgets them.
  std::vector<Accepted> accepted() const;
  std::size_t accepted_count() const;

 private:
  struct AcceptedLog;
  std::shared_ptr<AcceptedLog> accepted_;
  std::shared_ptr<SharedRegion> region_;
  std::shared_ptr<KinesisApi> api_;
};

}  // namespace kinesis::emulator
