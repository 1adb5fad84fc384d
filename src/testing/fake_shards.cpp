#include "consumer/logic/checkpoint_state.hpp"
#include "core/async.hpp"
#include "core/backoff.hpp"
#include "core/channel.hpp"
#include "core/random.hpp"
#include <kinesis/testing/fake_shards.hpp>
#include <kinesis/testing/manual_clock.hpp>

#include <boost/asio/io_context.hpp>

#include <algorithm>
#include <limits>
#include <map>
#include <mutex>
#include <utility>

namespace kinesis::testing {
namespace {

using consumer::CheckpointState;

constexpr core::Backoff restart_backoff{std::chrono::seconds(1), std::chrono::seconds(30), 2,
                                        core::Backoff::Jitter::none};
constexpr std::chrono::hours patience{1};
constexpr std::chrono::minutes stop_patience{1};

/// One shard of the stream, whoever works on it.
struct List {
  std::vector<RawRecord> records;
  std::vector<std::string> parents;
  std::vector<Checkpoint> checkpoints;
  std::optional<PreparedCheckpoint> prepared;
  bool open = false;
  std::size_t delivered = 0;
  std::size_t lose_after = std::numeric_limits<std::size_t>::max();
  bool comes_back = false;
  bool gone = false;    // to another worker
  bool active = false;  // handed to the user, or about to be again
  std::int64_t counter = 0;
  std::uint32_t restarts = 0;
  std::vector<Error> errors;  // of its next checkpoints, the first one last

  Checkpoint stored() const { return checkpoints.empty() ? Checkpoint::trim_horizon() : checkpoints.back(); }
  bool finished() const { return stored().is_shard_end(); }
};

}  // namespace

class FakeShardLists::Core final : public ConsumerCore, public std::enable_shared_from_this<Core> {
 public:
  asio::any_io_executor executor() const override { return const_cast<asio::io_context&>(context_).get_executor(); }
  Clock& clock() const noexcept override { return clock_; }
  const WorkerId& worker() const noexcept override { return worker_; }
  std::chrono::milliseconds stop_deadline() const noexcept override { return std::chrono::seconds(10); }
  PauseSwitch& pauses() noexcept override { return pauses_; }

  asio::awaitable<std::shared_ptr<ShardCore>> next_shard() override {
    const auto self = shared_from_this();
    offer();
    std::optional<std::shared_ptr<ShardCore>> shard = co_await offered_.pop();
    if (!shard) co_return nullptr;
    co_return std::move(*shard);
  }
  asio::awaitable<void> stop() override {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
      more_.wake_all();
    }
    offered_.close();
    pauses_.wake();
    co_return;
  }

  void run(asio::awaitable<void> work);
  /// Gives out the shards that may be worked on. Closes the offer when nothing is left to do.
  void offer();

  mutable ManualClock clock_;
  asio::io_context context_{1};
  WorkerId worker_{"fake"};
  PauseSwitch pauses_;

  mutable std::mutex mutex_;  // guards what follows
  std::map<std::string, List> lists_;
  std::vector<std::string> order_;
  std::size_t batch_size_ = 100;
  std::vector<DiagnosticEvent> events_;
  std::exception_ptr last_failure_;
  bool stopping_ = false;
  core::WaitQueue more_;  // readers of open shards

  core::Channel<std::shared_ptr<ShardCore>> offered_{std::numeric_limits<std::uint32_t>::max()};
};

class FakeShardLists::OneShard final : public ShardCore, public std::enable_shared_from_this<OneShard> {
 public:
  /// With the core's mutex locked.
  OneShard(std::shared_ptr<Core> core, std::string shard_id, List& list)
      : core_(std::move(core)), id_(std::move(shard_id)), state_(list.stored()), prepared_(list.prepared) {
    const auto after = std::find_if(list.records.begin(), list.records.end(), [&](const RawRecord& record) {
      return !list.stored().is_record() || list.stored().position() < record.position;
    });
    next_ = static_cast<std::size_t>(after - list.records.begin());
  }

