#include "exec_worker.hpp"

#include "child_process.hpp"
#include "record_printer.hpp"

#include <algorithm>
#include <charconv>
#include <deque>
#include <exception>
#include <optional>
#include <string_view>
#include <utility>

namespace kinesis::tool {
namespace {

using core::awaitable;

/// How often what a kept process has acknowledged is stored.
constexpr std::chrono::seconds checkpoint_interval{1};
/// Sent to a kept process at once.
constexpr std::size_t piece_bytes = 65536;

std::string ended_with(const std::string& command, int code) {
  if (code > 128) return "`" + command + "` was ended by signal " + std::to_string(code - 128);
  return "`" + command + "` ended with exit code " + std::to_string(code);
}

/// What a kept process prints: "SEQUENCE" or "SEQUENCE/SUB".
struct Acknowledgement {
  SequenceNumber sequence_number;
  std::optional<std::uint64_t> sub_sequence_number;

  static std::optional<Acknowledgement> parse(std::string_view line) {
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    const std::size_t slash = line.find('/');
    const auto number = SequenceNumber::parse(line.substr(0, slash));
    if (!number) return std::nullopt;
    Acknowledgement read{*number, std::nullopt};
    if (slash == std::string_view::npos) return read;
    const char* const end = line.data() + line.size();
    const auto [stopped, error] = std::from_chars(line.data() + slash + 1, end, read.sub_sequence_number.emplace());
    if (error != std::errc() || stopped != end) return std::nullopt;
    return read;
  }
};

/// Records of one sequence number, one unless they were aggregated, that a process got and may acknowledge.
struct HandedOver {
  SequenceNumber sequence_number;
  std::uint64_t first = 0;
  std::uint64_t last = 0;
};

}  // namespace

/// A shard in the hands of one process that stays.
class KeptProcess {
 public:
  KeptProcess(asio::any_io_executor executor, std::shared_ptr<ShardCore> shard, Clock& clock,
              const std::string& command, const std::vector<std::pair<std::string, std::string>>& environment)
      : shard_(std::move(shard)),
        clock_(clock),
        command_(command),
        process_(executor, command, environment, ChildProcess::Output::read),
        tasks_(executor),
        closed_(executor, clock) {}

  void start() {
    tasks_.spawn(read());
    tasks_.spawn(store());
  }
  awaitable<bool> write(std::string text) { return process_.write(std::move(text)); }
  void delivered(const RecordPosition& position) {
    delivered_ = position;
    const std::uint64_t sub = position.sub_sequence_number;
    if (!waiting_.empty() && waiting_.back().sequence_number == position.sequence_number) {
      waiting_.back().last = sub;
    } else {
      waiting_.push_back(HandedOver{position.sequence_number, sub, sub});
    }
  }
  ChildProcess& process() noexcept { return process_; }

  /// Lets the process end; throws Error where it failed.
  awaitable<void> end() {
    ending_ = true;
    process_.close_input();
    co_await closed_.wait();
    const int code = co_await process_.wait(clock_);
    tasks_.cancel();
    co_await tasks_.join();
    if (failure_) throw *failure_;
    if (code != 0) throw Error(errc::internal, ended_with(command_, code));
    if (early_) throw Error(errc::internal, "`" + command_ + "` ended by itself");
    if (delivered_ && (!done_ || *done_ < *delivered_))
      throw Error(errc::internal, "`" + command_ + "` ended before it had acknowledged record " +
                                      delivered_->sequence_number.to_string());
  }

 private:
  awaitable<void> read() {
    std::function<void(std::string_view)> on_line = [this](std::string_view line) { take(line); };
    co_await process_.read_lines(std::move(on_line));
    early_ = !ending_;
    closed_.wake();
    // Nobody is there to take more: what waits for the next records has to hear of it.
    if (early_) shard_->finish(std::make_exception_ptr(Error(errc::internal, "`" + command_ + "` has ended")));
  }

