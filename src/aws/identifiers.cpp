#include <kinesis/identifiers.hpp>

#include <array>
#include <ostream>
#include <random>
#include <unistd.h>

namespace kinesis {
namespace {

bool is_name_character(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
}

bool is_name(std::string_view text, std::size_t max_size) noexcept {
  if (text.empty() || text.size() > max_size) return false;
  for (char c : text) {
    if (!is_name_character(c)) return false;
  }
  return true;
}

// The parts of arn:partition:kinesis:region:account:resource, or nothing.
using ArnParts = std::array<std::string_view, 6>;
std::optional<ArnParts> split_arn(std::string_view text) noexcept {
  ArnParts parts;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto colon = i + 1 < parts.size() ? text.find(':') : std::string_view::npos;
    if (i + 1 < parts.size() && colon == std::string_view::npos) return std::nullopt;
    parts[i] = text.substr(0, colon);
    if (colon != std::string_view::npos) text.remove_prefix(colon + 1);
  }
  return parts;
}

// What partitions and regions are made of.
bool is_place(std::string_view text) noexcept {
  if (text.empty() || text.size() > 64) return false;
  for (char c : text) {
    if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-')) return false;
  }
  return true;
}

bool is_account(std::string_view text) noexcept {
  if (text.size() != 12) return false;
  for (char c : text) {
    if (c < '0' || c > '9') return false;
  }
  return true;
}

// Cuts what is shown of foreign text, and keeps control characters out of logs.
std::string quoted(std::string_view text) {
  constexpr std::size_t max_shown = 80;
  std::string out = "\"";
  for (char c : text.substr(0, max_shown)) out += c >= ' ' && c <= '~' ? c : '?';
  if (text.size() > max_shown) out += "...";
  return out += '"';
}

constexpr std::string_view stream_resource = "stream/";

// Where the stream's name starts in `text`, or what is wrong with it.
Result<std::size_t> check_stream(std::string_view text) {
  if (!text.starts_with("arn:")) {
    if (is_name(text, 128)) return std::size_t{0};
    return Error(errc::invalid_argument,
                 "stream " + quoted(text) + " is neither an ARN nor a name of 1 to 128 characters of [a-zA-Z0-9_.-]");
  }
  const auto parts = split_arn(text);
  if (!parts || !(*parts)[1].starts_with("aws") || !is_place((*parts)[1]) || (*parts)[2] != "kinesis" ||
      !is_place((*parts)[3]) || !is_account((*parts)[4]) || !(*parts)[5].starts_with(stream_resource) ||
      !is_name((*parts)[5].substr(stream_resource.size()), 128)) {
    return Error(errc::invalid_argument,
                 quoted(text) + " is not the ARN of a stream, arn:aws:kinesis:<region>:<account>:stream/<name>");
  }
  return text.size() - ((*parts)[5].size() - stream_resource.size());
}

bool is_sequence_number(std::string_view text) noexcept {
  if (text.empty() || text.size() > SequenceNumber::max_digits) return false;
  if (text[0] == '0') return text.size() == 1;
  const char* at = text.data();
  const char* const end = at + text.size();
  // Eight digits at a time: a digit has the high half 3, and still has it after adding 6.
  std::uint64_t bad = 0;
  for (; end - at >= 8; at += 8) {
    std::uint64_t eight = 0;
    std::memcpy(&eight, at, sizeof eight);
    bad |= (eight & 0xF0F0F0F0F0F0F0F0u) ^ 0x3030303030303030u;
    bad |= ((eight + 0x0606060606060606u) & 0xF0F0F0F0F0F0F0F0u) ^ 0x3030303030303030u;
  }
  for (; at != end; ++at) bad |= static_cast<unsigned char>(*at - '0') > 9 ? 1 : 0;
  return bad == 0;
}

}  // namespace

StreamId::StreamId(std::string name_or_arn)
    : text_(std::move(name_or_arn)), name_offset_(check_stream(text_).value()) {}

Result<StreamId> StreamId::parse(std::string_view name_or_arn) {
  const auto offset = check_stream(name_or_arn);
  if (!offset) return offset.error();
  return StreamId(Checked(), std::string(name_or_arn), *offset);
}

std::string_view StreamId::region() const noexcept { return is_arn() ? (*split_arn(text_))[3] : std::string_view(); }
std::string_view StreamId::account() const noexcept { return is_arn() ? (*split_arn(text_))[4] : std::string_view(); }

std::ostream& operator<<(std::ostream& out, const StreamId& stream) { return out << stream.text(); }

SequenceNumber::SequenceNumber(std::string_view digits) : SequenceNumber() {
  if (!assign(digits)) throw Error(errc::invalid_argument, quoted(digits) + " is not a sequence number");
}

std::optional<SequenceNumber> SequenceNumber::parse(std::string_view digits) {
  std::optional<SequenceNumber> number(std::in_place);
  if (!number->assign(digits)) number.reset();
  return number;
}

bool SequenceNumber::assign(std::string_view digits) {
  if (!is_sequence_number(digits)) return false;
  if (digits.size() <= inline_digits) {
    char copy[inline_digits];  // `digits` may be our own
    std::memcpy(copy, digits.data(), digits.size());
    release();
    std::memcpy(text_, copy, digits.size());
    size_ = static_cast<std::uint8_t>(digits.size());
    return true;
  }
  char* const text = new char[digits.size()];
  std::memcpy(text, digits.data(), digits.size());
  release();
  std::memcpy(text_, &text, sizeof text);
  size_ = static_cast<std::uint8_t>(digits.size());
  return true;
}

void SequenceNumber::copy_long(const SequenceNumber& other) {
  char* const text = new char[other.size_];
  std::memcpy(text, other.long_text(), other.size_);
  std::memcpy(text_, &text, sizeof text);
}

std::ostream& operator<<(std::ostream& out, const SequenceNumber& number) { return out << number.view(); }
std::ostream& operator<<(std::ostream& out, const ShardName& name) { return out << name.view(); }

ApplicationName::ApplicationName(std::string name) : text_(std::move(name)) {
  if (!is_name(text_, 255)) {
    throw Error(errc::invalid_argument,
                "application name " + quoted(text_) + " is not 1 to 255 characters of [a-zA-Z0-9_.-]");
  }
}

WorkerId::WorkerId(std::string id) : text_(std::move(id)) {
  bool good = !text_.empty() && text_.size() <= 255;
  for (char c : text_) good = good && c > ' ' && c <= '~';
  if (!good) {
    throw Error(errc::invalid_argument,
                "worker id " + quoted(text_) + " is not 1 to 255 printable characters without blanks");
  }
}

WorkerId WorkerId::unique() {
  std::array<char, 200> host{};
  if (gethostname(host.data(), host.size() - 1) != 0) host[0] = '\0';
  std::string id;
  for (const char* c = host.data(); *c != '\0'; ++c) {
    if (*c > ' ' && *c <= '~') id += *c;
  }
  if (id.empty()) id = "worker";
  id += ':' + std::to_string(getpid()) + ':';
  std::random_device random;
  for (int word = 0; word < 2; ++word) {
    auto bits = random();
    for (int digit = 0; digit < 8; ++digit, bits >>= 4) id += "0123456789abcdef"[bits & 15];
  }
  return WorkerId(std::move(id));
}

std::ostream& operator<<(std::ostream& out, const ApplicationName& name) { return out << name.text(); }
std::ostream& operator<<(std::ostream& out, const WorkerId& id) { return out << id.text(); }

}  // namespace kinesis
