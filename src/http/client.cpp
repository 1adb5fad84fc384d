#include "http/client.hpp"

#include "http/connection_pool.hpp"

#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <atomic>
#include <map>

namespace kinesis::http {
namespace {

/// Requests that were provably not looked at are sent again this often: a server that refuses everybody must not keep
/// us busy for ever.
constexpr int max_replays = 5;

class ClientCore : public std::enable_shared_from_this<ClientCore> {
 public:
  explicit ClientCore(ClientOptions options)
      : options_(std::move(options)),
        strand_(asio::make_strand(options_.executor)),
        expiry_(options_.clock->make_timer(strand_)) {
    // What the user named is looked at now; the system's certificates take long to load and wait until somebody needs
    // them.
    if (!options_.tls.ca_file.empty() || !options_.tls.ca_pem.empty()) tls_ = TlsContext::for_client(options_.tls);
  }

  template <class Answer>
  static awaitable<Result<Answer>> perform(std::shared_ptr<ClientCore> self, Endpoint endpoint, Request request,
                                           RequestOptions options) {
    auto task = perform_here<Answer>(self, std::move(endpoint), std::move(request), options);
    co_return co_await core::run_on(self->strand_, std::move(task));
  }

  void close() {
    asio::post(strand_, [self = shared_from_this()] { self->close_here(); });
  }

  ClientStats stats() const {
    ClientStats stats;
    stats.connections_opened = opened_.load(std::memory_order_relaxed);
    stats.connections_open = open_.load(std::memory_order_relaxed);
    stats.requests = requests_.load(std::memory_order_relaxed);
    stats.replays = replays_.load(std::memory_order_relaxed);
    return stats;
  }

 private:
  using Key = std::pair<Endpoint, VersionPolicy>;

  template <class Answer>
  static awaitable<Result<Answer>> perform_here(std::shared_ptr<ClientCore> self, Endpoint endpoint, Request request,
                                                RequestOptions options) {
    if (const auto valid = check(request, endpoint); !valid) co_return valid.error();
    const Timeouts timeouts = options.timeouts.value_or(self->options_.timeouts);
    Call call;
    call.endpoint = std::move(endpoint);
    call.request = std::move(request);
    call.max_body = options.max_body != 0 ? options.max_body : self->options_.max_body;
    call.first_byte = timeouts.first_byte;
    if (timeouts.total > Clock::duration::zero()) call.deadline = self->options_.clock->now() + timeouts.total;
    self->route(call);
    const VersionPolicy version = options.version.value_or(self->options_.version);

    bool stale_replay_left = options.replay_when_stale;
    int seen = 0;  // attempts the server may know of
    for (int attempt = 1;; ++attempt) {
      auto pool = self->pool_for(call.endpoint, version);
      if (!pool) co_return pool.error();
      (*pool)->set_timeouts(timeouts);
      auto lent = co_await (*pool)->acquire(call.deadline);
      if (!lent) co_return lent.error().with_attempts(seen);
      self->requests_.fetch_add(1, std::memory_order_relaxed);
      auto outcome = co_await attempt_once<Answer>(call, std::move(*lent));
      self->watch_idle();
      if (auto* answer = std::get_if<Answer>(&outcome)) co_return std::move(*answer);
      const auto state = co_await asio::this_coro::cancellation_state;
      if (state.cancelled() != asio::cancellation_type::none) throw Error(errc::cancelled, "the request was cancelled");
      const Failure& failure = std::get<Failure>(outcome);
      const bool unseen = failure.replay == Replay::always;
      const bool stale = failure.replay == Replay::when_allowed && stale_replay_left;
      if (!unseen) ++seen;
      if (attempt > max_replays || (!unseen && !stale)) co_return failure.error.with_attempts(seen);
      if (stale) stale_replay_left = false;
      self->replays_.fetch_add(1, std::memory_order_relaxed);
    }
  }

  /// What would end up in a request line or a name lookup, and could not stand there.
  static Result<void> check(const Request& request, const Endpoint& endpoint) {
    const auto printable = [](std::string_view text) {
      return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
    };
    if (!printable(request.method)) return Error(errc::invalid_argument, "not a request method");
    if (!printable(request.target)) return Error(errc::invalid_argument, "not a request target");
    if (!printable(endpoint.host)) return Error(errc::invalid_argument, "not a host name");
    return {};
  }

  template <class Answer>
  static awaitable<Attempt<Answer>> attempt_once(const Call& call, Lent lent) {
    if (auto* lease = std::get_if<Http1Lease>(&lent)) {
      Http1Connection& connection = lease->connection();
      if constexpr (std::is_same_v<Answer, Response>)
        return connection.send(call, std::move(*lease));
      else
        return connection.open(call, std::move(*lease));
    }
    auto& slot = std::get<Http2Slot>(lent);
    Http2Connection& connection = slot.connection();
    if constexpr (std::is_same_v<Answer, Response>)
      return connection.send(call, std::move(slot));
    else
      return connection.open(call, std::move(slot));
  }

  /// Fills in what a proxy needs to know.
  void route(Call& call) const {
    const Url* proxy = options_.proxy.find(call.endpoint);
    if (proxy == nullptr || call.endpoint.secure) return;
    call.proxied = true;
    call.proxy_authorization = basic_authorization(proxy->user_info);
  }

