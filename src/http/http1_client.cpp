#include "http/http1_client.hpp"

#include <boost/asio/dispatch.hpp>

namespace kinesis::http {

Http1Lease::~Http1Lease() {
  if (connection_) connection_->done();
}

class Http1Connection::Source final : public StreamedResponse::Source {
 public:
  explicit Source(std::shared_ptr<Http1Connection> connection) : connection_(std::move(connection)) {}

  awaitable<Result<std::optional<Blob>>> read() override {
    return core::run_on(connection_->strand_, read_piece(connection_));
  }
  void cancel() override {
    asio::dispatch(connection_->strand_, [connection = connection_, ended = ended_] {
      if (std::exchange(*ended, true)) return;
      connection->cancelled_ = true;
      connection->close();
      connection->done();
    });
  }

 private:
  awaitable<Result<std::optional<Blob>>> read_piece(std::shared_ptr<Http1Connection> connection) {
    return read_piece(std::move(connection), ended_);
  }
  static awaitable<Result<std::optional<Blob>>> read_piece(std::shared_ptr<Http1Connection> connection,
                                                           std::shared_ptr<bool> ended) {
    if (*ended && connection->cancelled_) co_return Error(errc::cancelled, "the response was cancelled");
    if (*ended) co_return std::optional<Blob>();
    auto piece = co_await connection->reader_.read_piece();
    if (piece && *piece) co_return piece;
    const bool cancelled = std::exchange(*ended, true);
    if (!cancelled) {
      if (!piece) connection->close();
      connection->done();
    } else if (!piece) {
      co_return Error(errc::cancelled, "the response was cancelled");
    }
    if (connection->aborted_) co_return connection->aborted_->with_attempts(1);
    if (!piece) co_return piece.error().with_attempts(1);
    co_return piece;
  }

  std::shared_ptr<Http1Connection> connection_;
  std::shared_ptr<bool> ended_ = std::make_shared<bool>(false);
};

Http1Connection::Http1Connection(asio::any_io_executor strand, std::shared_ptr<Clock> clock,
                                 std::shared_ptr<Stream> stream, std::shared_ptr<core::BufferPool> buffers,
                                 std::size_t max_header_bytes,
                                 std::function<void(std::shared_ptr<Http1Connection>)> on_done)
    : strand_(std::move(strand)),
      clock_(std::move(clock)),
      stream_(std::move(stream)),
      reader_(*stream_, Http1Parser::for_responses(max_header_bytes), std::move(buffers)),
      watchdog_(strand_, clock_, [this] { stream_->close(); }),
      on_done_(std::move(on_done)) {}

void Http1Connection::done() {
  watchdog_.rest();
  if (!keep_alive_ || !reader_.complete() || reader_.has_more()) stream_->close();
  on_done_(shared_from_this());
}

Failure Http1Connection::failed(const Error& error, const Call& call) const {
  if (aborted_) return *aborted_;
  if (watchdog_.expired()) return first_byte_timeout(call);
  const bool broken = error.code() == errc::connection || error.code() == errc::closed;
  const bool answered = stream_->bytes_read() > read_before_;
  if (broken && requests_ > 1 && !answered) return {error, Replay::when_allowed};
  return error;
}

awaitable<Attempt<Http1Head>> Http1Connection::exchange_heads(const Call& call) {
  ++requests_;
  keep_alive_ = false;
  read_before_ = stream_->bytes_read();
  watchdog_.expire_at(call.head_deadline(clock_->now()));
  head_text_.clear();
  append_request_head(head_text_, call.request, call.endpoint, call.proxied, call.proxy_authorization);
  pieces_.clear();
  pieces_.push_back(as_bytes(head_text_));
  for (const Blob& part : call.request.body.parts()) pieces_.push_back(part.bytes());
  // A server that refuses a request early may close while it is written: its answer still counts.
  const auto written = co_await stream_->write(pieces_);
  while (true) {
    auto head = co_await reader_.read_head(call.request.method == "HEAD");
    if (!head) co_return failed(written ? head.error() : written.error(), call);
    if (!*head) {
      Error closed(errc::connection, "the server closed the connection without an answer");
      co_return failed(closed.with_retryable(true), call);
    }
    if ((*head)->status == 101) co_return Failure(Error(errc::protocol, "the server switched protocols unasked"));
    if ((*head)->status >= 200) {
      keep_alive_ = (*head)->keep_alive && written;
      co_return std::move(**head);
    }
  }
}

awaitable<Attempt<Response>> Http1Connection::send(const Call& call, [[maybe_unused]] Http1Lease lease) {
  auto head = co_await exchange_heads(call);
  if (const auto* failure = std::get_if<Failure>(&head)) co_return *failure;
  auto& received = std::get<Http1Head>(head);
  watchdog_.expire_at(call.deadline);
  auto body = co_await reader_.read_body(call.max_body);
  if (!body) co_return failed(body.error(), call);
  co_return Response(received.status, std::move(received.headers), std::move(*body));
}

awaitable<Attempt<StreamedResponse>> Http1Connection::open(const Call& call, Http1Lease lease) {
  auto head = co_await exchange_heads(call);
  if (const auto* failure = std::get_if<Failure>(&head)) co_return *failure;
  auto& received = std::get<Http1Head>(head);
  watchdog_.rest();
  auto source = std::make_shared<Source>(lease.release());
  co_return StreamedResponse(received.status, std::move(received.headers), std::move(source));
}

}  // namespace kinesis::http
