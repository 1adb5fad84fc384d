#pragma once

#include "core/buffer_pool.hpp"
#include "http/client.hpp"
#include <kinesis/clock.hpp>
#include <kinesis/kinesis_api/subscriptions.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>

// SubscribeToShard's answer, from the bytes of its event stream to ShardSubscription.
namespace kinesis::aws {

/// How a client of Kinesis subscribes.
class SubscriptionSettings {
 public:
  SubscriptionSettings() {}

  /// Runs the timers of subscriptions, and their completion tokens.
  asio::any_io_executor executor;
  std::shared_ptr<Clock> clock = Clock::system();
  /// Makes the HTTP client that all subscriptions share, at the first. One of their own: streams that last for minutes
  /// take no connection from other calls.
  std::function<std::shared_ptr<http::Client>()> connect;
  /// The service sends an event about every 5 s, an empty one if there is nothing to tell: a subscription that waits
  /// for so long without a byte is broken. Zero: never.
  Clock::duration silence = std::chrono::seconds(30);
  /// Off: a stream may begin without an initial-response. The service sends one, some of its imitations do not.
  bool require_initial_response = true;
};

/// The options of such an HTTP client, from those of one for other calls: windows, PINGs and connections change.
http::ClientOptions subscription_http_options(http::ClientOptions options);

/// The events of an answer to SubscribeToShard. Error(protocol) if its content type is not that of an event stream.
Result<ShardSubscription> open_subscription(http::StreamedResponse response, const SubscriptionSettings& settings,
                                            std::shared_ptr<core::BufferPool> buffers);

}  // namespace kinesis::aws
