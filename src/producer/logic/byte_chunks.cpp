#include "producer/logic/byte_chunks.hpp"

#include "core/sanitizer.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace kinesis::producer {

BytesView ByteChunks::copy(BytesView bytes) {
  if (bytes.empty()) return {};
  if (static_cast<std::size_t>(end_ - next_) < bytes.size()) begin_chunk(bytes.size());
  std::memcpy(next_, bytes.data(), bytes.size());
  return {std::exchange(next_, next_ + bytes.size()), bytes.size()};
}

void ByteChunks::begin_chunk(std::size_t least) {
  const auto large_enough = [&](const core::Pages& chunk) { return chunk.size() >= least; };
  const auto free = chunks_.begin() + static_cast<std::ptrdiff_t>(used_);
  const auto found = std::find_if(free, chunks_.end(), large_enough);
  if (found != chunks_.end()) {
    std::swap(*free, *found);
  } else {
    chunks_.insert(free, core::Pages(std::max(least, chunk_bytes)));
  }
  next_ = chunks_[used_].data();
  end_ = next_ + chunks_[used_].size();
  ++used_;
}

void ByteChunks::clear() noexcept {
  std::erase_if(chunks_, [](const core::Pages& chunk) { return chunk.size() > chunk_bytes; });
  chunks_.resize(std::min(chunks_.size(), KINESIS_ADDRESS_SANITIZER ? 0 : most_kept));
  used_ = 0;
  next_ = nullptr;
  end_ = nullptr;
}

void ByteChunks::trim() noexcept {
  if (can_trim()) chunks_.resize(kept_when_idle);
}

}  // namespace kinesis::producer
