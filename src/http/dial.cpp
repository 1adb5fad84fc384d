#include "http/dial.hpp"

#include "http/http1_reader.hpp"
#include "http/tcp_stream.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>

namespace kinesis::http {
namespace {

using asio::ip::tcp;

constexpr std::size_t max_proxy_head = 16u << 10;

Error connect_error(const Endpoint& endpoint, std::string_view why) {
  return Error(errc::connection, "cannot connect to " + endpoint.authority() + ": " + std::string(why))
      .with_retryable(true);
}

/// A resolution under way. It cannot be interrupted, so it is left behind when nobody wants to wait for it any more.
struct Resolution {
  Resolution(const asio::any_io_executor& executor, Clock& clock) : resolver(executor), done(executor, clock) {}
  tcp::resolver resolver;
  core::Notifier done;
  boost::system::error_code ec;
  std::vector<tcp::endpoint> endpoints;
};

awaitable<void> resolve(std::shared_ptr<Resolution> resolution, Endpoint endpoint) {
  const auto found = co_await resolution->resolver.async_resolve(
      endpoint.host, std::to_string(endpoint.port), tcp::resolver::numeric_service,
      asio::redirect_error(core::use_awaitable, resolution->ec));
  for (const auto& entry : found) resolution->endpoints.push_back(entry.endpoint());
  resolution->done.wake();
}

class Dialer {
 public:
  Dialer(asio::any_io_executor executor, DialRequest request)
      : executor_(std::move(executor)), request_(std::move(request)), socket_(executor_) {}

  awaitable<Result<Dialed>> run() {
    connect_deadline_ = deadline(request_.connect_timeout);
    const Endpoint& target = request_.proxy ? request_.proxy->endpoint : request_.endpoint;
    auto endpoints = co_await find_addresses(target);
    if (!endpoints) co_return endpoints.error();
    const auto connected = co_await connect(target, std::move(*endpoints));
    if (!connected) co_return connected.error();
    Dialed dialed;
    dialed.stream = std::make_shared<TcpStream>(std::move(socket_));
    if (request_.proxy && request_.endpoint.secure) {
      const auto agreed = co_await with_limit(ask_proxy(dialed.stream), connect_deadline_, "the proxy");
      if (!agreed) co_return agreed.error();
    }
    dialed.http2 = request_.version == VersionPolicy::http2_prior_knowledge;
    if (!request_.endpoint.secure) co_return dialed;
    auto secured = co_await with_limit(start_tls(dialed.stream), deadline(request_.tls_timeout), "the TLS handshake");
    if (!secured) co_return secured.error();
    dialed.stream = std::move(*secured);
    dialed.http2 = dialed.http2 || dialed.stream->alpn() == "h2";
    co_return dialed;
  }

 private:
  Clock::time_point deadline(Clock::duration limit) const {
    return limit > Clock::duration::zero() ? request_.clock->now() + limit : Clock::time_point::max();
  }

  Error timed_out(std::string_view what) const {
    return Error(errc::timeout,
                 "connecting to " + request_.endpoint.authority() + ": " + std::string(what) + " took too long")
        .with_retryable(true);
  }

  /// Runs one step, which is cancelled at the deadline.
  template <class T>
  awaitable<Result<T>> with_limit(awaitable<Result<T>> step, Clock::time_point limit, std::string_view what) {
    std::optional<Error> failure;
    try {
      auto outcome = co_await core::with_deadline(*request_.clock, limit, std::move(step));
      // What the step makes of being cancelled is of no interest.
      if (!outcome && request_.clock->now() >= limit) co_return timed_out(what);
      co_return outcome;
    } catch (const Error& error) {
      failure = error;
    }
    if (failure->code() != errc::timeout) throw *failure;
    co_return timed_out(what);
  }

