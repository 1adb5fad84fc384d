#pragma once

#include "core/async.hpp"
#include "http/message.hpp"
#include "http/stream.hpp"
#include "http/watchdog.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

struct nghttp2_session;

namespace kinesis::http {

/// RFC 9113 section 7.
enum class Http2Code : std::uint32_t {
  no_error = 0,
  protocol_error = 1,
  internal_error = 2,
  refused_stream = 7,
  cancel = 8,
};
std::string http2_code_name(std::uint32_t code);

/// What a session hears. Called on its strand, out of the read or write loop; must not throw and must not wait. Calling
/// the session back is fine.
class Http2Events {
 public:
  virtual ~Http2Events() = default;
  /// The head of a request or answer begins, or of what follows an interim answer.
  virtual void on_head_begin(std::int32_t stream) = 0;
  virtual void on_field(std::int32_t stream, std::string_view name, std::string_view value) = 0;
  virtual void on_head_end(std::int32_t stream) = 0;
  virtual void on_data(std::int32_t stream, BytesView bytes) = 0;
  /// The peer has said all it will on this stream.
  virtual void on_end(std::int32_t stream) = 0;
  /// The head of ours was handed to the transport.
  virtual void on_head_sent(std::int32_t) {}
  /// All of the body given so far was handed to the transport, and more may come.
  virtual void on_drained(std::int32_t) {}
  /// The stream is over; `code` is no_error if it ended well. `invalid`: because the peer broke the protocol.
  virtual void on_closed(std::int32_t stream, std::uint32_t code, bool invalid) = 0;
  virtual void on_goaway(std::uint32_t) {}
  /// The peer has changed what it allows.
  virtual void on_settings() {}
};

struct Http2Settings {
  bool server = false;
  std::uint32_t max_concurrent_streams = 100;
  std::uint32_t stream_window = 1u << 20;
  std::uint32_t connection_window = 16u << 20;
  std::size_t max_header_bytes = 64u << 10;
  /// A peer that takes nothing for so long is given up.
  Clock::duration write_timeout = std::chrono::seconds(30);
  std::uint64_t reset_burst = 1000;
  std::uint64_t reset_rate = 100;
};

/// One HTTP/2 connection, either side: frames by nghttp2, bytes by a `Stream`. On one strand.
///
/// Nothing is acknowledged by itself: received bytes count against the windows until `consume_connection` and
/// `consume_stream`. Bodies are written from where they are: over plain TCP they are never copied.
class Http2Session {
 public:
  using Field = Headers::Field;

  Http2Session(asio::any_io_executor strand, std::shared_ptr<Clock> clock, std::shared_ptr<Stream> stream,
               Http2Events& events, const Http2Settings& settings);
  ~Http2Session();
  Http2Session(const Http2Session&) = delete;
  Http2Session& operator=(const Http2Session&) = delete;

  /// Reads and writes until the connection is over, and says why. `received` was read from the stream before.
  awaitable<Error> run(Bytes received);

  /// Client: begins a stream. Nothing if the session takes no more.
  std::optional<std::int32_t> request(const std::vector<Field>& fields, Body body);
  /// Server: answers. Without `more`, the body is all there is.
  void respond(std::int32_t stream, const std::vector<Field>& fields, Body body, bool more = false);
  /// Server: an interim answer.
  void inform(std::int32_t stream, int status);
  /// More of a body that was begun with `more`.
  void append(std::int32_t stream, Body body);
  void finish(std::int32_t stream);
  void reset(std::int32_t stream, std::uint32_t code);
  void reset(std::int32_t stream, Http2Code code) { reset(stream, static_cast<std::uint32_t>(code)); }

  void consume_connection(std::size_t bytes);
  void consume_stream(std::int32_t stream, std::size_t bytes);

  void ping();
  /// Takes no more streams than those up to `last_stream` (by default: all that have begun); ends when they have.
  void go_away(Http2Code code, std::optional<std::int32_t> last_stream = std::nullopt);
  /// Ends now, after what is ready to be written and a GOAWAY.
  void terminate(Http2Code code);
  /// Ends now, after what is ready to be written.
  void close_when_flushed();

  /// Client: streams the server allows at a time.
  std::size_t peer_max_streams() const noexcept;
  std::size_t open_streams() const noexcept { return bodies_.size(); }
  Stream& stream() noexcept { return *stream_; }

 private:
  struct Callbacks;
  class Output;

  /// The part of a body that is not sent yet.
  struct Outgoing {
    std::vector<Blob> parts;
    std::size_t part = 0;
    std::size_t offset = 0;
    std::size_t left = 0;
    bool more = false;
    bool deferred = false;

    void add(Body body);
  };

  /// True at an orderly end.
  awaitable<bool> read_loop(Bytes received);
  awaitable<void> write_loop();
  void receive(BytesView bytes);
  void fill(Output& output);
  void send_body(Output& output, Outgoing& outgoing, std::size_t size);
  void give_up();
  bool wants_nothing() const noexcept;
  void wake_writer();

  asio::any_io_executor strand_;
  std::shared_ptr<Stream> stream_;
  Http2Events& events_;
  Http2Settings settings_;
  nghttp2_session* session_ = nullptr;
  core::Notifier writer_;
  Watchdog watchdog_;
  std::unordered_map<std::int32_t, Outgoing> bodies_;
  std::unique_ptr<Output> output_;
  std::optional<Error> reason_;
  /// A GOAWAY about all streams so far, to be submitted; then one that has to be written before anything is read.
  std::optional<Http2Code> leaving_;
  bool announcing_ = false;
  std::int32_t invalid_stream_ = -1;
  /// What is ready is still written, then the connection is closed.
  bool closing_ = false;
  /// Nothing that arrives counts any more.
  bool deaf_ = false;
  bool ended_ = false;
};

}  // namespace kinesis::http
