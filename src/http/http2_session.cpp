#include "http/http2_session.hpp"

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>

namespace kinesis::http {
namespace {

constexpr std::size_t read_size = 64u << 10;
/// What one write takes: copied bytes, or bytes that are only referred to.
constexpr std::size_t copied_at_once = 64u << 10;
constexpr std::size_t referred_at_once = 1u << 20;
constexpr std::size_t pieces_at_once = 60;
/// What one TLS record takes, and so one system call.
constexpr std::size_t tls_record = 16u << 10;
constexpr std::size_t frame_head = 9;
/// How long a server waits for its peer to close, once it has said its last word.
constexpr std::chrono::seconds lingering{2};

std::string_view view(const std::uint8_t* data, std::size_t size) noexcept {
  return {reinterpret_cast<const char*>(data), size};
}

nghttp2_nv to_nv(const Headers::Field& field) noexcept {
  const auto bytes = [](std::string_view text) {
    return const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(text.data()));
  };
  return {bytes(field.name), bytes(field.value), field.name.size(), field.value.size(), NGHTTP2_NV_FLAG_NONE};
}

std::vector<nghttp2_nv> to_nvs(const std::vector<Headers::Field>& fields) {
  std::vector<nghttp2_nv> nvs;
  nvs.reserve(fields.size());
  for (const auto& field : fields) nvs.push_back(to_nv(field));
  return nvs;
}

}  // namespace

std::string http2_code_name(std::uint32_t code) { return nghttp2_http2_strerror(code); }

/// The bytes of one write. Frames are collected in one piece of memory; bodies are referred to where that pays.
class Http2Session::Output {
 public:
  explicit Output(bool refer) : refer_(refer), memory_(std::make_unique<std::byte[]>(capacity)) {}

  void put(BytesView bytes) {
    if (bytes.empty()) return;
    total_ += bytes.size();
    if (used_ + bytes.size() > capacity) {
      kept_.push_back(Blob::copy_of(bytes));
      pieces_.push_back(kept_.back().bytes());
      return;
    }
    std::byte* const place = memory_.get() + used_;
    std::memcpy(place, bytes.data(), bytes.size());
    used_ += bytes.size();
    if (!pieces_.empty() && pieces_.back().data() + pieces_.back().size() == place) {
      pieces_.back() = BytesView(pieces_.back().data(), pieces_.back().size() + bytes.size());
    } else {
      pieces_.emplace_back(place, bytes.size());
    }
  }

  void put(const Blob& blob, BytesView part) {
    // A small part costs more to refer to than to copy.
    if (!refer_ || part.size() < 1024) return put(part);
    total_ += part.size();
    if (kept_.empty() || kept_.back().owner() != blob.owner()) kept_.push_back(blob);
    pieces_.push_back(part);
  }

  /// How much of a body goes into the next frame, so that it ends with a TLS record: a few bytes left over would be a
  /// record, and a system call, of their own.
  std::size_t best_data_size() const noexcept {
    if (refer_) return std::numeric_limits<std::size_t>::max();
    std::size_t room = tls_record - total_ % tls_record;
    if (room < frame_head + 1024) room += tls_record;
    return room - frame_head;
  }

  bool full() const noexcept {
    return used_ >= copied_at_once || total_ >= referred_at_once || pieces_.size() >= pieces_at_once;
  }
  const std::vector<BytesView>& pieces() const noexcept { return pieces_; }

  void clear() noexcept {
    used_ = total_ = 0;
    pieces_.clear();
    kept_.clear();
  }

 private:
  /// A frame that is begun is finished: room for one beyond the limit.
  static constexpr std::size_t capacity = copied_at_once + (20u << 10);

  bool refer_;
  std::unique_ptr<std::byte[]> memory_;
  std::size_t used_ = 0;
  std::size_t total_ = 0;
  std::vector<BytesView> pieces_;
  std::vector<Blob> kept_;
};

