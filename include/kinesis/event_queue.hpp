#pragma once

#include <kinesis/detail/async.hpp>
#include <kinesis/diagnostics.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

namespace kinesis {

/// Events of consumers, kept until somebody takes them: `options.on_event = events;` and `co_await
/// events.async_next()`.
///
/// Never waits for its reader: when it is full, the newest events are dropped and counted. Copies are one queue. From
/// any thread.
class EventQueue {
 public:
  /// Completions run on `executor` where a token names none. `capacity`: at least 1.
  explicit EventQueue(asio::any_io_executor executor, std::size_t capacity = 1'000);

  /// Takes an event in, or drops it.
  void operator()(const DiagnosticEvent& event) const;
  /// The oldest event; empty once the queue is closed and drained.
  template <class Token = asio::use_awaitable_t<>>
  auto async_next(Token&& token = {}) const {
    return detail::async_run<std::optional<DiagnosticEvent>>(executor(), next(), std::forward<Token>(token));
  }
  /// The oldest event, if there is one.
  std::optional<DiagnosticEvent> try_next() const;
  /// How many were dropped so far.
  std::uint64_t dropped() const noexcept;
  std::size_t size() const;
  /// Drops what comes from now on, without counting it; what is inside can still be taken.
  void close() const;

 private:
  struct State;
  asio::any_io_executor executor() const;
  asio::awaitable<std::optional<DiagnosticEvent>> next() const;
  std::shared_ptr<State> state_;
};

}  // namespace kinesis
