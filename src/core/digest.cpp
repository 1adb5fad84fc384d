#include "core/digest.hpp"

#include <kinesis/error.hpp>

#include <libdeflate.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

namespace kinesis::core {
namespace {

void check(int ok) {
  if (ok != 1) throw Error(errc::internal, "a digest of OpenSSL failed");
}

const EVP_MD* fetch(const char* name) {
  // Never freed: used until the process ends.
  const EVP_MD* md = EVP_MD_fetch(nullptr, name, nullptr);
  if (md == nullptr) throw Error(errc::unsupported, std::string("OpenSSL has no ") + name);
  return md;
}

const EVP_MD* sha256_md() {
  static const EVP_MD* const md = fetch("SHA256");
  return md;
}

const EVP_MD* sha1_md() {
  static const EVP_MD* const md = fetch("SHA1");
  return md;
}

class Context {
 public:
  Context() : context_(EVP_MD_CTX_new()) {
    if (context_ == nullptr) throw std::bad_alloc();
  }
  ~Context() { EVP_MD_CTX_free(context_); }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  void init(const EVP_MD* md) { check(EVP_DigestInit_ex2(context_, md, nullptr)); }
  void copy(const Context& other) { check(EVP_MD_CTX_copy_ex(context_, other.context_)); }
  void update(BytesView bytes) { check(EVP_DigestUpdate(context_, bytes.data(), bytes.size())); }
  template <std::size_t N>
  std::array<std::byte, N> finish() {
    std::array<std::byte, N> digest;
    unsigned length = 0;
    check(EVP_DigestFinal_ex(context_, reinterpret_cast<unsigned char*>(digest.data()), &length));
    return digest;
  }

 private:
  EVP_MD_CTX* context_;
};

Context& scratch() {
  static thread_local Context context;
  return context;
}

}  // namespace

Sha256Digest sha256(BytesView bytes) {
  Context& context = scratch();
  context.init(sha256_md());
  context.update(bytes);
  return context.finish<32>();
}

Sha1Digest sha1(BytesView bytes) {
  Context& context = scratch();
  context.init(sha1_md());
  context.update(bytes);
  return context.finish<20>();
}

struct Sha256::State {
  Context context;
};

Sha256::Sha256() : state_(std::make_unique<State>()) { state_->context.init(sha256_md()); }
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::update(BytesView bytes) { state_->context.update(bytes); }

Sha256Digest Sha256::finish() {
  const Sha256Digest digest = state_->context.finish<32>();
  state_->context.init(sha256_md());
  return digest;
}

struct HmacKey::State {
  Context inner;
  Context outer;
};

HmacKey::HmacKey(BytesView key) {
  constexpr std::size_t block_size = 64;
  std::array<std::byte, block_size> block{};
  if (key.size() > block_size) {
    const Sha256Digest shorter = sha256(key);
    std::memcpy(block.data(), shorter.data(), shorter.size());
  } else if (!key.empty()) {
    std::memcpy(block.data(), key.data(), key.size());
  }
  const auto state = std::make_shared<State>();
  for (std::byte& byte : block) byte ^= std::byte{0x36};
  state->inner.init(sha256_md());
  state->inner.update(block);
  for (std::byte& byte : block) byte ^= std::byte{0x36} ^ std::byte{0x5c};
  state->outer.init(sha256_md());
  state->outer.update(block);
  OPENSSL_cleanse(block.data(), block.size());
  state_ = state;
}

Sha256Digest HmacKey::sign(BytesView text) const {
  Context& context = scratch();
  context.copy(state_->inner);
  context.update(text);
  const Sha256Digest inner = context.finish<32>();
  context.copy(state_->outer);
  context.update(inner);
  return context.finish<32>();
}

std::uint32_t crc32(BytesView bytes, std::uint32_t seed) noexcept {
  // libdeflate takes a null pointer for a question about the initial value.
  if (bytes.empty()) return seed;
  return libdeflate_crc32(seed, bytes.data(), bytes.size());
}

bool equal_in_constant_time(BytesView left, BytesView right) noexcept {
  return left.size() == right.size() && (left.empty() || CRYPTO_memcmp(left.data(), right.data(), left.size()) == 0);
}

}  // namespace kinesis::core
