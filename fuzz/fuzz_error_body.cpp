// Answers that are errors, in whatever they are written: always an error, never a surprise.
#include "aws/dynamodb_errors.hpp"
#include "aws/protocol.hpp"

#include <cstdlib>

using namespace kinesis;
using namespace kinesis::aws;

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view types[] = {"application/x-amz-json-1.1", "application/x-amz-cbor-1.1", "text/xml", ""};
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  // The first byte chooses the content type, the second how much of the rest is the error header.
  const std::size_t header_size = std::min<std::size_t>(data[1] % 64, size - 2);
  ErrorHeaders headers;
  headers.content_type = types[data[0] % 4];
  headers.error_type = text.substr(2, header_size);
  headers.request_id = headers.error_type;
  const std::string_view body = text.substr(2 + header_size);
  for (const int status : {301, 400, 403, 500, 503}) {
    const Error error = error_of(status, headers, Blob::copy_of(as_bytes(body)));
    for (const char c : std::string_view(error.what())) {
      if (c == '\n' || c == '\r') std::abort();
    }
    if (error.message().empty() || error.message().size() > 1'003) std::abort();
    (void)write_item_response(error, body, Padding::none);
    (void)transaction_response(error, body, Padding::none);
    for (const BodyFormat format : {BodyFormat::json, BodyFormat::cbor, BodyFormat::xml}) {
      const auto answer = error_answer(error, Service::dynamodb, format, "id");
      if (answer.body.empty()) std::abort();
    }
  }
  return 0;
}
