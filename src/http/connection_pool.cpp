#include "http/connection_pool.hpp"

#include <algorithm>

namespace kinesis::http {

/// A request that waits for a connection.
struct ConnectionPool::Waiter {
  explicit Waiter(std::shared_ptr<ConnectionPool> pool)
      : pool(std::move(pool)), notifier(this->pool->options_.strand, *this->pool->options_.clock) {
    this->pool->waiters_.push_back(this);
  }
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;
  ~Waiter() { std::erase(pool->waiters_, this); }

  std::shared_ptr<ConnectionPool> pool;
  core::Notifier notifier;
  std::optional<Lent> lent;
  std::optional<Error> error;
};

ConnectionPool::ConnectionPool(PoolOptions options)
    : options_(std::move(options)),
      may_be_http2_(options_.dial.version == VersionPolicy::http2_prior_knowledge ||
                    (options_.dial.version == VersionPolicy::automatic && options_.dial.endpoint.secure)) {}

ConnectionPool::~ConnectionPool() = default;

std::optional<Lent> ConnectionPool::take_idle() {
  drop_dead_http2();
  for (const auto& connection : http2_) {
    if (connection->capacity() > 0) return Http2Slot(connection);
  }
  while (!http1_idle_.empty()) {
    std::shared_ptr<Http1Connection> connection = std::move(http1_idle_.back());
    http1_idle_.pop_back();
    if (connection->usable()) {
      http1_in_use_.insert(connection.get());
      return Http1Lease(std::move(connection));
    }
    connection->close();
    options_.on_closed();
  }
  return std::nullopt;
}

awaitable<Result<Lent>> ConnectionPool::acquire(Clock::time_point deadline) {
  if (closed_) co_return *closed_;
  if (waiters_.empty()) {
    auto idle = take_idle();
    if (idle) co_return std::move(*idle);
  }
  Waiter waiter(shared_from_this());
  dial_if_needed();
  while (!waiter.lent && !waiter.error) {
    const bool woken = co_await waiter.notifier.wait_until(deadline);
    if (!woken && !waiter.lent && !waiter.error) {
      co_return Error(errc::timeout, "no connection to " + options_.dial.endpoint.authority() + " became free in time")
          .with_retryable(true);
    }
  }
  if (waiter.error) co_return *waiter.error;
  co_return std::move(*waiter.lent);
}

void ConnectionPool::serve_waiters() {
  drop_dead_http2();
  while (!waiters_.empty()) {
    auto idle = take_idle();
    if (!idle) break;
    Waiter* const first = waiters_.front();
    waiters_.pop_front();
    first->lent.emplace(std::move(*idle));
    first->notifier.wake();
  }
  dial_if_needed();
}

void ConnectionPool::dial_if_needed() {
  if (closed_) return;
  const std::size_t useful = may_be_http2_ ? std::min<std::size_t>(1, waiters_.size()) : waiters_.size();
  while (dialling_ < useful && open_connections() + dialling_ < options_.max_connections) {
    ++dialling_;
    core::spawn(options_.strand, dial_one(shared_from_this()));
  }
}

awaitable<void> ConnectionPool::dial_one(std::shared_ptr<ConnectionPool> self) {
  DialRequest request = self->options_.dial;
  auto dialed = co_await dial(std::move(request));
  --self->dialling_;
  if (self->closed_) {
    if (dialed) dialed->stream->close();
  } else if (dialed) {
    self->dialled(std::move(*dialed));
  } else {
    self->dial_failed(dialed.error());
  }
}

void ConnectionPool::dialled(Dialed dialed) {
  options_.on_opened();
  may_be_http2_ = dialed.http2;
  if (dialed.http2) {
    Http2ClientOptions options = options_.http2;
    options.on_change = [weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->serve_waiters();
    };
    http2_.push_back(start_http2_client(std::move(options), std::move(dialed.stream)));
  } else {
    auto on_done = [weak = weak_from_this()](std::shared_ptr<Http1Connection> connection) {
      if (const auto self = weak.lock()) self->give_back(std::move(connection));
    };
    auto connection =
        std::make_shared<Http1Connection>(options_.strand, options_.clock, std::move(dialed.stream), options_.buffers,
                                          options_.max_header_bytes, std::move(on_done));
    connection->idle_since = options_.clock->now();
    http1_idle_.push_back(std::move(connection));
  }
  serve_waiters();
}

void ConnectionPool::dial_failed(const Error& error) {
  const std::vector<LogField> fields{{"endpoint", options_.dial.endpoint.origin()}, {"reason", error.what()}};
  options_.log.write(LogLevel::info, "http", "no connection", fields);
  // Whoever has nothing left to hope for is told; with other connections at work, this attempt stood for one request.
  const bool hopeless = open_connections() + dialling_ == 0;
  const std::size_t told = hopeless ? waiters_.size() : std::min<std::size_t>(1, waiters_.size());
  for (std::size_t i = 0; i < told; ++i) {
    Waiter* const first = waiters_.front();
    waiters_.pop_front();
    first->error = error;
    first->notifier.wake();
  }
  dial_if_needed();
}

void ConnectionPool::give_back(std::shared_ptr<Http1Connection> connection) {
  http1_in_use_.erase(connection.get());
  if (closed_ && connection->is_open()) connection->close();
  if (connection->is_open()) {
    connection->idle_since = options_.clock->now();
    http1_idle_.push_back(std::move(connection));
  } else {
    options_.on_closed();
  }
  serve_waiters();
}

void ConnectionPool::drop_dead_http2() {
  std::vector<std::shared_ptr<Http2Connection>> dead;
  std::erase_if(http2_, [&](const auto& connection) {
    const bool is_dead = !connection->usable() && connection->active() == 0;
    if (is_dead) dead.push_back(connection);
    return is_dead;
  });
  // One that was given up may have a peer that is gone: nobody else would end it. It comes back here.
  const Error reason(errc::closed, "the connection takes no more requests");
  for (const auto& connection : dead) {
    options_.on_closed();
    connection->close(reason);
  }
}

void ConnectionPool::expire(Clock::time_point now) {
  const auto too_old = [&](Clock::time_point idle_since) { return now - idle_since >= options_.idle_timeout; };
  std::erase_if(http1_idle_, [&](const auto& connection) {
    const bool expired = too_old(connection->idle_since) || !connection->usable();
    if (expired) {
      connection->close();
      options_.on_closed();
    }
    return expired;
  });
  const Error reason(errc::closed, "the connection was idle");
  const auto connections = http2_;
  for (const auto& connection : connections) {
    if (connection->active() == 0 && too_old(connection->idle_since())) connection->close(reason);
  }
  drop_dead_http2();
}

Clock::time_point ConnectionPool::next_expiry() const {
  auto next = Clock::time_point::max();
  for (const auto& connection : http1_idle_) next = std::min(next, connection->idle_since + options_.idle_timeout);
  for (const auto& connection : http2_) {
    if (connection->active() == 0) next = std::min(next, connection->idle_since() + options_.idle_timeout);
  }
  return next;
}

bool ConnectionPool::empty() const noexcept { return open_connections() == 0 && dialling_ == 0 && waiters_.empty(); }

void ConnectionPool::close(const Error& reason) {
  if (closed_) return;
  closed_ = reason;
  for (Waiter* waiter : waiters_) {
    waiter->error = reason;
    waiter->notifier.wake();
  }
  waiters_.clear();
  for (const auto& connection : http1_idle_) {
    connection->close();
    options_.on_closed();
  }
  http1_idle_.clear();
  for (Http1Connection* connection : http1_in_use_) connection->abort(reason);
  const auto connections = http2_;
  for (const auto& connection : connections) connection->close(reason);
}

}  // namespace kinesis::http
