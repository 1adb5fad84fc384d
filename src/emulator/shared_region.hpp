#pragma once

#include "emulator/logic/faults.hpp"
#include "emulator/logic/region.hpp"
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
    const std::lock_guard lock(mutex_);
    return region_.call(request, now());
  }
  Result<PutResult> put(std::string_view operation, const PreparedPut& put);
  Result<ReadResult> read(const GetRecordsRequest& request);
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
  /// Of a put: its records go to several shards.
  FaultDecision decide(std::string_view operation, const PreparedPut& put);
  void add_fault(FaultRule rule);
  void clear_faults();
  std::vector<Faults::Entry> faults() const;

  /// A look at, or a change of, the state.
  template <class Function>
  auto with_region(Function function) {
    const std::lock_guard lock(mutex_);
    return function(region_, now());
  }

 private:
  void report(std::string_view operation, const PreparedPut& put, const PutResult& result) const;
  void log_evicted(std::size_t records);

  const Options options_;
  mutable std::mutex mutex_;
  Region region_;
  Faults faults_;
  std::size_t evicted_ = 0;
  Moment::Monotonic next_eviction_log_{};
};

}  // namespace kinesis::emulator
