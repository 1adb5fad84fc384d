// URLs, ARNs and numbers as others write them: endpoints of the environment, of profiles and of metadata services.
#include "aws/uri.hpp"
#include "core/uint128.hpp"
#include "emulator/logic/sequence_number.hpp"
#include "http/message.hpp"
#include <kinesis/identifiers.hpp>

#include <cstdlib>

using namespace kinesis;

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);

  if (const auto url = http::Url::parse(text)) {
    // What it says of itself is the same URL again, and fits into a request line.
    const std::string written = url->to_string();
    const auto again = http::Url::parse(written);
    if (!again || again->to_string() != written || again->endpoint != url->endpoint) std::abort();
    if (!again->user_info.empty() || again->path != url->path || again->query != url->query) std::abort();
    for (const char c : url->target()) {
      if (c <= ' ' || c >= 0x7f) std::abort();
    }
    if (url->endpoint.host.empty() || url->endpoint.port == 0 || !url->path.starts_with('/')) std::abort();
  }

  (void)aws::uri_decoded(text);
  if (aws::uri_decoded(aws::uri_encoded(text)) != text) std::abort();

  if (const auto stream = StreamId::parse(text)) {
    if (stream->text() != text || stream->name().empty() || stream->name().size() > 128) std::abort();
    if (stream->is_arn() && (stream->region().empty() || stream->account().empty())) std::abort();
  }
  if (const auto number = SequenceNumber::parse(text)) {
    if (number->view() != text || SequenceNumber(*number) != *number) std::abort();
  }
  if (const auto number = core::Uint128::parse(text)) {
    if (core::Uint128::parse(number->to_string()) != number) std::abort();
  }
  if (const auto parts = emulator::parse_sequence_number(text)) {
    // The shard's number stands in it twice, once in part: what is read is not always what we would write.
    const emulator::SequenceWriter writer(parts->shard_seconds, parts->shard);
    const std::string written = writer.text(parts->index, parts->record_seconds);
    if (emulator::parse_sequence_number(written) != parts) std::abort();
  }
  return 0;
}
