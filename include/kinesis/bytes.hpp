#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kinesis {

/// Bytes that are being written.
using Bytes = std::vector<std::byte>;
/// Bytes somebody else owns.
using BytesView = std::span<const std::byte>;

inline BytesView as_bytes(std::string_view text) noexcept {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}
inline std::string_view as_text(BytesView bytes) noexcept {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
inline void append(Bytes& out, BytesView bytes) { out.insert(out.end(), bytes.begin(), bytes.end()); }

/// An immutable byte string that shares its storage: copying copies a pointer, and a blob keeps alive whatever it is a
/// part of. Data of received records are blobs over the answer they came in: one small record that is kept keeps the
/// whole answer (up to 10 MiB) alive; take `Blob::copy_of(blob.bytes())` to keep only its bytes. Safe to read from
/// several threads.
class Blob {
 public:
  Blob() = default;
  /// Takes over a string or a vector, without copying its bytes.
  Blob(std::string text);
  Blob(Bytes bytes);
  /// A copy of `text`.
  Blob(const char* text) : Blob(std::string(text)) {}
  /// A part of something that `owner` keeps alive.
  Blob(BytesView bytes, std::shared_ptr<const void> owner) noexcept : bytes_(bytes), owner_(std::move(owner)) {}

  static Blob copy_of(BytesView bytes);

  /// Becomes `Blob(bytes, owner)`, without counting owners anew if it already has that one.
  void rebind(BytesView bytes, const std::shared_ptr<const void>& owner) noexcept {
    bytes_ = bytes;
    if (owner_.owner_before(owner) || owner.owner_before(owner_)) owner_ = owner;
  }

  BytesView bytes() const noexcept { return bytes_; }
  std::string_view text() const noexcept { return as_text(bytes_); }
  std::size_t size() const noexcept { return bytes_.size(); }
  bool empty() const noexcept { return bytes_.empty(); }
  const std::shared_ptr<const void>& owner() const noexcept { return owner_; }

  friend bool operator==(const Blob& left, const Blob& right) noexcept { return left.text() == right.text(); }

 private:
  BytesView bytes_;
  std::shared_ptr<const void> owner_;
};

}  // namespace kinesis
