#include "aws/shard_subscription.hpp"

#include "aws/event_stream.hpp"
#include "aws/event_stream_reader.hpp"
#include "aws/protocol.hpp"
#include "aws/records_cbor.hpp"
#include "aws/records_json.hpp"
#include "http/watched_response.hpp"

#include <algorithm>
#include <atomic>
#include <utility>

namespace kinesis::aws {
namespace {

using Event = std::optional<SubscribeToShardEvent>;

/// An error within a stream has no status: these decide what codes mean that this library does not know.
constexpr int status_of_exceptions = 400;
constexpr int status_of_errors = 500;

std::string request_id_of(const http::Headers& headers) {
  return std::string(headers.find("x-amzn-requestid").value_or(headers.find("x-amz-request-id").value_or("")));
}

bool is_event_stream(std::string_view content_type) {
  std::string type(content_type.substr(0, content_type.find_first_of("; ")));
  std::transform(type.begin(), type.end(), type.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return type == event_stream_content_type;
}

class StreamSource final : public ShardSubscription::Source {
 public:
  StreamSource(http::StreamedResponse response, const SubscriptionSettings& settings,
               std::shared_ptr<core::BufferPool> buffers)
      : executor_(settings.executor),
        request_id_(request_id_of(response.headers)),
        initial_response_missing_(settings.require_initial_response),
        buffers_(std::move(buffers)),
        reader_(buffers_),
        response_(std::move(response), settings.executor, settings.clock, settings.silence) {}

  asio::any_io_executor executor() const override { return executor_; }

  asio::awaitable<Result<Event>> next() override {
    while (!cancelled_ && !ended_) {
      auto frame = reader_.next();
      if (!frame) {
        end(frame.error());
      } else if (*frame) {
        Result<Event> event = take(**frame);
        if (!event) end(event.error());
        if (event && *event) co_return event;
      } else {
        auto piece = co_await read();
        if (!piece) {
          end(piece.error());
        } else if (*piece) {
          reader_.feed(std::move(**piece));
        } else {
          end_in_order();
        }
      }
    }
    if (cancelled_) co_return Error(errc::cancelled, "the subscription was cancelled");
    co_return *ended_;
  }

  void cancel() override {
    cancelled_ = true;
    response_.cancel();
  }

 private:
  /// Over HTTP/1.1 a read that is cancelled breaks its connection; so it is the end over both.
  asio::awaitable<Result<std::optional<Blob>>> read() {
    CancelOnThrow guard(*this);
    auto piece = co_await response_.read();
    const auto state = co_await asio::this_coro::cancellation_state;
    if (!piece && state.cancelled() != asio::cancellation_type::none)
      throw Error(errc::cancelled, "the subscription was cancelled");
    guard.source = nullptr;
    co_return piece;
  }
  struct CancelOnThrow {
    explicit CancelOnThrow(StreamSource& source) : source(&source) {}
    CancelOnThrow(const CancelOnThrow&) = delete;
    CancelOnThrow& operator=(const CancelOnThrow&) = delete;
    ~CancelOnThrow() {
      if (source != nullptr) source->cancel();
    }
    StreamSource* source;
  };

  /// Nothing for a frame that is none of the consumer's business.
  Result<Event> take(const EventFrame& frame) {
    const std::string_view message = frame.text(":message-type");
    if (message == "exception") {
      ErrorHeaders headers;
      headers.content_type = frame.text(":content-type");
      headers.error_type = frame.text(":exception-type");
      headers.request_id = request_id_;
      return error_of(status_of_exceptions, headers, frame.payload);
    }
    if (message == "error")
      return service_error(frame.text(":error-code"), std::string(frame.text(":error-message")), status_of_errors,
                           request_id_);
    if (message != "event")
      return Error(errc::protocol,
                   "the event stream has a message of an unknown type: \"" + std::string(message.substr(0, 64)) + "\"");
    const std::string_view type = frame.text(":event-type");
    if (type == "initial-response") initial_response_missing_ = false;
    if (type != "SubscribeToShardEvent") return Event();
    if (initial_response_missing_)
      return Error(errc::protocol, "the event stream does not begin with an initial-response");
    return read_event(frame);
  }

  Result<Event> read_event(const EventFrame& frame) {
    const std::string_view content_type = frame.text(":content-type");
    const BodyFormat format = format_of(content_type);
    if (format == BodyFormat::cbor) return event_of(read_subscribe_event_cbor(frame.payload));
    if (format == BodyFormat::json) {
      core::Buffer room = buffers_->get(frame.payload.size());
      return event_of(read_subscribe_event_json(frame.payload, Padding::at_least_64_bytes, std::move(room)));
    }
    return Error(errc::protocol, "an event has the content type \"" + std::string(content_type.substr(0, 64)) +
                                     "\", which this service does not use");
  }

  static Result<Event> event_of(Result<SubscribeToShardEvent> event) {
    if (!event) return event.error();
    return Event(std::move(*event));
  }

  void end(const Error& error) {
    ended_ = Result<Event>(error.with_service(error.service_code(), error.http_status(), request_id_).with_attempts(1));
    response_.cancel();
  }

  void end_in_order() {
    if (reader_.within_frame())
      return end(Error(errc::connection, "the event stream ended in the middle of a frame").with_retryable(true));
    if (initial_response_missing_)
      return end(Error(errc::connection, "the event stream ended before an initial-response").with_retryable(true));
    ended_ = Result<Event>(Event());
  }

  const asio::any_io_executor executor_;
  const std::string request_id_;
  bool initial_response_missing_;
  std::shared_ptr<core::BufferPool> buffers_;
  EventStreamReader reader_;
  http::WatchedResponse response_;
  /// What `next` gives from now on.
  std::optional<Result<Event>> ended_;
  std::atomic<bool> cancelled_ = false;
};

}  // namespace

http::ClientOptions subscription_http_options(http::ClientOptions options) {
  // What a shard may send before somebody pulls it; as in Amazon's Java client.
  options.stream_window = 512u << 10;
  options.connection_window = 16u << 20;
  // A peer that is gone is noticed by silence, since nothing is sent to it. An event comes every 5 s, so that a PING
  // means trouble; and its end is before that of the subscriptions by their own silence, which would leave the
  // connection to the next ones.
  options.ping_interval = std::chrono::seconds(8);
  options.ping_timeout = std::chrono::seconds(10);
  // Over HTTP/1.1 each subscription takes one.
  options.max_connections_per_host = 10'000;
  return options;
}

Result<ShardSubscription> open_subscription(http::StreamedResponse response, const SubscriptionSettings& settings,
                                            std::shared_ptr<core::BufferPool> buffers) {
  const std::string_view content_type = response.headers.find("content-type").value_or("");
  if (!is_event_stream(content_type))
    return Error(errc::protocol, "the answer has the content type \"" + std::string(content_type.substr(0, 64)) +
                                     "\" and is no event stream; is the endpoint right?")
        .with_service("", response.status, request_id_of(response.headers));
  return ShardSubscription(std::make_shared<StreamSource>(std::move(response), settings, std::move(buffers)));
}

}  // namespace kinesis::aws
