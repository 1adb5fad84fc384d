#pragma once

#include "http/client.hpp"

#include <memory>
#include <optional>

namespace kinesis::http {

/// A streamed answer that must not fall silent. Only a `read` that waits is watched: a reader that takes its time may.
/// Letting go of it cancels the answer.
class WatchedResponse {
 public:
  /// A `read` that waits for `limit` without a byte ends the answer; zero: none does. `executor` runs the timer and
  /// must be running as long as anybody reads.
  WatchedResponse(StreamedResponse response, const asio::any_io_executor& executor, std::shared_ptr<Clock> clock,
                  Clock::duration limit);
  ~WatchedResponse();
  WatchedResponse(const WatchedResponse&) = delete;
  WatchedResponse& operator=(const WatchedResponse&) = delete;

  /// As StreamedResponse::read, and Error(timeout) for silence.
  awaitable<Result<std::optional<Blob>>> read();
  /// As StreamedResponse::cancel.
  void cancel();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace kinesis::http
