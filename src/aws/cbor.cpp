#include "aws/cbor.hpp"

#include "aws/shape.hpp"

#include <cmath>

namespace kinesis::aws::cbor {

double Head::number() const noexcept {
  if (info == float64) return std::bit_cast<double>(value);
  if (info == float32) return std::bit_cast<float>(static_cast<std::uint32_t>(value));
  // RFC 8949 appendix D: one sign bit, five of exponent, ten of fraction.
  const int exponent = static_cast<int>(value >> 10) & 31;
  const int fraction = static_cast<int>(value & 1023);
  double number = 0;
  if (exponent == 0) {
    number = std::ldexp(fraction, -24);
  } else if (exponent != 31) {
    number = std::ldexp(fraction + 1024, exponent - 25);
  } else {
    number = fraction == 0 ? HUGE_VAL : std::nan("");
  }
  return (value & 0x8000) != 0 ? -number : number;
}

bool Reader::chunks(const Head& head, std::string& out) {
  Items items{0, true};
  while (next(items)) {
    Head chunk;
    std::string_view part;
    if (!raw_head(chunk)) return false;
    if (chunk.major != head.major || chunk.is_indefinite()) return fail("a chunk is not a string like the whole");
    if (!content(chunk, part)) return false;
    out += part;
  }
  return ok();
}

bool Reader::skip(const Head& head, int depth) {
  if (depth > max_depth) return fail("nested too deeply");
  switch (head.major) {
    case Major::bytes:
    case Major::text: {
      if (!head.is_indefinite()) {
        std::string_view ignored;
        return content(head, ignored);
      }
      std::string ignored;
      return chunks(head, ignored);
    }
    case Major::array:
    case Major::map: {
      Items items;
      if (!begin(head, items)) return false;
      while (next(items)) {
        for (int part = head.major == Major::map ? 2 : 1; part > 0; --part) {
          Head inner;
          if (!this->head(inner) || !skip(inner, depth + 1)) return false;
        }
      }
      return ok();
    }
    default:
      return ok();
  }
}

}  // namespace kinesis::aws::cbor
