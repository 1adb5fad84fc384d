#pragma once

#include "http/tls.hpp"
#include <kinesis/bytes.hpp>

#include <memory>
#include <span>
#include <string>

struct ssl_st;

namespace kinesis::http {

/// TLS without a socket: what the peer sent goes in, what it is to be sent comes out. The driver moves both.
class TlsEngine {
 public:
  enum class Role { client, server };
  enum class Step {
    done,
    starved,  ///< Nothing goes on before more has been received.
    ended,    ///< The peer has ended TLS.
    failed,   ///< See `reason`. What is to be sent may be an alert that tells the peer.
  };

  /// `received` has arrived already.
  TlsEngine(std::shared_ptr<const TlsContext> context, Role role, Bytes received = Bytes());
  ~TlsEngine();
  TlsEngine(const TlsEngine&) = delete;
  TlsEngine& operator=(const TlsEngine&) = delete;

  Step handshake();
  /// As much as has arrived and `into` takes; `size` is 0 unless done.
  Step read(std::span<std::byte> into, std::size_t& size);
  /// Never starved.
  Step write(BytesView bytes);
  /// Says that nothing more follows; done when the peer has agreed.
  Step shut_down();

  /// Where to put what is received. Only when starved: everything before has been used then.
  std::span<std::byte> room();
  void received(std::size_t size) noexcept { arrived_ = BytesView(input_).first(size); }
  /// Something has been received and not been read.
  bool has_input() const noexcept;

  /// What is to be sent, to be cleared or taken by the driver.
  Bytes& output() noexcept { return output_; }

  const std::string& reason() const noexcept { return reason_; }
  ssl_st* native() const noexcept { return ssl_; }

 private:
  struct Bio;
  Step judge(int result);

  std::shared_ptr<const TlsContext> context_;
  ssl_st* ssl_ = nullptr;
  Bytes input_;
  BytesView arrived_;
  Bytes output_;
  std::string reason_;
  bool broken_ = false;
};

}  // namespace kinesis::http
