#include "consumer/diagnostics.hpp"
#include "consumer/lease_coordinator.hpp"
#include "core/backoff.hpp"

#include <algorithm>
#include <utility>

// What the coordinator writes to the leases this worker has: renewals, checkpoints, hand-overs, releases.
namespace kinesis::consumer {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr core::Backoff store_backoff{milliseconds(100), seconds(2)};
constexpr core::Backoff aside_backoff{seconds(1), seconds(30), 2, core::Backoff::Jitter::none};
/// Others may take a lease when they have not seen it change for the failover time; our clock may be this much slower.
constexpr double clock_drift = 0.05;
Clock::duration without_drift(milliseconds time) {
  return std::chrono::duration_cast<Clock::duration>(time * (1 - clock_drift));
}

}  // namespace

core::awaitable<void> LeaseCoordinator::renew_loop() {
  const auto self = shared_from_this();
  while (!stopped_) {
    const Clock::time_point now = client_.clock().now();
    Clock::time_point next = Clock::time_point::max();
    while (!renewals_.empty()) {
      const auto first = renewals_.begin();
      if (first->first > now) {
        next = first->first;
        break;
      }
      if (renewing_ >= options_.timing.parallel_writes) break;  // the end of one wakes us
      const OwnedPtr owned = std::move(first->second);
      renewals_.erase(first);
      if (owned->ended) continue;
      if (owned->renewal_due > now) {
        schedule(owned);  // a checkpoint was as good
        continue;
      }
      if (renewing_++ == 0) renewing_since_ = now;
      loops_.spawn(renew(owned));
    }
    co_await wake_renew_.wait_until(next);
  }
}

void LeaseCoordinator::schedule(const OwnedPtr& owned) {
  renewals_.emplace(owned->renewal_due, owned);
  wake_renew_.wake();
}

core::awaitable<void> LeaseCoordinator::renew(OwnedPtr owned) {
  const auto self = shared_from_this();
  MakeUpdate make = [](const Lease& known) { return LeaseUpdate::renew(known); };
  const bool renewed = co_await write(owned, std::move(make));
  if (renewed) ++renewed_;
  if (--renewing_ == 0 && renewed_ > 0)
    emit(event::LeasesRenewed{std::exchange(renewed_, 0), client_.clock().now() - renewing_since_});
  if (!owned->ended) schedule(owned);
  wake_renew_.wake();
}

core::awaitable<bool> LeaseCoordinator::write(OwnedPtr owned, MakeUpdate make) {
  const bool got_turn = co_await owned->turn.push(true);
  if (!got_turn) co_return false;
  bool stored = false;
  std::exception_ptr cancelled;
  std::int64_t counter = -1;
  Clock::time_point first_sent{};
  for (int attempt = 1; !owned->ended && !stored && !cancelled; ++attempt) {
    if (std::exchange(counter, owned->lease.counter) != owned->lease.counter) first_sent = client_.clock().now();
    std::exception_ptr failure;
    try {
      stored = co_await write_once(owned, make(owned->lease), first_sent);
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
      lose(owned, nullptr);
      continue;
    }
    try {
      co_await core::sleep_for(client_.clock(), store_backoff.delay(static_cast<std::uint32_t>(attempt - 1), random_));
    } catch (...) {
      cancelled = std::current_exception();  // the turn is given back all the same
    }
  }
  owned->turn.try_pop();
  if (cancelled) std::rethrow_exception(cancelled);
  co_return stored;
}

