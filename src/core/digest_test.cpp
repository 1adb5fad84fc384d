#include "core/digest.hpp"

#include "core/hex.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace kinesis::core {
namespace {

// FIPS 180-4 examples.
TEST(DigestTest, Sha256MatchesThePublishedExamples) {
  EXPECT_EQ(to_hex(sha256({})), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(to_hex(sha256(as_bytes("abc"))), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(to_hex(sha256(as_bytes("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"))),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

TEST(DigestTest, Sha1MatchesThePublishedExample) {
  EXPECT_EQ(to_hex(sha1(as_bytes("abc"))), "a9993e364706816aba3e25717850c26c9cd0d89d");
}

TEST(DigestTest, PartsGiveTheDigestOfTheWholeAndFinishStartsAnew) {
  const std::string text(1000, 'q');
  Sha256 parts;
  for (int round = 0; round < 2; ++round) {
    for (std::size_t at = 0; at < text.size(); at += 7) parts.update(as_bytes(std::string_view(text).substr(at, 7)));
    EXPECT_EQ(parts.finish(), sha256(as_bytes(text)));
  }
}

// RFC 4231, cases 1, 2, 4 and 6.
TEST(DigestTest, HmacMatchesTheRfc) {
  const auto sign = [](const Bytes& key, BytesView text) { return to_hex(HmacKey(key).sign(text)); };
  EXPECT_EQ(sign(Bytes(20, std::byte{0x0b}), as_bytes("Hi There")),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(sign(*from_hex("4a656665"), as_bytes("what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(sign(*from_hex("0102030405060708090a0b0c0d0e0f10111213141516171819"), Bytes(50, std::byte{0xcd})),
            "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b");
  EXPECT_EQ(sign(Bytes(131, std::byte{0xaa}), as_bytes("Test Using Larger Than Block-Size Key - Hash Key First")),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(DigestTest, OneKeySignsFromManyThreads) {
  const HmacKey key(as_bytes("secret"));
  const std::string expected = to_hex(key.sign(as_bytes("text")));
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 200; ++j) EXPECT_EQ(to_hex(key.sign(as_bytes("text"))), expected);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(DigestTest, AnEmptyKeyAndAnEmptyTextAreFine) {
  EXPECT_EQ(to_hex(HmacKey({}).sign({})), "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

TEST(DigestTest, CrcIsThatOfGzipAndContinues) {
  EXPECT_EQ(crc32(as_bytes("123456789")), 0xcbf43926U);
  EXPECT_EQ(crc32(as_bytes("6789"), crc32(as_bytes("12345"))), 0xcbf43926U);
  EXPECT_EQ(crc32({}), 0U);
  EXPECT_EQ(crc32({}, 7), 7U);
}

TEST(DigestTest, ConstantTimeEqualityIsEquality) {
  EXPECT_TRUE(equal_in_constant_time(as_bytes("abc"), as_bytes("abc")));
  EXPECT_FALSE(equal_in_constant_time(as_bytes("abc"), as_bytes("abd")));
  EXPECT_FALSE(equal_in_constant_time(as_bytes("abc"), as_bytes("abcd")));
  EXPECT_TRUE(equal_in_constant_time({}, {}));
}

}  // namespace
}  // namespace kinesis::core