void Http2Session::Outgoing::add(Body body) {
  if (part == parts.size()) {
    parts.clear();
    part = 0;
  }
  for (const Blob& blob : body.parts()) parts.push_back(blob);
  left += body.size();
}

/// What nghttp2 calls.
struct Http2Session::Callbacks {
  static Http2Session& self(void* user_data) noexcept { return *static_cast<Http2Session*>(user_data); }

  static int begin_headers(nghttp2_session*, const nghttp2_frame* frame, void* user_data) noexcept {
    if (frame->hd.type == NGHTTP2_HEADERS) self(user_data).events_.on_head_begin(frame->hd.stream_id);
    return 0;
  }

  static int header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name, std::size_t name_size,
                    const std::uint8_t* value, std::size_t value_size, std::uint8_t, void* user_data) noexcept {
    if (frame->hd.type != NGHTTP2_HEADERS) return 0;
    self(user_data).events_.on_field(frame->hd.stream_id, view(name, name_size), view(value, value_size));
    return 0;
  }

  static int frame_received(nghttp2_session*, const nghttp2_frame* frame, void* user_data) noexcept {
    Http2Events& events = self(user_data).events_;
    const std::int32_t stream = frame->hd.stream_id;
    if (frame->hd.type == NGHTTP2_HEADERS) events.on_head_end(stream);
    if (frame->hd.type == NGHTTP2_GOAWAY) events.on_goaway(frame->goaway.error_code);
    const bool settings = frame->hd.type == NGHTTP2_SETTINGS && (frame->hd.flags & NGHTTP2_FLAG_ACK) == 0;
    if (settings) events.on_settings();
    const bool may_end = frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;
    if (may_end && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) events.on_end(stream);
    return 0;
  }

  static int data(nghttp2_session*, std::uint8_t, std::int32_t stream, const std::uint8_t* bytes, std::size_t size,
                  void* user_data) noexcept {
    self(user_data).events_.on_data(stream, as_bytes(view(bytes, size)));
    return 0;
  }

  static int frame_sent(nghttp2_session*, const nghttp2_frame* frame, void* user_data) noexcept {
    Http2Session& session = self(user_data);
    if (frame->hd.type == NGHTTP2_HEADERS) session.events_.on_head_sent(frame->hd.stream_id);
    if (frame->hd.type == NGHTTP2_GOAWAY) session.announcing_ = false;
    if (frame->hd.type == NGHTTP2_GOAWAY && frame->goaway.error_code != NGHTTP2_NO_ERROR && !session.reason_) {
      session.reason_ =
          Error(errc::protocol, "the HTTP/2 connection was given up: " + http2_code_name(frame->goaway.error_code));
    }
    return 0;
  }

  static int frame_not_sent(nghttp2_session*, const nghttp2_frame* frame, int, void* user_data) noexcept {
    // A request that never began, because the connection is ending: no other callback tells.
    const bool request = frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_REQUEST;
    Http2Session& session = self(user_data);
    if (request && session.bodies_.erase(frame->hd.stream_id) > 0) {
      session.events_.on_closed(frame->hd.stream_id, NGHTTP2_REFUSED_STREAM, false);
    }
    return 0;
  }

  static int invalid_frame(nghttp2_session*, const nghttp2_frame* frame, int, void* user_data) noexcept {
    self(user_data).invalid_stream_ = frame->hd.stream_id;
    return 0;
  }

  static int stream_closed(nghttp2_session*, std::int32_t stream, std::uint32_t code, void* user_data) noexcept {
    Http2Session& session = self(user_data);
    session.bodies_.erase(stream);
    const bool invalid = session.invalid_stream_ == stream;
    if (invalid) session.invalid_stream_ = -1;
    session.events_.on_closed(stream, code, invalid);
    return 0;
  }

  static ssize_t read_body(nghttp2_session*, std::int32_t stream, std::uint8_t*, std::size_t length,
                           std::uint32_t* flags, nghttp2_data_source*, void* user_data) noexcept {
    Http2Session& session = self(user_data);
    const auto found = session.bodies_.find(stream);
    if (found == session.bodies_.end()) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    Outgoing& outgoing = found->second;
    if (outgoing.left == 0 && outgoing.more) {
      outgoing.deferred = true;
      return NGHTTP2_ERR_DEFERRED;
    }
    const std::size_t size = std::min({length, outgoing.left, session.output_->best_data_size()});
    *flags = NGHTTP2_DATA_FLAG_NO_COPY;
    if (size == outgoing.left && !outgoing.more) *flags |= NGHTTP2_DATA_FLAG_EOF;
    return static_cast<ssize_t>(size);
  }

  static int send_body(nghttp2_session*, nghttp2_frame* frame, const std::uint8_t* head, std::size_t length,
                       nghttp2_data_source*, void* user_data) noexcept {
    Http2Session& session = self(user_data);
    const auto found = session.bodies_.find(frame->hd.stream_id);
    if (found == session.bodies_.end()) return NGHTTP2_ERR_CALLBACK_FAILURE;
    session.output_->put(as_bytes(view(head, frame_head)));
    session.send_body(*session.output_, found->second, length);
    if (found->second.left == 0 && found->second.more) session.events_.on_drained(frame->hd.stream_id);
    if (session.output_->full()) return NGHTTP2_ERR_PAUSE;
    return 0;
  }

  static nghttp2_session_callbacks* make() {
    nghttp2_session_callbacks* callbacks = nullptr;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, frame_received);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, data);
    nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, frame_sent);
    nghttp2_session_callbacks_set_on_frame_not_send_callback(callbacks, frame_not_sent);
    nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(callbacks, invalid_frame);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, stream_closed);
    nghttp2_session_callbacks_set_send_data_callback(callbacks, send_body);
    return callbacks;
  }
};