  Result<std::shared_ptr<ConnectionPool>> pool_for(const Endpoint& endpoint, VersionPolicy version) {
    if (endpoint.secure && !tls_) {
      try {
        tls_ = TlsContext::for_client(options_.tls);
      } catch (const Error& error) {
        return error;
      }
    }
    std::shared_ptr<ConnectionPool>& pool = pools_[Key(endpoint, version)];
    if (pool) return pool;
    PoolOptions options;
    options.strand = strand_;
    options.clock = options_.clock;
    options.log = options_.log;
    options.buffers = buffers_;
    options.max_connections = options_.max_connections_per_host;
    options.max_header_bytes = options_.max_header_bytes;
    options.idle_timeout = options_.idle_timeout;
    options.dial.endpoint = endpoint;
    options.dial.version = version;
    if (const Url* proxy = options_.proxy.find(endpoint)) options.dial.proxy = *proxy;
    options.dial.tls = tls_;
    options.dial.clock = options_.clock;
    options.http2.strand = strand_;
    options.http2.clock = options_.clock;
    options.http2.buffers = buffers_;
    options.http2.max_streams = options_.max_streams_per_connection;
    options.http2.max_header_bytes = options_.max_header_bytes;
    options.http2.stream_window = options_.stream_window;
    options.http2.connection_window = options_.connection_window;
    options.http2.ping_interval = options_.ping_interval;
    options.http2.ping_timeout = options_.ping_timeout;
    options.on_opened = [weak = weak_from_this()] {
      const auto self = weak.lock();
      if (!self) return;
      self->opened_.fetch_add(1, std::memory_order_relaxed);
      self->open_.fetch_add(1, std::memory_order_relaxed);
    };
    options.on_closed = [weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->open_.fetch_sub(1, std::memory_order_relaxed);
    };
    pool = std::make_shared<ConnectionPool>(std::move(options));
    if (closed_) pool->close(closed_error());
    return pool;
  }

  /// Keeps one timer for the connection that will have been idle for too long first.
  void watch_idle() {
    if (watching_idle_ || closed_) return;
    auto next = Clock::time_point::max();
    for (const auto& [key, pool] : pools_) next = std::min(next, pool->next_expiry());
    if (next == Clock::time_point::max()) return;
    watching_idle_ = true;
    expiry_->async_wait(next, [weak = weak_from_this()](bool due) {
      const auto self = weak.lock();
      if (self && due) self->expire();
    });
  }

  void expire() {
    watching_idle_ = false;
    const auto now = options_.clock->now();
    for (const auto& [key, pool] : pools_) pool->expire(now);
    std::erase_if(pools_, [](const auto& entry) { return entry.second->empty(); });
    watch_idle();
  }

  static Error closed_error() { return Error(errc::closed, "the HTTP client was closed"); }

  void close_here() {
    if (std::exchange(closed_, true)) return;
    expiry_->cancel();
    for (const auto& [key, pool] : pools_) pool->close(closed_error());
  }

  ClientOptions options_;
  asio::any_io_executor strand_;
  std::shared_ptr<const TlsContext> tls_;
  std::shared_ptr<core::BufferPool> buffers_ = core::BufferPool::create();
  std::map<Key, std::shared_ptr<ConnectionPool>> pools_;
  std::unique_ptr<Timer> expiry_;
  bool watching_idle_ = false;
  bool closed_ = false;
  std::atomic<std::uint64_t> opened_{0};
  std::atomic<std::uint64_t> open_{0};
  std::atomic<std::uint64_t> requests_{0};
  std::atomic<std::uint64_t> replays_{0};
};

/// What users hold; the core lives on until its coroutines have ended.
class ClientFront final : public Client {
 public:
  explicit ClientFront(ClientOptions options) : core_(std::make_shared<ClientCore>(std::move(options))) {}
  ~ClientFront() override { core_->close(); }

  awaitable<Result<Response>> send(Endpoint endpoint, Request request, RequestOptions options) override {
    return ClientCore::perform<Response>(core_, std::move(endpoint), std::move(request), options);
  }
  awaitable<Result<StreamedResponse>> open(Endpoint endpoint, Request request, RequestOptions options) override {
    return ClientCore::perform<StreamedResponse>(core_, std::move(endpoint), std::move(request), options);
  }
  ClientStats stats() const override { return core_->stats(); }
  void close() override { core_->close(); }

 private:
  std::shared_ptr<ClientCore> core_;
};

void check(const ClientOptions& options) {
  const auto require = [](bool ok, const char* what) {
    if (!ok) throw Error(errc::invalid_argument, what);
  };
  require(bool(options.executor), "an HTTP client needs an executor");
  require(options.clock != nullptr, "an HTTP client needs a clock");
  require(options.max_connections_per_host > 0, "max_connections_per_host must be at least 1");
  require(options.max_streams_per_connection > 0, "max_streams_per_connection must be at least 1");
  require(options.stream_window >= 65'535 && options.stream_window <= 0x7fff'ffff,
          "stream_window: 64 KiB - 1 to 2 GiB - 1");
  require(options.connection_window >= 65'535 && options.connection_window <= 0x7fff'ffff,
          "connection_window: 64 KiB - 1 to 2 GiB - 1");
  for (const auto& proxy : {options.proxy.http, options.proxy.https}) {
    require(!proxy || !proxy->endpoint.secure, "a proxy is reached over http://, what goes through it may be https");
  }
}

}  // namespace

std::shared_ptr<Client> make_client(ClientOptions options) {
  check(options);
  return std::make_shared<ClientFront>(std::move(options));
}

}  // namespace kinesis::http
