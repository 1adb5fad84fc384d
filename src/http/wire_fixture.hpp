#pragma once

#include "http/test_server.hpp"
#include <kinesis/testing/manual_clock.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

// Client and server against each other, over each of the ways they can speak.
namespace kinesis::http {

using namespace std::chrono_literals;
enum class Wire { http1, h2c, tls_http1, tls_http2, tls_http2_without_alpn };

inline std::string wire_name(const ::testing::TestParamInfo<Wire>& info) {
  static const char* const names[] = {"Http1", "H2c", "TlsHttp1", "TlsHttp2", "TlsHttp2WithoutAlpn"};
  return names[static_cast<int>(info.param)];
}

inline const SelfSigned& certificate() {
  static const SelfSigned made = make_self_signed();
  return made;
}

class WireFixture : public ::testing::TestWithParam<Wire> {
 protected:
  TestContext loop;
  std::shared_ptr<kinesis::testing::ManualClock> manual = std::make_shared<kinesis::testing::ManualClock>();

  bool secure() const { return GetParam() != Wire::http1 && GetParam() != Wire::h2c; }
  bool http2() const { return GetParam() != Wire::http1 && GetParam() != Wire::tls_http1; }

  std::shared_ptr<Server> serve(FunctionHandler::Function function, ServerOptions options = {}) {
    options.executor = loop.executor();
    if (secure()) {
      std::vector<std::string> alpn{"h2", "http/1.1"};
      if (GetParam() == Wire::tls_http2_without_alpn) alpn.clear();
      options.tls = TlsContext::for_server(certificate().certificate_chain, certificate().private_key, alpn);
    }
    return make_server(std::move(options), handler(std::move(function)));
  }
  std::shared_ptr<Client> client(ClientOptions options = {}, asio::any_io_executor executor = {}) {
    options.executor = executor ? executor : loop.executor();
    options.tls.ca_pem = certificate().ca_certificate;
    switch (GetParam()) {
      case Wire::http1:
      case Wire::tls_http2:
        options.version = VersionPolicy::automatic;
        break;
      case Wire::tls_http1:
        options.version = VersionPolicy::http1;
        break;
      case Wire::h2c:
      case Wire::tls_http2_without_alpn:
        options.version = VersionPolicy::http2_prior_knowledge;
        break;
    }
    return make_client(std::move(options));
  }
  Endpoint at(const Server& server) const { return Endpoint(secure(), "127.0.0.1", server.port()); }

  /// Runs what is ready until `done` is true.
  template <class Done>
  void run_until(Done done) {
    loop.context.restart();
    while (!done() && loop.context.run_one() > 0) continue;
    EXPECT_TRUE(done());
  }
};

inline auto all_wires() {
  return ::testing::Values(Wire::http1, Wire::h2c, Wire::tls_http1, Wire::tls_http2, Wire::tls_http2_without_alpn);
}

}  // namespace kinesis::http
