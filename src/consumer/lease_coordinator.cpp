#include "consumer/lease_coordinator.hpp"

#include "aws/paginators.hpp"
#include "consumer/logic/balanced.hpp"
#include "consumer/logic/shard_graph.hpp"
#include "core/backoff.hpp"
#include "core/strand.hpp"

#include <algorithm>
#include <utility>

namespace kinesis::consumer {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr core::Backoff store_backoff{milliseconds(100), seconds(2)};
constexpr core::Backoff aside_backoff{seconds(1), seconds(30), 2, core::Backoff::Jitter::none};
constexpr core::Backoff start_backoff{milliseconds(200), seconds(5)};
/// Tries of the first calls, which tell whether this worker can work at all.
constexpr int start_attempts = 5;
/// Others may take a lease when they have not seen it change for the failover time; our clock may be this much slower.
constexpr double clock_drift = 0.05;

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
  co_await options_.leases->prepare();
  auto rows = co_await options_.leases->list();
  book_.observe_all(std::move(rows), client_.clock().now());
  co_await create_missing();
}

core::awaitable<void> LeaseCoordinator::refresh_loop() {
  const auto self = shared_from_this();
  while (!stopping_) {
    std::exception_ptr failure;
    try {
      co_await unless_stopped(look());
      if (!stopping_) co_await take_share();
      lost_in_this_cycle_.clear();
    } catch (...) {
      failure = std::current_exception();
    }
    if (failure) {
      if (core::is_cancellation(failure)) co_return;
      trouble("", "coordinating leases", core::to_error(failure));
    }
    if (stopping_) co_return;
    // Workers that started together must not read the table together for ever.
    const auto interval = options_.timing.refresh_interval * (0.9 + 0.2 * random_.unit());
    co_await wake_refresh_.wait_until(client_.clock().now() + std::chrono::duration_cast<Clock::duration>(interval));
  }
}

core::awaitable<void> LeaseCoordinator::look() {
  auto rows = co_await options_.leases->list();
  const Clock::time_point now = client_.clock().now();
  book_.observe_all(std::move(rows), now);
  const auto owned = owned_;
  for (const auto& [key, lease] : owned) {
    const LeaseBook::Entry* entry = book_.find(key);
    // What we wrote while the listing was under way is newer than the listing.
    if (entry != nullptr && entry->lease.counter < lease->lease.counter) {
      book_.observe(lease->lease, now);
    } else if (entry == nullptr || entry->lease.owner != worker().text()) {
      lose(lease);
    }
  }
  if (now - shards_listed_ >= options_.timing.shard_refresh_interval) co_await create_missing();
}

core::awaitable<void> LeaseCoordinator::create_missing() {
  ListShardsRequest request(options_.stream);
  const bool first = book_.entries().empty();
  if (first) request.shard_filter = start_filter(options_.start);
  auto listed = co_await aws::list_all_shards(client_.kinesis(), std::move(request));
  shards_ = std::move(listed).value();
  if (first) check_coverage(shards_).value();
  shards_listed_ = client_.clock().now();
  for (Lease& lease : missing_leases(shards_, book_.leases(), options_.start)) {
    const LeaseWrite written = co_await options_.leases->create(lease);
    if (written.is_stored()) {
      book_.observe(std::move(lease), client_.clock().now());
    } else if (written.row()) {
      book_.observe(*written.row(), client_.clock().now());
    }
  }
}

core::awaitable<void> LeaseCoordinator::take_share() {
  const Clock::time_point now = client_.clock().now();
  const LeasesByKey leases = book_.leases();
  std::vector<Holding> holdings;
  for (const auto& [key, entry] : book_.entries()) {
    if (entry.lease.checkpoint.is_shard_end() || !parents_done(entry.lease, leases)) continue;
    Holding holding{key, std::nullopt};
    const bool ours_no_more = entry.lease.owner == worker().text() && !owned_.contains(key);
    if (!book_.is_free(entry, now) && !ours_no_more) holding.owner = entry.lease.owner;
    holdings.push_back(std::move(holding));
  }
  core::TaskGroup takes(strand_);
  co_await taking_.push(true);
  for (std::string& key : balanced_takes(holdings, worker().text(), not_to_take()))
    if (!owned_.contains(key)) takes.spawn(take(std::move(key)));
  std::exception_ptr failure;
  try {
    co_await takes.join();
  } catch (...) {
    failure = std::current_exception();
  }
  taking_.try_pop();
  if (failure) std::rethrow_exception(failure);
}

