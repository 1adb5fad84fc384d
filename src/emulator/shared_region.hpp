#pragma once

#include "emulator/logic/faults.hpp"
#include "emulator/logic/region.hpp"
#include "emulator/subscription_watch.hpp"
#include <kinesis/clock.hpp>
#include <kinesis/emulator.hpp>
#include <kinesis/log.hpp>

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kinesis::emulator {

/// The state of the service and its faults behind one lock, at the time of a clock. What costs time beside it, reading
/// requests and writing answers, is done outside. Thread-safe.
class SharedRegion {
 public:
  struct Options {
    RegionOptions region;
    std::shared_ptr<Clock> clock;
    Log log;
    std::vector<FaultRule> faults;
    /// Called for each record that was stored, after it can be read, on the thread that put it; calls of several
    /// threads overlap.
    std::function<void(const AcceptedRecord&)> on_accepted;
  };
  explicit SharedRegion(Options options);

  Clock& clock() const noexcept { return *options_.clock; }
  Moment now() const noexcept;
  const std::string& account() const noexcept { return options_.region.account; }
  const std::string& region_name() const noexcept { return options_.region.region; }

  /// Any operation, without faults.
  template <class Request>
  Result<typename Request::Response> call(const Request& request) {
    return changing([&] { return region_.call(request, now()); });
  }
  Result<PutResult> put(std::string_view operation, const PreparedPut& put);
  Result<ReadResult> read(const GetRecordsRequest& request);
  /// SubscribeToShard. `wakeup` is woken when the next event may be there, up to `unsubscribe`.
  Result<Subscription> subscribe(const SubscribeToShardRequest& request, const std::shared_ptr<Wakeup>& wakeup);
  SubscriptionStep next_event(Subscription& subscription);
  void unsubscribe(const Subscription& subscription, const std::shared_ptr<Wakeup>& wakeup);
  /// What of a PutRecord is not in its view.
  std::optional<Error> check_ordering(const PutRecordRequest& request);

  /// What the rules say about a request.
  template <class Request>
  FaultDecision decide(const Request& request) {
    const Subject subject = subject_of(request);
    return decide(Request::operation, subject.stream, subject.shard);
  }
  FaultDecision decide(const GetRecordsRequest& request);
  FaultDecision decide(std::string_view operation, std::string_view stream, std::string_view shard);
  /// What the rules say about the events of a subscription that was accepted.
  StreamFault decide_stream(const SubscribeToShardRequest& request);
  /// Of a put: its records go to several shards.
  FaultDecision decide(std::string_view operation, const PreparedPut& put);
  void add_fault(FaultRule rule);
  void clear_faults();
  std::vector<Faults::Entry> faults() const;

  /// A look at, or a change of, the state.
  template <class Function>
  auto with_region(Function function) {
    return changing([&] { return function(region_, now()); });
  }

 private:
  /// Wakes them when it goes.
  struct WakeList {
    std::vector<std::shared_ptr<Wakeup>> all = {};
    ~WakeList() {
      for (const auto& one : all) one->wake();
    }
  };

  /// Adds all readers when it goes, if the region has changed.
  class ChangeNotice {
   public:
    ChangeNotice(const SharedRegion& shared, WakeList& waking)
        : shared_(shared), waking_(waking), before_(shared.region_.changes()) {}
    ~ChangeNotice() {
      if (shared_.region_.changes() != before_) shared_.watch_.collect_all(waking_.all);
    }
    ChangeNotice(const ChangeNotice&) = delete;
    ChangeNotice& operator=(const ChangeNotice&) = delete;

   private:
    const SharedRegion& shared_;
    WakeList& waking_;
    std::uint64_t before_;
  };

  /// Carries out what may end subscriptions, and wakes their readers after the lock if so.
  template <class Function>
  auto changing(Function function) {
    WakeList waking;
    const std::lock_guard lock(mutex_);
    const ChangeNotice notice(*this, waking);
    return function();
  }
  void collect_readers(const PutResult& result, WakeList& waking) const;
  void report(std::string_view operation, const PreparedPut& put, const PutResult& result) const;
  void log_evicted(std::size_t records);

  const Options options_;
  mutable std::mutex mutex_;
  Region region_;
  Faults faults_;
  SubscriptionWatch watch_;
  std::size_t evicted_ = 0;
  Moment::Monotonic next_eviction_log_{};
};

}  // namespace kinesis::emulator
