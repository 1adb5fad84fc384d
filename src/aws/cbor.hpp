#pragma once

#include <kinesis/bytes.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

// CBOR (RFC 8949), item by item: what the formats above it are made of. Everything here is inline: it is the hot path
// of consumers.
namespace kinesis::aws::cbor {

enum class Major : std::uint8_t {
  unsigned_integer = 0,
  negative_integer = 1,
  bytes = 2,
  text = 3,
  array = 4,
  map = 5,
  tag = 6,
  other = 7,  ///< false, true, null, undefined, floats, and the break that ends an indefinite item
};

inline constexpr std::uint8_t simple_false = 20;
inline constexpr std::uint8_t simple_true = 21;
inline constexpr std::uint8_t simple_null = 22;
inline constexpr std::uint8_t simple_undefined = 23;
inline constexpr std::uint8_t float16 = 25;
inline constexpr std::uint8_t float32 = 26;
inline constexpr std::uint8_t float64 = 27;
inline constexpr std::uint8_t indefinite = 31;
inline constexpr unsigned char break_byte = 0xFF;

template <class Unsigned>
Unsigned load_big_endian(const unsigned char* at) noexcept {
  Unsigned value;
  std::memcpy(&value, at, sizeof value);
  static_assert(std::endian::native == std::endian::little || std::endian::native == std::endian::big);
  if constexpr (std::endian::native == std::endian::big || sizeof(Unsigned) == 1)
    return value;
  else if constexpr (sizeof(Unsigned) == 2)
    return static_cast<Unsigned>(__builtin_bswap16(value));
  else if constexpr (sizeof(Unsigned) == 4)
    return __builtin_bswap32(value);
  else
    return __builtin_bswap64(value);
}
template <class Unsigned>
void store_big_endian(char* at, Unsigned value) noexcept {
  const auto swapped = load_big_endian<Unsigned>(reinterpret_cast<const unsigned char*>(&value));
  std::memcpy(at, &swapped, sizeof swapped);
}

/// The start of an item: what it is, and its argument (a number, a length, a count, the bits of a float).
struct Head {
  Major major = Major::other;
  std::uint8_t info = 0;
  std::uint64_t value = 0;

  bool is_indefinite() const noexcept { return info == indefinite; }
  bool is_string() const noexcept { return major == Major::text || major == Major::bytes; }
  bool is_null() const noexcept { return major == Major::other && (info == simple_null || info == simple_undefined); }
  bool is_bool() const noexcept { return major == Major::other && (info == simple_false || info == simple_true); }
  bool is_float() const noexcept { return major == Major::other && info >= float16 && info <= float64; }
  /// The value of a float of any width.
  double number() const noexcept;
};

/// What is left of an array or a map.
struct Items {
  std::uint64_t left = 0;
  bool is_indefinite = false;
};

/// Reads items from left to right. A failure is kept: everything after it fails too, so a caller may look once at the
/// end. Views it hands out are parts of the input.
class Reader {
 public:
  explicit Reader(BytesView input) noexcept
      : at_(reinterpret_cast<const unsigned char*>(input.data())), end_(at_ + input.size()), begin_(at_) {}

  bool ok() const noexcept { return error_ == nullptr; }
  /// What was wrong first. Never null if something was.
  const char* error() const noexcept { return error_; }
  bool at_end() const noexcept { return at_ == end_; }
  std::size_t position() const noexcept { return static_cast<std::size_t>(at_ - begin_); }
  std::size_t remaining() const noexcept { return static_cast<std::size_t>(end_ - at_); }

  bool fail(const char* what) noexcept {
    if (error_ == nullptr) error_ = what;
    at_ = end_;
    return false;
  }

  /// The head of the next item, tags left out. A break is an error: `next` takes those that may stand here.
  bool head(Head& out) noexcept {
    do {
      if (!raw_head(out)) return false;
    } while (out.major == Major::tag);
    return true;
  }

  /// The content of a string of definite length, after its head.
  bool content(const Head& head, std::string_view& out) noexcept {
    if (head.value > remaining()) return fail("a string is longer than the message");
    out = {reinterpret_cast<const char*>(at_), static_cast<std::size_t>(head.value)};
    at_ += head.value;
    return true;
  }
  /// The chunks of a string of indefinite length, behind each other, after its head.
  bool chunks(const Head& head, std::string& out);

  /// A string as a view; one in chunks is put together in `joined`, which the view then is of.
  bool string(const Head& head, std::string_view& out, std::string& joined) {
    if (!head.is_string()) return fail("expected a string");
    if (!head.is_indefinite()) return content(head, out);
    joined.clear();
    if (!chunks(head, joined)) return false;
    out = joined;
    return true;
  }

  /// Starts the items of an array, or the pairs of a map, after its head.
  bool begin(const Head& head, Items& out) noexcept {
    out.is_indefinite = head.is_indefinite();
    out.left = head.value;
    // Each item has at least one byte.
    const std::uint64_t most = head.major == Major::map ? remaining() / 2 : remaining();
    if (!out.is_indefinite && head.value > most)
      return fail("an array or map has more items than the message has bytes");
    return true;
  }
  /// True if another item (or pair) follows; false at the end and after a failure.
  bool next(Items& items) noexcept {
    if (!items.is_indefinite) {
      if (items.left == 0 || error_ != nullptr) return false;
      --items.left;
      return true;
    }
    if (at_ == end_) return fail("the message ends inside an array or map");
    if (*at_ != break_byte) return true;
    ++at_;
    return false;
  }

