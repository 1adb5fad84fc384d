#include "consumer/lease_coordinator.hpp"

#include "consumer/diagnostics.hpp"
#include "consumer/logic/shard_graph.hpp"
#include "core/backoff.hpp"
#include "core/strand.hpp"

#include <algorithm>
#include <utility>

// How a worker starts, looks at the table, and stops. How it gets leases: lease_taking.cpp. What it writes to those it
// has: lease_writing.cpp.
namespace kinesis::consumer {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr core::Backoff start_backoff{milliseconds(200), seconds(5)};
/// Tries of the first calls, which tell whether this worker can work at all.
constexpr int start_attempts = 5;
/// Between two looks at the table while leases are on their way to this worker.
constexpr milliseconds quick_look{250};

}  // namespace

LeaseCoordinator::LeaseCoordinator(Client client, ConsumerOptions options)
    : client_(std::move(client)),
      options_(std::move(options)),
      strand_(core::make_strand(client_.executor())),
      sessions_(std::numeric_limits<std::uint32_t>::max()),
      loops_(strand_),
      readings_(strand_),
      taking_(1),
      stop_done_(1),
      wake_refresh_(strand_, client_.clock()),
      wake_renew_(strand_, client_.clock()),
      random_(core::random_seed()),
      book_(options_.timing.failover) {}

core::awaitable<void> LeaseCoordinator::run() {
  const auto self = shared_from_this();
  co_await unless_stopped(prepare_with_retries());
  co_await unless_stopped(prepare_fetching());
  if (stopping_) co_return;
  loops_.spawn(renew_loop());
  loops_.spawn(refresh_loop());
  co_await loops_.join();
}

core::awaitable<void> LeaseCoordinator::unless_stopped(core::awaitable<void> reading) {
  if (stopping_) co_return;
  readings_.spawn(std::move(reading));
  co_await readings_.join();
}

core::awaitable<void> LeaseCoordinator::prepare_with_retries() {
  for (int attempt = 1;; ++attempt) {
    std::exception_ptr failure;
    try {
      co_await prepare();
    } catch (...) {
      failure = std::current_exception();
    }
    if (!failure) co_return;
    const Error error = core::to_error(failure);
    if (!error.retryable() || attempt >= start_attempts) std::rethrow_exception(failure);
    trouble("", "starting", error);
    co_await core::sleep_for(client_.clock(), start_backoff.delay(static_cast<std::uint32_t>(attempt - 1), random_));
  }
}

core::awaitable<void> LeaseCoordinator::prepare() {
  if (streams_.empty()) co_await find_streams();
  co_await options_.leases->prepare();
  co_await read_table();
  for (const auto& part : streams_) {
    // With many shards and a slow store it takes several rounds.
    for (bool all = false; !all;) {
      all = co_await part->keeper.make_missing(table_read_);
      if (!all) co_await read_table();
    }
  }
}

core::awaitable<void> LeaseCoordinator::find_streams() {
  std::vector<ConsumedStream> found = co_await consumed_streams(client_, options_.stream, options_.start);
  for (ConsumedStream& stream : found) {
    const Fetching* first = streams_.empty() ? nullptr : streams_.front()->fetching.get();
    streams_.push_back(std::make_unique<StreamPart>(*this, std::move(stream), first));
  }
}

core::awaitable<void> LeaseCoordinator::prepare_fetching() {
  for (const auto& part : streams_) co_await part->fetching->prepare();
}

core::awaitable<void> LeaseCoordinator::keep_shards() {
  for (const auto& part : streams_) co_await part->keeper.keep(table_read_);
}

core::awaitable<void> LeaseCoordinator::read_table() {
  const TableRead began{client_.clock().now(), client_.clock().wall_now()};
  auto rows = co_await options_.leases->list();
  table_read_ = began;
  std::erase_if(rows, [this](const Lease& row) { return part_of(row) == nullptr; });
  book_.observe_all(std::move(rows), client_.clock().now());
}

LeaseCoordinator::StreamPart* LeaseCoordinator::part_of(const Lease& lease) const {
  for (const auto& part : streams_)
    if (part->stream.has(lease)) return part.get();
  return nullptr;
}

core::awaitable<void> LeaseCoordinator::refresh_loop() {
  const auto self = shared_from_this();
  while (!stopping_) {
    std::exception_ptr failure;
    try {
      co_await unless_stopped(look());
      if (!stopping_) co_await assign();
      co_await unless_stopped(keep_shards());
    } catch (...) {
      failure = std::current_exception();
    }
    if (failure) {
      if (core::is_cancellation(failure)) co_return;
      trouble("", "coordinating leases", core::to_error(failure));
    }
    if (stopping_) co_return;
    co_await wake_refresh_.wait_until(next_look());
  }
}

