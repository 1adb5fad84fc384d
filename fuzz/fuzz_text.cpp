// Times, base64 and hexadecimal digits: what headers and documents of others are made of.
#include "core/base64.hpp"
#include "core/hex.hpp"
#include "core/time_format.hpp"
#include "core/utf8.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>

using namespace kinesis;
using namespace kinesis::core;

namespace {

const WallTime first_time = *parse_iso8601("1678-01-01T00:00:00Z");
const WallTime end_time = *parse_iso8601("2261-12-31T23:59:59Z");

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);

  // Each form gives its time back, as exactly as it writes it.
  for (const auto& time : {parse_iso8601(text), parse_amz_date(text), parse_http_date(text)}) {
    // A zone or a leap second can take a time across the limits of years, where text is refused.
    if (!time || *time < first_time || *time >= end_time) continue;
    const auto seconds = std::chrono::floor<std::chrono::seconds>(*time);
    if (parse_iso8601(format_iso8601(*time)) != std::chrono::floor<std::chrono::milliseconds>(*time)) std::abort();
    if (const auto again = parse_amz_date(format_amz_date(*time)); again != seconds) std::abort();
    if (const auto again = parse_http_date(format_http_date(*time)); again != seconds) std::abort();
  }

  const auto decoded = base64_decode(text);
  for (const Base64Kernel kernel : {Base64Kernel::table, Base64Kernel::ssse3}) {
    if (!supported(kernel)) continue;
    Bytes out(base64_decoded_capacity(size));
    const auto length = base64_decode(text, out.data(), kernel);
    if (length.has_value() != decoded.has_value()) std::abort();
    if (length && (*length > out.size() || !std::equal(decoded->begin(), decoded->end(), out.begin()))) std::abort();
    std::string encoded(base64_encoded_size(size), '\0');
    if (base64_encode(as_bytes(text), encoded.data(), kernel) != encoded.size()) std::abort();
    if (encoded != base64_encode(as_bytes(text))) std::abort();
    const auto back = base64_decode(encoded);
    if (!back || as_text(*back) != text) std::abort();
  }
  if (decoded && base64_encode(*decoded) != text) std::abort();

  const auto hex = from_hex(text);
  if (hex && hex->size() * 2 != size) std::abort();
  if (const auto back = from_hex(to_hex(as_bytes(text))); !back || as_text(*back) != text) std::abort();
  return 0;
}
