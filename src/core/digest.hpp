#pragma once

#include <kinesis/bytes.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

// Digests over OpenSSL (algorithms fetched once: an implicit fetch costs four times a short digest) and CRC-32 over
// libdeflate.
namespace kinesis::core {

using Sha256Digest = std::array<std::byte, 32>;
using Sha1Digest = std::array<std::byte, 20>;

Sha256Digest sha256(BytesView bytes);
/// For names that others chose to derive so, such as the SSO token cache. Not for security.
Sha1Digest sha1(BytesView bytes);

/// SHA-256 of bytes that come in parts. Not thread-safe.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  void update(BytesView bytes);
  /// The digest of all so far; starts anew.
  Sha256Digest finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// A key for HMAC-SHA256 with its two key blocks already hashed (RFC 2104): signing a short text then costs two
/// digests, not four. Copies share the key. Thread-safe.
class HmacKey {
 public:
  explicit HmacKey(BytesView key);

  Sha256Digest sign(BytesView text) const;

 private:
  struct State;
  std::shared_ptr<const State> state_;
};

/// CRC-32 as in gzip; pass the result of one part as `seed` of the next.
std::uint32_t crc32(BytesView bytes, std::uint32_t seed = 0) noexcept;

/// Takes the same time wherever they differ; for signatures and tokens.
bool equal_in_constant_time(BytesView left, BytesView right) noexcept;

}  // namespace kinesis::core
