#include <kinesis/bytes.hpp>

namespace kinesis {

Blob::Blob(std::string text) {
  if (text.empty()) return;
  auto owner = std::make_shared<const std::string>(std::move(text));
  bytes_ = as_bytes(*owner);
  owner_ = std::move(owner);
}

Blob::Blob(Bytes bytes) {
  if (bytes.empty()) return;
  auto owner = std::make_shared<const Bytes>(std::move(bytes));
  bytes_ = *owner;
  owner_ = std::move(owner);
}

Blob Blob::copy_of(BytesView bytes) {
  if (bytes.empty()) return {};
  // One allocation for the count and the bytes.
  auto owner = std::make_shared_for_overwrite<std::byte[]>(bytes.size());
  std::memcpy(owner.get(), bytes.data(), bytes.size());
  const BytesView view(owner.get(), bytes.size());
  return {view, std::move(owner)};
}

}  // namespace kinesis
