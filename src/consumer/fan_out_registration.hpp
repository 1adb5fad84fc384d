#pragma once

#include "core/async.hpp"
#include "core/channel.hpp"
#include "core/random.hpp"
#include <kinesis/consumer.hpp>

#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <variant>

namespace kinesis::consumer {

/// The fan-out consumer that the shards of one worker read as: registered once for all of them, and again when somebody
/// deregisters it. From any thread; one at a time works on it, and the others wait for what comes of it.
class FanOutRegistration {
 public:
  using Which = std::variant<RegisteredConsumer, ExistingConsumer>;

  FanOutRegistration(Client client, StreamId stream, const ApplicationName& application, const Which& which,
                     std::function<void(const DiagnosticEvent&)> on_event);

  /// Finds or registers it and waits until it is active, up to two minutes; what passes is tried again. Throws Error.
  core::awaitable<void> prepare();
  /// Empty before `prepare`.
  std::string arn() const;
  /// A subscription found that the consumer `arn`, the shard or the stream does not exist. True: it was the consumer,
  /// and another one is registered and active now. False: it is not the consumer. Throws Error: it was the consumer,
  /// and it cannot be had again.
  core::awaitable<bool> replaced(std::string arn);
  /// Whether the last worker deregisters it.
  bool ends_with_last_worker() const noexcept { return deregister_; }
  core::awaitable<void> deregister();

 private:
  struct Turn;

  core::awaitable<bool> replace(std::string arn);
  core::awaitable<std::string> make_active();
  core::awaitable<Result<ConsumerStatus>> describe();
  core::awaitable<Result<ConsumerStatus>> create();
  core::awaitable<std::optional<Error>> find_stream();
  core::awaitable<Error> judge_limit(Error limit);
  std::string name() const;
  void know(std::string arn);

  Client client_;
  const StreamId stream_;
  const std::function<void(const DiagnosticEvent&)> on_event_;
  /// Empty: an existing one.
  std::string name_;
  bool deregister_ = false;
  core::Channel<bool> turn_;  // holds an element while somebody works on it; guards what follows, but for arn_
  core::Random random_;
  std::string stream_arn_;
  std::string found_arn_;
  bool created_ = false;
  std::optional<Clock::time_point> replaced_at_;
  std::optional<Clock::time_point> seen_at_;
  std::optional<Error> failure_;
  Clock::time_point failed_at_{};
  mutable std::mutex mutex_;
  std::string arn_;
};

}  // namespace kinesis::consumer
