#include "http/body_buffer.hpp"
#include "http/http2_session.hpp"
#include "http/server_connection.hpp"

#include <algorithm>
#include <charconv>

namespace kinesis::http {
namespace {

/// Bodies of the largest size that one connection may have incomplete.
constexpr std::size_t max_incomplete_bodies = 4;

/// A request and its answer, on their stream.
class ServerStream {
 public:
  ServerStream(std::int32_t id, ServerConnection& connection)
      : id(id), body(connection.shared().buffers), changed(connection.executor(), *connection.options().clock) {}

  std::int32_t id;
  ServerRequest request;
  std::string authority;
  std::size_t header_bytes = 0;
  BodyBuffer body;
  /// The request is refused: what still comes of it is thrown away.
  bool refused = false;
  bool received = false;
  bool open = true;
  /// Body bytes given to the session and not yet taken by it.
  bool draining = false;
  core::Notifier changed;
  /// The coroutine that writes a streamed answer.
  core::TaskGroup* writer = nullptr;
  /// What to do once what was given is sent.
  Fault fault;
};

class Http2ResponseStream final : public ResponseStream {
 public:
  Http2ResponseStream(std::shared_ptr<ServerStream> stream, Http2Session& session)
      : stream_(std::move(stream)), session_(&session) {}

  awaitable<Result<void>> write(Body piece) override;
  bool open() const noexcept override { return stream_->open && !ended_; }
  void finish() override {
    if (open()) session_->finish(stream_->id);
    ended_ = true;
  }
  void reset(std::uint32_t code) override {
    if (open()) session_->reset(stream_->id, code);
    ended_ = true;
  }
  void truncate() override {
    if (open()) session_->close_when_flushed();
    ended_ = true;
  }
  void go_away() override {
    if (open()) session_->go_away(Http2Code::no_error);
  }

 private:
  std::shared_ptr<ServerStream> stream_;
  Http2Session* session_;
  bool ended_ = false;
};

awaitable<Result<void>> Http2ResponseStream::write(Body piece) {
  if (!open()) co_return Error(errc::closed, "the response stream has ended");
  if (piece.empty()) co_return Result<void>();
  stream_->draining = true;
  session_->append(stream_->id, std::move(piece));
  while (stream_->draining && stream_->open) co_await stream_->changed.wait();
  if (!stream_->open) co_return Error(errc::closed, "the peer has cancelled or gone");
  co_return Result<void>();
}

/// One connection that speaks HTTP/2.
class Http2Server final : public Http2Events {
 public:
  explicit Http2Server(std::shared_ptr<ServerConnection> connection)
      : connection_(std::move(connection)),
        session_(connection_->executor(), connection_->options().clock, connection_->shared_stream(), *this,
                 settings(connection_->options())) {}

  awaitable<void> run(Bytes received);

  void on_head_begin(std::int32_t id) override;
  void on_field(std::int32_t id, std::string_view name, std::string_view value) override;
  void on_head_end(std::int32_t id) override;
  void on_data(std::int32_t id, BytesView bytes) override;
  void on_end(std::int32_t id) override;
  void on_head_sent(std::int32_t id) override;
  void on_drained(std::int32_t id) override;
  void on_closed(std::int32_t id, std::uint32_t code, bool invalid) override;

 private:
  using StreamPtr = std::shared_ptr<ServerStream>;

  static Http2Settings settings(const ServerOptions& options) {
    Http2Settings settings;
    settings.server = true;
    settings.max_concurrent_streams = options.max_concurrent_streams;
    settings.stream_window = options.stream_window;
    settings.connection_window = options.connection_window;
    settings.max_header_bytes = options.max_header_bytes;
    settings.write_timeout = options.body_timeout;
    settings.reset_burst = options.reset_burst;
    settings.reset_rate = options.reset_rate;
    return settings;
  }
  const ServerOptions& options() const noexcept { return connection_->options(); }
  ServerStream* find(std::int32_t id) {
    const auto found = streams_.find(id);
    return found == streams_.end() ? nullptr : found->second.get();
  }

  void refuse(ServerStream& stream, int status);
  /// `bytes` of incomplete bodies went to a handler or away.
  void unbuffer(std::size_t bytes);
  /// Sets the watchdog to what is waited for now.
  void watch();
  static awaitable<void> handle(std::shared_ptr<Http2Server> self, StreamPtr stream);
  void respond(ServerStream& stream, ServerResponse& response);
  awaitable<void> write_streamed(StreamPtr stream, ServerResponse& response);
  void send(ServerStream& stream, const ServerResponse& response, Body body, bool more);
  bool apply_before(ServerStream& stream, const Fault& fault);

  std::shared_ptr<ServerConnection> connection_;
  Http2Session session_;
  std::unordered_map<std::int32_t, StreamPtr> streams_;
  std::size_t receiving_ = 0;
  /// Bytes of bodies that are not complete, and those of them that the connection's window is not given back for.
  std::size_t buffered_ = 0;
  std::size_t held_back_ = 0;
  std::weak_ptr<Http2Server> self_;