  const std::string& shard_id() const noexcept override { return id_; }
  const std::string& stream() const noexcept override { return stream_; }
  asio::any_io_executor executor() const override { return core_->executor(); }
  ShardEnd end() const noexcept override {
    const std::lock_guard lock(core_->mutex_);
    return end_now();
  }
  PauseSwitch& pauses() noexcept override { return core_->pauses_; }
  std::optional<PreparedCheckpoint> prepared() const override { return prepared_; }
  FencingToken fencing_token() const override {
    const std::lock_guard lock(core_->mutex_);
    return FencingToken{core_->worker_.text(), list().counter};
  }
  void report(const DiagnosticEvent& event) override {
    const std::lock_guard lock(core_->mutex_);
    core_->events_.push_back(event);
  }

  asio::awaitable<std::optional<RawBatch>> next_batch() override {
    const auto self = shared_from_this();
    for (;;) {
      if (core_->pauses_.paused(id_)) {
        std::function<bool()> given_up = [self] { return self->end() != ShardEnd::not_ended; };
        co_await core_->pauses_.wait(id_, std::move(given_up));
      }
      std::unique_lock lock(core_->mutex_);
      if (end_now() != ShardEnd::not_ended) co_return std::nullopt;
      List& mine = list();
      if (mine.delivered >= mine.lose_after) {
        lose();
        co_return std::nullopt;
      }
      if (next_ < mine.records.size()) co_return take();
      if (!mine.open) {
        state_.see_end();
        end_ = ShardEnd::shard_ended;
        co_return std::nullopt;
      }
      co_await core_->more_.wait(std::move(lock));
    }
  }

  void stage(const RecordPosition& position) override {
    const std::lock_guard lock(core_->mutex_);
    if (!state_.stage(position))
      throw Error(errc::invalid_argument, "record " + position.sequence_number.to_string() + " of " + id_ +
                                              " was not delivered by this shard, so it cannot be done");
  }

  asio::awaitable<CheckpointOutcome> checkpoint() override {
    const std::lock_guard lock(core_->mutex_);
    co_return write();
  }

  asio::awaitable<CheckpointOutcome> prepare(Blob state) override {
    if (state.size() > std::size_t{4} * 1024)
      throw Error(errc::too_large, "the state of a prepared checkpoint has more than 4,096 bytes");
    const std::lock_guard lock(core_->mutex_);
    const std::optional<Checkpoint> next = state_.to_write();
    if (end_ == ShardEnd::lease_lost) co_return CheckpointOutcome::lease_lost;
    if (!next) co_return CheckpointOutcome::nothing_new;
    ++list().counter;
    list().prepared.emplace(PreparedCheckpoint{*next, std::move(state)});
    core_->events_.push_back(event::CheckpointPrepared{id_, *next});
    co_return CheckpointOutcome::stored;
  }

  void finish(std::exception_ptr failure) override {
    {
      const std::lock_guard lock(core_->mutex_);
      if (std::exchange(finished_, true)) return;
      if (failure) core_->last_failure_ = failure;
    }
    core::spawn(core_->executor(), give_back(shared_from_this(), static_cast<bool>(failure)));
  }

 private:
  List& list() const { return core_->lists_.at(id_); }
  ShardEnd end_now() const { return end_ == ShardEnd::not_ended && core_->stopping_ ? ShardEnd::stopping : end_; }

  void lose() {
    List& mine = list();
    end_ = ShardEnd::lease_lost;
    mine.lose_after = std::numeric_limits<std::size_t>::max();
    mine.gone = !mine.comes_back;
    mine.counter += 2;  // the other worker took it, and wrote once
    core_->events_.push_back(event::LeaseLost{id_});
  }

  RawBatch take() {
    List& mine = list();
    const std::size_t count =
        std::min({core_->batch_size_, mine.records.size() - next_, mine.lose_after - mine.delivered});
    const auto first = mine.records.begin() + static_cast<std::ptrdiff_t>(next_);
    RawBatch batch;
    batch.records.assign(first, first + static_cast<std::ptrdiff_t>(count));
    batch.lease_counter = mine.counter;
    next_ += count;
    mine.delivered += count;
    state_.deliver(batch.records.back().position);
    return batch;
  }

