#pragma once

#include <kinesis/assignment.hpp>

#include <chrono>
#include <string>
#include <vector>

namespace kinesis::consumer {

/// What the view's worker should take, so that every worker ends up within one lease of the others. Every worker
/// computes the same plan from the same view: free leases go to whoever has fewest, children of what ran here stay here
/// within the fair share; then the most loaded worker gives to the least loaded until they differ by no more than one.
/// So deficits are met at once, two workers do not go for the same lease, and no lease moves that need not.
///
/// A worker that has no lease yet is not seen by the others: it asks for one, which makes it known, and for the rest
/// when it has seen who else came. Otherwise workers that join together would take more than they keep.
///
/// Only leases that nobody has had for `free_for` count as free; others without an owner are left alone.
std::vector<std::string> balanced_takes(const AssignmentView& view,
                                        std::chrono::milliseconds free_for = std::chrono::milliseconds(0));

}  // namespace kinesis::consumer
