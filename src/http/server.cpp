#include "http/server.hpp"

#include "http/server_connection.hpp"
#include "http/tcp_stream.hpp"

#include <boost/asio/dispatch.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/strand.hpp>

#include <thread>
#include <unordered_set>
#include <vector>

namespace kinesis::http {
namespace {

using asio::ip::tcp;

/// After this long accepting is tried again when the process is out of descriptors.
constexpr std::chrono::milliseconds accept_pause{50};

/// Threads with an io_context each.
class Threads {
 public:
  explicit Threads(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      contexts_.push_back(std::make_unique<asio::io_context>(1));
      guards_.emplace_back(contexts_.back()->get_executor());
    }
    for (const auto& context : contexts_) threads_.emplace_back([&context = *context] { context.run(); });
  }
  ~Threads() {
    guards_.clear();
    for (const auto& context : contexts_) context->stop();
    for (std::thread& thread : threads_) thread.join();
    for (auto& context : contexts_) context.reset();  // the listener's first
  }
  asio::any_io_executor next() { return contexts_[turn_++ % contexts_.size()]->get_executor(); }
  asio::any_io_executor first() { return contexts_.front()->get_executor(); }

 private:
  std::vector<std::unique_ptr<asio::io_context>> contexts_;
  std::vector<asio::executor_work_guard<asio::io_context::executor_type>> guards_;
  std::vector<std::thread> threads_;
  std::size_t turn_ = 0;
};

/// Accepts, and keeps account of the connections; all on one strand.
class Listener : public std::enable_shared_from_this<Listener> {
 public:
  Listener(std::shared_ptr<ServerShared> shared, asio::any_io_executor strand, Threads* threads)
      : shared_(std::move(shared)),
        strand_(std::move(strand)),
        threads_(threads),
        acceptor_(strand_),
        all_gone_(strand_, *shared_->options.clock) {}

  void listen() {
    const auto fail = [&](const boost::system::error_code& ec) {
      const std::string where = shared_->options.address + ':' + std::to_string(shared_->options.port);
      if (ec) throw Error(errc::connection, "cannot listen on " + where + ": " + ec.message());
    };
    boost::system::error_code ec;
    const auto address = asio::ip::make_address(shared_->options.address, ec);
    fail(ec);
    const tcp::endpoint endpoint(address, shared_->options.port);
    ec = acceptor_.open(endpoint.protocol(), ec);
    fail(ec);
    ec = acceptor_.set_option(tcp::acceptor::reuse_address(true), ec);
    fail(ec);
    if (address.is_v6()) ec = acceptor_.set_option(asio::ip::v6_only(false), ec);
    ec = acceptor_.bind(endpoint, ec);
    fail(ec);
    ec = acceptor_.listen(tcp::acceptor::max_listen_connections, ec);
    fail(ec);
    port_ = acceptor_.local_endpoint(ec).port();
    fail(ec);
    core::spawn(strand_, accept(shared_from_this()));
  }

  std::uint16_t port() const noexcept { return port_; }
  const asio::any_io_executor& strand() const noexcept { return strand_; }

  static awaitable<void> stop(std::shared_ptr<Listener> self, Clock::duration grace) {
    self->stop_accepting();
    for (const auto& connection : self->connections_) {
      asio::post(connection->executor(), [connection] { connection->begin_stop(); });
    }
    const auto deadline = self->shared_->options.clock->now() + grace;
    bool in_time = true;
    while (in_time && !self->connections_.empty()) in_time = co_await self->all_gone_.wait_until(deadline);
    self->abort_all();
    while (!self->connections_.empty()) co_await self->all_gone_.wait();
  }

  void close() {
    stop_accepting();
    abort_all();
  }

 private:
  static awaitable<void> accept(std::shared_ptr<Listener> self) {
    while (self->acceptor_.is_open()) {
      const asio::any_io_executor executor = self->next_executor();
      boost::system::error_code ec;
      tcp::socket socket =
          co_await self->acceptor_.async_accept(executor, asio::redirect_error(core::use_awaitable, ec));
      if (!ec) {
        self->take(std::move(socket), executor);
      } else if (self->acceptor_.is_open()) {
        const std::vector<LogField> fields{{"reason", ec.message()}};
        self->shared_->options.log.write(LogLevel::warning, "http", "cannot accept a connection", fields);
        co_await core::sleep_for(*self->shared_->options.clock, accept_pause);
      }
    }
  }

