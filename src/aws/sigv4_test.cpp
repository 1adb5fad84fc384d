#include "aws/sigv4.hpp"

#include "core/hex.hpp"

#include <gtest/gtest.h>

#include <ostream>
#include <vector>

namespace kinesis::aws {
namespace {

constexpr std::string_view key_id = "AKIDEXAMPLE";
constexpr std::string_view secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
constexpr std::string_view short_token = "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267";
constexpr std::string_view long_token =
    "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwth"
    "Ax7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAki"
    "Y9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA==";

// 2015-08-30T12:36:00Z, the time of all published vectors.
const core::WallTime vector_time{std::chrono::seconds(1440938160)};

std::string hash_of(std::string_view body) { return core::to_hex(core::sha256(as_bytes(body))); }

struct Vector {
  const char* name;
  std::string_view request;         ///< Method and target.
  std::vector<HeaderView> headers;  ///< Beside host.
  const char* signature;
  PathForm form = PathForm::normalized;
  std::string_view token = {};

  friend void PrintTo(const Vector& vector, std::ostream* out) { *out << vector.name; }
};

constexpr PathForm normalized = PathForm::normalized;
constexpr PathForm raw = PathForm::as_it_is;
constexpr const char* vanilla = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31";
#define UNRESERVED "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
using Fields = std::vector<HeaderView>;
const Fields duplicates = {{"My-Header1", "value2"}, {"My-Header1", "value2"}, {"My-Header1", "value1"}};
const Fields out_of_order = {
    {"My-Header1", "value4"}, {"My-Header1", "value1"}, {"My-Header1", "value3"}, {"My-Header1", "value2"}};
const Fields folded = {{"My-Header1", "value1\n  value2\n     value3"}};
const Fields spaces = {{"My-Header1", " value1"}, {"My-Header2", " \"a   b   c\""}};

// The published test suite (github.com/awslabs/aws-c-auth, tests/aws-signing-test-suite/v4): requests to
// example.amazonaws.com, service "service", us-east-1, empty body. The two cases with a body sign x-amz-content-sha256
// and content-length, which we never send signed: they are checked through the canonical request below.
// clang-format off
const std::vector<Vector> suite = {
    {"header_key_duplicate", "GET /", duplicates, "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea"},
    {"header_value_multiline", "GET /", folded, "cfd34249e4b1c8d6b91ef74165d41a32e5fab3306300901bb65a51a73575eefd"},
    {"header_value_order", "GET /", out_of_order, "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01"},
    {"header_value_trim", "GET /", spaces, "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"},
    {"relative_normalized", "GET /example/..", {}, vanilla},
    {"relative_relative_normalized", "GET /example1/example2/../..", {}, vanilla},
    {"relative_relative_unnormalized", "GET /example1/example2/../..", {},
     "dc33e0856fd4baca4d7aa2146c38958283844764f38c74252a333df5e613003b", raw},
    {"relative_unnormalized", "GET /example/..", {}, "eca7ead57bb5aa5c8e28007acd4ff04e1ff9a0ff3b237ec1554a184887ff9282", raw},
    {"slash_dot_slash_normalized", "GET /./", {}, vanilla},
    {"slash_dot_slash_unnormalized", "GET /./", {}, "68714168e6557f8f2de0ef956fc24dc2593a4bd2961f8df51898d8a134695145", raw},
    {"slash_normalized", "GET //", {}, vanilla},
    {"slash_unnormalized", "GET //", {}, "c88bcd3d312d75078c0cd961d6deae3f4c754924b01669efcfcb439fd5e5b76e", raw},
    {"slash_pointless_dot_normalized", "GET /./example", {}, "ef75d96142cf21edca26f06005da7988e4f8dc83a165a80865db7089db637ec5"},
    {"slash_pointless_dot_unnormalized", "GET /./example", {},
     "beb03f223f7deae4146464f06e29eebbee9c8afbe15c290cf07aa8b119e14cff", raw},
    {"slashes_normalized", "GET //example//", {}, "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84"},
    {"slashes_unnormalized", "GET //example//", {}, "87cca117541a147f6df867677d98a7d80dff226d2bfca9e4ffa899665623c7e5", raw},
    {"space_normalized", "GET /example space/", {}, "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741"},
    {"space_unnormalized", "GET /example space/", {}, "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741", raw},
    {"unreserved", "GET /" UNRESERVED, {}, "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"},
    {"utf8", "GET /\xe1\x88\xb4", {}, "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"},
    {"vanilla", "GET /", {}, vanilla},
    {"empty_query_key", "GET /?Param1=value1", {}, "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb"},
    {"query_order_encoded", "GET /?Param-3=Value3&Param=Value2&%E1%88%B4=Value1", {},
     "371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac"},
    {"query_order_key_case", "GET /?Param2=value2&Param1=value1", {},
     "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
    {"query_unreserved", "GET /?" UNRESERVED "=" UNRESERVED, {},
     "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197"},
    {"utf8_query", "GET /?\xe1\x88\xb4=bar", {}, "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04"},
    {"with_session_token", "GET /", {}, "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8",
     normalized, short_token},
    {"post_header_key_sort", "POST /", {{"My-Header1", "value1"}},
     "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c"},
    {"post_header_value_case", "POST /", {{"My-Header1", "VALUE1"}},
     "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d"},
    {"post_sts_header_before", "POST /", {}, "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead",
     normalized, long_token},
    {"post_vanilla", "POST /", {}, "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
    {"post_vanilla_query", "POST /?Param1=value1", {}, "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11"},
};
// clang-format on
#undef UNRESERVED

class SigV4SuiteTest : public testing::TestWithParam<Vector> {};

TEST_P(SigV4SuiteTest, GivesThePublishedSignature) {
  const Vector& vector = GetParam();
  std::vector<HeaderView> headers = {{"Host", "example.amazonaws.com"}};
  headers.insert(headers.end(), vector.headers.begin(), vector.headers.end());
  const std::string body_hash = hash_of("");
  SignableRequest request;
  const std::size_t space = vector.request.find(' ');
  const std::string_view target = vector.request.substr(space + 1);
  const std::size_t question = target.find('?');
  request.method = vector.request.substr(0, space);
  request.path = target.substr(0, question);
  if (question != std::string_view::npos) request.query = target.substr(question + 1);
  request.headers = headers;
  request.body_sha256 = body_hash;
  SigningKeys keys;
  const Signature signature =
      sign(request, {key_id, secret, vector.token}, {"us-east-1", "service"}, vector_time, keys, vector.form);
  EXPECT_EQ(signature.amz_date, "20150830T123600Z");
  EXPECT_EQ(signature.authorization.substr(signature.authorization.size() - 64), vector.signature);
}

INSTANTIATE_TEST_SUITE_P(Published, SigV4SuiteTest, testing::ValuesIn(suite),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(SigV4Test, TheWholeAuthorizationHeaderIsAsPublished) {
  const std::string body_hash = hash_of("");
  const HeaderView headers[] = {{"Host", "example.amazonaws.com"}};
  SignableRequest request;
  request.method = "GET";
  request.headers = headers;
  request.body_sha256 = body_hash;
  SigningKeys keys;
  EXPECT_EQ(
      sign(request, {key_id, secret, ""}, {"us-east-1", "service"}, vector_time, keys).authorization,
      "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
      "SignedHeaders=host;x-amz-date, Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
}

// post-x-www-form-urlencoded-parameters of the suite.
TEST(SigV4Test, TheCanonicalRequestOfABodyIsAsPublished) {
  const std::string body_hash = hash_of("Param1=value1");
  const HeaderView headers[] = {{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"},
                                {"Host", "example.amazonaws.com"},
                                {"Content-Length", "13"},
                                {"x-amz-date", "20150830T123600Z"},
                                {"x-amz-content-sha256", body_hash}};
  SignableRequest request;
  request.headers = headers;
  request.body_sha256 = body_hash;
  const CanonicalRequest canonical = canonical_request(request, normalized);
  EXPECT_EQ(canonical.text,
            "POST\n/\n\ncontent-length:13\ncontent-type:application/x-www-form-urlencoded; charset=utf-8\n"
            "host:example.amazonaws.com\n"
            "x-amz-content-sha256:9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e\n"
            "x-amz-date:20150830T123600Z\n\n"
            "content-length;content-type;host;x-amz-content-sha256;x-amz-date\n"
            "9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e");
  SigningKeys keys;
  const std::string to_sign =
      string_to_sign("20150830T123600Z", credential_scope("20150830", {"us-east-1", "service"}), canonical.text);
  EXPECT_EQ(core::to_hex(keys.get(secret, "20150830", {"us-east-1", "service"}).sign(as_bytes(to_sign))),
            "328d1b9eaadca9f5818ef05e8392801e091653bafec24fcab71e7344e7f51422");
}

struct KinesisRequest {
  std::string body_hash = hash_of(R"({"StreamName":"s1"})");
  std::vector<HeaderView> headers = {{"content-type", "application/x-amz-json-1.1"},
                                     {"host", "kinesis.us-east-1.amazonaws.com"},
                                     {"x-amz-target", "Kinesis_20131202.ListShards"}};
  SignableRequest get() const {
    SignableRequest request;
    request.headers = headers;
    request.body_sha256 = body_hash;
    return request;
  }
};

std::string signature_of(const SignableRequest& request, std::string_view token = "") {
  SigningKeys keys;
  const std::string authorization =
      sign(request, {key_id, secret, token}, {"us-east-1", "kinesis"}, vector_time, keys).authorization;
  return authorization.substr(authorization.size() - 64);
}

TEST(SigV4Test, SignsAKinesisRequest) {
  const KinesisRequest request;
  EXPECT_EQ(request.body_hash, "c2131f50d9b3f7bad37fed9febfb22a482dcb65488c2da9075fecf7356fb07c0");
  EXPECT_EQ(signature_of(request.get()), "2be4fc8f44eb09cb71197ca65c6acf5d0aec3fe788cd9dad58ff49b8d965696e");
  EXPECT_EQ(signature_of(request.get(), "TOKEN"), "61f70fdb9e61194ccc83386d65fca1c5015a86f540d77efacbbf55ee73592fdc");
}

TEST(SigV4Test, HeadersThatProxiesChangeAreNotSigned) {
  KinesisRequest request;
  const std::string before = signature_of(request.get());
  for (const char* name : {"User-Agent", "connection", "Expect", "X-Amzn-Trace-Id", "content-length", "Authorization",
                           "transfer-encoding", "amz-sdk-request"}) {
    request.headers.push_back({name, "anything"});
  }
  EXPECT_EQ(signature_of(request.get()), before);
  request.headers.push_back({"x-amz-other", "1"});
  EXPECT_NE(signature_of(request.get()), before);
}

TEST(SigV4Test, ADerivedKeyIsKeptApartBySecretDayRegionAndService) {
  SigningKeys keys;
  const auto of = [&](std::string_view key, std::string_view date, std::string_view region, std::string_view service) {
    return core::to_hex(keys.get(key, date, {region, service}).sign(as_bytes("x")));
  };
  const std::string first = of("secret", "20260101", "us-east-1", "kinesis");
  EXPECT_NE(of("secret2", "20260101", "us-east-1", "kinesis"), first);
  EXPECT_NE(of("secret", "20260102", "us-east-1", "kinesis"), first);
  EXPECT_NE(of("secret", "20260101", "us-east-2", "kinesis"), first);
  EXPECT_NE(of("secret", "20260101", "us-east-1", "dynamodb"), first);
  EXPECT_EQ(of("secret", "20260101", "us-east-1", "kinesis"), first);
  for (int i = 0; i < 100; ++i) of("secret" + std::to_string(i), "20260101", "us-east-1", "kinesis");
  EXPECT_EQ(of("secret", "20260101", "us-east-1", "kinesis"), first);
}

// The example of AWS's documentation on deriving a signing key.
TEST(SigV4Test, DerivesTheDocumentedKey) {
  SigningKeys keys;
  EXPECT_EQ(core::to_hex(keys.get(secret, "20150830", {"us-east-1", "iam"})
                             .sign(as_bytes("AWS4-HMAC-SHA256\n20150830T123600Z\n20150830/us-east-1/iam/aws4_request\n"
                                            "f536975d06c0309214f805bb90ccff089219ecd68b2577efef23edd43b7e1a59"))),
            "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7");
}

}  // namespace
}  // namespace kinesis::aws