  CheckpointOutcome write() {
    List& mine = list();
    if (end_ == ShardEnd::lease_lost) return CheckpointOutcome::lease_lost;
    const std::optional<Checkpoint> next = state_.to_write();
    if (!next) return CheckpointOutcome::nothing_new;
    if (!mine.errors.empty()) {
      const Error error = mine.errors.back();
      mine.errors.pop_back();
      throw error;
    }
    state_.store(*next);
    ++mine.counter;
    mine.checkpoints.push_back(*next);
    mine.prepared.reset();
    core_->events_.push_back(event::CheckpointStored{id_, *next});
    if (next->is_shard_end()) core_->events_.push_back(event::ShardEnded{id_, {}});
    return CheckpointOutcome::stored;
  }

  static core::awaitable<void> give_back(std::shared_ptr<OneShard> self, bool failed) {
    Clock::duration pause{0};
    {
      const std::lock_guard lock(self->core_->mutex_);
      List& mine = self->list();
      try {
        self->write();
      } catch (const Error& error) {
        self->core_->events_.push_back(event::Trouble{self->id_, "the last checkpoint", error});
        failed = true;
      }
      if (!mine.finished() && !mine.gone) pause = restart_backoff.limit(failed ? mine.restarts++ : 0);
      self->core_->events_.push_back(event::LeaseReleased{self->id_});
    }
    if (pause.count() > 0) co_await core::sleep_for(self->core_->clock(), pause);
    {
      const std::lock_guard lock(self->core_->mutex_);
      self->list().active = false;
    }
    self->core_->offer();
  }

  const std::shared_ptr<Core> core_;
  const std::string id_;
  const std::string stream_ = "fake";
  // Guarded by the core's mutex.
  CheckpointState state_;
  const std::optional<PreparedCheckpoint> prepared_;
  std::size_t next_ = 0;
  ShardEnd end_ = ShardEnd::not_ended;
  bool finished_ = false;
};

void FakeShardLists::Core::offer() {
  std::vector<std::shared_ptr<ShardCore>> shards;
  bool left = false;
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
    for (const std::string& id : order_) {
      List& list = lists_.at(id);
      if (list.finished() || list.gone) continue;
      const bool ready = std::all_of(list.parents.begin(), list.parents.end(), [&](const std::string& parent) {
        const auto found = lists_.find(parent);
        return found == lists_.end() || found->second.finished();
      });
      left = left || list.active || ready;
      if (list.active || !ready) continue;
      list.active = true;
      ++list.counter;
      events_.push_back(event::LeaseAcquired{id, list.stored()});
      shards.push_back(std::make_shared<OneShard>(shared_from_this(), id, list));
    }
  }
  for (std::shared_ptr<ShardCore>& shard : shards) offered_.try_push(shard);
  if (!left) offered_.close();
}

void FakeShardLists::Core::run(asio::awaitable<void> work) {
  bool ended = false;
  std::exception_ptr failure;
  auto watch = [&ended](asio::awaitable<void> task) -> core::awaitable<void> {
    co_await std::move(task);
    ended = true;
  };
  core::spawn(executor(), watch(std::move(work)), [&](std::exception_ptr error) {
    failure = std::move(error);
    ended = true;
  });
  run_in_virtual_time(context_, clock_, patience);
  if (!ended) {
    core::spawn(executor(), stop());
    run_in_virtual_time(context_, clock_, stop_patience);
  }
  if (failure) std::rethrow_exception(failure);
  if (!ended) throw Error(errc::timeout, "the work does not end: what does it wait for?");
  const std::lock_guard lock(mutex_);
  const bool all_done = std::all_of(lists_.begin(), lists_.end(), [](const auto& entry) {
    return entry.second.finished() || entry.second.gone || entry.second.open;
  });
  if (!all_done && last_failure_) std::rethrow_exception(last_failure_);
}