std::set<std::string> LeaseCoordinator::not_to_take() {
  std::set<std::string> keys = lost_in_this_cycle_;
  const Clock::time_point now = client_.clock().now();
  for (const auto& [key, aside] : aside_)
    if (now < aside.until) keys.insert(key);
  return keys;
}

core::awaitable<void> LeaseCoordinator::take(std::string key) {
  const LeaseBook::Entry* entry = book_.find(key);
  if (entry == nullptr) co_return;
  const Lease known = entry->lease;
  const Clock::time_point sent = client_.clock().now();
  const bool stolen = known.owner && !book_.is_free(*entry, sent);
  const LeaseUpdate update = LeaseUpdate::take(known, worker().text());
  const LeaseWrite written = co_await options_.leases->update(update);
  Lease row = update.apply(known);
  if (!written.is_stored()) {
    if (!written.row()) co_return;
    book_.observe(*written.row(), client_.clock().now());
    // The answer of an earlier try may have been lost: then the row is as we wanted it.
    if (written.row()->owner != row.owner || written.row()->counter != row.counter) co_return;
  }
  book_.observe(row, client_.clock().now());
  if (stopping_) {
    co_await options_.leases->update(LeaseUpdate::release(row));
    co_return;
  }
  SessionContext context{client_, options_.stream, options_.start, options_.fetch, options_.on_event, weak_from_this()};
  auto owned = std::make_shared<Owned>(row);
  owned->valid_until = valid_until(sent);
  owned->session = std::make_shared<ShardSession>(std::move(context), row, valid_until(sent));
  owned_[key] = owned;
  emit(event::LeaseAcquired{key, row.checkpoint, stolen});
  owned->session->start();
  auto session = owned->session;
  sessions_.try_push(session);
}

core::awaitable<void> LeaseCoordinator::renew_loop() {
  const auto self = shared_from_this();
  while (!stopped_) {
    co_await wake_renew_.wait_until(client_.clock().now() + options_.timing.renew_interval);
    if (stopped_) co_return;
    const Clock::time_point began = client_.clock().now();
    core::TaskGroup renewals(strand_);
    for (const auto& [key, owned] : owned_) renewals.spawn(renew(owned));
    const std::size_t count = renewals.size();
    co_await renewals.join();
    if (count > 0) emit(event::LeasesRenewed{count, client_.clock().now() - began});
  }
}

core::awaitable<void> LeaseCoordinator::renew(OwnedPtr owned) {
  MakeUpdate make = [](const Lease& known) { return LeaseUpdate::renew(known); };
  co_await write(std::move(owned), std::move(make));
}

core::awaitable<bool> LeaseCoordinator::write(OwnedPtr owned, MakeUpdate make) {
  const bool got_turn = co_await owned->turn.push(true);
  if (!got_turn) co_return false;
  bool stored = false;
  std::exception_ptr cancelled;
  for (int attempt = 1; !owned->lost && !stored && !cancelled; ++attempt) {
    std::exception_ptr failure;
    try {
      stored = co_await write_once(owned, make(owned->lease));
    } catch (...) {
      failure = std::current_exception();
    }
    if (!failure) continue;
    if (core::is_cancellation(failure)) {
      cancelled = failure;
      continue;
    }
    trouble(owned->lease.key, "writing the lease", core::to_error(failure));
    if (client_.clock().now() >= owned->valid_until) {
      lose(owned);
      continue;
    }
    co_await core::sleep_for(client_.clock(), store_backoff.delay(static_cast<std::uint32_t>(attempt - 1), random_));
  }
  owned->turn.try_pop();
  if (cancelled) std::rethrow_exception(cancelled);
  co_return stored;
}