  void take(std::string_view line) {
    if (failure_) return;
    const auto read = Acknowledgement::parse(line);
    try {
      if (!read) throw Error(errc::protocol, "it is no sequence number");
      const RecordPosition position = position_of(*read);
      shard_->stage(position);
      if (!done_ || *done_ < position) done_ = position;
    } catch (const Error& error) {
      failure_ = Error(errc::protocol, "`" + command_ + "` acknowledged \"" + std::string(line.substr(0, 80)) +
                                           "\": " + error.message());
      process_.kill();
    }
  }

  /// Records of an aggregate have one sequence number; printed again it means the next of them.
  RecordPosition position_of(const Acknowledgement& read) {
    while (waiting_.size() > 1 && waiting_.front().sequence_number < read.sequence_number) waiting_.pop_front();
    RecordPosition position{read.sequence_number, read.sub_sequence_number.value_or(0)};
    if (read.sub_sequence_number || waiting_.empty()) return position;
    const HandedOver& records = waiting_.front();
    if (records.sequence_number != read.sequence_number) return position;
    position.sub_sequence_number = records.first;
    if (done_ && done_->sequence_number == read.sequence_number)
      position.sub_sequence_number = std::min(done_->sub_sequence_number + 1, records.last);
    return position;
  }

  awaitable<void> store() {
    for (;;) {
      co_await core::sleep_for(clock_, checkpoint_interval);
      co_await shard_->checkpoint();
    }
  }

