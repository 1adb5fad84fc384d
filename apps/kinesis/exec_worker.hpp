#pragma once

#include "core/async.hpp"
#include <kinesis/consumer.hpp>

#include <functional>
#include <list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace kinesis::tool {

class ChildProcess;
class KeptProcess;

/// How `kinesis consume --exec` hands records over.
struct ExecOptions {
  /// For /bin/sh.
  std::string command;
  /// One process a shard that goes on and acknowledges, instead of one a batch.
  bool keep = false;
  /// JSON lines instead of the data.
  bool json = false;
  /// Records of a batch at most; 0: what one answer brought.
  std::size_t batch = 0;
  /// Processes a batch is dealt to by partition key, 1 or more.
  std::size_t per_key = 1;
};

/// A worker that hands its shards' records to processes. What they have done is checkpointed; where one fails, its
/// shard begins again after its checkpoint, after a pause that grows from 1 to 30 s.
class ExecWorker {
 public:
  /// `say` is told, in one line, what went wrong with a process.
  ExecWorker(Client client, ConsumerOptions options, ExecOptions how, std::function<void(const std::string&)> say);
  core::awaitable<void> run(asio::any_io_executor executor);
  /// Lets the processes finish what they have, and hands the leases back.
  void stop();

 private:
  core::awaitable<void> work_on(std::shared_ptr<ShardCore> shard);
  core::awaitable<void> feed_batches(std::shared_ptr<ShardCore> shard);
  core::awaitable<void> run_batch(std::shared_ptr<ShardCore> shard, std::vector<RawRecord> records);
  core::awaitable<void> run_process(std::shared_ptr<ShardCore> shard, std::string input, int* code);
  core::awaitable<void> feed_one(std::shared_ptr<ShardCore> shard);
  core::awaitable<void> feed(std::shared_ptr<ShardCore> shard, KeptProcess& process, RawBatch batch);
  core::awaitable<void> stop_all();
  std::string line_of(const ShardCore& shard, RawRecord record) const;
  std::vector<std::pair<std::string, std::string>> environment_of(const ShardCore& shard) const;

  std::shared_ptr<Clock> clock_;
  ExecOptions how_;
  std::function<void(const std::string&)> say_;
  std::shared_ptr<ConsumerCore> core_;
  asio::any_io_executor executor_;
  std::list<ChildProcess*> running_;
};

}  // namespace kinesis::tool
