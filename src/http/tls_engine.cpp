#include "http/tls_engine.hpp"

#include "http/openssl_handles.hpp"

#include <algorithm>
#include <cstring>

namespace kinesis::http {
namespace {

/// Two TLS records and what is around them.
constexpr std::size_t input_size = 33u << 10;

}  // namespace

/// What OpenSSL reads from and writes to. OpenSSL's own memory BIOs would copy once more.
struct TlsEngine::Bio {
  static int read(BIO* bio, char* into, int size) noexcept {
    BIO_clear_retry_flags(bio);
    auto& arrived = static_cast<TlsEngine*>(BIO_get_data(bio))->arrived_;
    if (arrived.empty()) {
      BIO_set_retry_read(bio);
      return -1;
    }
    const std::size_t taken = std::min(arrived.size(), static_cast<std::size_t>(std::max(size, 0)));
    std::memcpy(into, arrived.data(), taken);
    arrived = arrived.subspan(taken);
    return static_cast<int>(taken);
  }

  static int write(BIO* bio, const char* bytes, int size) noexcept try {
    BIO_clear_retry_flags(bio);
    append(static_cast<TlsEngine*>(BIO_get_data(bio))->output_,
           as_bytes(std::string_view(bytes, static_cast<std::size_t>(std::max(size, 0)))));
    return size;
  } catch (const std::bad_alloc&) {
    return -1;
  }

  static long control(BIO*, int command, long, void*) noexcept { return command == BIO_CTRL_FLUSH ? 1 : 0; }

  static BIO_METHOD* make() noexcept {
    BIO_METHOD* const method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "kinesis");
    if (method == nullptr) return nullptr;
    BIO_meth_set_read(method, read);
    BIO_meth_set_write(method, write);
    BIO_meth_set_ctrl(method, control);
    return method;
  }

  static BIO* open(TlsEngine* engine) {
    static BIO_METHOD* const method = make();
    BIO* const bio = method == nullptr ? nullptr : BIO_new(method);
    if (bio == nullptr) throw tls_error("cannot set up TLS");
    BIO_set_data(bio, engine);
    BIO_set_init(bio, 1);
    return bio;
  }
};

TlsEngine::TlsEngine(std::shared_ptr<const TlsContext> context, Role role, Bytes received)
    : context_(std::move(context)), input_(std::move(received)), arrived_(input_) {
  BioPtr bio(Bio::open(this));
  ssl_ = SSL_new(context_->native());
  if (ssl_ == nullptr) throw tls_error("cannot set up TLS");
  BIO* const both = bio.release();
  SSL_set_bio(ssl_, both, both);
  // Idle connections are many, and their buffers are soon made again.
  SSL_set_mode(ssl_, SSL_MODE_RELEASE_BUFFERS);
  if (role == Role::client) {
    SSL_set_connect_state(ssl_);
  } else {
    SSL_set_accept_state(ssl_);
  }
}

TlsEngine::~TlsEngine() { SSL_free(ssl_); }

TlsEngine::Step TlsEngine::handshake() {
  ERR_clear_error();
  return judge(SSL_do_handshake(ssl_));
}

TlsEngine::Step TlsEngine::read(std::span<std::byte> into, std::size_t& size) {
  size = 0;
  if (broken_) return Step::failed;
  while (size < into.size()) {
    std::size_t taken = 0;
    ERR_clear_error();
    const int result = SSL_read_ex(ssl_, into.data() + size, into.size() - size, &taken);
    size += taken;
    if (result > 0) continue;
    const Step step = judge(result);
    broken_ = step == Step::failed;  // what came before it is delivered first
    return size > 0 ? Step::done : step;
  }
  return Step::done;
}

TlsEngine::Step TlsEngine::write(BytesView bytes) {
  if (bytes.empty()) return Step::done;
  std::size_t written = 0;
  ERR_clear_error();
  const Step step = judge(SSL_write_ex(ssl_, bytes.data(), bytes.size(), &written));
  if (step != Step::starved) return step;
  reason_ = "the peer began another handshake";
  return Step::failed;
}

TlsEngine::Step TlsEngine::shut_down() {
  ERR_clear_error();
  int result = SSL_shutdown(ssl_);
  if (result == 0) result = SSL_shutdown(ssl_);  // said it; now for the answer
  return judge(result);
}

std::span<std::byte> TlsEngine::room() {
  input_.resize(input_size);
  return input_;
}

bool TlsEngine::has_input() const noexcept { return !arrived_.empty() || SSL_has_pending(ssl_) == 1; }

TlsEngine::Step TlsEngine::judge(int result) {
  if (result > 0) return Step::done;
  const int error = SSL_get_error(ssl_, result);
  if (error == SSL_ERROR_WANT_READ) return Step::starved;
  if (error == SSL_ERROR_ZERO_RETURN) {
    reason_ = "the peer ended TLS";
    return Step::ended;
  }
  reason_ = openssl_reason();
  return Step::failed;
}

}  // namespace kinesis::http
