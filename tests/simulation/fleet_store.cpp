#include "simulation/fleet_store.hpp"

#include <utility>

namespace kinesis::simulation {
namespace {

using std::chrono::milliseconds;

/// How long a client waits for a store that does not answer.
constexpr Clock::duration longest_silence = std::chrono::seconds(30);

Error no_answer() { return Error(errc::connection, "no answer of the lease store").with_retryable(true); }

}  // namespace

Clock::duration FleetStore::some_latency(Clock::duration most) {
  return Clock::duration(static_cast<Clock::duration::rep>(random.unit() * static_cast<double>(most.count())));
}

LeaseWrite FleetStore::create(const std::string& worker, const Lease& lease) {
  const auto [row, created] = rows.try_emplace(lease.key, lease);
  if (mutant == Mutant::forgets_the_pin) row->second.pending_checkpoint.reset();
  if (!created) return LeaseWrite::conflict(row->second);
  oracle.row_written(worker, std::nullopt, lease);
  return LeaseWrite::stored();
}

LeaseWrite FleetStore::update(const std::string& worker, const LeaseUpdate& change) {
  const auto row = rows.find(change.key());
  if (row == rows.end()) return LeaseWrite::conflict(std::nullopt);
  if (mutant == Mutant::stores_every_take && change.change().owner == std::optional<std::string>(worker) &&
      !change.applies_to(row->second))
    return LeaseWrite::stored();
  if (!change.applies_to(row->second)) return LeaseWrite::conflict(row->second);
  const bool ends = change.change().checkpoint && change.change().checkpoint->is_shard_end();
  if (mutant == Mutant::drops_shard_end && ends) return LeaseWrite::stored();
  const Lease before = row->second;
  row->second = change.apply(before);
  if (mutant == Mutant::forgets_the_pin) row->second.pending_checkpoint.reset();
  if (mutant == Mutant::checkpoints_ahead && change.change().checkpoint && row->second.checkpoint.is_record()) {
    if (const auto last = oracle.last_of(change.key())) row->second.checkpoint = Checkpoint::at(*last);
  }
  if (mutant == Mutant::checkpoints_back && random.chance(0.2)) row->second.checkpoint = Checkpoint::trim_horizon();
  oracle.row_written(worker, before, row->second);
  return LeaseWrite::stored();
}

LeaseWrite FleetStore::remove(const std::string& worker, const Lease& known) {
  const auto row = rows.find(known.key);
  if (row == rows.end()) return LeaseWrite::stored();
  if (row->second.counter != known.counter) return LeaseWrite::conflict(row->second);
  const Lease before = row->second;
  rows.erase(row);
  oracle.row_written(worker, before, std::nullopt);
  return LeaseWrite::stored();
}

std::vector<Lease> FleetStore::list() {
  std::vector<Lease> all;
  all.reserve(rows.size());
  for (const auto& [key, row] : rows) {
    all.push_back(row);
    if (mutant == Mutant::forgets_parents) all.back().parent_shard_ids.clear();
    if (mutant == Mutant::reads_again && row.checkpoint.is_shard_end())
      all.back().checkpoint = Checkpoint::trim_horizon();
  }
  return all;
}

template <class T>
core::awaitable<T> FleetLeases::serve(FleetStore* store, std::string worker, std::function<T()> carry_out) {
  const Clock::duration there = store->some_latency(store->latency);
  const Clock::duration back = store->some_latency(store->latency);
  co_await core::sleep_for(store->clock, there);
  if (store->cut_off.contains(worker)) {
    // Half of the time the connection is refused, half of the time it hangs.
    if (store->random.chance(0.5)) co_await core::sleep_for(store->clock, store->some_latency(longest_silence));
    throw no_answer();
  }
  if (store->random.chance(store->throttled)) throw Error(errc::throttled, "the lease store is asked too much");
  T answer = carry_out();
  const bool lost = store->random.chance(store->lost_answers);
  co_await core::sleep_for(store->clock, back);
  if (lost || store->cut_off.contains(worker)) {
    if (store->random.chance(0.2)) co_await core::sleep_for(store->clock, store->some_latency(longest_silence));
    throw no_answer();
  }
  co_return answer;
}

template <class T>
core::awaitable<T> FleetLeases::call(std::function<T()> carry_out) {
  co_return co_await core::run_on(store_.executor, serve<T>(&store_, worker_, std::move(carry_out)));
}

asio::awaitable<std::vector<Lease>> FleetLeases::list() {
  called_();
  std::function<std::vector<Lease>()> carry_out = [store = &store_] { return store->list(); };
  return call<std::vector<Lease>>(std::move(carry_out));
}
asio::awaitable<LeaseWrite> FleetLeases::create(Lease lease) {
  called_();
  std::function<LeaseWrite()> carry_out = [store = &store_, worker = worker_, lease = std::move(lease)] {
    return store->create(worker, lease);
  };
  return call<LeaseWrite>(std::move(carry_out));
}
asio::awaitable<LeaseWrite> FleetLeases::update(LeaseUpdate change) {
  // Checkpoints come as often as the application wants them.
  if (!change.change().checkpoint) called_();
  std::function<LeaseWrite()> carry_out = [store = &store_, worker = worker_, change = std::move(change)] {
    return store->update(worker, change);
  };
  return call<LeaseWrite>(std::move(carry_out));
}
asio::awaitable<LeaseWrite> FleetLeases::remove(Lease known) {
  called_();
  std::function<LeaseWrite()> carry_out = [store = &store_, worker = worker_, known = std::move(known)] {
    return store->remove(worker, known);
  };
  return call<LeaseWrite>(std::move(carry_out));
}

}  // namespace kinesis::simulation
