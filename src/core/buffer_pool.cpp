#include "core/buffer_pool.hpp"

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <new>

namespace kinesis::core {
namespace {

constexpr std::align_val_t alignment{64};
constexpr std::size_t most_capacity = std::numeric_limits<std::size_t>::max() / 4;

std::byte* allocate(std::size_t capacity) {
  return static_cast<std::byte*>(::operator new(capacity + Buffer::padding, alignment));
}

void free(std::byte* block) noexcept { ::operator delete(block, alignment); }

}  // namespace

Buffer::Buffer(Buffer&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      capacity_(std::exchange(other.capacity_, 0)),
      pool_(std::move(other.pool_)) {}

Buffer& Buffer::operator=(Buffer&& other) noexcept {
  if (this == &other) return *this;
  release();
  data_ = std::exchange(other.data_, nullptr);
  size_ = std::exchange(other.size_, 0);
  capacity_ = std::exchange(other.capacity_, 0);
  pool_ = std::move(other.pool_);
  return *this;
}

void Buffer::release() noexcept {
  if (data_ == nullptr) return;
  if (pool_) {
    pool_->give_back(data_, capacity_);
  } else {
    free(data_);
  }
  data_ = nullptr;
}

void Buffer::reserve(std::size_t capacity) {
  if (capacity <= capacity_) return;
  if (capacity > most_capacity) throw std::bad_alloc();
  const std::size_t wanted = BufferPool::block_size(std::max(capacity, capacity_ * 2));
  std::byte* const block = pool_ ? pool_->acquire(wanted) : allocate(wanted);
  if (size_ > 0) std::memcpy(block, data_, size_);
  release();
  data_ = block;
  capacity_ = wanted;
}

void Buffer::append(BytesView bytes) {
  if (bytes.empty()) return;
  const std::size_t start = size_;
  resize(start + bytes.size());
  std::memcpy(data_ + start, bytes.data(), bytes.size());
}

std::shared_ptr<const Buffer> Buffer::share() && { return std::make_shared<const Buffer>(std::move(*this)); }

Blob Buffer::freeze() && {
  if (size_ == 0) return {};
  std::shared_ptr<const Buffer> owner = std::move(*this).share();
  const BytesView view = owner->bytes();
  return {view, std::move(owner)};
}

std::shared_ptr<BufferPool> BufferPool::create(std::size_t most_idle) {
  return std::shared_ptr<BufferPool>(new BufferPool(most_idle));
}

BufferPool::~BufferPool() { trim(); }

Buffer BufferPool::get(std::size_t capacity) {
  Buffer buffer;
  buffer.pool_ = shared_from_this();
  buffer.reserve(capacity);
  return buffer;
}

std::size_t BufferPool::idle() const {
  const std::lock_guard lock(mutex_);
  return idle_;
}

void BufferPool::trim() {
  const std::lock_guard lock(mutex_);
  for (std::vector<std::byte*>& blocks : free_) {
    for (std::byte* block : blocks) free(block);
    blocks.clear();
  }
  idle_ = 0;
}

std::size_t BufferPool::block_size(std::size_t wanted) noexcept {
  for (const std::size_t size : block_sizes) {
    if (wanted <= size) return size;
  }
  return wanted;
}

std::byte* BufferPool::acquire(std::size_t block_size) {
  const auto size = std::find(block_sizes.begin(), block_sizes.end(), block_size);
  if (size != block_sizes.end()) {
    const std::lock_guard lock(mutex_);
    std::vector<std::byte*>& blocks = free_[static_cast<std::size_t>(size - block_sizes.begin())];
    if (!blocks.empty()) {
      // The one that came back last: its pages are the warmest.
      std::byte* const block = blocks.back();
      blocks.pop_back();
      idle_ -= block_size;
      return block;
    }
    // Giving back may not fail, so the room for it is made here.
    if (blocks.capacity() == 0) blocks.reserve(most_idle_ / block_size);
  }
  return allocate(block_size);
}

void BufferPool::give_back(std::byte* block, std::size_t block_size) noexcept {
  const auto size = std::find(block_sizes.begin(), block_sizes.end(), block_size);
  if (size != block_sizes.end()) {
    const std::lock_guard lock(mutex_);
    std::vector<std::byte*>& blocks = free_[static_cast<std::size_t>(size - block_sizes.begin())];
    // There is room to remember it: reserved when it was first made.
    if (idle_ + block_size <= most_idle_ && blocks.size() < blocks.capacity()) {
      blocks.push_back(block);
      idle_ += block_size;
      return;
    }
  }
  free(block);
}

}  // namespace kinesis::core
