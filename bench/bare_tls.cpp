#include "bare_tls.hpp"

#include <openssl/ssl.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string>
#include <sys/socket.h>
#include <unistd.h>

namespace kinesis::bench {
namespace {

constexpr std::size_t record_size = 16384;

void check(bool ok) {
  if (ok) return;
  std::fprintf(stderr, "the bare TLS connection failed\n");
  std::exit(1);
}

void write_all(SSL* ssl, std::string_view bytes) {
  while (!bytes.empty()) {
    const int sent = SSL_write(ssl, bytes.data(), static_cast<int>(std::min(bytes.size(), record_size)));
    check(sent > 0);
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

/// The two ends of a connection: the client's, the server's.
std::pair<int, int> connect_over_loopback() {
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  check(::bind(listener, reinterpret_cast<sockaddr*>(&address), size) == 0 && ::listen(listener, 1) == 0);
  check(::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  const int client = ::socket(AF_INET, SOCK_STREAM, 0);
  check(::connect(client, reinterpret_cast<sockaddr*>(&address), size) == 0);
  const int server = ::accept(listener, nullptr, nullptr);
  check(server >= 0);
  ::close(listener);
  const int one = 1;
  for (const int end : {client, server}) ::setsockopt(end, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  return {client, server};
}

void serve(const http::TlsContext& context, int socket, std::size_t request, std::size_t answer) {
  SSL* const ssl = SSL_new(context.native());
  SSL_set_fd(ssl, socket);
  check(SSL_accept(ssl) == 1);
  const std::string reply(answer, 'a');
  std::string bytes(record_size, '\0');
  std::size_t read = 0;
  for (int size = 0; (size = SSL_read(ssl, bytes.data(), static_cast<int>(bytes.size()))) > 0;) {
    read += static_cast<std::size_t>(size);
    if (request == 0 || read < request) continue;
    read = 0;
    write_all(ssl, reply);
  }
  SSL_free(ssl);
  ::close(socket);
}

}  // namespace

BareTls::BareTls(const http::SelfSigned& identity, std::size_t request, std::size_t answer)
    : request_(request), answer_(answer) {
  const auto [client, server] = connect_over_loopback();
  socket_ = client;
  const auto server_context = http::TlsContext::for_server(identity.certificate_chain, identity.private_key);
  other_end_ = std::thread([=, end = server] { serve(*server_context, end, request, answer); });
  http::TlsOptions options;
  options.ca_pem = identity.ca_certificate;
  context_ = http::TlsContext::for_client(options);
  ssl_ = SSL_new(context_->native());
  SSL_set_fd(ssl_, socket_);
  check(SSL_connect(ssl_) == 1);
}

BareTls::~BareTls() {
  SSL_shutdown(ssl_);
  SSL_free(ssl_);
  ::shutdown(socket_, SHUT_RDWR);
  other_end_.join();
  ::close(socket_);
}

void BareTls::read_ahead(std::size_t bytes) {
  SSL_set_default_read_buffer_len(ssl_, bytes);
  SSL_set_read_ahead(ssl_, 1);
}

void BareTls::send(std::string_view bytes) { write_all(ssl_, bytes); }

void BareTls::round_trip() {
  char bytes[record_size] = {};
  write_all(ssl_, std::string_view(bytes, request_));
  for (std::size_t read = 0; read < answer_;) {
    const int size = SSL_read(ssl_, bytes, sizeof bytes);
    check(size > 0);
    read += static_cast<std::size_t>(size);
  }
}

const char* BareTls::cipher() const { return SSL_get_cipher_name(ssl_); }

}  // namespace kinesis::bench