  std::shared_ptr<ShardCore> shard_;
  Clock& clock_;
  std::string command_;
  ChildProcess process_;
  core::TaskGroup tasks_;
  core::Notifier closed_;
  std::optional<RecordPosition> delivered_;
  std::deque<HandedOver> waiting_;  // the first may be done in part
  std::optional<RecordPosition> done_;
  std::optional<Error> failure_;
  bool ending_ = false;
  bool early_ = false;
};

ExecWorker::ExecWorker(Client client, ConsumerOptions options, ExecOptions how,
                       std::function<void(const std::string&)> say)
    : clock_(client.shared_clock()),
      how_(std::move(how)),
      say_(std::move(say)),
      core_(make_consumer_core(std::move(client), std::move(options))) {}

awaitable<void> ExecWorker::run(asio::any_io_executor executor) {
  executor_ = executor;
  core::TaskGroup shards(executor);
  std::exception_ptr failure;
  try {
    for (;;) {
      std::shared_ptr<ShardCore> shard = co_await core::run_on(core_->executor(), core_->next_shard());
      if (!shard) break;
      shards.spawn(work_on(std::move(shard)));
    }
  } catch (...) {
    failure = std::current_exception();
  }
  co_await shards.join();
  co_await core_->stop();
  if (failure) std::rethrow_exception(failure);
}

void ExecWorker::stop() { core::spawn(executor_, stop_all()); }

awaitable<void> ExecWorker::stop_all() {
  co_await core_->stop();
  // Those that were not done by the deadline; their leases are given back already.
  for (ChildProcess* process : running_) process->kill();
}

awaitable<void> ExecWorker::work_on(std::shared_ptr<ShardCore> shard) {
  std::exception_ptr failure;
  try {
    if (how_.keep) {
      co_await feed_one(shard);
    } else {
      co_await feed_batches(shard);
    }
  } catch (const Error& error) {
    failure = std::current_exception();
    say_(shard->shard_id() + ": " + error.message() + "; what is not checkpointed comes again");
  }
  shard->finish(failure);
}

awaitable<void> ExecWorker::feed_batches(std::shared_ptr<ShardCore> shard) {
  for (;;) {
    std::optional<RawBatch> batch = co_await core::run_on(shard->executor(), shard->next_batch());
    if (!batch) co_return;
    const std::size_t all = batch->records.size();
    const std::size_t most = how_.batch == 0 ? all : how_.batch;
    for (std::size_t begin = 0; begin < all; begin += most) {
      // The rest of a batch whose shard went to another worker is that one's.
      if (begin > 0 && shard->end() != ShardEnd::not_ended) co_return;
      const std::size_t end = std::min(all, begin + most);
      std::vector<RawRecord> part;
      for (std::size_t i = begin; i < end; ++i) part.push_back(std::move(batch->records[i]));
      const RecordPosition last = part.back().position;
      co_await run_batch(shard, std::move(part));
      shard->stage(last);
      const CheckpointOutcome outcome = co_await core::run_on(shard->executor(), shard->checkpoint());
      if (outcome == CheckpointOutcome::lease_lost) co_return;
    }
  }
}

awaitable<void> ExecWorker::run_batch(std::shared_ptr<ShardCore> shard, std::vector<RawRecord> records) {
  std::vector<std::string> inputs(how_.per_key);
  const std::size_t count = records.size();
  for (RawRecord& record : records) {
    // All records of a key to the same process, in their order.
    const std::size_t lane = std::hash<std::string>()(record.partition_key) % how_.per_key;
    inputs[lane] += line_of(*shard, std::move(record));
  }
  std::vector<int> codes(inputs.size());
  core::TaskGroup processes(executor_);
  for (std::size_t i = 0; i < inputs.size(); ++i)
    if (!inputs[i].empty()) processes.spawn(run_process(shard, std::move(inputs[i]), &codes[i]));
  co_await processes.join();
  for (const int code : codes)
    if (code != 0)
      throw Error(errc::internal, ended_with(how_.command, code) + " on a batch of " + std::to_string(count));
}

awaitable<void> ExecWorker::run_process(std::shared_ptr<ShardCore> shard, std::string input, int* code) {
  ChildProcess process(executor_, how_.command, environment_of(*shard), ChildProcess::Output::ours);
  const auto place = running_.insert(running_.end(), &process);
  // One that does not want to read all of it may still end well: `head -1` has done what it is for.
  co_await process.write(std::move(input));
  process.close_input();
  *code = co_await process.wait(*clock_);
  running_.erase(place);
}

awaitable<void> ExecWorker::feed_one(std::shared_ptr<ShardCore> shard) {
  std::optional<RawBatch> first = co_await core::run_on(shard->executor(), shard->next_batch());
  if (!first) co_return;
  KeptProcess process(executor_, shard, *clock_, how_.command, environment_of(*shard));
  process.start();
  const auto place = running_.insert(running_.end(), &process.process());
  std::exception_ptr failure;
  try {
    co_await feed(shard, process, std::move(*first));
  } catch (...) {
    failure = std::current_exception();
    process.process().kill();
  }
  try {
    co_await process.end();
  } catch (...) {
    if (!failure) failure = std::current_exception();
  }
  running_.erase(place);
  if (failure) std::rethrow_exception(failure);
}

awaitable<void> ExecWorker::feed(std::shared_ptr<ShardCore> shard, KeptProcess& process, RawBatch batch) {
  for (;;) {
    std::string piece;
    for (std::size_t i = 0; i < batch.records.size(); ++i) {
      // What is not handed over yet belongs to the shard's next owner, if it has one.
      if (shard->end() == ShardEnd::lease_lost || shard->end() == ShardEnd::handed_over) co_return;
      const RecordPosition position = batch.records[i].position;
      piece += line_of(*shard, std::move(batch.records[i]));
      process.delivered(position);
      if (piece.size() < piece_bytes && i + 1 < batch.records.size()) continue;
      const bool taken = co_await process.write(std::exchange(piece, std::string()));
      if (!taken) co_return;
    }
    std::optional<RawBatch> next = co_await core::run_on(shard->executor(), shard->next_batch());
    if (!next) co_return;
    batch = std::move(*next);
  }
}

std::string ExecWorker::line_of(const ShardCore& shard, RawRecord raw) const {
  if (!how_.json) return std::string(raw.data.text()) + "\n";
  const Record<Blob> record{std::move(raw.data),
                            std::move(raw.partition_key),
                            std::move(raw.explicit_hash_key),
                            shard.stream(),
                            shard.shard_id(),
                            std::move(raw.position),
                            raw.approximate_arrival,
                            raw.aggregated,
                            {}};
  return record_line(record, clock_->wall_now(), core_->worker().text());
}

std::vector<std::pair<std::string, std::string>> ExecWorker::environment_of(const ShardCore& shard) const {
  return {{"KINESIS_STREAM", shard.stream()},
          {"KINESIS_SHARD", shard.shard_id()},
          {"KINESIS_WORKER", core_->worker().text()}};
}

}  // namespace kinesis::tool
