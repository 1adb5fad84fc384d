#pragma once

#include "http/tls.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>

struct nghttp2_session;
struct ssl_st;

namespace kinesis::bench {

/// A client that reads one answer after the other over HTTP/2 and TLS and throws it away, by nghttp2 and OpenSSL alone
/// on a blocking socket: the floor of what receiving a stream can cost.
class BareHttp2 {
 public:
  /// Connects to 127.0.0.1.
  BareHttp2(const http::SelfSigned& identity, std::uint16_t port, std::uint32_t stream_window);
  ~BareHttp2();
  BareHttp2(const BareHttp2&) = delete;
  BareHttp2& operator=(const BareHttp2&) = delete;

  /// Asks for "/" and reads the answer to its end; gives its size.
  std::size_t receive();

 private:
  struct Callbacks;
  void flush();

  std::shared_ptr<const http::TlsContext> context_;
  int socket_ = -1;
  ssl_st* ssl_ = nullptr;
  nghttp2_session* session_ = nullptr;
  std::size_t received_ = 0;
  bool ended_ = false;
};

}  // namespace kinesis::bench
