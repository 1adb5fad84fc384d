#include "consumer/lease_coordinator.hpp"

#include "consumer/diagnostics.hpp"
#include "consumer/logic/shard_graph.hpp"
#include "core/backoff.hpp"
#include "core/strand.hpp"

#include <algorithm>
#include <utility>

// The loops, and what this worker writes to the leases it has. How it gets them: lease_taking.cpp.
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
  for (const auto& part : streams_) co_await part->keeper.make_missing();
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
  for (const auto& part : streams_) co_await part->keeper.keep();
}

core::awaitable<void> LeaseCoordinator::read_table() {
  auto rows = co_await options_.leases->list();
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
  owned->session->extend(owned->valid_until, owned->lease.counter);
}

Clock::time_point LeaseCoordinator::valid_until(Clock::time_point sent) const {
  return sent + std::chrono::duration_cast<Clock::duration>(options_.timing.failover * (1 - clock_drift));
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