FakeShardLists::FakeShardLists() : core_(std::make_shared<Core>()) {}
FakeShardLists::~FakeShardLists() = default;

std::shared_ptr<ConsumerCore> FakeShardLists::core() const { return core_; }
Clock& FakeShardLists::clock() const { return core_->clock(); }

void FakeShardLists::add_shard(const std::string& shard_id) {
  const std::lock_guard lock(core_->mutex_);
  if (core_->lists_.try_emplace(shard_id).second) core_->order_.push_back(shard_id);
}

void FakeShardLists::add(const std::string& shard_id, std::string partition_key, Blob data) {
  add_shard(shard_id);
  const std::lock_guard lock(core_->mutex_);
  List& list = core_->lists_.at(shard_id);
  const std::string number = std::to_string(list.records.size() + 1);
  RawRecord record;
  record.data = std::move(data);
  record.partition_key = partition_key.empty() ? shard_id + "_" + number : std::move(partition_key);
  record.position = RecordPosition{SequenceNumber(number), 0};
  record.approximate_arrival = core_->clock_.wall_now();
  list.records.push_back(std::move(record));
  core_->more_.wake_all();
}

void FakeShardLists::batch_size(std::size_t records) {
  const std::lock_guard lock(core_->mutex_);
  core_->batch_size_ = std::max<std::size_t>(records, 1);
}

void FakeShardLists::keep_open(const std::string& shard_id) {
  add_shard(shard_id);
  const std::lock_guard lock(core_->mutex_);
  core_->lists_.at(shard_id).open = true;
}

void FakeShardLists::parents(const std::string& shard_id, std::vector<std::string> parent_shard_ids) {
  add_shard(shard_id);
  const std::lock_guard lock(core_->mutex_);
  core_->lists_.at(shard_id).parents = std::move(parent_shard_ids);
}

void FakeShardLists::lose_lease_after(const std::string& shard_id, std::size_t records, bool comes_back) {
  const std::lock_guard lock(core_->mutex_);
  core_->lists_.at(shard_id).lose_after = records;
  core_->lists_.at(shard_id).comes_back = comes_back;
}

void FakeShardLists::fail_checkpoints(const std::string& shard_id, std::size_t count, Error error) {
  const std::lock_guard lock(core_->mutex_);
  core_->lists_.at(shard_id).errors.assign(count, error);
}

std::optional<Checkpoint> FakeShardLists::checkpoint(const std::string& shard_id) const {
  const std::lock_guard lock(core_->mutex_);
  const List& list = core_->lists_.at(shard_id);
  if (list.checkpoints.empty()) return std::nullopt;
  return list.checkpoints.back();
}
std::vector<Checkpoint> FakeShardLists::checkpoints(const std::string& shard_id) const {
  const std::lock_guard lock(core_->mutex_);
  return core_->lists_.at(shard_id).checkpoints;
}
std::optional<PreparedCheckpoint> FakeShardLists::prepared(const std::string& shard_id) const {
  const std::lock_guard lock(core_->mutex_);
  return core_->lists_.at(shard_id).prepared;
}
bool FakeShardLists::finished(const std::string& shard_id) const {
  const std::lock_guard lock(core_->mutex_);
  return core_->lists_.at(shard_id).finished();
}
std::size_t FakeShardLists::delivered(const std::string& shard_id) const {
  const std::lock_guard lock(core_->mutex_);
  return core_->lists_.at(shard_id).delivered;
}
std::vector<DiagnosticEvent> FakeShardLists::events() const {
  const std::lock_guard lock(core_->mutex_);
  return core_->events_;
}

void run_to_end(std::shared_ptr<ConsumerCore> core, asio::awaitable<void> work) {
  const auto fake = std::dynamic_pointer_cast<FakeShardLists::Core>(core);
  if (!fake) throw Error(errc::invalid_argument, "run_to_end runs consumers of FakeShards only");
  core.reset();
  fake->run(std::move(work));
}

}  // namespace kinesis::testing