Http2Session::Http2Session(asio::any_io_executor strand, std::shared_ptr<Clock> clock, std::shared_ptr<Stream> stream,
                           Http2Events& events, const Http2Settings& settings)
    : strand_(std::move(strand)),
      stream_(std::move(stream)),
      events_(events),
      settings_(settings),
      writer_(strand_, *clock),
      watchdog_(strand_, clock, [this] { give_up(); }),
      output_(std::make_unique<Output>(!stream_->secure())) {
  static nghttp2_session_callbacks* const callbacks = Callbacks::make();
  nghttp2_option* option = nullptr;
  nghttp2_option_new(&option);
  nghttp2_option_set_no_auto_window_update(option, 1);
  nghttp2_option_set_max_send_header_block_length(option, std::max<std::size_t>(settings_.max_header_bytes, 64u << 10));
  if (settings_.server) {
    nghttp2_option_set_stream_reset_rate_limit(option, settings_.reset_burst, settings_.reset_rate);
    nghttp2_session_server_new2(&session_, callbacks, this, option);
  } else {
    nghttp2_session_client_new2(&session_, callbacks, this, option);
  }
  nghttp2_option_del(option);

  std::vector<nghttp2_settings_entry> entries{
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, settings_.stream_window},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, static_cast<std::uint32_t>(settings_.max_header_bytes)}};
  if (settings_.server) {
    entries.push_back({NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, settings_.max_concurrent_streams});
  } else {
    entries.push_back({NGHTTP2_SETTINGS_ENABLE_PUSH, 0});
  }
  nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, entries.data(), entries.size());
  nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0,
                                        static_cast<std::int32_t>(settings_.connection_window));
}

Http2Session::~Http2Session() { nghttp2_session_del(session_); }

