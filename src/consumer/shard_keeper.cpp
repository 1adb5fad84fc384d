#include "consumer/shard_keeper.hpp"

#include "aws/paginators.hpp"
#include "consumer/diagnostics.hpp"
#include "consumer/in_parallel.hpp"
#include "consumer/logic/latest_pin.hpp"
#include "consumer/logic/lease_cleanup.hpp"
#include "consumer/logic/shard_graph.hpp"

#include <algorithm>
#include <utility>

namespace kinesis::consumer {

ShardKeeper::ShardKeeper(Client client, const ConsumerOptions& options, ConsumedStream stream,
                         asio::any_io_executor strand, LeaseBook& book)
    : client_(std::move(client)),
      options_(options),
      strand_(std::move(strand)),
      book_(book),
      stream_(std::move(stream)),
      rows_(options.timing.failover),
      random_(core::random_seed()),
      listing_(1) {}

const LeaseBook& ShardKeeper::rows() {
  if (stream_.prefix.empty()) return book_;
  return rows_ = book_.part(stream_.prefix);
}

Clock::time_point ShardKeeper::next_listing(Clock::time_point now) {
  const auto interval = options_.timing.shard_refresh_interval * (0.8 + 0.2 * random_.unit());
  return now + std::chrono::duration_cast<Clock::duration>(interval);
}

core::awaitable<void> ShardKeeper::list_shards(bool first) {
  ListShardsRequest request(stream_.id);
  if (first) request.shard_filter = start_filter(stream_.start);
  next_listing_ = next_listing(client_.clock().now());
  auto listed = co_await aws::list_all_shards(client_.kinesis(), std::move(request));
  shards_ = std::move(listed).value();
}

core::awaitable<bool> ShardKeeper::make_missing(TableRead table) {
  const bool first = rows().entries().empty();
  co_await list_shards(first);
  std::vector<Lease> missing;
  if (first) {
    check_coverage(shards_).value();
    missing = first_leases(shards_, stream_.start);
  } else {
    const FindLease find = [this](const std::string& id) { return book_.lease(stream_.key_of(id)); };
    missing = missing_leases(shards_, find, stream_.start);
  }
  co_return co_await create_all(std::move(missing), table);
}

/// A process that stood still, or whose store is slow, must not make leases that others have made, finished and deleted
/// meanwhile.
core::awaitable<bool> ShardKeeper::create_all(std::vector<Lease> leases, TableRead table) {
  if (leases.empty()) co_return true;
  const Clock::wall_time_point begun = first_start(rows(), table.wall);
  std::size_t left = 0;
  std::function<core::awaitable<void>(std::size_t)> create_one = [&](std::size_t i) -> core::awaitable<void> {
    if (client_.clock().now() - table.at > table_is_current) {
      ++left;
      co_return;
    }
    pin_latest(leases[i], begun);
    co_await create(std::move(leases[i]));
  };
  co_await in_parallel(strand_, leases.size(), options_.timing.parallel_writes, std::move(create_one));
  if (left == leases.size())
    throw Error(errc::timeout, "the lease table was read too long ago to tell which leases are missing")
        .with_retryable(true);
  co_return left == 0;
}

core::awaitable<void> ShardKeeper::create(Lease lease) {
  lease.key = stream_.key_of(lease.key);
  const LeaseWrite written = co_await options_.leases->create(lease);
  if (written.is_stored()) {
    emit(event::ShardFound{lease.key, lease.parent_shard_ids});
    book_.observe(std::move(lease), client_.clock().now());
  } else if (written.row()) {
    book_.observe(*written.row(), client_.clock().now());
  }
}

core::awaitable<void> ShardKeeper::keep(TableRead table) {
  const Clock::time_point now = client_.clock().now();
  const LeaseBook& known = rows();
  if (!keeps_house(known, options_.worker.text(), now)) {
    hole_.reset();
    next_listing_ = std::max(next_listing_, now);
    co_return;
  }
  std::optional<std::string> hole = find_hole(known);
  // A listing of leases is not of one moment: a hole counts when it is seen again.
  const bool again = hole && hole == hole_;
  hole_ = std::move(hole);
  if (now < next_listing_ && !again) co_return;
  if (again) {
    trouble("", "looking at the lease table",
            Error(errc::not_found, "no lease covers hash key " + *hole_ + ": making the missing leases"));
    hole_.reset();
  }
  std::exception_ptr failure;
  try {
    const bool all = co_await make_missing(table);
    // The rest at the next refresh, which reads the table.
    if (!all) next_listing_ = now;
    co_await check_table();
  } catch (...) {
    failure = std::current_exception();
  }
  if (!failure) co_return;
  if (core::is_cancellation(failure)) std::rethrow_exception(failure);
  trouble("", "looking for new and finished shards", core::to_error(failure));
}

core::awaitable<void> ShardKeeper::check_table() {
  const LeaseBook& known = rows();
  if (const auto shard_id = from_another_stream(known, shards_)) {
    trouble(stream_.key_of(*shard_id), "looking at its checkpoint",
            Error(errc::invalid_argument,
                  "the checkpoint is older than the shard: the stream was deleted and another created under its "
                  "name; stop the workers and delete the lease table, or use another application name"));
    co_return;
  }
  for (Lease& lease : ranges_to_fill_in(known, shards_)) {
    lease.key = stream_.key_of(lease.key);
    const LeaseUpdate range = LeaseUpdate::hash_key_range(lease, *lease.starting_hash_key, *lease.ending_hash_key);
    co_await options_.leases->update(range);
  }
  std::vector<Lease> remove = done_with(known, shards_, client_.clock().now());
  std::set<std::string> outlived_now;
  for (Lease& lease : outlived(known, shards_)) {
    outlived_now.insert(lease.key);
    // Twice, so that one bad answer costs nothing.
    if (seen_outlived_.contains(lease.key)) remove.push_back(std::move(lease));
  }
  seen_outlived_ = std::move(outlived_now);
  co_await remove_all(std::move(remove));
}

core::awaitable<void> ShardKeeper::remove(Lease lease) {
  lease.key = stream_.key_of(lease.key);
  const LeaseWrite removed = co_await options_.leases->remove(lease);
  if (removed.is_stored()) book_.forget(lease.key);
}

core::awaitable<void> ShardKeeper::remove_all(std::vector<Lease> leases) {
  std::function<core::awaitable<void>(std::size_t)> remove_one = [&](std::size_t i) {
    return remove(std::move(leases[i]));
  };
  co_await in_parallel(strand_, leases.size(), options_.timing.parallel_writes, std::move(remove_one));
}

std::vector<ChildShard> ShardKeeper::listed_children(const std::string& parent) const {
  std::vector<ChildShard> children;
  for (const KinesisShard& shard : shards_) {
    std::vector<std::string> parents = parents_of(shard);
    if (std::find(parents.begin(), parents.end(), parent) == parents.end()) continue;
    ChildShard child;
    child.shard_id = shard.shard_id;
    child.parent_shards = std::move(parents);
    child.hash_key_range = shard.hash_key_range;
    children.push_back(std::move(child));
  }
  return children;
}

core::awaitable<std::vector<ChildShard>> ShardKeeper::find_children(std::string parent) {
  // Many shards may end at once: whoever waits finds its children in the list the one before has read.
  co_await listing_.push(true);
  std::vector<ChildShard> children = listed_children(parent);
  std::exception_ptr failure;
  if (children.empty()) {
    try {
      co_await list_shards(false);
    } catch (...) {
      failure = std::current_exception();
    }
    children = listed_children(parent);
  }
  listing_.try_pop();
  if (failure) std::rethrow_exception(failure);
  co_return children;
}

/// Whether a child of a merge can have a lease. A parent without one counts as done, for that is what the deleted
/// leases of finished shards look like; so the other parent must have its own first. If it has none yet, whoever ends
/// that parent makes the child's.
core::awaitable<bool> ShardKeeper::may_begin_after(std::string parent, ChildShard child) {
  std::erase(child.parent_shards, parent);
  std::erase_if(child.parent_shards,
                [this](const std::string& id) { return book_.find(stream_.key_of(id)) != nullptr; });
  if (child.parent_shards.empty()) co_return true;
  const auto rows = co_await options_.leases->list();
  for (const Lease& row : rows)
    if (stream_.has(row)) std::erase(child.parent_shards, std::string(row.shard_id()));
  if (child.parent_shards.empty()) co_return true;
  // Retention may have removed it long before its child was made.
  co_await list_shards(false);
  co_return std::none_of(shards_.begin(), shards_.end(), [&](const KinesisShard& shard) {
    return std::find(child.parent_shards.begin(), child.parent_shards.end(), shard.shard_id) !=
           child.parent_shards.end();
  });
}

core::awaitable<std::vector<std::string>> ShardKeeper::make_children(Lease parent, std::vector<ChildShard> children,
                                                                     std::function<bool()> still_ours) {
  // Some endpoints do not name the children with the last records; the list of shards does.
  if (children.empty()) children = co_await find_children(std::string(parent.shard_id()));
  std::vector<std::string> ids;
  for (const ChildShard& child : children) {
    ids.push_back(child.shard_id);
    const bool now = co_await may_begin_after(std::string(parent.shard_id()), child);
    if (!now) continue;
    if (!still_ours()) throw Error(errc::condition_failed, "the lease of " + parent.key + " may have expired");
    Lease lease = lease_for(child);
    co_await create(std::move(lease));
  }
  if (ids.empty()) co_return ids;
  const LeaseUpdate update = LeaseUpdate::child_shards(parent, ids);
  co_await options_.leases->update(update);
  co_return ids;
}

void ShardKeeper::emit(const DiagnosticEvent& event) const { tell(options_.on_event, client_.log(), event); }

void ShardKeeper::trouble(const std::string& shard_id, const std::string& doing, const Error& error) const {
  emit(event::Trouble{shard_id, doing, error});
}

}  // namespace kinesis::consumer
