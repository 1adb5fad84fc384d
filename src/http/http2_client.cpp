#include "http/http2_client.hpp"

#include "http/body_buffer.hpp"
#include "http/http2_session.hpp"

#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <charconv>
#include <map>

namespace kinesis::http {

Http2Slot::Http2Slot(std::shared_ptr<Http2Connection> connection) noexcept : connection_(std::move(connection)) {
  connection_->take_slot();
}

Http2Slot& Http2Slot::operator=(Http2Slot&& other) noexcept {
  if (this == &other) return *this;
  release();
  connection_ = std::move(other.connection_);
  return *this;
}

void Http2Slot::release() noexcept {
  if (const auto connection = std::move(connection_)) connection->free_slot();
}

namespace {

constexpr int too_many_interim_answers = 100;

Error over_limit(std::string_view what) {
  return Error(errc::too_large, "the " + std::string(what) + " of the answer is over its limit");
}

/// A request on its stream.
class Exchange {
 public:
  explicit Exchange(const Http2ClientOptions& options)
      : body(options.buffers), changed(options.strand, *options.clock) {}

  void fail(Failure reason) {
    if (ended || failure) return;
    failure = std::move(reason);
    changed.wake();
  }

  std::int32_t stream = 0;
  /// It still counts as one of the connection's requests.
  bool holds_slot = false;
  int status = 0;
  Headers headers;
  std::size_t header_bytes = 0;
  int heads = 0;
  BodyBuffer body;
  std::size_t max_body = 0;
  /// The body goes to a reader: nothing is acknowledged before it is read.
  bool streamed = false;
  bool sent = false;
  bool head_done = false;
  bool ended = false;
  bool cancelled = false;
  std::optional<Failure> failure;
  core::Notifier changed;
  /// The connection had served before, and had received so much when this began.
  bool reused = false;
  std::uint64_t received_before = 0;
};

std::vector<Headers::Field> request_fields(const Call& call, const std::string& authority, const std::string& length) {
  const Request& request = call.request;
  std::vector<Headers::Field> fields;
  fields.reserve(request.headers.size() + 5);
  fields.push_back({":method", request.method});
  fields.push_back({":scheme", call.endpoint.secure ? "https" : "http"});
  fields.push_back({":authority", request.headers.find("host").value_or(authority)});
  fields.push_back({":path", request.target});
  for (const auto field : request.headers) {
    const std::string_view name = field.name;
    const bool of_connection = name == "host" || name == "connection" || name == "transfer-encoding" ||
                               name == "keep-alive" || name == "upgrade" || name == "proxy-connection" ||
                               name == "content-length" || name == "te";
    if (!of_connection) fields.push_back(field);
  }
  if (!length.empty()) fields.push_back({"content-length", length});
  return fields;
}

class Http2ClientConnection final : public Http2Connection,
                                    public Http2Events,
                                    public std::enable_shared_from_this<Http2ClientConnection> {
 public:
  Http2ClientConnection(Http2ClientOptions options, std::shared_ptr<Stream> stream)
      : options_(std::move(options)),
        session_(options_.strand, options_.clock, std::move(stream), *this, settings(options_)),
        silence_(options_.strand, options_.clock, [this] { on_silence(); }),
        idle_since_(options_.clock->now()) {
    silence_.expire_after(options_.ping_interval);
  }

  void start() { core::spawn(options_.strand, run(shared_from_this())); }

  awaitable<Attempt<Response>> send(const Call& call, Http2Slot slot) override;
  awaitable<Attempt<StreamedResponse>> open(const Call& call, Http2Slot slot) override;

  std::size_t capacity() const noexcept override {
    if (!usable_) return 0;
    const std::size_t limit = std::min(options_.max_streams, session_.peer_max_streams());
    return limit - std::min(limit, slots_);
  }
  std::size_t active() const noexcept override { return slots_; }
  bool usable() const noexcept override { return usable_; }
  Clock::time_point idle_since() const noexcept override { return idle_since_; }
  void close(const Error& reason) override {
    closed_because_ = reason;
    fail_all(reason);
    retire();
    session_.terminate(Http2Code::no_error);
    session_.close_when_flushed();
  }

  // Of one exchange, on the strand.
  awaitable<Result<std::optional<Blob>>> read(std::shared_ptr<Exchange> exchange);
  void abandon(Exchange& exchange);
  const asio::any_io_executor& strand() const noexcept { return options_.strand; }

  void on_head_begin(std::int32_t stream) override;
  void on_field(std::int32_t stream, std::string_view name, std::string_view value) override;
  void on_head_end(std::int32_t stream) override;
  void on_data(std::int32_t stream, BytesView bytes) override;
  void on_end(std::int32_t stream) override;
  void on_head_sent(std::int32_t stream) override;
  void on_closed(std::int32_t stream, std::uint32_t code, bool invalid) override;
  void on_goaway(std::uint32_t code) override;
  void on_settings() override;

 private:
  class Source;
  struct Guard;

  static Http2Settings settings(const Http2ClientOptions& options) {
    Http2Settings settings;
    settings.stream_window = options.stream_window;
    settings.connection_window = options.connection_window;
    settings.max_header_bytes = options.max_header_bytes;
    return settings;
  }

  static awaitable<void> run(std::shared_ptr<Http2ClientConnection> self);
  std::shared_ptr<Exchange> begin(const Call& call, Http2Slot slot, bool streamed);
  awaitable<std::optional<Failure>> wait_for_head(Exchange& exchange, const Call& call);
  Failure timed_out(Exchange& exchange, const Call& call);
  void fail_all(const Error& reason);
  void retire();
  void on_silence();
  std::uint64_t received() { return session_.stream().bytes_read(); }
  Exchange* find(std::int32_t stream) {
    const auto found = exchanges_.find(stream);
    return found == exchanges_.end() ? nullptr : found->second.get();
  }

  void take_slot() noexcept override { ++slots_; }
  void free_slot() noexcept override {
    --slots_;
    idle_since_ = options_.clock->now();
    // Not from within: whoever lets go of a slot is in the middle of something.
    asio::post(options_.strand, [self = shared_from_this()] { self->options_.on_change(); });
  }

  Http2ClientOptions options_;
  Http2Session session_;
  Watchdog silence_;
  std::unordered_map<std::int32_t, std::shared_ptr<Exchange>> exchanges_;
  std::size_t slots_ = 0;
  std::uint64_t completed_ = 0;
  bool usable_ = true;
  bool pinged_ = false;
  std::uint64_t received_when_asked_ = 0;
  std::optional<Error> closed_because_;
  Clock::time_point idle_since_;
};

/// Whoever leaves an exchange before its end cancels its stream, on every way out.
struct Http2ClientConnection::Guard {
  explicit Guard(Http2ClientConnection& connection, std::shared_ptr<Exchange> exchange)
      : connection(connection), exchange(std::move(exchange)) {}
  Guard(const Guard&) = delete;
  Guard& operator=(const Guard&) = delete;
  ~Guard() {
    if (exchange) connection.abandon(*exchange);
  }
  Http2ClientConnection& connection;
  std::shared_ptr<Exchange> exchange;
};

class Http2ClientConnection::Source final : public StreamedResponse::Source {
 public:
  Source(std::shared_ptr<Http2ClientConnection> connection, std::shared_ptr<Exchange> exchange)
      : connection_(std::move(connection)), exchange_(std::move(exchange)) {}
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;
  ~Source() override {
    // An exchange ends on the strand, even if its reader is let go elsewhere.
    const asio::any_io_executor strand = connection_->strand();
    asio::dispatch(strand, [connection = std::move(connection_), exchange = std::move(exchange_)] {
      connection->abandon(*exchange);
    });
  }

