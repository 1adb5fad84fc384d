#include "http/http1_reader.hpp"
#include "http/server_connection.hpp"

#include <algorithm>
#include <charconv>

namespace kinesis::http {
namespace {

constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
/// How much and how long a refused request is read to no purpose, so that its sender gets to see why.
constexpr std::size_t max_drained = 1u << 20;
constexpr std::chrono::seconds max_draining{2};

/// A streamed answer: chunks, or bytes up to the end of the connection for HTTP/1.0.
class Http1ResponseStream final : public ResponseStream {
 public:
  Http1ResponseStream(Stream& stream, bool chunked) : stream_(stream), chunked_(chunked) {}

  awaitable<Result<void>> write(Body piece) override {
    if (!open()) co_return Error(errc::closed, "the response stream has ended");
    if (piece.empty()) co_return Result<void>();
    char size[18];
    const auto [end, ec] = std::to_chars(size, size + 16, piece.size(), 16);
    std::copy_n("\r\n", 2, end);
    std::vector<BytesView> pieces;
    if (chunked_) pieces.push_back(as_bytes({size, static_cast<std::size_t>(end - size) + 2}));
    for (const Blob& part : piece.parts()) pieces.push_back(part.bytes());
    if (chunked_) pieces.push_back(as_bytes("\r\n"));
    const auto written = co_await stream_.write(pieces);
    if (written) co_return written;
    state_ = State::broken;
    co_return Error(errc::closed, "the peer has gone");
  }
  bool open() const noexcept override { return state_ == State::open && stream_.is_open(); }
  void finish() override {
    if (state_ == State::open) state_ = State::finished;
  }
  void reset(std::uint32_t) override { truncate(); }
  void truncate() override {
    if (state_ == State::open) state_ = State::broken;
  }
  void go_away() override {}
  bool broken() const noexcept { return state_ == State::broken; }
  bool chunked() const noexcept { return chunked_; }

 private:
  enum class State { open, finished, broken };
  Stream& stream_;
  bool chunked_;
  State state_ = State::open;
};

/// One connection that speaks HTTP/1.1: a request, its answer, the next request.
class Http1Server {
 public:
  Http1Server(ServerConnection& connection, Bytes received)
      : connection_(connection),
        stream_(connection.stream()),
        reader_(stream_, Http1Parser::for_requests(connection.options().max_header_bytes), connection.shared().buffers,
                std::move(received)) {}

  awaitable<void> run() {
    connection_.on_stop = [this] {
      if (idle_) stream_.close();
    };
    while (!connection_.stopping()) {
      const bool again = co_await serve_one();
      if (!again) break;
    }
    connection_.on_stop = nullptr;
    watchdog().expire_after(max_draining);
    if (stream_.is_open() && stream_.secure()) co_await stream_.shutdown();
  }

 private:
  Watchdog& watchdog() { return connection_.watchdog(); }
  const ServerOptions& options() const { return connection_.options(); }

  awaitable<bool> serve_one();
  awaitable<bool> read_request(Http1Head& head, ServerRequest& request);
  awaitable<void> refuse(int status);
  awaitable<bool> respond(const Http1Head& head, ServerResponse response);
  awaitable<bool> respond_whole(const Http1Head& head, ServerResponse response, bool keep_alive);
  awaitable<bool> respond_streamed(const Http1Head& head, ServerResponse response, bool keep_alive);
  awaitable<Result<void>> write(std::string_view head, std::span<const Blob> body = {});