core::awaitable<bool> LeaseCoordinator::write_once(OwnedPtr owned, LeaseUpdate update, Clock::time_point first_sent) {
  const Clock::time_point sent = client_.clock().now();
  if (owned->handing_over && !owned->next_begins) {
    // This write shows the next worker that this one knows, even if its answer is lost.
    owned->next_begins = sent + without_drift(options_.timing.hand_over);
    tell_validity(*owned);
  }
  const Lease wanted = update.apply(owned->lease);
  const LeaseWrite written = co_await options_.leases->update(std::move(update));
  const std::optional<Lease>& row = written.row();
  if (written.is_stored()) {
    wrote(owned, wanted, sent);
    co_return true;
  }
  if (row && row->counter == wanted.counter && row->owner == wanted.owner && row->checkpoint == wanted.checkpoint &&
      row->checkpoint_owner == wanted.checkpoint_owner) {
    wrote(owned, wanted, first_sent);  // only the answer of an earlier try was lost
    co_return true;
  }
  if (wanted.owner != worker().text() && first_sent < sent && row && row->counter >= wanted.counter &&
      row->checkpoint_owner != worker().text() && !(row->checkpoint < wanted.checkpoint)) {
    book_.observe(*row, client_.clock().now());  // the same of our last write, and the next owner has begun
    co_return true;
  }
  if (row && row->owner == worker().text()) {
    owned->lease = *row;  // a write of ours whose answer was lost lies between; go on from there
    co_return false;
  }
  if (row) book_.observe(*row, client_.clock().now());
  if (row && row->checkpoint_owner == worker().text()) {
    start_hand_over(owned, *row);
  } else {
    lose(owned, row ? &*row : nullptr);
  }
  co_return false;
}

void LeaseCoordinator::wrote(const OwnedPtr& owned, Lease row, Clock::time_point sent) {
  book_.observe(row, client_.clock().now());
  if (row.counter >= owned->lease.counter) owned->lease = std::move(row);
  owned->valid_until = valid_until(sent);
  owned->renewal_due = sent + options_.timing.renew_interval;
  tell_validity(*owned);
}

void LeaseCoordinator::tell_validity(Owned& owned) const {
  const Clock::time_point until = std::min(owned.valid_until, owned.next_begins.value_or(Clock::time_point::max()));
  owned.session->extend(until, owned.lease.counter);
}

Clock::time_point LeaseCoordinator::valid_until(Clock::time_point sent) const {
  return sent + without_drift(options_.timing.failover);
}

void LeaseCoordinator::start_hand_over(const OwnedPtr& owned, const Lease& row) {
  owned->lease = row;
  if (std::exchange(owned->handing_over, true)) return;
  emit(event::LeaseWanted{row.key, row.owner.value_or("")});
  owned->session->end_delivery(ShardEnd::handed_over);
  end_unclaimed();
}

void LeaseCoordinator::end_unclaimed() {
  // Nobody else would end a session that was not asked for yet.
  std::vector<std::shared_ptr<ShardSession>> waiting;
  while (auto session = sessions_.try_pop()) waiting.push_back(std::move(*session));
  for (auto& session : waiting) {
    if (session->end() == ShardEnd::not_ended) {
      sessions_.try_push(session);
    } else {
      session->finish(nullptr);
    }
  }
}

void LeaseCoordinator::forget(const OwnedPtr& owned) {
  owned->ended = true;
  const auto it = owned_.find(owned->lease.key);
  if (it != owned_.end() && it->second == owned) owned_.erase(it);
}

void LeaseCoordinator::lose(const OwnedPtr& owned, const Lease* row) {
  if (owned->ended) return;
  forget(owned);
  const std::string& key = owned->lease.key;
  lost_[key] = client_.clock().now() + options_.timing.refresh_interval;
  if (row != nullptr && row->owner && row->owner != worker().text()) emit(event::LeaseStolen{key, *row->owner});
  // A session that stopped by itself has said so.
  const bool news = owned->session->end_delivery(ShardEnd::lease_lost);
  if (news) emit(event::LeaseLost{key});
}

