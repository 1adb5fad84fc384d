#pragma once

#include <boost/asio/awaitable.hpp>

#include <functional>
#include <memory>
#include <string>

namespace kinesis {

namespace asio = boost::asio;

/// Holds up the delivery of shards while their leases are kept: `options.pauses = pauses; … pauses.pause();`
///
/// A shard is paused while all are or while it is by itself; the two do not undo each other. The record at work is
/// finished, the next one waits. Pausing twice is pausing once. Copies are one switch. From any thread.
class PauseSwitch {
 public:
  PauseSwitch();

  void pause();
  void resume();
  void pause(const std::string& shard_id);
  void resume(const std::string& shard_id);
  bool paused(const std::string& shard_id) const;
  /// Whether anything is paused: a quick look, without a lock.
  bool any() const noexcept;

  /// For those who deliver: completes when the shard is not paused, or when `given_up` is true at a `wake`. Throws
  /// Error(cancelled) if the coroutine is.
  asio::awaitable<void> wait(std::string shard_id, std::function<bool()> given_up) const;
  /// Those who wait look again.
  void wake() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace kinesis
