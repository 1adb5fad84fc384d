// MD5 in every number of lanes, of one message and of many that differ in length, against OpenSSL's.
#include "core/md5.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <cstdlib>
#include <vector>

using namespace kinesis;
using namespace kinesis::core;

namespace {

Md5Digest by_openssl(BytesView message) {
  Md5Digest digest;
  unsigned length = 0;
  auto* const out = reinterpret_cast<unsigned char*>(digest.data());
  if (EVP_Digest(message.data(), message.size(), out, &length, EVP_md5(), nullptr) != 1 || length != digest.size())
    std::abort();
  return digest;
}

void check(const std::vector<Bytes>& owned) {
  // Each in memory of its own, so that a read beyond its end is seen.
  const std::vector<BytesView> messages(owned.begin(), owned.end());
  std::vector<Md5Digest> expected;
  for (const BytesView message : messages) expected.push_back(by_openssl(message));
  for (const Md5Kernel kernel : {Md5Kernel::scalar, Md5Kernel::lanes_4, Md5Kernel::lanes_8, Md5Kernel::lanes_16}) {
    if (!supported(kernel)) continue;
    std::vector<Md5Digest> digests(messages.size());
    md5_many(messages, digests, kernel);
    if (digests != expected) std::abort();
  }
}

}  // namespace

/// A byte for the number of messages, one for each of their lengths (in steps that reach beyond two blocks), and the
/// bytes they are all cut from, each a little further on.
extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const BytesView input(reinterpret_cast<const std::byte*>(data), size);
  if (md5(input) != by_openssl(input)) std::abort();
  check({Bytes(input.begin(), input.end())});
  if (size < 2) return 0;

  const std::size_t count = std::min<std::size_t>(data[0] % 48, size - 1);
  const BytesView lengths = input.subspan(1, count);
  const BytesView bytes = input.subspan(1 + count);
  std::vector<Bytes> messages;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t from = std::min(i, bytes.size());
    const auto wanted = std::to_integer<std::size_t>(lengths[i]) * (i % 3 == 0 ? 7 : 1);
    const BytesView message = bytes.subspan(from, std::min(wanted, bytes.size() - from));
    messages.emplace_back(message.begin(), message.end());
  }
  check(messages);
  return 0;
}
