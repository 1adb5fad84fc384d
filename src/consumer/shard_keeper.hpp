#pragma once

#include "consumer/consumed_stream.hpp"
#include "consumer/logic/lease_book.hpp"
#include "core/async.hpp"
#include "core/channel.hpp"
#include "core/random.hpp"
#include <kinesis/consumer.hpp>

#include <set>
#include <string>
#include <vector>

namespace kinesis::consumer {

/// When reading the lease table began.
struct TableRead {
  Clock::time_point at{};
  Clock::wall_time_point wall{};
};

/// Keeps the lease table in step with the shards of a stream: makes the leases that are missing, and those of
/// children when a shard ends; deletes those that are done with or whose shards are forgotten; looks for hash keys
/// nobody covers. One worker does the rounds for all (`keeps_house`). On the coordinator's strand.
class ShardKeeper {
 public:
  /// `options` and `book` must live longer.
  ShardKeeper(Client client, const ConsumerOptions& options, ConsumedStream stream, asio::any_io_executor strand,
              LeaseBook& book);

  /// The leases of a table that has none, or those that are missing. `table`: what they are missing from. False if that
  /// was read too long ago to make the rest of them: it is to be read again. Throws Error(timeout) if it was too long
  /// ago for any of them.
  core::awaitable<bool> make_missing(TableRead table);
  /// The rounds, with every refresh: what is due of them. What fails is reported, and tried again at the next.
  core::awaitable<void> keep(TableRead table);
  /// Leases of the children of a shard whose last record was read, and their ids in its row. `children`: what the last
  /// answer named; if it named none, the list of shards is asked. Throws what fails.
  /// `still_ours`: whether the shard is; Error(condition_failed) where it is not: a process that stood still must not
  /// make leases that others have finished meanwhile.
  core::awaitable<std::vector<std::string>> make_children(Lease parent, std::vector<ChildShard> children,
                                                          std::function<bool()> still_ours);

 private:
  /// What the book has of this stream, with shard ids as keys. Valid until the next call.
  const LeaseBook& rows();
  core::awaitable<void> list_shards(bool first);
  core::awaitable<void> create(Lease lease);
  core::awaitable<bool> create_all(std::vector<Lease> leases, TableRead table);
  core::awaitable<void> remove(Lease lease);
  core::awaitable<void> remove_all(std::vector<Lease> leases);
  core::awaitable<void> check_table();
  core::awaitable<std::vector<ChildShard>> find_children(std::string parent);
  core::awaitable<bool> may_begin_after(std::string parent, ChildShard child);
  std::vector<ChildShard> listed_children(const std::string& parent) const;
  Clock::time_point next_listing(Clock::time_point now);
  void emit(const DiagnosticEvent& event) const;
  void trouble(const std::string& shard_id, const std::string& doing, const Error& error) const;

  Client client_;
  const ConsumerOptions& options_;
  asio::any_io_executor strand_;
  LeaseBook& book_;
  const ConsumedStream stream_;
  LeaseBook rows_;
  core::Random random_;
  core::Channel<bool> listing_;  // holds an element while the shards are listed
  std::vector<KinesisShard> shards_;
  Clock::time_point next_listing_{};
  std::optional<std::string> hole_;      // of the refresh before
  std::set<std::string> seen_outlived_;  // by the listing before
};

}  // namespace kinesis::consumer
