#pragma once

#include <kinesis/lease.hpp>

#include <functional>
#include <memory>

namespace kinesis::testing {

/// What every `LeaseRepository` must do, as one test: `make` gives a repository that is empty, not prepared, and
/// independent of the ones before. Throws std::logic_error that says what was expected; any test framework reports
/// that.
///
/// Checks: rows keep every attribute; creating is exclusive; updates happen only under their condition; conflicts carry
/// the row as it stands; hand-overs are asked for, answered and cancelled; of racing updates exactly one is stored;
/// removing needs the known counter; listing gives every row once.
void check_lease_repository(const std::function<std::shared_ptr<LeaseRepository>()>& make);

}  // namespace kinesis::testing