  awaitable<Result<std::vector<tcp::endpoint>>> find_addresses(const Endpoint& target) {
    std::vector<tcp::endpoint> endpoints;
    boost::system::error_code not_an_address;
    const auto address = asio::ip::make_address(target.host, not_an_address);
    if (!not_an_address) {
      endpoints.emplace_back(address, target.port);
      co_return endpoints;
    }
    const auto resolution = std::make_shared<Resolution>(executor_, *request_.clock);
    core::spawn(executor_, resolve(resolution, target));
    const bool done = co_await resolution->done.wait_until(connect_deadline_);
    if (!done) co_return timed_out("name resolution");
    if (resolution->ec) co_return connect_error(target, resolution->ec.message());
    co_return std::move(resolution->endpoints);
  }

  awaitable<Result<bool>> connect(const Endpoint& target, std::vector<tcp::endpoint> endpoints) {
    std::string why = "the name has no address";
    for (std::size_t i = 0; i < endpoints.size(); ++i) {
      // An address that does not answer leaves time for those behind it.
      const auto now = request_.clock->now();
      if (now >= connect_deadline_) break;
      Clock::time_point limit = connect_deadline_;
      const bool last = i + 1 == endpoints.size();
      if (!last && limit != Clock::time_point::max()) limit = now + (limit - now) / 2;
      const auto connected = co_await with_limit(connect_one(endpoints[i]), limit, "TCP");
      if (connected) co_return true;
      if (connected.error().code() == errc::timeout && last) co_return connected.error();
      why = connected.error().message();
    }
    co_return connect_error(target, why);
  }

  awaitable<Result<bool>> connect_one(tcp::endpoint endpoint) {
    boost::system::error_code ec;
    socket_ = tcp::socket(executor_);
    ec = socket_.open(endpoint.protocol(), ec);
    if (!ec) co_await socket_.async_connect(endpoint, asio::redirect_error(core::use_awaitable, ec));
    if (ec) co_return Error(errc::connection, ec.message());
    co_return true;
  }

  awaitable<Result<bool>> ask_proxy(std::shared_ptr<Stream> stream) {
    const Endpoint& target = request_.endpoint;
    const bool literal = target.host.find(':') != std::string::npos;
    const std::string authority = (literal ? '[' + target.host + ']' : target.host) + ':' + std::to_string(target.port);
    std::string text = "CONNECT " + authority + " HTTP/1.1\r\nhost: " + authority + "\r\n";
    const std::string authorization = basic_authorization(request_.proxy->user_info);
    if (!authorization.empty()) text += "proxy-authorization: " + authorization + "\r\n";
    text += "\r\n";
    const std::vector<BytesView> pieces{as_bytes(text)};
    const auto written = co_await stream->write(pieces);
    if (!written) co_return written.error().with_context("the proxy");
    Http1Reader reader(*stream, Http1Parser::for_responses(max_proxy_head), nullptr);
    // A success has no body, whatever its head says.
    const auto head = co_await reader.read_head(true);
    if (!head) co_return head.error().with_context("the proxy");
    if (!*head) co_return connect_error(target, "the proxy closed the connection");
    const int status = (*head)->status;
    if (status < 200 || status > 299) {
      co_return connect_error(target,
                              "the proxy answered " + std::to_string(status) + " " + std::string(reason_phrase(status)))
          .with_retryable(status >= 500);
    }
    if (reader.has_more()) co_return Error(errc::protocol, "the proxy sent more than its answer");
    co_return true;
  }

  awaitable<Result<std::shared_ptr<Stream>>> start_tls(std::shared_ptr<Stream> stream) {
    std::vector<std::string> alpn;
    if (request_.version == VersionPolicy::automatic) alpn = {"h2", "http/1.1"};
    if (request_.version == VersionPolicy::http1) alpn = {"http/1.1"};
    const std::string& name = request_.tls->options().server_name;
    std::string expected = name.empty() ? request_.endpoint.host : name;
    return start_tls_client(std::move(stream), request_.tls, std::move(expected), std::move(alpn));
  }

  asio::any_io_executor executor_;
  DialRequest request_;
  tcp::socket socket_;
  Clock::time_point connect_deadline_;
};

}  // namespace

awaitable<Result<Dialed>> dial(DialRequest request) {
  Dialer dialer(co_await asio::this_coro::executor, std::move(request));
  co_return co_await dialer.run();
}

}  // namespace kinesis::http
