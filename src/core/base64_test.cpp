#include "core/base64.hpp"

#include "core/random.hpp"

#include <gtest/gtest.h>

#include <memory>

namespace kinesis::core {
namespace {

constexpr Base64Kernel kernels[] = {Base64Kernel::table, Base64Kernel::ssse3};

/// Encodes and decodes in buffers of exactly the promised size, so that the sanitizer sees a byte too many.
std::string encode_exactly(BytesView bytes, Base64Kernel kernel) {
  const std::size_t size = base64_encoded_size(bytes.size());
  const auto out = std::make_unique<char[]>(size);
  EXPECT_EQ(base64_encode(bytes, out.get(), kernel), size);
  return {out.get(), size};
}

std::optional<Bytes> decode_exactly(std::string_view text, Base64Kernel kernel) {
  const auto in = std::make_unique<char[]>(text.size());
  std::copy(text.begin(), text.end(), in.get());
  const std::size_t capacity = base64_decoded_capacity(text.size());
  const auto out = std::make_unique<std::byte[]>(capacity);
  const auto size = base64_decode({in.get(), text.size()}, out.get(), kernel);
  if (!size) return std::nullopt;
  EXPECT_LE(*size, capacity);
  return Bytes(out.get(), out.get() + *size);
}

// RFC 4648, section 10.
TEST(Base64Test, MatchesTheRfc) {
  const std::pair<const char*, const char*> vectors[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, text] : vectors) {
    EXPECT_EQ(base64_encode(as_bytes(plain)), text);
    EXPECT_EQ(as_text(*base64_decode(text)), plain);
  }
}

TEST(Base64Test, EveryKernelWritesTheWholeAlphabetInOrder) {
  Bytes bytes;
  for (unsigned i = 0; i < 64; i += 4) {
    const unsigned bits = (i << 18) | ((i + 1) << 12) | ((i + 2) << 6) | (i + 3);
    for (const int shift : {16, 8, 0}) bytes.push_back(static_cast<std::byte>(bits >> shift));
  }
  for (const Base64Kernel kernel : kernels) {
    if (!supported(kernel)) continue;
    EXPECT_EQ(encode_exactly(bytes, kernel), "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
  }
}

TEST(Base64Test, EveryLengthGoesBothWaysAlikeInEveryKernel) {
  Random random(1);
  for (std::size_t size = 0; size < 200; ++size) {
    Bytes bytes(size);
    for (std::byte& byte : bytes) byte = static_cast<std::byte>(random());
    const std::string text = encode_exactly(bytes, Base64Kernel::table);
    for (const Base64Kernel kernel : kernels) {
      if (!supported(kernel)) continue;
      ASSERT_EQ(encode_exactly(bytes, kernel), text);
      ASSERT_EQ(decode_exactly(text, kernel), bytes) << size;
    }
  }
}

TEST(Base64Test, EveryKernelRefusesEveryWrongCharacterAtEveryPlace) {
  const std::string good(64, 'Q');
  const std::string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (const Base64Kernel kernel : kernels) {
    if (!supported(kernel)) continue;
    for (int c = 0; c < 256; ++c) {
      for (const std::size_t at : {0U, 5U, 17U, 40U, 63U}) {
        std::string text = good;
        text[at] = static_cast<char>(c);
        // 'Q=' at the very end is padding, but over a set bit: Q is 010000, and its low two bits are clear, so that one
        // is right.
        const bool valid = alphabet.find(static_cast<char>(c)) != std::string::npos || (at == 63 && c == '=');
        ASSERT_EQ(decode_exactly(text, kernel).has_value(), valid) << c << " at " << at;
      }
    }
  }
}

TEST(Base64Test, RefusesWhatNoEncoderWrites) {
  for (const char* text : {"Q", "QQ", "QQQ", "QQ=", "QQ=Q", "Q===", "====", "QQ==QQ==", "QR==", "QQR=", "QQ==\n",
                           " QQ=", "QQ =", "Q-_=", "QQQQQ"}) {
    for (const Base64Kernel kernel : kernels) {
      if (!supported(kernel)) continue;
      EXPECT_EQ(decode_exactly(text, kernel), std::nullopt) << text;
    }
  }
  EXPECT_EQ(decode_exactly("QQ==", Base64Kernel::table)->size(), 1U);
  EXPECT_EQ(decode_exactly("QQQ=", Base64Kernel::table)->size(), 2U);
}

TEST(Base64Test, AppendsToWhatIsThere) {
  std::string out = "\"";
  append_base64(out, as_bytes("hi"));
  EXPECT_EQ(out, "\"aGk=");
}

}  // namespace
}  // namespace kinesis::core
