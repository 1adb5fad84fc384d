#include "aws/sigv4_verify.hpp"

#include "core/hex.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace kinesis::aws {
namespace {

using namespace std::chrono_literals;

const core::WallTime signed_at{std::chrono::seconds(1440938160)};  // 2015-08-30T12:36:00Z

/// A request signed by us, whose parts a test may change before it is verified.
class VerifyTest : public testing::Test {
 protected:
  VerifyTest() { resign(); }

  void resign(std::string_view token = "", std::string_view service = "kinesis") {
    headers = {{"Host", "kinesis.us-east-1.amazonaws.com"},
               {"Content-Type", "application/x-amz-json-1.1"},
               {"X-Amz-Target", "Kinesis_20131202.ListShards"},
               {"User-Agent", "test"}};
    const Signature signature = sign(request(), {"AKID", "secret", token}, {"us-east-1", service}, signed_at, keys);
    date = signature.amz_date;
    authorization = signature.authorization;
    headers.push_back({"X-Amz-Date", date});
    if (!token.empty()) headers.push_back({"X-Amz-Security-Token", token});
    headers.push_back({"Authorization", authorization});
  }

  SignableRequest request() const {
    SignableRequest result;
    result.headers = headers;
    result.body_sha256 = body_hash;
    return result;
  }

  void set(std::string_view name, std::string_view value) {
    for (HeaderView& header : headers) {
      if (header.name == name) header.value = value;
    }
  }
  void erase(std::string_view name) {
    std::erase_if(headers, [&](const HeaderView& header) { return header.name == name; });
  }
  /// Puts `to` in place of `from` in the authorization header.
  void change(std::string_view from, std::string_view to) {
    const std::size_t at = authorization.find(from);
    ASSERT_NE(at, std::string::npos);
    authorization.replace(at, from.size(), to);
    set("Authorization", authorization);
  }

  VerifyResult verify() {
    VerifyOptions options;
    options.region = "us-east-1";
    options.service = "kinesis";
    options.now = now;
    return verify_signature(
        request(), options,
        [&](std::string_view id) -> std::optional<KnownKey> {
          if (id != "AKID") return std::nullopt;
          return known;
        },
        keys);
  }
  std::string refusal() {
    const VerifyResult result = verify();
    return result.refusal ? result.refusal->code + ": " + result.refusal->message : "accepted";
  }