core::awaitable<bool> LeaseCoordinator::write_once(OwnedPtr owned, LeaseUpdate update) {
  const Clock::time_point sent = client_.clock().now();
  const Lease wanted = update.apply(owned->lease);
  const LeaseWrite written = co_await options_.leases->update(std::move(update));
  const std::optional<Lease>& row = written.row();
  const bool stored_before = row && row->counter == wanted.counter && row->owner == wanted.owner &&
                             row->checkpoint == wanted.checkpoint;  // and only the answer was lost
  if (written.is_stored() || stored_before) {
    owned->lease = wanted;
    owned->valid_until = valid_until(sent);
    owned->session->extend(owned->valid_until);
    book_.observe(wanted, client_.clock().now());
    co_return true;
  }
  if (row && row->owner == worker().text()) {
    owned->lease = *row;  // a write of ours whose answer was lost lies between; go on from there
    co_return false;
  }
  if (row) book_.observe(*row, client_.clock().now());
  lose(owned);
  co_return false;
}

Clock::time_point LeaseCoordinator::valid_until(Clock::time_point sent) const {
  return sent + std::chrono::duration_cast<Clock::duration>(options_.timing.failover * (1 - clock_drift));
}

void LeaseCoordinator::lose(const OwnedPtr& owned) {
  if (std::exchange(owned->lost, true)) return;
  const auto it = owned_.find(owned->lease.key);
  if (it != owned_.end() && it->second == owned) owned_.erase(it);
  lost_in_this_cycle_.insert(owned->lease.key);
  owned->session->end_delivery(ShardEnd::lease_lost);
  emit(event::LeaseLost{owned->lease.key});
}

LeaseCoordinator::OwnedPtr LeaseCoordinator::find(const std::shared_ptr<ShardSession>& session) const {
  const auto it = owned_.find(session->shard_id());
  return it != owned_.end() && it->second->session == session ? it->second : nullptr;
}

core::awaitable<CheckpointOutcome> LeaseCoordinator::checkpoint(std::shared_ptr<ShardSession> session,
                                                                Checkpoint checkpoint,
                                                                std::vector<ChildShard> children) {
  return core::run_on(strand_, checkpoint_here(std::move(session), std::move(checkpoint), std::move(children)));
}

core::awaitable<CheckpointOutcome> LeaseCoordinator::checkpoint_here(std::shared_ptr<ShardSession> session,
                                                                     Checkpoint checkpoint,
                                                                     std::vector<ChildShard> children) {
  const auto self = shared_from_this();
  const OwnedPtr owned = find(session);
  if (!owned) co_return CheckpointOutcome::lease_lost;
  if (checkpoint.is_shard_end()) co_await create_children(owned, std::move(children));
  MakeUpdate make = [checkpoint](const Lease& known) { return LeaseUpdate::checkpoint(known, checkpoint); };
  const bool stored = co_await write(owned, std::move(make));
  if (!stored) co_return CheckpointOutcome::lease_lost;
  aside_.erase(owned->lease.key);
  emit(event::CheckpointStored{owned->lease.key, checkpoint});
  if (checkpoint.is_shard_end()) wake_refresh_.wake();
  co_return CheckpointOutcome::stored;
}

