// Signatures of requests as a server judges them. The input is lines: authorization, date, method, path, query, then
// headers.
#include "aws/sigv4.hpp"
#include "aws/sigv4_verify.hpp"
#include "http/message.hpp"

#include <cstdlib>
#include <string>
#include <vector>

using namespace kinesis;
using namespace kinesis::aws;

namespace {

constexpr std::string_view some_hash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

std::string_view next_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return line;
}

std::optional<KnownKey> find_key(std::string_view id) {
  if (id == "unknown") return std::nullopt;
  KnownKey key;
  key.secret_access_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
  return key;
}

bool is_reserved(std::string_view name) {
  return name == "authorization" || name == "host" || name == "date" || name.starts_with("x-amz-");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  static SigningKeys keys;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string_view authorization = next_line(text);
  const std::string_view date = next_line(text);
  SignableRequest request;
  request.method = next_line(text);
  request.path = next_line(text);
  request.query = next_line(text);
  request.body_sha256 = some_hash;
  http::Headers given;
  while (!text.empty()) {
    std::string_view line = next_line(text);
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    try {
      given.add(line.substr(0, colon), line.substr(colon + 1));
    } catch (const Error&) {
      continue;  // HTTP lets none of these through
    }
  }

  VerifyOptions options;
  options.region = "us-east-1";
  options.service = "kinesis";
  options.now = *core::parse_amz_date("20260102T030405Z");
  std::vector<HeaderView> headers{{"host", "example.com"}, {"authorization", authorization}, {"x-amz-date", date}};
  for (const auto field : given) headers.push_back({field.name, field.value});
  request.headers = headers;
  const VerifyResult judged = verify_signature(request, options, find_key, keys);
  if (judged.refusal && (judged.refusal->code.empty() || judged.refusal->message.size() > 30'000)) std::abort();
  options.region = "";
  (void)verify_signature(request, options, find_key, keys);

  // What we sign ourselves is right, whatever the request.
  headers.resize(1);
  for (const auto field : given) {
    if (!is_reserved(field.name)) headers.push_back({field.name, field.value});
  }
  request.headers = headers;
  const SigningIdentity identity{"id", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", ""};
  const Signature signature = sign(request, identity, SigningScope{"us-east-1", "kinesis"}, options.now, keys);
  headers.push_back({"x-amz-date", signature.amz_date});
  headers.push_back({"authorization", signature.authorization});
  request.headers = headers;
  if (verify_signature(request, options, find_key, keys).refusal) std::abort();
  return 0;
}
