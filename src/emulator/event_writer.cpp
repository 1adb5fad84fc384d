#include "emulator/event_writer.hpp"

#include "aws/event_stream.hpp"
#include "aws/records_cbor.hpp"
#include "aws/records_json.hpp"
#include "emulator/records_body.hpp"

#include <optional>
#include <string>
#include <utility>

namespace kinesis::emulator {
namespace {

using Action = FaultRule::Action;
using aws::BodyFormat;
using aws::EventHeaders;
using http::awaitable;
using http::Body;
using http::ResponseStream;

class EventWriter {
 public:
  EventWriter(std::shared_ptr<LiveSubscription> subscription, StreamFault fault, BodyFormat format,
              std::shared_ptr<core::BufferPool> buffers)
      : subscription_(std::move(subscription)),
        fault_(std::move(fault)),
        format_(format),
        buffers_(std::move(buffers)),
        event_headers_(EventHeaders::event("SubscribeToShardEvent", payload_type())) {}

  static awaitable<void> run(std::shared_ptr<EventWriter> self, std::shared_ptr<ResponseStream> stream);

 private:
  awaitable<void> write_all(ResponseStream& stream);
  // False once there is nothing more to say.
  awaitable<bool> write_next(ResponseStream& stream);
  awaitable<void> fail(ResponseStream& stream, const Error& error);

  std::string_view payload_type() const noexcept {
    return format_ == BodyFormat::cbor ? "application/cbor" : "application/json";
  }
  Body initial_response() const;
  Body frame(const FanOutEvent& event) const;

  std::shared_ptr<LiveSubscription> subscription_;
  StreamFault fault_;
  BodyFormat format_;
  std::shared_ptr<core::BufferPool> buffers_;
  EventHeaders event_headers_;
};

Body EventWriter::initial_response() const {
  const auto type = aws::content_type(aws::Service::kinesis, format_);
  // An object without members: in CBOR a map of none.
  const Body nothing(std::string(format_ == BodyFormat::cbor ? "\xA0" : "{}"));
  return aws::write_event(EventHeaders::event("initial-response", type), nothing);
}

Body EventWriter::frame(const FanOutEvent& event) const {
  aws::RecordsEnd end;
  if (event.continuation) end.next = *event.continuation;
  end.millis_behind_latest = event.millis_behind_latest;
  end.child_shards = event.child_shards;
  if (format_ == BodyFormat::cbor) {
    auto around = aws::subscribe_event_frame_cbor(event.slice.records, end);
    return aws::write_event(event_headers_, write_records_cbor(event.slice, std::move(around)));
  }
  const auto around = aws::subscribe_event_frame_json(end);
  return aws::write_event(event_headers_, write_records_json(event.slice, around, *buffers_));
}

// The same frame with a checksum that is not its own.
Body corrupted(const Body& frame) {
  std::vector<Blob> parts(frame.parts().begin(), frame.parts().end());
  std::string checksum(parts.back().text());
  checksum.back() = static_cast<char>(checksum.back() ^ 1);
  parts.back() = Blob(std::move(checksum));
  return Body(std::move(parts));
}

awaitable<void> EventWriter::run(std::shared_ptr<EventWriter> self, std::shared_ptr<ResponseStream> stream) {
  co_await self->write_all(*stream);
}

awaitable<void> EventWriter::write_all(ResponseStream& stream) {
  Body first = initial_response();
  const auto begun = co_await stream.write(std::move(first));
  bool goes_on = begun.has_value();
  while (goes_on) goes_on = co_await write_next(stream);
}

awaitable<bool> EventWriter::write_next(ResponseStream& stream) {
  if (fault_.is_due(Action::stream_reset)) {
    stream.reset(2);
    co_return false;
  }
  if (fault_.is_due(Action::stream_error)) {
    const Error error = fault_.error();
    co_await fail(stream, error);
    co_return false;
  }
  if (fault_.is_due(Action::stream_stall)) co_await subscription_->wait_for_cancel();
  if (fault_.is_due(Action::stream_silence)) subscription_->silence();
  if (fault_.is_due(Action::stream_goaway)) {
    stream.go_away();
    fault_.clear();
  }
  const SubscriptionStep step = co_await subscription_->next();
  if (step.error) co_await fail(stream, *step.error);
  if (step.kind != SubscriptionStep::Kind::event) co_return false;
  Body event = frame(step.event);
  const bool cut = fault_.is_due(Action::stream_cut);
  if (cut) event = event.first(event.size() / 2);
  if (fault_.is_due(Action::stream_corrupt)) {
    event = corrupted(event);
    fault_.clear();
  }
  const auto written = co_await stream.write(std::move(event));
  fault_.count_event();
  co_return written.has_value() && !cut;
}

awaitable<void> EventWriter::fail(ResponseStream& stream, const Error& error) {
  const aws::ErrorAnswer said = aws::error_answer(error, aws::Service::kinesis, format_);
  Body exception =
      aws::write_event(EventHeaders::exception(said.error_type, payload_type()), Body(std::string(said.body)));
  const auto written = co_await stream.write(std::move(exception));
  static_cast<void>(written);  // whether it was heard changes nothing
}

}  // namespace

http::ServerResponse::Writer write_events(std::shared_ptr<LiveSubscription> subscription, StreamFault fault,
                                          BodyFormat format, std::shared_ptr<core::BufferPool> buffers) {
  const auto writer =
      std::make_shared<EventWriter>(std::move(subscription), std::move(fault), format, std::move(buffers));
  return [writer](std::shared_ptr<ResponseStream> stream) { return EventWriter::run(writer, std::move(stream)); };
}

}  // namespace kinesis::emulator