  SigningKeys keys;
  std::string body_hash = core::to_hex(core::sha256(as_bytes(R"({"StreamName":"s1"})")));
  std::vector<HeaderView> headers;
  std::string date;
  std::string authorization;
  core::WallTime now = signed_at;
  KnownKey known{"secret", "", false};
};

TEST_F(VerifyTest, AcceptsWhatWasSigned) {
  const VerifyResult result = verify();
  EXPECT_FALSE(result.refusal);
  EXPECT_EQ(result.access_key_id, "AKID");
  EXPECT_EQ(result.region, "us-east-1");
}

TEST_F(VerifyTest, HeadersThatWereNotSignedMayChange) {
  set("User-Agent", "another");
  headers.push_back({"x-forwarded-for", "10.0.0.1"});
  EXPECT_EQ(refusal(), "accepted");
}

TEST_F(VerifyTest, AnyChangeToWhatWasSignedIsRefused) {
  const std::string wrong =
      "InvalidSignatureException: The request signature we calculated does not match the signature you provided. Check "
      "your AWS Secret Access Key and signing method. Consult the service documentation for details.";
  set("X-Amz-Target", "Kinesis_20131202.DeleteStream");
  EXPECT_EQ(refusal().substr(0, wrong.size()), wrong);
  resign();
  body_hash = core::to_hex(core::sha256(as_bytes("{}")));
  EXPECT_EQ(refusal().substr(0, wrong.size()), wrong);
  body_hash = core::to_hex(core::sha256(as_bytes(R"({"StreamName":"s1"})")));
  known.secret_access_key = "another";
  EXPECT_EQ(refusal().substr(0, wrong.size()), wrong);
  known.secret_access_key = "secret";
  erase("Content-Type");
  EXPECT_EQ(refusal().substr(0, wrong.size()), wrong);
}

TEST_F(VerifyTest, AMismatchShowsWhatShouldHaveBeenSignedButNoSecret) {
  change("Signature=", "Signature=0");
  const std::string text = refusal();
  EXPECT_NE(text.find("The Canonical String for this request should have been\n'POST\n/\n\ncontent-type:"), text.npos);
  EXPECT_NE(text.find("The String-to-Sign should have been\n'AWS4-HMAC-SHA256\n20150830T123600Z\n"), text.npos);
  EXPECT_EQ(text.find("secret"), text.npos);
}

TEST_F(VerifyTest, WithoutAHeaderTheTokenIsMissing) {
  erase("Authorization");
  EXPECT_EQ(refusal(), "MissingAuthenticationTokenException: Missing Authentication Token");
}

TEST_F(VerifyTest, EveryMissingParameterIsNamed) {
  set("Authorization", "AWS4-HMAC-SHA256 Foo=bar");
  erase("X-Amz-Date");
  EXPECT_EQ(refusal(),
            "IncompleteSignatureException: Authorization header requires 'Credential' parameter. Authorization header "
            "requires 'Signature' parameter. Authorization header requires 'SignedHeaders' parameter. Authorization "
            "header requires existence of either a 'X-Amz-Date' or a 'Date' header. Authorization=AWS4-HMAC-SHA256 "
            "Foo=bar");
}

TEST_F(VerifyTest, ParametersAreKeyValuePairs) {
  set("Authorization", "AWS4-HMAC-SHA256 Signature=b,    Credential,    SignedHeaders");
  EXPECT_EQ(refusal(),
            "IncompleteSignatureException: 'Credential' not a valid key=value pair (missing equal-sign) in "
            "Authorization header: 'AWS4-HMAC-SHA256 Signature=b,    Credential,    SignedHeaders'.");
}

TEST_F(VerifyTest, ParametersMayStandWithoutSpaces) {
  change(", SignedHeaders", ",SignedHeaders");
  change(", Signature", ",Signature");
  EXPECT_EQ(refusal(), "accepted");
}

TEST_F(VerifyTest, AClockMoreThanFiveMinutesOffIsRefused) {
  now = signed_at + 5min;
  EXPECT_EQ(refusal(), "accepted");
  now = signed_at + 5min + 1s;
  EXPECT_EQ(refusal(),
            "InvalidSignatureException: Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z "
            "(20150830T124101Z - 5 min.)");
  now = signed_at - 5min;
  EXPECT_EQ(refusal(), "accepted");
  now = signed_at - 6min;
  EXPECT_EQ(refusal(),
            "InvalidSignatureException: Signature not yet current: 20150830T123600Z is still later than "
            "20150830T123500Z (20150830T123000Z + 5 min.)");
}

TEST_F(VerifyTest, ADateInAnotherFormIsIncomplete) {
  set("X-Amz-Date", "201");
  EXPECT_EQ(refusal(),
            "IncompleteSignatureException: Date must be in ISO-8601 'basic format'. Got '201'. See "
            "http://en.wikipedia.org/wiki/ISO_8601");
}

TEST_F(VerifyTest, TheHostMustBeSigned) {
  change("host;", "");
  EXPECT_EQ(refusal(),
            "InvalidSignatureException: 'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.");
}

TEST_F(VerifyTest, OnlyOneAlgorithmIsKnown) {
  change("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA25");
  EXPECT_EQ(refusal(),
            "IncompleteSignatureException: Unsupported AWS 'algorithm': 'AWS4-HMAC-SHA25' (only AWS4-HMAC-SHA256 for "
            "now). ");
}

TEST_F(VerifyTest, ACredentialHasFiveParts) {
  change("AKID/20150830/us-east-1/kinesis/aws4_request", "a/b/c/d");
  EXPECT_EQ(refusal(),
            "IncompleteSignatureException: Credential must have exactly 5 slash-delimited elements, e.g. "
            "keyid/date/region/service/term, got 'a/b/c/d'");
}

TEST_F(VerifyTest, EveryWrongPartOfTheScopeIsNamed) {
  change("AKID/20150830/us-east-1/kinesis/aws4_request", "a/b/c/d/e");
  EXPECT_EQ(refusal(),
            "InvalidSignatureException: Credential should be scoped to a valid region, not 'c'. Credential should be "
            "scoped to correct service: 'kinesis'. Credential should be scoped with a valid terminator: "
            "'aws4_request', not 'e'. Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date "
            "from HTTP: 'b' != '20150830', from '20150830T123600Z'.");
}

TEST_F(VerifyTest, AnUnknownKeyIsUnrecognized) {
  change("AKID", "AKIX");
  EXPECT_EQ(refusal(), "UnrecognizedClientException: The security token included in the request is invalid.");
}

TEST_F(VerifyTest, ATemporaryKeyNeedsItsTokenInTime) {
  known.session_token = "token";
  EXPECT_EQ(refusal(), "UnrecognizedClientException: The security token included in the request is invalid");
  resign("other");
  EXPECT_EQ(refusal(), "UnrecognizedClientException: The security token included in the request is invalid");
  resign("token");
  EXPECT_EQ(refusal(), "accepted");
  known.expired = true;
  EXPECT_EQ(refusal(), "ExpiredTokenException: The security token included in the request is expired");
}

TEST_F(VerifyTest, GarbageIsRefusedNotCrashedOn) {
  for (const char* text :
       {"", " ", "AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256 ", "AWS4-HMAC-SHA256 =", "AWS4-HMAC-SHA256 ,,,",
        "Basic dXNlcjpwYXNz", "AWS4-HMAC-SHA256 Credential=////,SignedHeaders=;;;host,Signature=x",
        "AWS4-HMAC-SHA256 Credential=/,SignedHeaders=host,Signature=="}) {
    set("Authorization", text);
    EXPECT_NE(refusal(), "accepted") << text;
  }
}

}  // namespace
}  // namespace kinesis::aws