  ServerConnection& connection_;
  Stream& stream_;
  Http1Reader reader_;
  std::string head_text_;
  std::vector<BytesView> pieces_;
  bool idle_ = true;
};

awaitable<Result<void>> Http1Server::write(std::string_view head, std::span<const Blob> body) {
  pieces_.clear();
  pieces_.push_back(as_bytes(head));
  for (const Blob& part : body) pieces_.push_back(part.bytes());
  watchdog().expire_when_stuck(options().body_timeout, [this] { return stream_.bytes_written(); });
  auto written = co_await stream_.write(pieces_);
  watchdog().rest();
  co_return written;
}

awaitable<void> Http1Server::refuse(int status) {
  head_text_.clear();
  const Headers none;
  append_response_head(head_text_, status, none, Framing::length, 0, false);
  const auto written = co_await write(head_text_);
  if (!written) co_return;
  // Closing with unread bytes would reset the connection and take the answer away from the peer.
  watchdog().expire_after(max_draining);
  if (!stream_.secure()) co_await stream_.shutdown();
  Bytes sink(64u << 10);
  for (std::size_t drained = 0; drained < max_drained;) {
    const auto size = co_await stream_.read_some(sink);
    if (!size || *size == 0) break;
    drained += *size;
  }
  stream_.close();
}

awaitable<bool> Http1Server::serve_one() {
  idle_ = true;
  if (!reader_.has_more()) watchdog().expire_after(options().idle_timeout);
  const auto begun = co_await reader_.wait_for_message();
  if (!begun || !*begun) co_return false;
  idle_ = false;
  connection_.shared().requests.fetch_add(1, std::memory_order_relaxed);
  watchdog().expire_after(options().header_timeout);
  Http1Head head;
  ServerRequest request;
  const bool complete = co_await read_request(head, request);
  watchdog().rest();
  if (!complete) co_return false;
  ServerResponse response = co_await connection_.answer(std::move(request));
  co_return co_await respond(head, std::move(response));
}

awaitable<bool> Http1Server::read_request(Http1Head& head, ServerRequest& request) {
  int refusal = 0;
  auto received = co_await reader_.read_head();
  if (received && *received) {
    head = std::move(**received);
    const bool has_host = head.headers.contains("host") || head.minor_version == 0;
    if (!has_host) refusal = 400;
    if (head.framing == Framing::length && head.length > options().max_body) refusal = 413;
  } else if (!received && received.error().code() == errc::too_large) {
    refusal = 431;
  } else if (!received && received.error().code() == errc::protocol) {
    refusal = 400;
  } else {
    co_return false;
  }
  if (refusal == 0 && head.framing != Framing::none) {
    watchdog().expire_when_stuck(options().body_timeout, [this] { return stream_.bytes_read(); });
    if (head.minor_version == 1 && head.headers.has_token("expect", "100-continue") && !reader_.has_more()) {
      const std::vector<BytesView> pieces{as_bytes(go_on)};
      const auto written = co_await stream_.write(pieces);
      if (!written) co_return false;
    }
    auto body = co_await reader_.read_body(options().max_body);
    if (body) {
      request.body = std::move(*body);
    } else if (body.error().code() == errc::too_large) {
      refusal = 413;
    } else if (body.error().code() == errc::protocol) {
      refusal = 400;
    } else {
      co_return false;
    }
  }
  if (refusal != 0) {
    co_await refuse(refusal);
    co_return false;
  }
  request.method = head.method;
  request.target = std::move(head.target);
  request.headers = std::move(head.headers);
  // RFC 9112 3.2.2: what a proxy would be told; its host counts.
  if (!request.target.starts_with('/') && request.target.find("://") != std::string::npos) {
    if (auto url = Url::parse(request.target)) {
      request.target = url->target();
      request.headers.set("host", url->endpoint.authority());
    }
  }
  request.version = head.minor_version == 1 ? Version::http1_1 : Version::http1_0;
  request.secure = stream_.secure();
  request.peer = connection_.peer();
  co_return true;
}

awaitable<bool> Http1Server::respond(const Http1Head& head, ServerResponse response) {
  using Kind = Fault::Kind;
  const Kind fault = response.fault.kind;
  if (fault == Kind::reset_connection || fault == Kind::reset_stream || fault == Kind::goaway_unprocessed) {
    stream_.reset();
    co_return false;
  }
  const bool keep_alive = head.keep_alive && !connection_.stopping() && fault != Kind::goaway;
  if (response.writer) co_return co_await respond_streamed(head, std::move(response), keep_alive);
  co_return co_await respond_whole(head, std::move(response), keep_alive);
}

awaitable<bool> Http1Server::respond_whole(const Http1Head& head, ServerResponse response, bool keep_alive) {
  const bool bodiless = response.status == 204 || response.status == 304;
  head_text_.clear();
  append_response_head(head_text_, response.status, response.headers, bodiless ? Framing::none : Framing::length,
                       response.body.size(), keep_alive, head.minor_version);
  Body body;
  if (!bodiless && head.method != "HEAD") body = response.body;
  const bool truncated =
      response.fault.kind == Fault::Kind::truncate || response.fault.kind == Fault::Kind::truncate_stream;
  if (truncated) body = body.first(response.fault.bytes);
  const auto written = co_await write(head_text_, body.parts());
  if (truncated || response.fault.kind == Fault::Kind::close_after) {
    stream_.close();
    co_return false;
  }
  co_return keep_alive&& written.has_value();
}

awaitable<bool> Http1Server::respond_streamed(const Http1Head& head, ServerResponse response, bool keep_alive) {
  const bool chunked = head.minor_version == 1;
  keep_alive = keep_alive && chunked;
  head_text_.clear();
  append_response_head(head_text_, response.status, response.headers, chunked ? Framing::chunked : Framing::until_end,
                       0, keep_alive, head.minor_version);
  const auto written = co_await write(head_text_);
  if (!written) co_return false;
  if (head.method == "HEAD") co_return keep_alive;
  const auto body = std::make_shared<Http1ResponseStream>(stream_, chunked);
  std::exception_ptr failure;
  try {
    co_await response.writer(body);
  } catch (...) {
    failure = std::current_exception();
  }
  if (failure) {
    stream_.close();
    if (core::is_cancellation(failure)) std::rethrow_exception(failure);
    connection_.log(LogLevel::error, "a response writer failed: " + std::string(core::to_error(failure).what()));
    co_return false;
  }
  if (body->broken()) {
    stream_.close();
    co_return false;
  }
  body->finish();
  if (chunked) {
    const auto ended = co_await write("0\r\n\r\n");
    if (!ended) co_return false;
  }
  if (response.fault.kind == Fault::Kind::close_after) {
    stream_.close();
    co_return false;
  }
  co_return keep_alive;
}

}  // namespace

awaitable<void> serve_http1(std::shared_ptr<ServerConnection> connection, Bytes received) {
  Http1Server server(*connection, std::move(received));
  co_await server.run();
}

}  // namespace kinesis::http
