#include "lease_watch.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace kinesis::tool {
namespace {

using std::chrono::duration;
using std::chrono::duration_cast;

/// How often a table is read while it is watched.
constexpr std::chrono::milliseconds look_interval{500};

struct Seen {
  std::int64_t counter = 0;
  std::optional<Clock::time_point> moved;
};

bool all_moved(const std::vector<Lease>& rows, const std::map<std::string, Seen>& seen) {
  for (const Lease& row : rows) {
    const auto it = seen.find(row.key);
    if (row.owner && (it == seen.end() || !it->second.moved)) return false;
  }
  return true;
}

}  // namespace

core::awaitable<std::vector<WatchedLease>> watch_leases(std::shared_ptr<LeaseRepository> leases, Clock& clock,
                                                        double watch_s) {
  std::vector<Lease> rows = co_await leases->list();
  std::map<std::string, Seen> seen;
  for (const Lease& row : rows) seen[row.key].counter = row.counter;
  const Clock::time_point end = clock.now() + duration_cast<Clock::duration>(duration<double>(watch_s));
  while (clock.now() < end && !all_moved(rows, seen)) {
    co_await core::sleep_until(clock, std::min<Clock::time_point>(end, clock.now() + look_interval));
    rows = co_await leases->list();
    for (const Lease& row : rows) {
      const auto [it, fresh] = seen.try_emplace(row.key, Seen{row.counter, clock.now()});
      if (!fresh && std::exchange(it->second.counter, row.counter) != row.counter) it->second.moved = clock.now();
    }
  }
  std::sort(rows.begin(), rows.end(), [](const Lease& a, const Lease& b) { return a.key < b.key; });
  std::vector<WatchedLease> watched;
  for (Lease& row : rows) {
    WatchedLease one{std::move(row), std::nullopt};
    const Seen& history = seen[one.lease.key];
    if (one.lease.owner && history.moved) one.renewed_ago_s = duration<double>(clock.now() - *history.moved).count();
    watched.push_back(std::move(one));
  }
  co_return watched;
}

}  // namespace kinesis::tool
