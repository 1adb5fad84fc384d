#pragma once

#include "consumer/logic/lease_book.hpp"
#include <kinesis/clock.hpp>
#include <kinesis/lease.hpp>

#include <optional>

namespace kinesis::consumer {

/// A lease that begins at LATEST has no place to come back to before its first checkpoint: each reader would begin at
/// the tip of its own time, and what came in between would be lost. So the time of the first start is kept with it, in
/// the attributes of a prepared checkpoint (AT_TIMESTAMP, the milliseconds since 1970 as state): the KCL keeps those as
/// they are and clears them with the first checkpoint, which is when the time has done its work.
void pin_latest(Lease& lease, Clock::wall_time_point now);
/// When the application began, for the leases that are still to be made: the earliest time any lease of the stream is
/// pinned to, so that none begins later than another because a first start was broken off. Else `table_read`: when
/// reading the table began that had no lease, which was before anybody made one.
Clock::wall_time_point first_start(const LeaseBook& leases, Clock::wall_time_point table_read);
/// The state of a pin.
Blob pin_state(Clock::wall_time_point time);
/// The state of a checkpoint that the application prepares before the first one is stored: the pin is written in front
/// of its own, or it would be lost. (A KCL that takes the lease over then finds it there, too.)
Blob pin_state(Clock::wall_time_point time, const Blob& state);
/// The application's own part of that.
Blob without_pin(const Blob& state);
/// The time a lease is pinned to, if it begins at LATEST and is pinned.
std::optional<Clock::wall_time_point> pinned_latest(const Lease& lease);

}  // namespace kinesis::consumer