awaitable<Error> Http2Session::run(Bytes received) {
  core::TaskGroup writer(strand_);
  writer.spawn(write_loop());
  std::exception_ptr failure;
  bool flush = false;
  try {
    flush = co_await read_loop(std::move(received));
  } catch (...) {
    failure = std::current_exception();
  }
  ended_ = true;
  if (!flush) stream_->close();
  writer_.wake();
  co_await core::ignore_cancellation();
  co_await writer.join();
  if (failure) std::rethrow_exception(failure);
  if (reason_) co_return *reason_;
  co_return Error(errc::connection, "the peer closed the connection").with_retryable(true);
}

awaitable<bool> Http2Session::read_loop(Bytes received) {
  receive(received);
  received = Bytes();
  Bytes buffer(read_size);
  while (true) {
    const auto size = co_await stream_->read_some(buffer);
    if (!size && !reason_) reason_ = size.error();
    if (!size) co_return false;
    if (*size == 0) co_return true;
    if (!deaf_) receive(BytesView(buffer).first(*size));
  }
}

void Http2Session::receive(BytesView bytes) {
  const auto used =
      nghttp2_session_mem_recv(session_, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  if (used < 0) {
    // The peer does not speak HTTP/2, or far too much of it: it is told before the connection is closed.
    reason_ = Error(errc::protocol, "not HTTP/2: " + std::string(nghttp2_strerror(static_cast<int>(used))));
    deaf_ = closing_ = true;
    nghttp2_session_terminate_session(session_, NGHTTP2_PROTOCOL_ERROR);
  }
  wake_writer();
}

awaitable<void> Http2Session::write_loop() {
  while (stream_->is_open()) {
    fill(*output_);
    if (output_->pieces().empty()) {
      if (closing_ || ended_ || wants_nothing()) break;
      co_await writer_.wait();
      continue;
    }
    watchdog_.expire_when_stuck(settings_.write_timeout, [this] { return stream_->bytes_written(); });
    const auto written = co_await stream_->write(output_->pieces());
    watchdog_.rest();
    output_->clear();
    if (!written) {
      if (!reason_) reason_ = written.error();
      break;
    }
  }
  if (!settings_.server || ended_ || !stream_->is_open()) co_return stream_->close();
  // Closing with unread bytes would reset the connection, and take from the peer what it has not read yet.
  deaf_ = true;
  stream_->finish_writing();
  watchdog_.expire_after(lingering);
}

void Http2Session::fill(Output& output) {
  if (leaving_) {
    nghttp2_submit_goaway(session_, NGHTTP2_FLAG_NONE, nghttp2_session_get_last_proc_stream_id(session_),
                          static_cast<std::uint32_t>(*leaving_), nullptr, 0);
    leaving_.reset();
    announcing_ = true;
  }
  while (!output.full() || announcing_) {
    const std::uint8_t* data = nullptr;
    const auto size = nghttp2_session_mem_send(session_, &data);
    if (size <= 0) announcing_ = false;
    if (size == 0) return;
    if (size < 0) {
      if (!reason_) reason_ = Error(errc::internal, nghttp2_strerror(static_cast<int>(size)));
      closing_ = true;
      return;
    }
    output.put(as_bytes(view(data, static_cast<std::size_t>(size))));
  }
}

void Http2Session::send_body(Output& output, Outgoing& outgoing, std::size_t size) {
  outgoing.left -= size;
  while (size > 0) {
    const Blob& blob = outgoing.parts[outgoing.part];
    const BytesView rest = blob.bytes().subspan(outgoing.offset);
    const BytesView taken = rest.first(std::min(size, rest.size()));
    output.put(blob, taken);
    size -= taken.size();
    outgoing.offset += taken.size();
    if (outgoing.offset == blob.size()) {
      outgoing.offset = 0;
      ++outgoing.part;
    }
  }
}

void Http2Session::give_up() {
  if (!reason_) reason_ = Error(errc::connection, "the peer takes nothing any more").with_retryable(true);
  stream_->close();
}

bool Http2Session::wants_nothing() const noexcept {
  return nghttp2_session_want_read(session_) == 0 && nghttp2_session_want_write(session_) == 0;
}

void Http2Session::wake_writer() {
  if (closing_ || nghttp2_session_want_write(session_) != 0 || nghttp2_session_want_read(session_) == 0) writer_.wake();
}

std::optional<std::int32_t> Http2Session::request(const std::vector<Field>& fields, Body body) {
  if (ended_ || closing_) return std::nullopt;
  const auto nvs = to_nvs(fields);
  nghttp2_data_provider provider{};
  provider.read_callback = Callbacks::read_body;
  const bool bodiless = body.empty();
  const std::int32_t stream =
      nghttp2_submit_request(session_, nullptr, nvs.data(), nvs.size(), bodiless ? nullptr : &provider, nullptr);
  if (stream < 0) return std::nullopt;
  bodies_[stream].add(std::move(body));
  wake_writer();
  return stream;
}

void Http2Session::respond(std::int32_t stream, const std::vector<Field>& fields, Body body, bool more) {
  const auto nvs = to_nvs(fields);
  nghttp2_data_provider provider{};
  provider.read_callback = Callbacks::read_body;
  const bool bodiless = body.empty() && !more;
  const int submitted =
      nghttp2_submit_response(session_, stream, nvs.data(), nvs.size(), bodiless ? nullptr : &provider);
  if (submitted != 0) return reset(stream, Http2Code::internal_error);
  Outgoing& outgoing = bodies_[stream];
  outgoing.add(std::move(body));
  outgoing.more = more;
  wake_writer();
}

void Http2Session::inform(std::int32_t stream, int status) {
  const std::string text = std::to_string(status);
  const nghttp2_nv nv = to_nv({":status", text});
  nghttp2_submit_headers(session_, NGHTTP2_FLAG_NONE, stream, nullptr, &nv, 1, nullptr);
  wake_writer();
}

void Http2Session::append(std::int32_t stream, Body body) {
  const auto found = bodies_.find(stream);
  if (found == bodies_.end()) return;
  found->second.add(std::move(body));
  if (std::exchange(found->second.deferred, false)) nghttp2_session_resume_data(session_, stream);
  wake_writer();
}

void Http2Session::finish(std::int32_t stream) {
  const auto found = bodies_.find(stream);
  if (found == bodies_.end()) return;
  found->second.more = false;
  if (std::exchange(found->second.deferred, false)) nghttp2_session_resume_data(session_, stream);
  wake_writer();
}

void Http2Session::reset(std::int32_t stream, std::uint32_t code) {
  nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, stream, code);
  wake_writer();
}