  awaitable<Result<std::optional<Blob>>> read() override {
    auto task = connection_->read(exchange_);
    return core::run_on(connection_->strand(), std::move(task));
  }
  void cancel() override {
    asio::dispatch(connection_->strand(), [connection = connection_, exchange = exchange_] {
      exchange->cancelled = true;
      connection->abandon(*exchange);
      exchange->changed.wake();
    });
  }

 private:
  std::shared_ptr<Http2ClientConnection> connection_;
  std::shared_ptr<Exchange> exchange_;
};

awaitable<void> Http2ClientConnection::run(std::shared_ptr<Http2ClientConnection> self) {
  const Error reason = co_await self->session_.run(Bytes());
  self->silence_.rest();
  self->fail_all(self->closed_because_.value_or(reason));
  self->retire();
}

void Http2ClientConnection::retire() {
  usable_ = false;
  options_.on_change();
}

void Http2ClientConnection::fail_all(const Error& reason) {
  const auto exchanges = std::exchange(exchanges_, {});
  for (const auto& [stream, exchange] : exchanges) {
    Replay replay = Replay::never;
    const bool broken = reason.code() == errc::connection;
    if (broken && !exchange->sent)
      replay = Replay::always;
    else if (broken && exchange->reused && received() == exchange->received_before)
      replay = Replay::when_allowed;
    exchange->fail(Failure(reason, replay));
  }
}

void Http2ClientConnection::on_silence() {
  const std::uint64_t now_received = received();
  const bool heard = std::exchange(received_when_asked_, now_received) != now_received;
  if (heard) {
    pinged_ = false;
    return silence_.expire_after(options_.ping_interval);
  }
  if (pinged_) return close(Error(errc::connection, "the server did not answer a PING").with_retryable(true));
  pinged_ = true;
  session_.ping();
  silence_.expire_after(options_.ping_timeout);
}

std::shared_ptr<Exchange> Http2ClientConnection::begin(const Call& call, Http2Slot slot, bool streamed) {
  auto exchange = std::make_shared<Exchange>(options_);
  exchange->streamed = streamed;
  exchange->max_body = call.max_body;
  exchange->reused = completed_ > 0;
  exchange->received_before = received();
  const Request& request = call.request;
  const bool with_length = !request.body.empty() || (request.method != "GET" && request.method != "HEAD");
  const std::string length = with_length ? std::to_string(request.body.size()) : std::string();
  const std::string authority = call.endpoint.authority();
  const auto stream = session_.request(request_fields(call, authority, length), request.body);
  if (!stream) return nullptr;
  exchange->stream = *stream;
  exchange->holds_slot = true;
  slot.detach();
  exchanges_.emplace(*stream, exchange);
  return exchange;
}

void Http2ClientConnection::abandon(Exchange& exchange) {
  // Whatever the server still sends, or still wants to have, is of no use. A stream that has ended is known no more.
  if (exchanges_.erase(exchange.stream) > 0) session_.reset(exchange.stream, Http2Code::cancel);
  if (std::exchange(exchange.holds_slot, false)) free_slot();
}

Failure Http2ClientConnection::timed_out(Exchange& exchange, const Call& call) {
  // Not a byte since the request went out: the connection may be dead, the next request had better not find out.
  if (received() == exchange.received_before) retire();
  return first_byte_timeout(call);
}

awaitable<std::optional<Failure>> Http2ClientConnection::wait_for_head(Exchange& exchange, const Call& call) {
  const auto deadline = call.head_deadline(options_.clock->now());
  while (!exchange.head_done && !exchange.failure) {
    const bool woken = co_await exchange.changed.wait_until(deadline);
    if (woken || exchange.head_done || exchange.failure) continue;
    if (options_.clock->now() >= deadline) co_return timed_out(exchange, call);
    co_await core::yield();  // The caller was cancelled: this throws.
  }
  if (exchange.failure) co_return *exchange.failure;
  co_return std::nullopt;
}

awaitable<Attempt<Response>> Http2ClientConnection::send(const Call& call, Http2Slot slot) {
  const auto self = shared_from_this();
  const auto exchange = begin(call, std::move(slot), false);
  if (!exchange) co_return Failure(Error(errc::connection, "the connection was closing"), Replay::always);
  const Guard guard(*this, exchange);
  auto failure = co_await wait_for_head(*exchange, call);
  if (failure) co_return std::move(*failure);
  while (!exchange->ended && !exchange->failure) {
    const bool woken = co_await exchange->changed.wait_until(call.deadline);
    if (woken || exchange->ended || exchange->failure) continue;
    if (options_.clock->now() >= call.deadline) co_return timed_out(*exchange, call);
    co_await core::yield();  // The caller was cancelled: this throws.
  }
  if (exchange->failure) co_return *exchange->failure;
  co_return Response(exchange->status, std::move(exchange->headers), exchange->body.take());
}

awaitable<Attempt<StreamedResponse>> Http2ClientConnection::open(const Call& call, Http2Slot slot) {
  const auto self = shared_from_this();
  const auto exchange = begin(call, std::move(slot), true);
  if (!exchange) co_return Failure(Error(errc::connection, "the connection was closing"), Replay::always);
  Guard guard(*this, exchange);
  auto failure = co_await wait_for_head(*exchange, call);
  if (failure) co_return std::move(*failure);
  auto source = std::make_shared<Source>(self, std::move(guard.exchange));
  co_return StreamedResponse(exchange->status, std::move(exchange->headers), std::move(source));
}

awaitable<Result<std::optional<Blob>>> Http2ClientConnection::read(std::shared_ptr<Exchange> exchange) {
  const auto self = shared_from_this();
  while (exchange->body.empty() && !exchange->ended && !exchange->failure && !exchange->cancelled) {
    co_await exchange->changed.wait();
  }
  if (exchange->cancelled) co_return Error(errc::cancelled, "the response was cancelled");
  if (!exchange->body.empty()) {
    std::optional<Blob> piece = exchange->body.take();
    session_.consume_stream(exchange->stream, piece->size());
    co_return piece;
  }
  if (exchange->failure) co_return exchange->failure->error.with_attempts(1);
  co_return std::optional<Blob>();
}

void Http2ClientConnection::on_head_begin(std::int32_t stream) {
  Exchange* const exchange = find(stream);
  if (exchange == nullptr || exchange->head_done) return;
  exchange->headers.clear();
  exchange->status = 0;
  if (++exchange->heads > too_many_interim_answers) {
    exchange->fail(Error(errc::protocol, "too many interim answers"));
    session_.reset(stream, Http2Code::cancel);
  }
}

void Http2ClientConnection::on_field(std::int32_t stream, std::string_view name, std::string_view value) {
  Exchange* const exchange = find(stream);
  if (exchange == nullptr || exchange->head_done || exchange->failure) return;
  exchange->header_bytes += name.size() + value.size() + 32;
  if (exchange->header_bytes > options_.max_header_bytes) {
    exchange->fail(over_limit("head"));
    return session_.reset(stream, Http2Code::cancel);
  }
  if (name == ":status") {
    std::from_chars(value.data(), value.data() + value.size(), exchange->status);
  } else if (!name.starts_with(':')) {
    try {
      exchange->headers.add(name, value);
    } catch (const Error& error) {
      exchange->fail(Error(errc::protocol, error.message()));
      session_.reset(stream, Http2Code::protocol_error);
    }
  }
}

void Http2ClientConnection::on_head_end(std::int32_t stream) {
  Exchange* const exchange = find(stream);
  if (exchange == nullptr || exchange->head_done || exchange->failure) return;
  if (exchange->status < 200) return;
  exchange->head_done = true;
  if (!exchange->streamed) {
    const auto length = exchange->headers.find("content-length").value_or("");
    std::uint64_t size = 0;
    std::from_chars(length.data(), length.data() + length.size(), size);
    if (size > exchange->max_body) {
      exchange->fail(over_limit("body"));
      session_.reset(stream, Http2Code::cancel);
    } else {
      exchange->body.reserve(size);
    }
  }
  exchange->changed.wake();
}

void Http2ClientConnection::on_data(std::int32_t stream, BytesView bytes) {
  session_.consume_connection(bytes.size());
  Exchange* const exchange = find(stream);
  if (exchange == nullptr || exchange->failure) return session_.consume_stream(stream, bytes.size());
  if (exchange->streamed) {
    const bool waiting = exchange->body.empty();
    exchange->body.append(bytes);
    if (waiting) exchange->changed.wake();
    return;
  }
  session_.consume_stream(stream, bytes.size());
  if (exchange->body.size() + bytes.size() > exchange->max_body) {
    exchange->fail(over_limit("body"));
    return session_.reset(stream, Http2Code::cancel);
  }
  exchange->body.append(bytes);
}

void Http2ClientConnection::on_end(std::int32_t stream) {
  Exchange* const exchange = find(stream);
  if (exchange == nullptr || exchange->failure) return;
  if (!exchange->head_done) return exchange->fail(Error(errc::protocol, "the stream ended before an answer"));
  exchange->ended = true;
  ++completed_;
  exchange->changed.wake();
}

void Http2ClientConnection::on_head_sent(std::int32_t stream) {
  if (Exchange* const exchange = find(stream)) exchange->sent = true;
}

void Http2ClientConnection::on_closed(std::int32_t stream, std::uint32_t code, bool invalid) {
  const auto found = exchanges_.find(stream);
  if (found == exchanges_.end()) return;
  const auto exchange = found->second;
  exchanges_.erase(found);
  if (exchange->ended) return;
  if (code == static_cast<std::uint32_t>(Http2Code::refused_stream)) {
    Error refused(errc::connection, "the server did not take the request");
    return exchange->fail(Failure(refused.with_retryable(true), Replay::always));
  }
  if (invalid) return exchange->fail(Error(errc::protocol, "the server broke HTTP/2 on this stream"));
  Error reset(errc::connection, "the server reset the stream: " + http2_code_name(code));
  exchange->fail(reset.with_retryable(true));
}

void Http2ClientConnection::on_settings() {
  // What was not sent and is over a limit that has become lower would wait here until others end, which streams may do
  // late: it goes over another connection.
  std::size_t sent = 0;
  for (const auto& [stream, exchange] : exchanges_) sent += exchange->sent ? 1 : 0;
  std::size_t room = session_.peer_max_streams() - std::min(session_.peer_max_streams(), sent);
  for (const auto& [stream, exchange] : exchanges_) {
    if (exchange->sent) continue;
    if (room > 0) {
      --room;
      continue;
    }
    Error refused(errc::connection, "the server takes fewer requests at a time than before");
    exchange->fail(Failure(refused.with_retryable(true), Replay::always));
  }
}

void Http2ClientConnection::on_goaway(std::uint32_t) {
  usable_ = false;
  asio::post(options_.strand, [self = shared_from_this()] { self->options_.on_change(); });
}

}  // namespace

std::shared_ptr<Http2Connection> start_http2_client(Http2ClientOptions options, std::shared_ptr<Stream> stream) {
  auto connection = std::make_shared<Http2ClientConnection>(std::move(options), std::move(stream));
  connection->start();
  return connection;
}

}  // namespace kinesis::http
