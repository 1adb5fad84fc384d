#include "aggregation/hash_key.hpp"

#include "core/md5.hpp"

#include <algorithm>
#include <array>

namespace kinesis::aggregation {

core::Uint128 hash_key_of(std::string_view partition_key) noexcept {
  return core::Uint128::from_big_endian(core::md5(as_bytes(partition_key)));
}

void hash_keys_of(std::span<const std::string_view> partition_keys, std::span<core::Uint128> hash_keys) {
  // Enough to fill the lanes many times, and few enough for the stack.
  constexpr std::size_t at_once = 128;
  std::array<BytesView, at_once> messages;
  std::array<core::Md5Digest, at_once> digests;
  for (std::size_t start = 0; start < partition_keys.size(); start += at_once) {
    const std::size_t count = std::min(at_once, partition_keys.size() - start);
    for (std::size_t i = 0; i < count; ++i) messages[i] = as_bytes(partition_keys[start + i]);
    core::md5_many(std::span(messages).first(count), std::span(digests).first(count));
    for (std::size_t i = 0; i < count; ++i) hash_keys[start + i] = core::Uint128::from_big_endian(digests[i]);
  }
}

}  // namespace kinesis::aggregation