  friend awaitable<void> serve(std::shared_ptr<Http2Server> server, Bytes received);
};

void Http2Server::watch() {
  Watchdog& watchdog = connection_->watchdog();
  if (streams_.empty()) {
    watchdog.expire_after(options().idle_timeout);
  } else if (receiving_ > 0) {
    watchdog.expire_when_stuck(options().body_timeout, [this] { return session_.stream().bytes_read(); });
  } else {
    watchdog.rest();
  }
}

void Http2Server::on_head_begin(std::int32_t id) {
  if (streams_.contains(id)) return;  // trailers
  connection_->shared().requests.fetch_add(1, std::memory_order_relaxed);
  streams_.emplace(id, std::make_shared<ServerStream>(id, *connection_));
  ++receiving_;
  watch();
}

void Http2Server::on_field(std::int32_t id, std::string_view name, std::string_view value) {
  ServerStream* const stream = find(id);
  if (stream == nullptr || stream->refused || !stream->open) return;
  stream->header_bytes += name.size() + value.size() + 32;
  if (stream->header_bytes > options().max_header_bytes) {
    stream->request.headers.clear();
    stream->refused = true;  // answered once the head has ended
    return;
  }
  try {
    if (name == ":method")
      stream->request.method = value;
    else if (name == ":path")
      stream->request.target = value;
    else if (name == ":authority")
      stream->authority = value;
    else if (!name.starts_with(':'))
      stream->request.headers.add(name, value);
  } catch (const Error&) {
    session_.reset(id, Http2Code::protocol_error);
  }
}

void Http2Server::on_head_end(std::int32_t id) {
  ServerStream* const stream = find(id);
  if (stream == nullptr || !stream->request.peer.empty()) return;
  ServerRequest& request = stream->request;
  if (!stream->authority.empty()) request.headers.set("host", stream->authority);
  request.version = Version::http2;
  request.secure = session_.stream().secure();
  request.peer = connection_->peer();
  if (stream->refused) return refuse(*stream, 431);
  const auto length = request.headers.find("content-length").value_or("");
  std::uint64_t size = 0;
  std::from_chars(length.data(), length.data() + length.size(), size);
  if (size > options().max_body) return refuse(*stream, 413);
  stream->body.reserve(std::min<std::size_t>(size, options().stream_window));
  if (request.headers.has_token("expect", "100-continue")) session_.inform(id, 100);
}

void Http2Server::refuse(ServerStream& stream, int status) {
  stream.refused = true;
  unbuffer(stream.body.size());
  stream.body = BodyBuffer(connection_->shared().buffers);
  send(stream, ServerResponse(status), Body(), false);
}

void Http2Server::on_data(std::int32_t id, BytesView bytes) {
  session_.consume_stream(id, bytes.size());
  ServerStream* const stream = find(id);
  const bool wanted = stream != nullptr && !stream->refused;
  if (wanted && stream->body.size() + bytes.size() > options().max_body) refuse(*stream, 413);
  if (!wanted || stream->refused) return session_.consume_connection(bytes.size());
  stream->body.append(bytes);
  buffered_ += bytes.size();
  // Many bodies that never end may not take all memory: beyond a limit the peer has to end some before it may send
  // more.
  if (buffered_ > max_incomplete_bodies * options().max_body) {
    held_back_ += bytes.size();
  } else {
    session_.consume_connection(bytes.size());
  }
}

void Http2Server::unbuffer(std::size_t bytes) {
  buffered_ -= bytes;
  if (held_back_ > 0 && buffered_ <= max_incomplete_bodies * options().max_body) {
    session_.consume_connection(std::exchange(held_back_, 0));
  }
}

void Http2Server::on_end(std::int32_t id) {
  const auto found = streams_.find(id);
  if (found == streams_.end()) return;
  ServerStream& stream = *found->second;
  stream.received = true;
  --receiving_;
  watch();
  if (stream.refused || !stream.open) return;
  unbuffer(stream.body.size());
  stream.request.body = stream.body.take();
  connection_->tasks().spawn(handle(self_.lock(), found->second));
}

void Http2Server::on_head_sent(std::int32_t id) {
  ServerStream* const stream = find(id);
  // The refusal is said; the rest of the request need not come.
  if (stream != nullptr && stream->refused && !stream->received) session_.reset(id, Http2Code::no_error);
}

void Http2Server::on_drained(std::int32_t id) {
  ServerStream* const stream = find(id);
  if (stream == nullptr) return;
  if (stream->fault.kind == Fault::Kind::truncate) return session_.close_when_flushed();
  if (stream->fault.kind == Fault::Kind::truncate_stream) return session_.reset(id, stream->fault.code);
  stream->draining = false;
  stream->changed.wake();
}

void Http2Server::on_closed(std::int32_t id, std::uint32_t, bool) {
  const auto found = streams_.find(id);
  if (found == streams_.end()) return;
  const StreamPtr stream = found->second;
  streams_.erase(found);
  stream->open = false;
  if (!stream->received) {
    --receiving_;
    unbuffer(stream->body.size());
  }
  stream->changed.wake();
  if (stream->writer != nullptr) stream->writer->cancel();
  if (stream->fault.kind == Fault::Kind::close_after) session_.close_when_flushed();
  watch();
}

void Http2Server::send(ServerStream& stream, const ServerResponse& response, Body body, bool more) {
  const std::string status = std::to_string(response.status);
  const std::string length = std::to_string(response.body.size());
  std::vector<Headers::Field> fields;
  fields.reserve(response.headers.size() + 2);
  fields.push_back({":status", status});
  for (const auto field : response.headers) {
    const std::string_view name = field.name;
    const bool of_connection = name == "connection" || name == "transfer-encoding" || name == "keep-alive" ||
                               name == "content-length" || name == "upgrade";
    if (!of_connection) fields.push_back(field);
  }
  // Clients exist that reset each stream whose answer had none, and so run into the limit on resets.
  const bool bodiless = response.status == 204 || response.status == 304;
  if (!response.writer && !bodiless) fields.push_back({"content-length", length});
  session_.respond(stream.id, fields, std::move(body), more);
}

/// False if there is to be no answer.
bool Http2Server::apply_before(ServerStream& stream, const Fault& fault) {
  switch (fault.kind) {
    case Fault::Kind::reset_connection:
      session_.stream().reset();
      return false;
    case Fault::Kind::reset_stream:
      session_.reset(stream.id, fault.code);
      return false;
    case Fault::Kind::goaway_unprocessed:
      session_.go_away(Http2Code::no_error, std::max(0, stream.id - 2));
      return false;
    case Fault::Kind::goaway:
      session_.go_away(Http2Code::no_error);
      return true;
    default:
      return true;
  }
}

awaitable<void> Http2Server::handle(std::shared_ptr<Http2Server> self, StreamPtr stream) {
  const std::string method = stream->request.method;
  ServerResponse response = co_await self->connection_->answer(std::move(stream->request));
  if (!stream->open || !self->apply_before(*stream, response.fault)) co_return;
  stream->fault = response.fault;
  if (method == "HEAD") {
    self->send(*stream, response, Body(), false);
  } else if (response.writer) {
    co_await self->write_streamed(stream, response);
  } else {
    self->respond(*stream, response);
  }
}

void Http2Server::respond(ServerStream& stream, ServerResponse& response) {
  const bool bodiless = response.status == 204 || response.status == 304;
  const bool truncated =
      response.fault.kind == Fault::Kind::truncate || response.fault.kind == Fault::Kind::truncate_stream;
  if (!truncated) return send(stream, response, bodiless ? Body() : response.body, false);
  Body first = response.body.first(response.fault.bytes);
  const bool nothing = first.empty();
  send(stream, response, std::move(first), true);
  if (nothing) on_drained(stream.id);
}

awaitable<void> Http2Server::write_streamed(StreamPtr stream, ServerResponse& response) {
  send(*stream, response, Body(), true);
  const auto body = std::make_shared<Http2ResponseStream>(stream, session_);
  core::TaskGroup writer(connection_->executor());
  stream->writer = &writer;
  writer.spawn(response.writer(body));
  std::exception_ptr failure;
  try {
    co_await writer.join();
  } catch (...) {
    failure = std::current_exception();
  }
  stream->writer = nullptr;
  if (!failure) co_return body->finish();
  body->reset(static_cast<std::uint32_t>(Http2Code::internal_error));
  if (core::is_cancellation(failure)) std::rethrow_exception(failure);
  connection_->log(LogLevel::error, "a response writer failed: " + std::string(core::to_error(failure).what()));
}

awaitable<void> serve(std::shared_ptr<Http2Server> server, Bytes received) {
  server->self_ = server;
  co_await server->run(std::move(received));
}

awaitable<void> Http2Server::run(Bytes received) {
  const auto self = self_.lock();
  connection_->on_stop = [this] { session_.go_away(Http2Code::no_error); };
  connection_->on_timeout = [this] {
    session_.terminate(streams_.empty() ? Http2Code::no_error : Http2Code::cancel);
    session_.close_when_flushed();
  };
  watch();
  std::exception_ptr failure;
  try {
    const Error reason = co_await session_.run(std::move(received));
    connection_->log(LogLevel::debug, reason.what());
  } catch (...) {
    failure = std::current_exception();
  }
  connection_->on_stop = nullptr;
  connection_->on_timeout = nullptr;
  connection_->watchdog().rest();
  // Handlers go on, but nobody hears what they say.
  const auto streams = std::exchange(streams_, {});
  for (const auto& [id, stream] : streams) {
    stream->open = false;
    stream->changed.wake();
    if (stream->writer != nullptr) stream->writer->cancel();
  }
  if (failure) std::rethrow_exception(failure);
}

}  // namespace

awaitable<void> serve_http2(std::shared_ptr<ServerConnection> connection, Bytes received) {
  auto server = std::make_shared<Http2Server>(std::move(connection));
  co_await serve(std::move(server), std::move(received));
}

}  // namespace kinesis::http
