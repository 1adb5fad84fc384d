#pragma once

#include <kinesis/bytes.hpp>

#include <array>
#include <span>

namespace kinesis::core {

using Md5Digest = std::array<std::byte, 16>;

/// MD5 (RFC 1321), of partition keys and of KPL aggregates. Ours, because one stream of it cannot be made faster, but
/// independent messages can run side by side in vector lanes; and because an OpenSSL under FIPS rules refuses it. Not
/// for security.
Md5Digest md5(BytesView message) noexcept;

/// How md5_many works. All give the same digests.
enum class Md5Kernel {
  scalar,    ///< One message after the other; everywhere.
  lanes_4,   ///< SSE2, which every x86-64 has; NEON on ARM.
  lanes_8,   ///< AVX2.
  lanes_16,  ///< AVX-512F.
};

/// Whether this processor has what `kernel` needs.
bool supported(Md5Kernel kernel) noexcept;
/// The fastest for this many messages.
Md5Kernel best_md5_kernel(std::size_t messages) noexcept;

/// The digests of many messages of any lengths: `digests[i]` is that of `messages[i]`, and as many of one as of the
/// other. Fastest when they are given all at once.
void md5_many(std::span<const BytesView> messages, std::span<Md5Digest> digests);
/// `kernel` must be supported.
void md5_many(std::span<const BytesView> messages, std::span<Md5Digest> digests, Md5Kernel kernel);

}  // namespace kinesis::core