void Http2Session::consume_connection(std::size_t bytes) {
  nghttp2_session_consume_connection(session_, bytes);
  wake_writer();
}

void Http2Session::consume_stream(std::int32_t stream, std::size_t bytes) {
  nghttp2_session_consume_stream(session_, stream, bytes);
  wake_writer();
}

void Http2Session::ping() {
  nghttp2_submit_ping(session_, NGHTTP2_FLAG_NONE, nullptr);
  wake_writer();
}

void Http2Session::go_away(Http2Code code, std::optional<std::int32_t> last_stream) {
  if (last_stream) {
    nghttp2_submit_goaway(session_, NGHTTP2_FLAG_NONE, *last_stream, static_cast<std::uint32_t>(code), nullptr, 0);
    return wake_writer();
  }
  // Which streams have begun is said when it is written: one that begins before would be told that it was not looked
  // at, and carried out twice.
  leaving_ = code;
  writer_.wake();
}

void Http2Session::terminate(Http2Code code) {
  nghttp2_session_terminate_session(session_, static_cast<std::uint32_t>(code));
  wake_writer();
}

void Http2Session::close_when_flushed() {
  closing_ = true;
  wake_writer();
}

std::size_t Http2Session::peer_max_streams() const noexcept {
  return nghttp2_session_get_remote_settings(session_, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
}

}  // namespace kinesis::http
