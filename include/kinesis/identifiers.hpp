#pragma once

#include <kinesis/error.hpp>

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace kinesis {

/// A stream, by its name or by its ARN. Converts from both; whatever is neither throws Error(invalid_argument). An ARN
/// is needed for a stream of another account. There is no default: options that have a `StreamId` do not compile
/// without it.
class StreamId {
 public:
  StreamId(const char* name_or_arn) : StreamId(std::string(name_or_arn)) {}
  StreamId(std::string_view name_or_arn) : StreamId(std::string(name_or_arn)) {}
  StreamId(std::string name_or_arn);

  /// The same without throwing: Error(invalid_argument) says what is wrong with `name_or_arn`.
  static Result<StreamId> parse(std::string_view name_or_arn);

  bool is_arn() const noexcept { return name_offset_ != 0; }
  /// The name: 1 to 128 characters of [a-zA-Z0-9_.-]. Of an ARN, its last part.
  std::string_view name() const noexcept { return std::string_view(text_).substr(name_offset_); }
  /// The ARN, or empty if only the name is known.
  std::string_view arn() const noexcept { return is_arn() ? std::string_view(text_) : std::string_view(); }
  /// The region and the account in the ARN, or empty if only the name is known.
  std::string_view region() const noexcept;
  std::string_view account() const noexcept;
  /// What it was made from.
  const std::string& text() const noexcept { return text_; }

  friend bool operator==(const StreamId& left, const StreamId& right) noexcept { return left.text_ == right.text_; }

 private:
  struct Checked {};
  StreamId(Checked, std::string text, std::size_t name_offset) : text_(std::move(text)), name_offset_(name_offset) {}

  std::string text_;
  std::size_t name_offset_ = 0;
};

std::ostream& operator<<(std::ostream& out, const StreamId& stream);

/// The place of a record in its shard: a decimal number of up to 129 digits, as AWS writes it, without leading zeros.
/// Ordered by value. Numbers of up to 62 digits (AWS's have 56) are kept inline: copying one copies 64 bytes and
/// allocates nothing.
class SequenceNumber {
 public:
  static constexpr std::size_t max_digits = 129;

  /// The number 0, which is before every record.
  SequenceNumber() noexcept : size_(1) { text_[0] = '0'; }
  /// Throws Error(invalid_argument) where `parse` has no value.
  explicit SequenceNumber(std::string_view digits);
  SequenceNumber(const SequenceNumber& other) : size_(other.size_) {
    if (other.is_inline()) {
      std::memcpy(text_, other.text_, sizeof text_);
    } else {
      copy_long(other);
    }
  }
  SequenceNumber(SequenceNumber&& other) noexcept { steal(other); }
  SequenceNumber& operator=(const SequenceNumber& other) {
    if (!is_inline() || !other.is_inline()) return *this = SequenceNumber(other);
    size_ = other.size_;
    std::memmove(text_, other.text_, sizeof text_);  // it may be this one
    return *this;
  }
  SequenceNumber& operator=(SequenceNumber&& other) noexcept {
    if (this != &other) {
      release();
      steal(other);
    }
    return *this;
  }
  ~SequenceNumber() { release(); }

  /// Empty unless `digits` matches 0|[1-9][0-9]{0,128}.
  static std::optional<SequenceNumber> parse(std::string_view digits);
  /// The same into an existing object, for decoders: false, and `*this` unchanged, if `digits` is no sequence number.
  bool assign(std::string_view digits);

  /// The digits; valid as long as this object is and is not changed.
  std::string_view view() const noexcept { return {is_inline() ? text_ : long_text(), size_}; }
  std::string to_string() const { return std::string(view()); }

  friend bool operator==(const SequenceNumber& left, const SequenceNumber& right) noexcept {
    return left.view() == right.view();
  }
  friend std::strong_ordering operator<=>(const SequenceNumber& left, const SequenceNumber& right) noexcept {
    if (left.size_ != right.size_) return left.size_ <=> right.size_;
    return std::memcmp(left.view().data(), right.view().data(), left.size_) <=> 0;
  }

 private:
  static constexpr std::size_t inline_digits = 62;

  bool is_inline() const noexcept { return size_ <= inline_digits; }
  const char* long_text() const noexcept {
    const char* text = nullptr;
    std::memcpy(&text, text_, sizeof text);
    return text;
  }
  void steal(SequenceNumber& other) noexcept {
    size_ = other.size_;
    std::memcpy(text_, other.text_, sizeof text_);
    if (!is_inline()) {
      other.size_ = 1;
      other.text_[0] = '0';
    }
  }
  void release() noexcept {
    if (!is_inline()) delete[] long_text();
  }
  void copy_long(const SequenceNumber& other);

  std::uint8_t size_ = 0;
  // The digits, or the pointer to them if there are more than fit.
  char text_[inline_digits + 1] = {};
};

std::ostream& operator<<(std::ostream& out, const SequenceNumber& number);

/// The id of a shard as AWS writes it, such as "shardId-000000000007".
using ShardId = std::string;

/// The id of a shard, for what there is one of for each record: ids of up to 23 characters (AWS's have 20) are kept
/// inline, and copies of longer ones share them; copying one allocates nothing. Converts from and to text.
class ShardName {
 public:
  ShardName() noexcept = default;
  ShardName(std::string_view id) {
    if (id.size() <= text_.size()) {
      size_ = static_cast<std::uint8_t>(id.copy(text_.data(), id.size()));
    } else {
      long_ = std::make_shared<const std::string>(id);
    }
  }
  ShardName(const std::string& id) : ShardName(std::string_view(id)) {}
  ShardName(const char* id) : ShardName(std::string_view(id)) {}

  /// Valid as long as this object is and is not changed.
  std::string_view view() const noexcept {
    return long_ ? std::string_view(*long_) : std::string_view(text_.data(), size_);
  }
  bool empty() const noexcept { return view().empty(); }
  operator std::string_view() const noexcept { return view(); }
  operator std::string() const { return std::string(view()); }

  friend bool operator==(const ShardName& left, const ShardName& right) noexcept { return left.view() == right.view(); }
  friend auto operator<=>(const ShardName& left, const ShardName& right) noexcept {
    return left.view() <=> right.view();
  }

 private:
  std::array<char, 23> text_{};
  std::uint8_t size_ = 0;
  std::shared_ptr<const std::string> long_;  ///< Instead, where it does not fit.
};

std::ostream& operator<<(std::ostream& out, const ShardName& name);

/// The name of a consuming application: workers with the same name share its shards, its lease table and its fan-out
/// consumer. 1 to 255 characters of [a-zA-Z0-9_.-]; anything else throws Error(invalid_argument). There is no default.
class ApplicationName {
 public:
  ApplicationName(const char* name) : ApplicationName(std::string(name)) {}
  ApplicationName(std::string_view name) : ApplicationName(std::string(name)) {}
  ApplicationName(std::string name);

  const std::string& text() const noexcept { return text_; }
  friend bool operator==(const ApplicationName&, const ApplicationName&) = default;

 private:
  std::string text_;
};

/// The name of one worker of an application. Two workers that run at the same time must never have the same one: each
/// would believe to own the other's leases. 1 to 255 printable ASCII characters without blanks; anything else throws
/// Error(invalid_argument).
class WorkerId {
 public:
  /// Host name, process id and random digits: another one each time.
  static WorkerId unique();
  WorkerId(const char* id) : WorkerId(std::string(id)) {}
  WorkerId(std::string_view id) : WorkerId(std::string(id)) {}
  WorkerId(std::string id);

  const std::string& text() const noexcept { return text_; }
  friend bool operator==(const WorkerId&, const WorkerId&) = default;

 private:
  std::string text_;
};

std::ostream& operator<<(std::ostream& out, const ApplicationName& name);
std::ostream& operator<<(std::ostream& out, const WorkerId& id);

}  // namespace kinesis

template <>
struct std::hash<kinesis::ShardName> {
  std::size_t operator()(const kinesis::ShardName& name) const noexcept {
    return std::hash<std::string_view>()(name.view());
  }
};
template <>
struct std::hash<kinesis::SequenceNumber> {
  std::size_t operator()(const kinesis::SequenceNumber& number) const noexcept {
    return std::hash<std::string_view>()(number.view());
  }
};
template <>
struct std::hash<kinesis::StreamId> {
  std::size_t operator()(const kinesis::StreamId& stream) const noexcept {
    return std::hash<std::string>()(stream.text());
  }
};
