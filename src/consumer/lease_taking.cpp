#include "consumer/in_parallel.hpp"
#include "consumer/lease_coordinator.hpp"

#include <algorithm>
#include <utility>

// How the coordinator gets leases, and lets go of those it does not want.
namespace kinesis::consumer {
namespace {

/// A worker that got nothing plans anew with what it learned from the refusals.
constexpr int plans_a_refresh = 8;
/// Writes of a take that finds the lease its own already.
constexpr int take_attempts = 3;

}  // namespace

core::awaitable<void> LeaseCoordinator::assign() {
  co_await taking_.push(true);
  std::exception_ptr failure;
  try {
    bool again = true;
    for (int plan = 0; again && plan < plans_a_refresh && !stopping_; ++plan) again = co_await assign_once();
  } catch (...) {
    failure = std::current_exception();
  }
  taking_.try_pop();
  if (failure) std::rethrow_exception(failure);
}

core::awaitable<bool> LeaseCoordinator::assign_once() {
  std::vector<std::string> keys;
  for (const auto& [key, awaited] : awaited_)
    if (awaited.ready) keys.push_back(key);
  const std::size_t ready = keys.size();

  const AssignmentView seen = view();
  std::exception_ptr failure;
  std::vector<std::string> wanted;
  try {
    wanted = options_.assignment(seen);
    const std::set<std::string> set(wanted.begin(), wanted.end());
    let_go(seen, set);
    for (std::string& key : to_take(seen, set)) keys.push_back(std::move(key));
  } catch (...) {
    failure = std::current_exception();
  }
  if (failure) trouble("", "assigning leases", core::to_error(failure));
  if (keys.size() > ready)
    emit(event::Balanced{workers_.size() + (workers_.contains(worker().text()) ? 0 : 1), seen.leases.size(),
                         owned_.size(), keys.size() - ready});

  taken_ = 0;
  missed_ = 0;
  std::function<core::awaitable<void>(std::size_t)> get = [&](std::size_t i) {
    return i < ready ? begin_awaited(keys[i]) : take(keys[i]);
  };
  co_await in_parallel(strand_, keys.size(), options_.timing.parallel_writes, std::move(get));
  co_return missed_ > 0 && taken_ == 0 && owned_.empty() && awaited_.empty();
}

AssignmentView LeaseCoordinator::view() const {
  const auto holds = [this](const std::string& key) { return owned_.contains(key) || awaited_.contains(key); };
  const auto ended_here = [this](const std::string& key) { return ended_here_.contains(key); };
  AssignmentView view = assignment_view(book_, worker().text(), client_.clock().now(), holds, ended_here);
  view.neglected_after = options_.timing.failover + 2 * options_.timing.refresh_interval;
  return view;
}

std::vector<std::string> LeaseCoordinator::to_take(const AssignmentView& view, const std::set<std::string>& wanted) {
  const Clock::time_point now = client_.clock().now();
  std::vector<std::string> keys;
  for (const AssignableLease& lease : view.leases) {
    if (!wanted.contains(lease.key) || lease.handing_over || lease.owner == worker().text()) continue;
    if (owned_.contains(lease.key) || lost_.contains(lease.key)) continue;
    const auto aside = aside_.find(lease.key);
    if (aside == aside_.end() || now >= aside->second.until) keys.push_back(lease.key);
  }
  return keys;
}

void LeaseCoordinator::let_go(const AssignmentView& view, const std::set<std::string>& wanted) {
  for (const AssignableLease& lease : view.leases) {
    if (wanted.contains(lease.key)) continue;
    const auto owned = owned_.find(lease.key);
    if (owned != owned_.end()) owned->second->session->end_delivery(ShardEnd::handed_over);
    // Of a lease that was asked for and is not wanted any more the hand-over is ended by taking it, and then it is
    // let go like any other.
  }
  end_unclaimed();
}

core::awaitable<void> LeaseCoordinator::take(std::string key) {
  const LeaseBook::Entry* entry = book_.find(key);
  if (entry == nullptr || stopping_ || awaited_.contains(key)) co_return;
  const Lease known = entry->lease;
  const Clock::time_point now = client_.clock().now();
  const bool ours = known.owner == worker().text();
  if (ours && known.checkpoint_owner && !book_.is_free(*entry, now)) {
    // It was asked for, and the answer was lost.
    Awaited awaited{known, now, entry->since + options_.timing.failover};
    awaited_.emplace(known.key, std::move(awaited));
    co_return;
  }
  if (ours || !known.owner || book_.is_free(*entry, now)) {
    co_await take_free(known);
  } else if (!known.checkpoint_owner) {
    co_await ask_for(known, entry->since + options_.timing.failover);
  }
}

core::awaitable<std::optional<LeaseCoordinator::Taken>> LeaseCoordinator::take_row(Lease known) {
  for (int attempt = 0; attempt < take_attempts; ++attempt) {
    const Clock::time_point sent = client_.clock().now();
    const LeaseUpdate update = LeaseUpdate::take(known, worker().text());
    const LeaseWrite written = co_await options_.leases->update(update);
    Lease row = update.apply(known);
    book_.observe(written.row().value_or(row), client_.clock().now());
    if (written.is_stored()) {
      Taken taken{std::move(row), sent};
      co_return std::optional<Taken>(std::move(taken));
    }
    // An earlier try whose answer was lost, or the last write of a hand-over, made it ours. Others have counted the
    // time since then, and its checkpoint may be another: it is taken once more as it stands.
    if (!written.row() || written.row()->owner != worker().text() || written.row()->checkpoint_owner) break;
    known = *written.row();
  }
  co_return std::nullopt;
}

core::awaitable<void> LeaseCoordinator::take_free(Lease known) {
  std::optional<Taken> taken = co_await take_row(std::move(known));
  if (!taken) {
    ++missed_;
    co_return;
  }
  co_await begin(std::move(taken->row), taken->sent, false);
}

core::awaitable<void> LeaseCoordinator::ask_for(Lease known, Clock::time_point silent_until) {
  const LeaseUpdate update = LeaseUpdate::ask_hand_over(known, worker().text());
  const LeaseWrite written = co_await options_.leases->update(update);
  const Lease row = update.apply(known);
  const Clock::time_point now = client_.clock().now();
  const bool asked = written.is_stored() ||
                     (written.row() && written.row()->owner == row.owner && written.row()->counter == row.counter &&
                      written.row()->checkpoint_owner == row.checkpoint_owner);
  book_.observe(written.row().value_or(row), now);
  if (!asked) {
    ++missed_;
    co_return;
  }
  ++taken_;
  Awaited awaited{row, now, silent_until};
  awaited_.emplace(row.key, std::move(awaited));
}

void LeaseCoordinator::look_at_awaited(Clock::time_point now) {
  for (auto it = awaited_.begin(); it != awaited_.end();) {
    Awaited& awaited = it->second;
    const Lease* row = book_.lease(it->first);
    if (row != nullptr && row->counter < awaited.lease.counter) {
      book_.observe(awaited.lease, now);  // a listing from before we asked
    } else if (row == nullptr || row->owner != worker().text()) {
      it = awaited_.erase(it);  // somebody else took it, or it is gone
      continue;
    } else if (row->counter != awaited.lease.counter && row->checkpoint_owner && !awaited.answered) {
      // Its owner knows: nothing new is delivered there.
      awaited.answered = true;
      awaited.start_anyway = now + options_.timing.hand_over;
    }
    if (row != nullptr && row->counter >= awaited.lease.counter) awaited.lease = *row;
    awaited.ready = !awaited.lease.checkpoint_owner || now >= awaited.start_anyway;
    ++it;
  }
}

core::awaitable<void> LeaseCoordinator::begin_awaited(std::string key) {
  const auto it = awaited_.find(key);
  if (it == awaited_.end() || stopping_) co_return;
  Lease known = it->second.lease;
  std::optional<Taken> taken = co_await take_row(std::move(known));
  if (!taken) co_return;  // its owner just wrote, or somebody else took it: the next look tells
  awaited_.erase(key);
  co_await begin(std::move(taken->row), taken->sent, true);
}

core::awaitable<void> LeaseCoordinator::begin(Lease row, Clock::time_point sent, bool stolen) {
  // A shard may end while it is on its way here: to read it again would deliver all of it once more.
  if (stopping_ || row.checkpoint.is_shard_end()) {
    const LeaseUpdate release = LeaseUpdate::release(row);
    co_await options_.leases->update(release);
    co_return;
  }
  ++taken_;
  const StreamPart& part = *part_of(row);
  SessionContext context{client_,           part.stream.id,   part.stream.start, part.fetching,
                         options_.on_event, weak_from_this(), worker().text(),   options_.pauses};
  auto owned = std::make_shared<Owned>(row);
  owned->valid_until = valid_until(sent);
  // The first interval is shorter for some: leases that were taken together need not be renewed together for ever.
  owned->renewal_due =
      sent + std::chrono::duration_cast<Clock::duration>(options_.timing.renew_interval * (0.7 + 0.3 * random_.unit()));
  owned->session = std::make_shared<ShardSession>(std::move(context), row, owned->valid_until);
  owned_[row.key] = owned;
  schedule(owned);
  emit(event::LeaseAcquired{row.key, row.checkpoint, stolen});
  owned->session->start();
  auto session = owned->session;
  sessions_.try_push(session);
}

core::awaitable<void> LeaseCoordinator::cancel_asked() {
  std::vector<Lease> asked;
  for (const auto& [key, awaited] : awaited_) asked.push_back(awaited.lease);
  std::function<core::awaitable<void>(std::size_t)> cancel = [&](std::size_t i) { return cancel_asking(asked[i]); };
  co_await in_parallel(strand_, asked.size(), options_.timing.parallel_writes, std::move(cancel));
}

core::awaitable<void> LeaseCoordinator::cancel_asking(Lease known) {
  // Its owner may be writing at the same time.
  for (int attempt = 0; attempt < 3; ++attempt) {
    const LeaseUpdate update =
        known.checkpoint_owner ? LeaseUpdate::cancel_hand_over(known) : LeaseUpdate::release(known);
    const LeaseWrite written = co_await options_.leases->update(update);
    if (written.is_stored() || !written.row() || written.row()->owner != worker().text()) co_return;
    known = *written.row();
  }
}

core::awaitable<void> LeaseCoordinator::leave_fan_out() {
  const auto ends = [](const auto& part) { return part->fetching->ends_with_last_worker(); };
  if (std::none_of(streams_.begin(), streams_.end(), ends)) co_return;
  std::exception_ptr failure;
  try {
    co_await read_table();
    for (const auto& part : streams_)
      if (!others_work(*part, client_.clock().now())) co_await part->fetching->tidy_up();
  } catch (...) {
    failure = std::current_exception();
  }
  if (failure) trouble("", "deregistering the fan-out consumer", core::to_error(failure));
}

bool LeaseCoordinator::others_work(const StreamPart& part, Clock::time_point now) const {
  return std::any_of(book_.entries().begin(), book_.entries().end(), [&](const auto& entry) {
    const Lease& lease = entry.second.lease;
    if (!part.stream.has(lease)) return false;
    const bool anothers = lease.owner && lease.owner != worker().text() && !book_.is_free(entry.second, now);
    return anothers || (lease.checkpoint_owner && lease.checkpoint_owner != worker().text());
  });
}

}  // namespace kinesis::consumer
