#include "http/tls.hpp"

#include "http/raw_peer.hpp"
#include "http/tcp_stream.hpp"
#include "http/test_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>

namespace kinesis::http {
namespace {

using ::testing::HasSubstr;

class TlsTest : public ::testing::Test {
 protected:
  TestContext loop;

  std::shared_ptr<Server> serve(const SelfSigned& identity) {
    ServerOptions options;
    options.executor = loop.executor();
    options.tls = TlsContext::for_server(identity.certificate_chain, identity.private_key);
    return make_server(std::move(options), handler(echo));
  }
  Result<Response> get(TlsOptions tls, Endpoint endpoint) {
    ClientOptions options;
    options.executor = loop.executor();
    options.tls = std::move(tls);
    const auto client = make_client(std::move(options));
    std::optional<Result<Response>> outcome;
    auto scenario = [&]() -> awaitable<void> {
      Request request("GET", "/");
      outcome.emplace(co_await client->send(endpoint, std::move(request)));
    };
    loop.run(scenario());
    return *outcome;
  }
  static Error tls_error_of(const Result<Response>& outcome) {
    EXPECT_FALSE(outcome);
    if (outcome) return Error(errc::internal, "no error");
    EXPECT_EQ(outcome.error().code(), errc::tls);
    EXPECT_FALSE(possibly_sent(outcome.error()));
    EXPECT_FALSE(outcome.error().retryable());
    return outcome.error();
  }
};

TEST_F(TlsTest, ASelfSignedServerIsRefusedWithAReasonAndAHint) {
  const auto server = serve(make_self_signed());
  const Error error = tls_error_of(get(TlsOptions(), Endpoint(true, "127.0.0.1", server->port())));
  EXPECT_THAT(error.what(), HasSubstr("certificate verify failed"));
  EXPECT_THAT(error.what(), HasSubstr("self"));
  EXPECT_THAT(error.what(), HasSubstr("AWS_CA_BUNDLE"));
}

TEST_F(TlsTest, AnotherAuthorityDoesNotDo) {
  const auto server = serve(make_self_signed());
  TlsOptions options;
  options.ca_pem = make_self_signed().ca_certificate;
  tls_error_of(get(options, Endpoint(true, "127.0.0.1", server->port())));
}

TEST_F(TlsTest, OwnAuthoritiesComeFromMemoryOrAFile) {
  const SelfSigned identity = make_self_signed();
  const auto server = serve(identity);
  TlsOptions memory;
  memory.ca_pem = identity.ca_certificate;
  for (const char* host : {"127.0.0.1", "localhost"}) {
    const auto outcome = get(memory, Endpoint(true, host, server->port()));
    EXPECT_TRUE(outcome) << outcome.error().what();
  }
  TlsOptions file;
  file.ca_file = ::testing::TempDir() + "kinesis_http_tls_test.pem";
  std::ofstream(file.ca_file) << identity.ca_certificate;
  const auto outcome = get(file, Endpoint(true, "127.0.0.1", server->port()));
  EXPECT_TRUE(outcome) << outcome.error().what();
  std::remove(file.ca_file.c_str());
}

TEST_F(TlsTest, TheNameIsChecked) {
  SelfSignedOptions elsewhere;
  elsewhere.names = {"example.com", "10.0.0.1"};
  const SelfSigned identity = make_self_signed(elsewhere);
  const auto server = serve(identity);
  TlsOptions options;
  options.ca_pem = identity.ca_certificate;
  const Error name = tls_error_of(get(options, Endpoint(true, "localhost", server->port())));
  EXPECT_THAT(name.what(), HasSubstr("hostname mismatch"));
  const Error address = tls_error_of(get(options, Endpoint(true, "127.0.0.1", server->port())));
  EXPECT_THAT(address.what(), HasSubstr("IP address mismatch"));
  options.server_name = "example.com";
  EXPECT_TRUE(get(options, Endpoint(true, "127.0.0.1", server->port())));
}

TEST_F(TlsTest, AnExpiredCertificateIsRefused) {
  SelfSignedOptions past;
  past.valid_for = std::chrono::days(-1);
  const SelfSigned identity = make_self_signed(past);
  const auto server = serve(identity);
  TlsOptions options;
  options.ca_pem = identity.ca_certificate;
  const Error error = tls_error_of(get(options, Endpoint(true, "127.0.0.1", server->port())));
  EXPECT_THAT(error.what(), HasSubstr("expired"));
}

TEST_F(TlsTest, NothingIsCheckedWhereVerificationIsOff) {
  const auto server = serve(make_self_signed());
  TlsOptions options;
  options.verify = false;
  EXPECT_TRUE(get(options, Endpoint(true, "127.0.0.1", server->port())));
}

TEST_F(TlsTest, SessionTicketsDoNotMakeAConnectionStale) {
  const SelfSigned identity = make_self_signed();
  ServerOptions options;
  options.executor = loop.executor();
  options.tls = TlsContext::for_server(identity.certificate_chain, identity.private_key, {"http/1.1"});
  SSL_CTX_clear_options(options.tls->native(), SSL_OP_NO_TICKET);
  SSL_CTX_set_num_tickets(options.tls->native(), 2);
  auto server = make_server(std::move(options), handler(echo));
  TlsOptions trust;
  trust.ca_pem = identity.ca_certificate;
  const auto context = TlsContext::for_client(trust);
  auto scenario = [&]() -> awaitable<void> {
    const auto raw = co_await raw_connect(server->port());
    const auto tcp = std::make_shared<TcpStream>(std::move(raw->socket));
    std::vector<std::string> alpn{"http/1.1"};
    const auto tls = co_await start_tls_client(tcp, context, "127.0.0.1", std::move(alpn));
    EXPECT_TRUE(tls) << tls.error().what();
    if (!tls) co_return;
    EXPECT_EQ((*tls)->alpn(), "http/1.1");
    // The tickets come behind the handshake, and nobody reads them.
    co_await tcp->socket().async_wait(asio::ip::tcp::socket::wait_read, core::use_awaitable);
    EXPECT_TRUE(tcp->stale());
    EXPECT_FALSE((*tls)->stale());
    server.reset();
    while (!tcp->stale()) co_await core::yield();
    EXPECT_TRUE((*tls)->stale());
  };
  loop.run(scenario());
}

TEST_F(TlsTest, NothingFollowsAWriteThatWasBrokenOff) {
  const SelfSigned identity = make_self_signed();
  const auto server_context = TlsContext::for_server(identity.certificate_chain, identity.private_key);
  std::shared_ptr<Stream> held;
  auto script = [&](std::shared_ptr<RawConnection> connection, int) -> awaitable<void> {
    const auto tcp = std::make_shared<TcpStream>(std::move(connection->socket));
    Bytes none;
    const auto tls = co_await start_tls_server(tcp, server_context, std::move(none));
    held = tls.value();  // and reads nothing
  };
  const RawServer server(loop.executor(), script);
  TlsOptions trust;
  trust.ca_pem = identity.ca_certificate;
  auto scenario = [&]() -> awaitable<void> {
    const auto raw = co_await raw_connect(server.endpoint(true).port);
    const auto tcp = std::make_shared<TcpStream>(std::move(raw->socket));
    const auto context = TlsContext::for_client(trust);
    std::vector<std::string> alpn;
    const auto tls = co_await start_tls_client(tcp, context, "127.0.0.1", std::move(alpn));
    EXPECT_TRUE(tls);
    if (!tls) co_return;
    const std::string much(std::size_t{32} << 20, 'x');
    const BytesView piece = as_bytes(much);
    const std::span<const BytesView> all(&piece, 1);
    auto write = (*tls)->write(all);
    const auto clock = Clock::system();
    bool broken_off = false;
    try {
      const auto written =
          co_await core::with_deadline(*clock, clock->now() + std::chrono::milliseconds(100), std::move(write));
      broken_off = !written;
    } catch (const Error& error) {
      broken_off = error.code() == errc::timeout;
    }
    EXPECT_TRUE(broken_off);
    const BytesView little = piece.first(10);
    const std::span<const BytesView> more(&little, 1);
    const auto next = co_await (*tls)->write(more);
    EXPECT_FALSE(next);
    if (next) co_return;
    EXPECT_EQ(next.error().code(), errc::closed);
  };
  loop.run(scenario());
}

TEST_F(TlsTest, APlainServerIsATlsError) {
  auto script = [](std::shared_ptr<RawConnection> connection, int) -> awaitable<void> {
    co_await connection->read_exactly(10);
    co_await connection->write("HTTP/1.1 400 Bad Request\r\n\r\n");
  };
  const RawServer server(loop.executor(), script);
  const Error error = tls_error_of(get(TlsOptions(), server.endpoint(true)));
  EXPECT_THAT(error.what(), HasSubstr("handshake"));
}

TEST_F(TlsTest, AServerWithoutACertificateClosesOnTls) {
  ServerOptions options;
  options.executor = loop.executor();
  const auto server = make_server(std::move(options), handler(echo));
  const auto outcome = get(TlsOptions(), Endpoint(true, "127.0.0.1", server->port()));
  ASSERT_FALSE(outcome);
  EXPECT_FALSE(possibly_sent(outcome.error()));
}

TEST_F(TlsTest, FilesThatCannotBeReadAreNamed) {
  TlsOptions options;
  options.ca_file = "/no/such/bundle.pem";
  try {
    TlsContext::for_client(options);
    ADD_FAILURE() << "it was accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), errc::tls);
    EXPECT_THAT(error.what(), HasSubstr("/no/such/bundle.pem"));
  }
  TlsOptions empty;
  empty.ca_pem = "nothing";
  EXPECT_THROW(TlsContext::for_client(empty), Error);
  EXPECT_THROW(TlsContext::for_server("nothing", "nothing"), Error);
  const SelfSigned one = make_self_signed();
  const SelfSigned other = make_self_signed();
  EXPECT_THROW(TlsContext::for_server(one.certificate_chain, other.private_key), Error);
}

TEST_F(TlsTest, TheEnvironmentNamesTheBundle) {
  ::setenv("AWS_CA_BUNDLE", "/bundle.pem", 1);
  EXPECT_EQ(TlsOptions::from_environment().ca_file, "/bundle.pem");
  ::unsetenv("AWS_CA_BUNDLE");
  EXPECT_EQ(TlsOptions::from_environment().ca_file, "");
}

// Proxies.

/// A proxy for one connection: notes the head it got, answers it, then passes bytes both ways.
class TestProxy {
 public:
  TestProxy(const asio::any_io_executor& executor, std::uint16_t target, std::string answer)
      : server_(executor, [this, target, answer](std::shared_ptr<RawConnection> connection, int) {
          return serve(std::move(connection), target, answer);
        }) {}
  std::uint16_t port() const { return server_.port(); }
  std::vector<std::string> heads;

