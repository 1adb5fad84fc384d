#include "bare_http2.hpp"

#include <nghttp2/nghttp2.h>
#include <openssl/ssl.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string_view>
#include <sys/socket.h>
#include <unistd.h>

namespace kinesis::bench {
namespace {

void check(bool ok) {
  if (ok) return;
  std::fprintf(stderr, "the bare HTTP/2 connection failed\n");
  std::exit(1);
}

nghttp2_nv field(std::string_view name, std::string_view value) {
  const auto bytes = [](std::string_view text) {
    return const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(text.data()));
  };
  return {bytes(name), bytes(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
}

}  // namespace

struct BareHttp2::Callbacks {
  static int data(nghttp2_session*, std::uint8_t, std::int32_t, const std::uint8_t*, std::size_t size, void* self) {
    static_cast<BareHttp2*>(self)->received_ += size;
    return 0;
  }
  static int closed(nghttp2_session*, std::int32_t, std::uint32_t, void* self) {
    static_cast<BareHttp2*>(self)->ended_ = true;
    return 0;
  }
};

BareHttp2::BareHttp2(const http::SelfSigned& identity, std::uint16_t port, std::uint32_t stream_window) {
  http::TlsOptions options;
  options.ca_pem = identity.ca_certificate;
  context_ = http::TlsContext::for_client(options);
  socket_ = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  check(::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  const int one = 1;
  ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  ssl_ = SSL_new(context_->native());
  SSL_set_fd(ssl_, socket_);
  constexpr std::string_view alpn = "\x02h2";
  SSL_set_alpn_protos(ssl_, reinterpret_cast<const unsigned char*>(alpn.data()), static_cast<unsigned>(alpn.size()));
  check(SSL_connect(ssl_) == 1);

  nghttp2_session_callbacks* callbacks = nullptr;
  nghttp2_session_callbacks_new(&callbacks);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, Callbacks::data);
  nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, Callbacks::closed);
  nghttp2_session_client_new(&session_, callbacks, this);
  nghttp2_session_callbacks_del(callbacks);
  const nghttp2_settings_entry window{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, stream_window};
  nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, &window, 1);
  nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0, 16 << 20);
}

BareHttp2::~BareHttp2() {
  nghttp2_session_del(session_);
  SSL_shutdown(ssl_);
  SSL_free(ssl_);
  ::close(socket_);
}

void BareHttp2::flush() {
  const std::uint8_t* bytes = nullptr;
  for (ssize_t size; (size = nghttp2_session_mem_send(session_, &bytes)) > 0;)
    check(SSL_write(ssl_, bytes, static_cast<int>(size)) == size);
}

std::size_t BareHttp2::receive() {
  received_ = 0;
  ended_ = false;
  const std::array<nghttp2_nv, 4> head{field(":method", "GET"), field(":scheme", "https"),
                                       field(":authority", "localhost"), field(":path", "/")};
  check(nghttp2_submit_request(session_, nullptr, head.data(), head.size(), nullptr, nullptr) > 0);
  std::array<std::uint8_t, 16384> bytes;
  while (!ended_) {
    flush();
    const int size = SSL_read(ssl_, bytes.data(), static_cast<int>(bytes.size()));
    check(size > 0);
    check(nghttp2_session_mem_recv(session_, bytes.data(), static_cast<std::size_t>(size)) == size);
  }
  flush();
  return received_;
}

}  // namespace kinesis::bench