  /// The key of a pair: a string, or something else that fails. One in chunks is put together in `joined`.
  bool key(std::string_view& out, std::string& joined) {
    // Almost always a text of up to 23 bytes.
    if (at_ != end_ && *at_ >= 0x60 && *at_ <= 0x77) {
      const std::size_t size = *at_ - 0x60u;
      if (size < remaining()) {
        out = {reinterpret_cast<const char*>(at_ + 1), size};
        at_ += size + 1;
        return true;
      }
    }
    Head head;
    return this->head(head) && string(head, out, joined);
  }

  /// Skips an item whose head was read, with everything inside.
  bool skip(const Head& head, int depth = 0);
  bool skip_next() {
    Head next;
    return head(next) && skip(next);
  }

  bool raw_head(Head& out) noexcept {
    if (at_ == end_) return fail(error_ == nullptr ? "the message ends early" : error_);
    const unsigned char first = *at_++;
    out.major = static_cast<Major>(first >> 5);
    out.info = first & 31;
    if (out.info < 24) {
      out.value = out.info;
      return true;
    }
    return long_head(out);
  }

 private:
  bool long_head(Head& out) noexcept {
    switch (out.info) {
      case 24:
        return argument<std::uint8_t>(out.value);
      case 25:
        return argument<std::uint16_t>(out.value);
      case 26:
        return argument<std::uint32_t>(out.value);
      case 27:
        return argument<std::uint64_t>(out.value);
      case indefinite:
        out.value = 0;
        if (out.major >= Major::bytes && out.major <= Major::map) return true;
        return fail(out.major == Major::other ? "a break where an item was expected" : "a number of indefinite length");
      default:
        return fail("a reserved kind of item");
    }
  }
  template <class Unsigned>
  bool argument(std::uint64_t& out) noexcept {
    if (remaining() < sizeof(Unsigned)) return fail("the message ends early");
    out = load_big_endian<Unsigned>(at_);
    at_ += sizeof(Unsigned);
    return true;
  }

  const unsigned char* at_;
  const unsigned char* end_;
  const unsigned char* begin_;
  const char* error_ = nullptr;
};

/// Bytes of a head with this argument.
inline constexpr std::size_t head_size(std::uint64_t value) noexcept {
  if (value < 24) return 1;
  if (value <= 0xFF) return 2;
  if (value <= 0xFFFF) return 3;
  return value <= 0xFFFFFFFF ? 5 : 9;
}
/// Writes a head in its shortest form, into room for 9 bytes. Returns the end.
inline char* put_head(char* at, Major major, std::uint64_t value) noexcept {
  const auto first = static_cast<unsigned char>(static_cast<unsigned>(major) << 5);
  if (value < 24) {
    *at = static_cast<char>(first | value);
    return at + 1;
  }
  if (value <= 0xFF) {
    *at = static_cast<char>(first | 24);
    at[1] = static_cast<char>(value);
    return at + 2;
  }
  if (value <= 0xFFFF) {
    *at = static_cast<char>(first | 25);
    store_big_endian(at + 1, static_cast<std::uint16_t>(value));
    return at + 3;
  }
  if (value <= 0xFFFFFFFF) {
    *at = static_cast<char>(first | 26);
    store_big_endian(at + 1, static_cast<std::uint32_t>(value));
    return at + 5;
  }
  *at = static_cast<char>(first | 27);
  store_big_endian(at + 1, value);
  return at + 9;
}
inline char* put_integer(char* at, std::int64_t value) noexcept {
  return value < 0 ? put_head(at, Major::negative_integer, ~static_cast<std::uint64_t>(value))
                   : put_head(at, Major::unsigned_integer, static_cast<std::uint64_t>(value));
}
inline constexpr std::size_t integer_size(std::int64_t value) noexcept {
  return head_size(value < 0 ? ~static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value));
}

/// Appends items to a string: definite lengths, shortest heads.
class Writer {
 public:
  explicit Writer(std::string& out) noexcept : out_(out) {}

  void head(Major major, std::uint64_t value) {
    char bytes[9];
    out_.append(bytes, static_cast<std::size_t>(put_head(bytes, major, value) - bytes));
  }
  void integer(std::int64_t value) {
    char bytes[9];
    out_.append(bytes, static_cast<std::size_t>(put_integer(bytes, value) - bytes));
  }
  void text(std::string_view value) {
    head(Major::text, value.size());
    out_.append(value);
  }
  void bytes(BytesView value) {
    head(Major::bytes, value.size());
    out_.append(as_text(value));
  }
  void boolean(bool value) { out_ += static_cast<char>(0xE0 | (value ? simple_true : simple_false)); }
  void null() { out_ += static_cast<char>(0xE0 | simple_null); }
  void number(double value) {
    out_ += static_cast<char>(0xE0 | float64);
    char bytes[8];
    store_big_endian(bytes, std::bit_cast<std::uint64_t>(value));
    out_.append(bytes, sizeof bytes);
  }
  void array(std::size_t items) { head(Major::array, items); }
  void map(std::size_t pairs) { head(Major::map, pairs); }
  void tag(std::uint64_t value) { head(Major::tag, value); }

 private:
  std::string& out_;
};

}  // namespace kinesis::aws::cbor
