#pragma once

#include "consumer/logic/lease_book.hpp"
#include <kinesis/kinesis_api.hpp>

#include <chrono>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace kinesis::consumer {

/// Finished leases that nobody needs any more: all children have leases and have been begun with (their checkpoint is
/// no longer where it began), and the leases of the parents are gone. (KCL: LeaseCleanupManager, completed leases.)
/// `shards` tells the children of leases that do not name them. Only those that have stood for a while: a worker that
/// read the table before they were made may be about to make them, and must find them.
std::vector<Lease> done_with(const LeaseBook& book, const std::vector<KinesisShard>& shards, Clock::time_point now);
/// What was read of the table this long ago tells no more which leases are missing.
constexpr std::chrono::seconds table_is_current{20};

/// Leases of shards the stream has no more, because its retention has passed. `shards`: all of them. None if no lease's
/// shard is in the list: then it is the list that is wrong, or another stream.
std::vector<Lease> outlived(const LeaseBook& book, const std::vector<KinesisShard>& shards);

/// A lease whose checkpoint lies before its shard began: the stream was deleted, and another was created under its
/// name.
std::optional<std::string> from_another_stream(const LeaseBook& book, const std::vector<KinesisShard>& shards);

/// The first hash key no unfinished lease covers, in decimal. Absent if there is no hole, or a lease does not tell its
/// range.
std::optional<std::string> find_hole(const LeaseBook& book);

/// Leases without a hash key range, with the range of their shard.
std::vector<Lease> ranges_to_fill_in(const LeaseBook& book, const std::vector<KinesisShard>& shards);

/// Whether `worker` does what one worker is to do for all: it is the first by name of those that live, or nobody does.
bool keeps_house(const LeaseBook& book, const std::string& worker, Clock::time_point now);

}  // namespace kinesis::consumer
