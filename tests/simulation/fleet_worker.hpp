#pragma once

#include "core/async.hpp"
#include "core/random.hpp"
#include "simulation/fleet_plan.hpp"
#include "simulation/fleet_store.hpp"
#include <kinesis/kinesis.hpp>

#include <boost/asio/io_context.hpp>

#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>

namespace kinesis::simulation {

/// A clock that runs fast or slow beside another.
class DriftingClock final : public Clock {
 public:
  /// `rate`: how much faster than `base`, 1 is as fast.
  DriftingClock(Clock& base, double rate) : base_(base), rate_(rate), origin_(base.now()) {}
  time_point now() const noexcept override;
  wall_time_point wall_now() const noexcept override { return base_.wall_now(); }
  std::unique_ptr<Timer> make_timer(asio::any_io_executor executor) override;
  /// When `base` shows that this clock shows `when`, or just after.
  time_point to_base(time_point when) const;

 private:
  Clock& base_;
  double rate_;
  time_point origin_;
};

/// What a fleet shares.
struct FleetWorld {
  const Plan& plan;
  Clock& clock;
  FleetStore& store;
  FleetOracle& oracle;
  std::shared_ptr<KinesisApi> kinesis;
  core::Random& random;
  /// What the clock on the wall showed when all began.
  Clock::wall_time_point began;
  Mutant mutant = Mutant::none;
  /// The share of reads that fail, and that find their iterator expired.
  double faulty_reads = 0;
  double expired_iterators = 0;
  /// The share of events with which the connection breaks or the service ends the subscription, and of subscriptions
  /// that are refused.
  double broken_subscriptions = 0;
  double ended_subscriptions = 0;
  double refused_subscriptions = 0;
  /// Empty unless events are to be told.
  std::function<void(const std::string&)> trace = {};
  /// Shards whose delivery is held up, so many times.
  std::map<std::string, std::size_t> held_up = {};
  /// Nothing goes wrong any more.
  bool mended = false;
  /// Records whose handler has failed once because of what they are.
  std::set<std::size_t> disliked = {};
};

/// Whether it is what a handler of a fleet throws.
bool is_handlers(const std::exception_ptr& failure);

/// The service as one worker reaches it.
class FleetKinesis;

/// A worker process: nothing of it runs unless it is polled, so it can stand still or be gone at any point.
class FleetWorker {
 public:
  FleetWorker(FleetWorld& world, std::string name, double rate);
  ~FleetWorker();
  FleetWorker(const FleetWorker&) = delete;
  FleetWorker& operator=(const FleetWorker&) = delete;

  /// Runs what is ready; the number of handlers. Nothing if it stands still or is gone.
  std::size_t poll();
  const std::string& name() const noexcept { return name_; }
  void freeze(bool frozen) { frozen_ = frozen; }
  bool frozen() const noexcept { return frozen_; }
  void crash() { gone_ = true; }
  /// Runs again, to be taken down in peace.
  void haunt() { gone_ = frozen_ = false; }
  void stop();
  /// All its shards, or a shard. Counts how often.
  void hold_up(bool held);
  void hold_up(const std::string& shard_id, bool held);
  bool held_up() const noexcept { return held_up_ > 0; }
  /// Its handler failed a minute ago, for which it should have ended. Looked at every second.
  bool goes_on_after_failure();
  /// Neither stopped, nor crashed, nor ended by itself.
  bool serves() const noexcept { return !gone_ && !ended_ && !stopping_; }
  bool gone() const noexcept { return gone_; }
  bool stopping() const noexcept { return stopping_; }
  /// Consuming ended, by itself or because of a stop that is done.
  bool ended() const noexcept { return ended_ && (!stopping_ || stopped_); }

  milliseconds more_work{0};
  double throws = 0;
  /// Calls since they were last looked at.
  std::size_t store_calls = 0;
  std::size_t kinesis_calls = 0;

 private:
  core::awaitable<void> consume();
  core::awaitable<void> stop_now();
  core::awaitable<void> consume_as_planned();
  void see_end(const std::exception_ptr& failure);
  void see(const DiagnosticEvent& event);
  // What the application does: fleet_handler.cpp.
  Codec<std::string> codec();
  ConsumeOptions consume_options();
  core::awaitable<void> handle(const Record<std::string>& record);
  core::awaitable<void> handle_batch(std::span<const Record<std::string>> records);
  void handle_at_once(const Record<std::string>& record);
  core::awaitable<void> keep(const DeadLetter& letter);
  core::awaitable<void> complete_later(std::size_t number);
  std::size_t begin(const Record<std::string>& record);
  /// Throws, if it is to.
  void fail_or_complete(const Record<std::string>& record);
  bool dislikes(std::size_t number);
  Clock::duration some_work();

  FleetWorld& world_;
  const std::string name_;
  asio::io_context context_{1};
  std::shared_ptr<DriftingClock> clock_;
  std::shared_ptr<FleetLeases> leases_;
  std::unique_ptr<Consumer<std::string>> consumer_;
  bool frozen_ = false;
  bool gone_ = false;
  bool stopping_ = false;
  bool stopped_ = false;
  bool ended_ = false;
  PauseSwitch pauses_;
  std::size_t held_up_ = 0;
  /// With Policy::stop: a handler has failed.
  bool failed_ = false;
  std::size_t seconds_since_ = 0;
};

}  // namespace kinesis::simulation
