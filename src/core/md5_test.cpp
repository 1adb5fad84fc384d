#include "core/md5.hpp"

#include "core/hex.hpp"
#include "core/random.hpp"

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <vector>

namespace kinesis::core {
namespace {

constexpr Md5Kernel kernels[] = {Md5Kernel::scalar, Md5Kernel::lanes_4, Md5Kernel::lanes_8, Md5Kernel::lanes_16};

Md5Digest by_openssl(BytesView message) {
  Md5Digest digest;
  unsigned length = 0;
  EVP_Digest(message.data(), message.size(), reinterpret_cast<unsigned char*>(digest.data()), &length, EVP_md5(),
             nullptr);
  return digest;
}

Bytes random_bytes(Random& random, std::size_t size) {
  Bytes bytes(size);
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(random());
  return bytes;
}

void expect_same_as_openssl(const std::vector<Bytes>& owned) {
  const std::vector<BytesView> messages(owned.begin(), owned.end());
  for (const Md5Kernel kernel : kernels) {
    if (!supported(kernel)) continue;
    std::vector<Md5Digest> digests(messages.size());
    md5_many(messages, digests, kernel);
    for (std::size_t i = 0; i < messages.size(); ++i) {
      ASSERT_EQ(to_hex(digests[i]), to_hex(by_openssl(messages[i])))
          << "kernel " << static_cast<int>(kernel) << " message " << i << " of " << messages.size() << ", "
          << messages[i].size() << " bytes";
    }
  }
}

// RFC 1321, A.5.
TEST(Md5Test, MatchesTheRfc) {
  EXPECT_EQ(to_hex(md5({})), "d41d8cd98f00b204e9800998ecf8427e");
  EXPECT_EQ(to_hex(md5(as_bytes("a"))), "0cc175b9c0f1b6a831c399e269772661");
  EXPECT_EQ(to_hex(md5(as_bytes("abc"))), "900150983cd24fb0d6963f7d28e17f72");
  EXPECT_EQ(to_hex(md5(as_bytes("message digest"))), "f96b697d7cb7938d525a2f31aaf161d0");
  EXPECT_EQ(to_hex(md5(as_bytes("12345678901234567890123456789012345678901234567890123456789012345678901234567890"))),
            "57edf4a22be3c955ac49da2e2107b67a");
}

TEST(Md5Test, EveryLengthAroundTheBlocksIsRight) {
  Random random(1);
  for (std::size_t size = 0; size <= 300; ++size) {
    const Bytes message = random_bytes(random, size);
    ASSERT_EQ(to_hex(md5(message)), to_hex(by_openssl(message))) << size;
  }
}

TEST(Md5Test, EveryKernelIsRightForEveryNumberOfMessages) {
  Random random(2);
  for (std::size_t count = 0; count <= 40; ++count) {
    std::vector<Bytes> messages;
    messages.reserve(count);
    for (std::size_t i = 0; i < count; ++i) messages.push_back(random_bytes(random, random.below(400)));
    expect_same_as_openssl(messages);
  }
}

TEST(Md5Test, LongAndShortMessagesRunTogether) {
  Random random(3);
  std::vector<Bytes> messages;
  messages.reserve(100);
  for (std::size_t i = 0; i < 100; ++i) {
    messages.push_back(random_bytes(random, i % 10 == 0 ? 20000 + random.below(5000) : random.below(100)));
  }
  expect_same_as_openssl(messages);
}

TEST(Md5Test, KeysOfOneLengthAreRight) {
  Random random(4);
  for (const std::size_t size : {1U, 16U, 36U, 55U, 56U, 63U, 64U, 119U, 120U, 256U}) {
    std::vector<Bytes> messages;
    messages.reserve(33);
    for (std::size_t i = 0; i < 33; ++i) messages.push_back(random_bytes(random, size));
    expect_same_as_openssl(messages);
  }
}

TEST(Md5Test, EveryKernelIsRightForEveryLengthAroundTheBlocks) {
  Random random(5);
  // A message of each length beside others, in every lane.
  std::vector<Bytes> messages;
  for (std::size_t size = 0; size <= 300; ++size) messages.push_back(random_bytes(random, size));
  for (std::size_t first = 0; first < messages.size(); first += 43)
    expect_same_as_openssl({messages.begin() + static_cast<std::ptrdiff_t>(first),
                            messages.begin() + static_cast<std::ptrdiff_t>(std::min(first + 43, messages.size()))});
  for (const std::size_t size : {4'095u, 4'096u, 51'180u, 1'048'576u})
    expect_same_as_openssl(std::vector<Bytes>(5, random_bytes(random, size)));
}

TEST(Md5Test, EveryMachineWithVectorsHasFourLanes) {
#if defined(__x86_64__) || defined(__aarch64__)
  EXPECT_TRUE(supported(Md5Kernel::lanes_4));
  EXPECT_NE(best_md5_kernel(3), Md5Kernel::scalar);
#else
  GTEST_SKIP() << "scalar only";
#endif
}

TEST(Md5Test, TheDefaultKernelIsOneThisProcessorHas) {
  for (const std::size_t count : {0U, 1U, 3U, 5U, 100U}) EXPECT_TRUE(supported(best_md5_kernel(count)));
  EXPECT_EQ(best_md5_kernel(1), Md5Kernel::scalar);
  const std::vector<BytesView> messages(10, as_bytes("abc"));
  std::vector<Md5Digest> digests(10);
  md5_many(messages, digests);
  for (const Md5Digest& digest : digests) EXPECT_EQ(digest, md5(as_bytes("abc")));
}

}  // namespace
}  // namespace kinesis::core
