#pragma once

#include <kinesis/detail/handler.hpp>
#include <kinesis/record.hpp>

#include <concepts>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

namespace kinesis {

/// The shard starts again from its last checkpoint, after a pause that grows from 1 to 30 s: no record is lost, and one
/// that always fails holds its shard up.
struct RestartShard {};

/// The whole worker stops: what was completed is checkpointed, the leases are handed back, and `consume` throws what
/// the handler threw.
struct StopAll {};

/// A record that is skipped: as it came, and what its handler or the codec threw.
struct DeadLetter {
  /// The name of its stream.
  std::string stream;
  std::string shard_id;
  RawRecord record;
  std::exception_ptr failure;
};

/// The record is handed to a function of `const DeadLetter&`, which keeps it somewhere, and counts as done. The
/// function may be a coroutine (asio::awaitable<void>) or return a std::future<void>; the record is done when it is.
/// One that throws makes the shard start again, as with RestartShard: nothing is skipped in silence.
///
/// A batch handler that throws has failed with all its records, and each is handed over; one that the codec cannot
/// decode is handed over by itself, and the batch goes on without it.
class SkipRecord {
 public:
  template <class F>
    requires(!std::same_as<std::remove_cvref_t<F>, SkipRecord> && std::invocable<F&, const DeadLetter&>)
  explicit SkipRecord(F function) {
    auto shared = std::make_shared<F>(std::move(function));
    hand_over_ = [shared](const DeadLetter& letter, Clock& clock) {
      return detail::call_and_wait<F, const DeadLetter&>(*shared, letter, clock);
    };
  }

  asio::awaitable<void> hand_over(const DeadLetter& letter, Clock& clock) const { return hand_over_(letter, clock); }

 private:
  std::function<asio::awaitable<void>(const DeadLetter&, Clock&)> hand_over_;
};

/// What `consume` does when a handler throws or the codec cannot decode a record. With `attempt(codec)` the latter is a
/// value and no failure. The other shards go on, except with StopAll.
using FailurePolicy = std::variant<RestartShard, StopAll, SkipRecord>;

}  // namespace kinesis