  asio::any_io_executor next_executor() {
    if (threads_ != nullptr) return threads_->next();
    return asio::make_strand(shared_->options.executor);
  }

  void take(tcp::socket socket, const asio::any_io_executor& executor) {
    if (connections_.size() >= shared_->options.max_connections) return;
    shared_->accepted.fetch_add(1, std::memory_order_relaxed);
    shared_->open.fetch_add(1, std::memory_order_relaxed);
    const auto connection =
        std::make_shared<ServerConnection>(shared_, executor, std::make_shared<TcpStream>(std::move(socket)));
    connections_.insert(connection);
    core::spawn(executor, serve(weak_from_this(), strand_, connection));
  }

  // Does not own the listener: a coroutine on one thread's context may not keep alive what belongs to another's.
  static awaitable<void> serve(std::weak_ptr<Listener> weak, asio::any_io_executor strand,
                               std::shared_ptr<ServerConnection> connection) {
    co_await connection->run();
    connection->shared().open.fetch_sub(1, std::memory_order_relaxed);
    asio::post(strand, [weak, connection] {
      const auto self = weak.lock();
      if (!self) return;
      self->connections_.erase(connection);
      if (self->connections_.empty()) self->all_gone_.wake();
    });
  }

  void stop_accepting() {
    boost::system::error_code ignored;
    ignored = acceptor_.close(ignored);
  }

  void abort_all() {
    for (const auto& connection : connections_) {
      asio::post(connection->executor(), [connection] { connection->abort(); });
    }
  }

  std::shared_ptr<ServerShared> shared_;
  asio::any_io_executor strand_;
  Threads* threads_;
  tcp::acceptor acceptor_;
  std::uint16_t port_ = 0;
  std::unordered_set<std::shared_ptr<ServerConnection>> connections_;
  core::Notifier all_gone_;
};

class ServerFront final : public Server {
 public:
  ServerFront(ServerOptions options, std::shared_ptr<Handler> handler) : shared_(std::make_shared<ServerShared>()) {
    if (options.threads > 0) threads_ = std::make_unique<Threads>(options.threads);
    asio::any_io_executor strand = threads_ ? threads_->first() : asio::make_strand(options.executor);
    shared_->options = std::move(options);
    shared_->handler = std::move(handler);
    listener_ = std::make_shared<Listener>(shared_, std::move(strand), threads_.get());
    listener_->listen();
  }

  ~ServerFront() override {
    asio::dispatch(listener_->strand(), [listener = listener_] { listener->close(); });
    listener_.reset();
  }

  std::uint16_t port() const noexcept override { return listener_->port(); }

  ServerStats stats() const override {
    ServerStats stats;
    stats.connections_accepted = shared_->accepted.load(std::memory_order_relaxed);
    stats.connections_open = shared_->open.load(std::memory_order_relaxed);
    stats.requests = shared_->requests.load(std::memory_order_relaxed);
    return stats;
  }

  awaitable<void> stop(Clock::duration grace) override { return stop(listener_, grace); }

 private:
  static awaitable<void> stop(std::weak_ptr<Listener> weak, Clock::duration grace) {
    auto listener = weak.lock();
    if (!listener) co_return;
    const asio::any_io_executor strand = listener->strand();
    auto task = Listener::stop(std::move(listener), grace);
    co_await core::run_on(strand, std::move(task));
  }

  std::unique_ptr<Threads> threads_;
  std::shared_ptr<ServerShared> shared_;
  std::shared_ptr<Listener> listener_;
};

}  // namespace

std::shared_ptr<Server> make_server(ServerOptions options, std::shared_ptr<Handler> handler) {
  if (!options.executor && options.threads == 0) {
    throw Error(errc::invalid_argument, "a server needs an executor or threads");
  }
  if (!handler) throw Error(errc::invalid_argument, "a server needs a handler");
  return std::make_shared<ServerFront>(std::move(options), std::move(handler));
}

}  // namespace kinesis::http
