#pragma once

#include <kinesis/detail/async.hpp>
#include <kinesis/kinesis_api/records.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <memory>
#include <optional>
#include <string>
#include <utility>

// Enhanced fan-out: SubscribeToShard, whose answer is a stream of events.
namespace kinesis {

namespace asio = boost::asio;

/// What a SubscribeToShard has opened: events that the service pushes, pulled one by one. Moves only; letting go of it
/// ends the subscription. The service ends it by itself after 5 minutes, and at the end of the shard. It must not
/// outlive the client it comes from.
class ShardSubscription {
 public:
  /// Where the events come from: a connection, an emulator in process, a fake.
  class Source {
   public:
    virtual ~Source() = default;
    virtual asio::any_io_executor executor() const = 0;
    virtual asio::awaitable<Result<std::optional<SubscribeToShardEvent>>> next() = 0;
    virtual void cancel() = 0;
  };

  /// One that has ended.
  ShardSubscription() = default;
  explicit ShardSubscription(std::shared_ptr<Source> source) : source_(std::move(source)) {}
  ShardSubscription(ShardSubscription&&) noexcept = default;
  ShardSubscription& operator=(ShardSubscription&& other) noexcept {
    if (this == &other) return *this;
    cancel();
    source_ = std::move(other.source_);
    return *this;
  }
  ~ShardSubscription() { cancel(); }

  /// The next event; nothing once the service has ended the subscription in order. Waits for one. What was not pulled
  /// waits on its connection, within the window of this shard, so a reader that stops holds the service up and nobody
  /// else. The data of an event are parts of what was received and keep it alive.
  ///
  /// Errors: those of the service (`not_found`, `already_exists` for ResourceInUse, `throttled`, `kms`, ...) with their
  /// service codes, `connection` and `timeout` where the stream broke, `protocol` for what is no event stream,
  /// `cancelled`. An error is the end, and so is a caller that is cancelled while it waits. One call at a time, from
  /// any executor; the answer comes back on the caller's.
  asio::awaitable<Result<std::optional<SubscribeToShardEvent>>> next() { return next_of(source_); }
  /// The same with a completion token: std::optional<SubscribeToShardEvent>, or a thrown Error.
  template <class Token = asio::use_awaitable_t<>>
  auto async_next(Token&& token = {}) {
    if (!source_) throw Error(errc::closed, "the subscription was never opened");
    return detail::async_run<std::optional<SubscribeToShardEvent>>(source_->executor(), next_checked(source_),
                                                                   std::forward<Token>(token));
  }
  /// Ends it; a waiting `next` returns Error(cancelled). From any thread, any number of times.
  void cancel() {
    if (source_) source_->cancel();
  }

 private:
  static asio::awaitable<Result<std::optional<SubscribeToShardEvent>>> next_of(std::shared_ptr<Source> source) {
    if (!source) co_return std::optional<SubscribeToShardEvent>();
    co_return co_await source->next();
  }
  static asio::awaitable<std::optional<SubscribeToShardEvent>> next_checked(std::shared_ptr<Source> source) {
    auto event = co_await source->next();
    co_return std::move(event).value();
  }
  std::shared_ptr<Source> source_;
};

/// Opens a stream of events of one shard for a registered consumer. The service takes one call a second for each
/// consumer and shard; a new subscription takes the place of one that is older than 5 s, and is refused (ResourceInUse)
/// before.
struct SubscribeToShardRequest {
  using Response = ShardSubscription;
  static constexpr std::string_view operation = "SubscribeToShard";

  SubscribeToShardRequest() = default;
  SubscribeToShardRequest(std::string consumer_arn, ShardId shard_id, StartingPosition starting_position)
      : consumer_arn(std::move(consumer_arn)),
        shard_id(std::move(shard_id)),
        starting_position(std::move(starting_position)) {}

  std::string consumer_arn;
  ShardId shard_id;
  StartingPosition starting_position;
  std::optional<std::string> stream_id;
  std::optional<bool> dry_run;
};

}  // namespace kinesis