 private:
  awaitable<void> serve(std::shared_ptr<RawConnection> client, std::uint16_t target, std::string answer) {
    heads.push_back(co_await client->read_until("\r\n\r\n"));
    co_await client->write(answer);
    if (target == 0) co_return;
    const auto server = co_await raw_connect(target);
    const auto executor = client->socket.get_executor();
    core::spawn(executor, pass(client, server));
    co_await pass(server, client);
  }
  static awaitable<void> pass(std::shared_ptr<RawConnection> from, std::shared_ptr<RawConnection> to) {
    char bytes[4096];
    while (true) {
      boost::system::error_code ec;
      const std::size_t size =
          co_await from->socket.async_read_some(asio::buffer(bytes), asio::redirect_error(core::use_awaitable, ec));
      if (ec) break;
      co_await to->write(std::string(bytes, size));
    }
    to->close();
  }
  RawServer server_;
};

class ProxyTest : public TlsTest {
 protected:
  Result<Response> get_through(std::uint16_t port, const SelfSigned& identity, Endpoint endpoint) {
    ClientOptions options;
    options.executor = loop.executor();
    options.tls.ca_pem = identity.ca_certificate;
    options.proxy.https = *Url::parse("http://me:my%20word@127.0.0.1:" + std::to_string(port));
    options.proxy.http = options.proxy.https;
    const auto client = make_client(std::move(options));
    std::optional<Result<Response>> outcome;
    auto scenario = [&]() -> awaitable<void> {
      Request request("GET", "/path?query");
      outcome.emplace(co_await client->send(endpoint, std::move(request)));
    };
    loop.run(scenario());
    return *outcome;
  }
};

TEST_F(ProxyTest, HttpsGoesThroughConnect) {
  const SelfSigned identity = make_self_signed();
  const auto server = serve(identity);
  TestProxy proxy(loop.executor(), server->port(), "HTTP/1.1 200 Connection established\r\n\r\n");
  const std::string authority = "localhost:" + std::to_string(server->port());
  const auto outcome = get_through(proxy.port(), identity, Endpoint(true, "localhost", server->port()));
  ASSERT_TRUE(outcome) << outcome.error().what();
  EXPECT_EQ(outcome->headers.find("x-version"), "2");
  ASSERT_EQ(proxy.heads.size(), 1u);
  EXPECT_EQ(proxy.heads[0], "CONNECT " + authority + " HTTP/1.1\r\nhost: " + authority +
                                "\r\nproxy-authorization: Basic bWU6bXkgd29yZA==\r\n\r\n");
}

TEST_F(ProxyTest, HttpGoesByAbsoluteRequestLines) {
  TestProxy proxy(loop.executor(), 0, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
  const auto outcome = get_through(proxy.port(), make_self_signed(), Endpoint(false, "example.com", 80));
  ASSERT_TRUE(outcome) << outcome.error().what();
  EXPECT_EQ(outcome->body.text(), "ok");
  ASSERT_EQ(proxy.heads.size(), 1u);
  EXPECT_EQ(proxy.heads[0],
            "GET http://example.com/path?query HTTP/1.1\r\nhost: example.com\r\n"
            "proxy-authorization: Basic bWU6bXkgd29yZA==\r\n\r\n");
}

TEST_F(ProxyTest, ARefusalOfTheProxyIsAConnectionErrorWithItsStatus) {
  TestProxy proxy(loop.executor(), 0, "HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n");
  const auto outcome = get_through(proxy.port(), make_self_signed(), Endpoint(true, "example.com", 443));
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code(), errc::connection);
  EXPECT_FALSE(outcome.error().retryable());
  EXPECT_THAT(outcome.error().what(), HasSubstr("407"));
  EXPECT_THAT(outcome.error().what(), ::testing::Not(HasSubstr("word")));
}

}  // namespace
}  // namespace kinesis::http
