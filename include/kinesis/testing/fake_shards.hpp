#pragma once

#include <kinesis/consume.hpp>

#include <cstddef>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace kinesis::testing {

/// Shards that are lists: what `FakeShards<T>` is without its codec.
///
/// Deterministic: one thread, a clock of its own that stands still unless something waits for it. Everything a handler
/// waits for by that clock takes no time. Thread-safe.
class FakeShardLists {
 public:
  FakeShardLists();
  FakeShardLists(const FakeShardLists&) = delete;
  FakeShardLists& operator=(const FakeShardLists&) = delete;
  ~FakeShardLists();

  /// Records of one batch, at least 1. Default: 100.
  void batch_size(std::size_t records);
  /// The end of its list is not the end of the shard: its reader waits for more, until the consumer stops.
  void keep_open(const std::string& shard_id);
  /// The shard starts once its parents are done.
  void parents(const std::string& shard_id, std::vector<std::string> parent_shard_ids);

  /// After so many records in all, another worker takes the shard: delivery ends, checkpoints say lease_lost. It comes
  /// back, from its last checkpoint, if `comes_back`.
  void lose_lease_after(const std::string& shard_id, std::size_t records, bool comes_back = false);
  /// The next `count` checkpoints of the shard throw `error`, the one at its end included.
  void fail_checkpoints(const std::string& shard_id, std::size_t count, Error error);

  /// The last checkpoint that was stored, if any was.
  std::optional<Checkpoint> checkpoint(const std::string& shard_id) const;
  /// All of them, in order.
  std::vector<Checkpoint> checkpoints(const std::string& shard_id) const;
  /// What is prepared and not checkpointed.
  std::optional<PreparedCheckpoint> prepared(const std::string& shard_id) const;
  /// Its end was reached, and a checkpoint says so.
  bool finished(const std::string& shard_id) const;
  /// Records handed out so far; those that were handed out again count again.
  std::size_t delivered(const std::string& shard_id) const;
  std::vector<DiagnosticEvent> events() const;
  Clock& clock() const;

  std::shared_ptr<ConsumerCore> core() const;

 protected:
  void add(const std::string& shard_id, std::string partition_key, Blob data);
  void add_shard(const std::string& shard_id);

 private:
  class Core;
  class OneShard;
  std::shared_ptr<Core> core_;

  friend void run_to_end(std::shared_ptr<ConsumerCore> core, asio::awaitable<void> work);
};

/// Runs `work` with the fake behind `core` until it ends. Open shards that have no more records are stopped. Throws
/// what `work` throws; what a handler threw, if its shard did not come to its end within an hour of virtual time;
/// Error(invalid_argument) if the core is no fake.
void run_to_end(std::shared_ptr<ConsumerCore> core, asio::awaitable<void> work);

/// A real `Consumer<T>` over lists, for tests of an application's handlers:
///
///     kinesis::testing::FakeShards<std::string> shards{{"shard-0", {"order-1", "order-2"}}};
///     kinesis::testing::run_to_end(shards.consumer(), bill);
///     EXPECT_TRUE(shards.finished("shard-0"));
///
/// A shard ends with its list. Sequence numbers count from 1 in each shard, partition keys are the shard's id and that
/// number: "shard-0_1". A handler that throws gets its shard again from the last checkpoint, as with a real stream.
template <class T>
class FakeShards : public FakeShardLists {
 public:
  using List = std::pair<std::string, std::vector<T>>;

  /// For text and bytes.
  FakeShards(std::initializer_list<List> shards) : FakeShards(codec_of_text_or_bytes(), shards) {}
  explicit FakeShards(Codec<T> codec, std::initializer_list<List> shards = {}) : codec_(std::move(codec)) {
    for (const List& list : shards) {
      add_shard(list.first);
      for (const T& value : list.second) put(list.first, value);
    }
  }

  /// One more record, of a partition key of its own or of this one. From a handler, too. Makes the shard if need be.
  void put(const std::string& shard_id, const T& value) { put(shard_id, "", value); }
  void put(const std::string& shard_id, std::string partition_key, const T& value) {
    Bytes encoded;
    codec_.encode(value, encoded);
    add(shard_id, std::move(partition_key), Blob(std::move(encoded)));
  }
  /// A record the codec may not be able to decode.
  void put_raw(const std::string& shard_id, std::string partition_key, Blob data) {
    add(shard_id, std::move(partition_key), std::move(data));
  }

  /// One at a time.
  Consumer<T> consumer() const { return Consumer<T>(core(), codec_); }

 private:
  static Codec<T> codec_of_text_or_bytes() {
    static_assert(std::is_same_v<T, std::string> || std::is_same_v<T, Blob>, "name a codec: FakeShards(codec, lists)");
    if constexpr (std::is_same_v<T, std::string>) {
      return text;
    } else {
      return bytes;
    }
  }
  Codec<T> codec_;
};

/// `async_consume` with a fake, to the end.
template <class T, class F>
void run_to_end(Consumer<T> consumer, F handler, ConsumeOptions options = {}) {
  auto core = consumer.core();
  run_to_end(std::move(core), async_consume(consumer, consumer.codec(), std::move(handler), std::move(options)));
}

}  // namespace kinesis::testing
