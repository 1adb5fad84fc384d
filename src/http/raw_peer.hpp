#pragma once

#include "core/async.hpp"
#include "http/message.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/write.hpp>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

// Peers that do with a socket what they are told, for tests of what no good peer does.
namespace kinesis::http {

/// One connection, as text.
class RawConnection {
 public:
  explicit RawConnection(asio::ip::tcp::socket socket) : socket(std::move(socket)) {}

  /// Reads until `text` has come, and returns all up to its end; less at the end of the connection.
  core::awaitable<std::string> read_until(std::string text) {
    while (received_.find(text) == std::string::npos) {
      const bool more = co_await read_more();
      if (!more) co_return std::exchange(received_, {});
    }
    const std::size_t end = received_.find(text) + text.size();
    std::string taken = received_.substr(0, end);
    received_.erase(0, end);
    co_return taken;
  }
  core::awaitable<std::string> read_exactly(std::size_t size) {
    while (received_.size() < size) {
      const bool more = co_await read_more();
      if (!more) break;
    }
    std::string taken = received_.substr(0, size);
    received_.erase(0, size);
    co_return taken;
  }
  core::awaitable<std::string> read_to_end() {
    bool more = true;
    while (more) more = co_await read_more();
    co_return std::exchange(received_, {});
  }
  core::awaitable<void> write(std::string text) {
    boost::system::error_code ignored;
    co_await asio::async_write(socket, asio::buffer(text), asio::redirect_error(core::use_awaitable, ignored));
  }
  void finish_writing() {
    boost::system::error_code ignored;
    ignored = socket.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
  }
  void close() {
    boost::system::error_code ignored;
    ignored = socket.close(ignored);
  }

  asio::ip::tcp::socket socket;

 private:
  core::awaitable<bool> read_more() {
    boost::system::error_code ec;
    char bytes[4096];
    const std::size_t size =
        co_await socket.async_read_some(asio::buffer(bytes), asio::redirect_error(core::use_awaitable, ec));
    received_.append(bytes, size);
    co_return !ec;
  }
  std::string received_;
};

/// Listens on loopback and hands each connection to a script, with its number from 0 on.
class RawServer {
 public:
  using Script = std::function<core::awaitable<void>(std::shared_ptr<RawConnection>, int)>;

  RawServer(const asio::any_io_executor& executor, Script script) : state_(std::make_shared<State>(executor)) {
    state_->script = std::move(script);
    core::spawn(executor, accept(state_));
  }
  ~RawServer() {
    boost::system::error_code ignored;
    ignored = state_->acceptor.close(ignored);
  }

  std::uint16_t port() const { return state_->acceptor.local_endpoint().port(); }
  Endpoint endpoint(bool secure = false) const { return Endpoint(secure, "127.0.0.1", port()); }
  int connections() const noexcept { return state_->count; }

 private:
  struct State {
    explicit State(const asio::any_io_executor& executor)
        : acceptor(executor, asio::ip::tcp::endpoint(asio::ip::address_v4::loopback(), 0)) {}
    asio::ip::tcp::acceptor acceptor;
    Script script;
    std::atomic<int> count = 0;
  };

  static core::awaitable<void> accept(std::shared_ptr<State> state) {
    while (true) {
      boost::system::error_code ec;
      asio::ip::tcp::socket socket =
          co_await state->acceptor.async_accept(asio::redirect_error(core::use_awaitable, ec));
      if (ec) co_return;
      auto connection = std::make_shared<RawConnection>(std::move(socket));
      core::spawn(state->acceptor.get_executor(), state->script(std::move(connection), state->count++));
    }
  }

  std::shared_ptr<State> state_;
};

/// Connects to a server, as a client of no manners.
inline core::awaitable<std::shared_ptr<RawConnection>> raw_connect(std::uint16_t port) {
  asio::ip::tcp::socket socket(co_await asio::this_coro::executor);
  const asio::ip::tcp::endpoint endpoint(asio::ip::address_v4::loopback(), port);
  co_await socket.async_connect(endpoint, core::use_awaitable);
  co_return std::make_shared<RawConnection>(std::move(socket));
}

/// The way to a server on loopback: passes on what it reads, until the server is to seem dead.
class Relay {
 public:
  Relay(const asio::any_io_executor& executor, std::uint16_t to)
      : dead_(std::make_shared<std::atomic<int>>(0)),
        server_(executor, [dead = dead_, to](std::shared_ptr<RawConnection> client, int number) {
          return open(std::make_shared<Link>(std::move(client), dead, number), to);
        }) {}

  std::uint16_t port() const { return server_.port(); }
  Endpoint endpoint(bool secure) const { return server_.endpoint(secure); }
  int connections() const noexcept { return server_.connections(); }
  /// From now on nothing passes over the connections there are, in neither direction, and none of them is closed. From
  /// any thread.
  void die() { *dead_ = connections(); }

 private:
  struct Link {
    Link(std::shared_ptr<RawConnection> client, std::shared_ptr<std::atomic<int>> dead, int number)
        : client(std::move(client)), dead_below(std::move(dead)), number(number) {}
    bool dead() const { return number < *dead_below; }
    std::shared_ptr<RawConnection> client;
    std::shared_ptr<RawConnection> server;
    std::shared_ptr<std::atomic<int>> dead_below;
    int number;
  };

  static core::awaitable<void> open(std::shared_ptr<Link> link, std::uint16_t to) {
    link->server = co_await raw_connect(to);
    core::spawn(co_await asio::this_coro::executor, pass(link, link->server, link->client));
    co_await pass(link, link->client, link->server);
  }
  static core::awaitable<void> pass(std::shared_ptr<Link> link, std::shared_ptr<RawConnection> from,
                                    std::shared_ptr<RawConnection> to) {
    std::string bytes(16'384, '\0');
    boost::system::error_code ec;
    while (true) {
      const std::size_t size =
          co_await from->socket.async_read_some(asio::buffer(bytes), asio::redirect_error(core::use_awaitable, ec));
      // Whoever is dead does not close, either.
      while (link->dead()) co_await wait_for_ever(link);
      if (ec) break;
      co_await to->write(bytes.substr(0, size));
    }
    to->close();
  }
  static core::awaitable<void> wait_for_ever(std::shared_ptr<Link> link) {
    core::Notifier never(co_await asio::this_coro::executor, *Clock::system());
    co_await never.wait();
    static_cast<void>(link);
  }

  std::shared_ptr<std::atomic<int>> dead_;
  RawServer server_;
};

}  // namespace kinesis::http
