#pragma once

#include "http/client_call.hpp"
#include "http/dial.hpp"
#include "http/http1_client.hpp"
#include "http/http2_client.hpp"

#include <deque>
#include <functional>
#include <memory>
#include <unordered_set>
#include <variant>
#include <vector>

namespace kinesis::http {

/// What a request is made over.
using Lent = std::variant<Http1Lease, Http2Slot>;

struct PoolOptions {
  asio::any_io_executor strand;
  std::shared_ptr<Clock> clock;
  Log log;
  /// How to connect; the timeouts in it count.
  DialRequest dial;
  std::shared_ptr<core::BufferPool> buffers;
  std::size_t max_connections = 64;
  std::size_t max_header_bytes = 64u << 10;
  Clock::duration idle_timeout{};
  Http2ClientOptions http2;
  std::function<void()> on_opened;
  std::function<void()> on_closed;
};

/// The connections to one endpoint. On the client's strand.
///
/// An HTTP/2 connection with room is used first, then an idle HTTP/1.1 one (the last used: the others may rest and
/// expire), then a new one is dialled. As long as HTTP/2 is possible one dials at a time, since one connection may
/// serve all. Who finds nothing waits in order.
class ConnectionPool : public std::enable_shared_from_this<ConnectionPool> {
 public:
  explicit ConnectionPool(PoolOptions options);
  ~ConnectionPool();

  /// The limits of connections dialled from now on.
  void set_timeouts(const Timeouts& timeouts) noexcept {
    options_.dial.connect_timeout = timeouts.connect;
    options_.dial.tls_timeout = timeouts.tls;
  }
  /// Waits for a connection until `deadline`. Error(timeout) then; or why none could be had.
  awaitable<Result<Lent>> acquire(Clock::time_point deadline);
  /// Closes what was idle for too long.
  void expire(Clock::time_point now);
  /// The next time `expire` has something to do.
  Clock::time_point next_expiry() const;
  bool empty() const noexcept;
  void close(const Error& reason);

 private:
  struct Waiter;

  std::optional<Lent> take_idle();
  void serve_waiters();
  void dial_if_needed();
  static awaitable<void> dial_one(std::shared_ptr<ConnectionPool> self);
  void dialled(Dialed dialed);
  void dial_failed(const Error& error);
  void give_back(std::shared_ptr<Http1Connection> connection);
  void drop_dead_http2();
  std::size_t open_connections() const noexcept { return http2_.size() + http1_in_use_.size() + http1_idle_.size(); }

  PoolOptions options_;
  std::vector<std::shared_ptr<Http2Connection>> http2_;
  std::vector<std::shared_ptr<Http1Connection>> http1_idle_;
  std::unordered_set<Http1Connection*> http1_in_use_;
  std::size_t dialling_ = 0;
  /// HTTP/2 may come of dialling.
  bool may_be_http2_;
  std::deque<Waiter*> waiters_;
  std::optional<Error> closed_;
};

}  // namespace kinesis::http