core::awaitable<void> LeaseCoordinator::create_children(OwnedPtr owned, std::vector<ChildShard> children) {
  if (children.empty()) {
    // Some endpoints do not name the children with the last records; the list of shards does.
    auto listed = co_await aws::list_all_shards(client_.kinesis(), ListShardsRequest(options_.stream));
    for (const KinesisShard& shard : std::move(listed).value()) {
      const Lease lease = lease_for(shard, Checkpoint::trim_horizon());
      if (std::find(lease.parent_shard_ids.begin(), lease.parent_shard_ids.end(), owned->lease.key) ==
          lease.parent_shard_ids.end())
        continue;
      ChildShard child;
      child.shard_id = shard.shard_id;
      child.parent_shards = lease.parent_shard_ids;
      child.hash_key_range = shard.hash_key_range;
      children.push_back(std::move(child));
    }
  }
  std::vector<std::string> ids;
  for (const ChildShard& child : children) {
    Lease lease = lease_for(child);
    ids.push_back(lease.key);
    const LeaseWrite written = co_await options_.leases->create(lease);
    book_.observe(written.row().value_or(lease), client_.clock().now());
  }
  emit(event::ShardEnded{owned->lease.key, ids});
  if (ids.empty()) co_return;
  owned->lease.child_shard_ids = ids;
  co_await options_.leases->update(LeaseUpdate::child_shards(owned->lease, std::move(ids)));
}

core::awaitable<void> LeaseCoordinator::release(std::shared_ptr<ShardSession> session,
                                                std::optional<Checkpoint> checkpoint, std::vector<ChildShard> children,
                                                std::exception_ptr failure) {
  return core::run_on(strand_,
                      release_here(std::move(session), std::move(checkpoint), std::move(children), std::move(failure)));
}

core::awaitable<void> LeaseCoordinator::release_here(std::shared_ptr<ShardSession> session,
                                                     std::optional<Checkpoint> checkpoint,
                                                     std::vector<ChildShard> children, std::exception_ptr failure) {
  const auto self = shared_from_this();
  const OwnedPtr owned = find(session);
  if (!owned) co_return;
  const std::string key = owned->lease.key;
  std::exception_ptr trouble_with_children;
  const bool shard_end = checkpoint && checkpoint->is_shard_end();
  if (shard_end) {
    try {
      co_await create_children(owned, std::move(children));
    } catch (...) {
      trouble_with_children = std::current_exception();
    }
  }
  if (trouble_with_children) {
    // SHARD_END must not be written before the children have leases: whoever takes the shard next ends it.
    trouble(key, "creating the leases of its children", core::to_error(trouble_with_children));
    checkpoint.reset();
  }
  MakeUpdate make = [checkpoint](const Lease& known) {
    return checkpoint ? LeaseUpdate::checkpoint_and_release(known, *checkpoint) : LeaseUpdate::release(known);
  };
  const bool stored = co_await write(owned, std::move(make));
  const auto it = owned_.find(key);
  if (it != owned_.end() && it->second == owned) owned_.erase(it);
  if (failure) {
    trouble(key, "handling records", core::to_error(failure));
    put_aside(key);
  }
  if (!stored) co_return;
  if (checkpoint) emit(event::CheckpointStored{key, *checkpoint});
  emit(event::LeaseReleased{key});
  wake_refresh_.wake();
}

void LeaseCoordinator::put_aside(const std::string& key) {
  Aside& aside = aside_[key];
  aside.until = client_.clock().now() + aside_backoff.delay(aside.failures++, random_);
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
  if (late) {
    trouble("", "stopping: some handlers are still at work, their leases are given back without them",
            core::to_error(late));
    const auto left = owned_;
    for (const auto& [key, lease] : left) lease->session->finish(nullptr);
  }
  stopped_ = true;
  wake_renew_.wake();
  loops_.cancel();
  stop_done_.close();
}

core::awaitable<void> LeaseCoordinator::finish_sessions() {
  const auto owned = owned_;
  for (const auto& [key, lease] : owned) co_await lease->session->finished();
  // A lease that is being taken is given back as soon as its answer is there, and not left to expire.
  co_await taking_.push(true);
}

void LeaseCoordinator::emit(const DiagnosticEvent& event) const {
  if (options_.on_event) options_.on_event(event);
}

void LeaseCoordinator::trouble(const std::string& shard_id, const std::string& doing, const Error& error) const {
  if (client_.log().enabled(LogLevel::warning))
    client_.log().write(LogLevel::warning, "consumer",
                        doing + " failed: " + error.what() + (shard_id.empty() ? "" : " (" + shard_id + ")"));
  emit(event::Trouble{shard_id, doing, error});
}

}  // namespace kinesis::consumer