Clock::time_point LeaseCoordinator::next_look() {
  const Clock::time_point now = client_.clock().now();
  const LeaseTiming& timing = options_.timing;
  const bool awaiting = std::any_of(awaited_.begin(), awaited_.end(), [&](const auto& awaited) {
    return now - awaited.second.asked < std::max(timing.hand_over, timing.renew_interval);
  });
  milliseconds interval = timing.refresh_interval;
  // Others that joined at the same time are known now; what they took from under our hands is to be evened out.
  if (awaiting || missed_ > 0) interval = std::min(interval, quick_look);
  // Workers that started together must not read the table together for ever.
  const auto jittered = std::chrono::duration_cast<Clock::duration>(interval * (0.8 + 0.2 * random_.unit()));
  Clock::time_point next = std::min(now + jittered, book_.next_expiry(worker().text(), now));
  for (const auto& [key, awaited] : awaited_)
    if (awaited.start_anyway > now) next = std::min(next, awaited.start_anyway);
  return next;
}

core::awaitable<void> LeaseCoordinator::look() {
  co_await read_table();
  const Clock::time_point now = client_.clock().now();
  const auto owned = owned_;
  for (const auto& [key, lease] : owned) look_at_owned(lease, now);
  look_at_awaited(now);
  watch_workers();
  watch_blocked();
  std::erase_if(lost_, [&](const auto& lost) { return lost.second <= now; });
  std::erase_if(ended_here_, [&](const std::string& key) { return book_.find(key) == nullptr; });
}

void LeaseCoordinator::look_at_owned(const OwnedPtr& owned, Clock::time_point now) {
  if (owned->ended) return;
  const Lease* row = book_.lease(owned->lease.key);
  if (row != nullptr && row->counter < owned->lease.counter) {
    // What we wrote while the listing was under way is newer than the listing.
    book_.observe(owned->lease, now);
  } else if (row != nullptr && row->owner != worker().text() && row->checkpoint_owner == worker().text()) {
    start_hand_over(owned, *row);
  } else if (row == nullptr || row->owner != worker().text()) {
    lose(owned, row);
  }
}

core::awaitable<void> LeaseCoordinator::stop() {
  const auto self = shared_from_this();
  if (std::exchange(stopping_, true)) {
    co_await stop_done_.pop();
    co_return;
  }
  readings_.cancel();
  wake_refresh_.wake();
  const auto owned = owned_;
  for (const auto& [key, lease] : owned) lease->session->end_delivery(ShardEnd::stopping);
  while (auto unclaimed = sessions_.try_pop()) (*unclaimed)->finish(nullptr);
  sessions_.close();
  std::exception_ptr late;
  try {
    co_await core::with_deadline(client_.clock(), client_.clock().now() + options_.stop_deadline, finish_sessions());
  } catch (...) {
    late = std::current_exception();
  }
  const auto left = owned_;
  if (late && !left.empty()) {
    event::StopTimedOut timed_out;
    for (const auto& [key, lease] : left) timed_out.shard_ids.push_back(key);
    emit(timed_out);
    for (const auto& [key, lease] : left) lease->session->finish(nullptr);
  }
  stopped_ = true;
  renewals_.clear();
  wake_renew_.wake();
  loops_.cancel();
  stop_done_.close();
}

core::awaitable<void> LeaseCoordinator::finish_sessions() {
  const auto owned = owned_;
  for (const auto& [key, lease] : owned) co_await lease->session->finished();
  // A lease that is being taken is given back as soon as its answer is there, and not left to expire.
  co_await taking_.push(true);
  co_await cancel_asked();
  co_await leave_fan_out();
}

void LeaseCoordinator::watch_workers() {
  std::set<std::string> now;
  for (const auto& [key, entry] : book_.entries())
    if (entry.lease.owner) now.insert(*entry.lease.owner);
  for (const std::string& name : now)
    if (!workers_.contains(name)) emit(event::WorkerJoined{name});
  for (const std::string& name : workers_)
    if (!now.contains(name)) emit(event::WorkerLeft{name});
  workers_ = std::move(now);
}

void LeaseCoordinator::watch_blocked() {
  for (const auto& [key, entry] : book_.entries()) {
    const Lease& lease = entry.lease;
    if (lease.checkpoint.is_shard_end() || book_.parents_done(lease)) {
      blocked_.erase(key);
    } else if (blocked_.insert(key).second) {
      emit(event::ShardBlocked{key, lease.parent_shard_ids});
    }
  }
}

void LeaseCoordinator::emit(const DiagnosticEvent& event) const { tell(options_.on_event, client_.log(), event); }

void LeaseCoordinator::trouble(const std::string& shard_id, const std::string& doing, const Error& error) const {
  emit(event::Trouble{shard_id, doing, error});
}

}  // namespace kinesis::consumer
