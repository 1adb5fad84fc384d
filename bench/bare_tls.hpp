#pragma once

#include "http/tls.hpp"

#include <cstddef>
#include <memory>
#include <string_view>
#include <thread>

struct ssl_st;

namespace kinesis::bench {

/// A plain TLS connection over loopback, by OpenSSL alone on a blocking socket, with a thread at its other end: the
/// floor of what a client can cost.
class BareTls {
 public:
  /// The other end reads and forgets; or, where `request` is not 0, answers with `answer` bytes to each so many.
  explicit BareTls(const http::SelfSigned& identity, std::size_t request = 0, std::size_t answer = 0);
  ~BareTls();
  BareTls(const BareTls&) = delete;
  BareTls& operator=(const BareTls&) = delete;

  /// Has it receive up to so many bytes at a time from the socket, instead of each TLS record by two calls.
  void read_ahead(std::size_t bytes);
  void send(std::string_view bytes);
  /// Sends `request` bytes and reads the answer.
  void round_trip();
  const char* cipher() const;

 private:
  std::shared_ptr<const http::TlsContext> context_;
  std::size_t request_;
  std::size_t answer_;
  int socket_ = -1;
  ssl_st* ssl_ = nullptr;
  std::thread other_end_;
};

}  // namespace kinesis::bench