LeaseCoordinator::OwnedPtr LeaseCoordinator::find(const std::shared_ptr<ShardSession>& session) const {
  const auto it = owned_.find(session->lease_key());
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
  if (checkpoint.is_shard_end()) {
    bool ours = true;
    try {
      co_await end_shard(owned, std::move(children));
    } catch (const Error& error) {
      if (error.code() != errc::condition_failed) throw;
      ours = false;
    }
    if (!ours) co_return CheckpointOutcome::lease_lost;
  }
  MakeUpdate make = [checkpoint](const Lease& known) { return LeaseUpdate::checkpoint(known, checkpoint); };
  const bool stored = co_await write(owned, std::move(make));
  if (!stored) co_return CheckpointOutcome::lease_lost;
  aside_.erase(owned->lease.key);
  emit(event::CheckpointStored{owned->lease.key, checkpoint});
  if (checkpoint.is_shard_end()) wake_refresh_.wake();
  co_return CheckpointOutcome::stored;
}

core::awaitable<CheckpointOutcome> LeaseCoordinator::prepare_checkpoint(std::shared_ptr<ShardSession> session,
                                                                        Checkpoint checkpoint, Blob state) {
  return core::run_on(strand_, prepare_here(std::move(session), std::move(checkpoint), std::move(state)));
}

core::awaitable<CheckpointOutcome> LeaseCoordinator::prepare_here(std::shared_ptr<ShardSession> session,
                                                                  Checkpoint checkpoint, Blob state) {
  const auto self = shared_from_this();
  const OwnedPtr owned = find(session);
  if (!owned) co_return CheckpointOutcome::lease_lost;
  MakeUpdate make = [checkpoint, state](const Lease& known) {
    return LeaseUpdate::prepare_checkpoint(known, checkpoint, state);
  };
  const bool stored = co_await write(owned, std::move(make));
  if (!stored) co_return CheckpointOutcome::lease_lost;
  co_return CheckpointOutcome::stored;
}

core::awaitable<void> LeaseCoordinator::end_shard(OwnedPtr owned, std::vector<ChildShard> children) {
  std::function<bool()> ours = [this, owned] { return !owned->ended && client_.clock().now() < owned->valid_until; };
  ShardKeeper& keeper = part_of(owned->lease)->keeper;
  std::vector<std::string> ids = co_await keeper.make_children(owned->lease, std::move(children), std::move(ours));
  if (!ids.empty()) owned->lease.child_shard_ids = ids;
  ended_here_.insert(owned->lease.key);
  emit(event::ShardEnded{owned->lease.key, std::move(ids)});
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
  if (checkpoint && checkpoint->is_shard_end()) {
    try {
      co_await end_shard(owned, std::move(children));
    } catch (...) {
      trouble_with_children = std::current_exception();
    }
  }
  if (trouble_with_children) {
    // SHARD_END must not be written before the children have leases: whoever takes the shard next ends it.
    trouble(key, "creating the leases of its children", core::to_error(trouble_with_children));
    checkpoint.reset();
  }
  MakeUpdate make = [checkpoint, me = worker().text()](const Lease& known) {
    if (known.checkpoint_owner == me) return LeaseUpdate::hand_over(known, checkpoint);
    return checkpoint ? LeaseUpdate::checkpoint_and_release(known, *checkpoint) : LeaseUpdate::release(known);
  };
  const bool stored = co_await write(owned, std::move(make));
  forget(owned);
  if (failure) {
    trouble(key, "handling records", core::to_error(failure));
    put_aside(key);
  } else if (given_up(*session, checkpoint)) {
    // Taken again at once it would be given back at once, for ever.
    if (checkpoint) aside_.erase(key);
    put_aside(key);
  }
  if (!stored) co_return;
  if (checkpoint) emit(event::CheckpointStored{key, *checkpoint});
  emit(event::LeaseReleased{key});
  if (checkpoint && checkpoint->is_shard_end()) wake_refresh_.wake();
}

bool LeaseCoordinator::given_up(const ShardSession& session, const std::optional<Checkpoint>& checkpoint) const {
  if (stopping_ || (checkpoint && checkpoint->is_shard_end())) return false;
  return session.end() == ShardEnd::stopping || session.end() == ShardEnd::shard_ended;
}

void LeaseCoordinator::put_aside(const std::string& key) {
  Aside& aside = aside_[key];
  aside.until = client_.clock().now() + aside_backoff.delay(aside.failures++, random_);
}

}  // namespace kinesis::consumer
