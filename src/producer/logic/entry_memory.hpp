#pragma once

#include "aggregation/aggregate_writer.hpp"
#include "core/pages.hpp"
#include <kinesis/bytes.hpp>
#include <kinesis/detail/block_memory.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace kinesis::producer {

/// The bytes of an aggregate that waits to be sent. Large ones have pages of their own: what a flood took goes back to
/// the system when it is over.
class SealedBytes {
 public:
  /// Pages come in blocks of 16 KiB, because what the next aggregate needs differs a little; those that nothing is
  /// written to take no memory.
  static constexpr std::size_t block = std::size_t{16} << 10;
  static constexpr std::size_t blocks(std::size_t size) noexcept { return (size + block - 1) / block; }

  explicit SealedBytes(std::size_t size) : size_(size) {
    if (size >= block) {
      pages_ = core::Pages(blocks(size) * block);
    } else {
      small_ = static_cast<std::byte*>(detail::allocate_block(size));
    }
  }
  SealedBytes(const SealedBytes&) = delete;
  SealedBytes& operator=(const SealedBytes&) = delete;
  ~SealedBytes() {
    if (small_ != nullptr) detail::free_block(small_, size_);
  }
  /// Uses the pages of one that is not needed any more.
  SealedBytes(core::Pages pages, std::size_t size) noexcept : pages_(std::move(pages)), size_(size) {}

  std::span<std::byte> span() noexcept { return {small_ != nullptr ? small_ : pages_.data(), size_}; }
  core::Pages take_pages() noexcept { return std::move(pages_); }

 private:
  std::byte* small_ = nullptr;
  core::Pages pages_;
  std::size_t size_;
};

/// Memory that entries leave to the next ones: writers with their tables, and the bytes of aggregates that were sent.
/// Fresh pages cost more than what is written to them. Not thread-safe.
class EntryMemory {
 public:
  /// An empty one.
  std::unique_ptr<aggregation::AggregateWriter> writer() {
    if (writers_.empty()) return std::make_unique<aggregation::AggregateWriter>();
    auto writer = std::move(writers_.back().writer);
    kept_ -= writers_.back().bytes;
    writers_.pop_back();
    return writer;
  }
  void give_back(std::unique_ptr<aggregation::AggregateWriter> writer) {
    const std::size_t bytes = writer->size() + writer_itself;
    if (kept_ + bytes > most_writers_bytes) return;
    writer->clear();
    kept_ += bytes;
    writers_.push_back(Kept{std::move(writer), bytes});
  }
  std::shared_ptr<SealedBytes> bytes(std::size_t size) {
    const std::size_t kind = SealedBytes::blocks(size);
    const detail::BlockAllocator<SealedBytes> allocator;
    if (size < SealedBytes::block || kind >= pages_.size() || pages_[kind].empty())
      return std::allocate_shared<SealedBytes>(allocator, size);
    core::Pages pages = std::move(pages_[kind].back());
    pages_[kind].pop_back();
    kept_pages_ -= pages.size();
    return std::allocate_shared<SealedBytes>(allocator, std::move(pages), size);
  }
  void give_back(SealedBytes& bytes) {
    core::Pages pages = bytes.take_pages();
    const std::size_t kind = SealedBytes::blocks(pages.size());
    if (pages.size() == 0 || kind >= pages_.size() || kept_pages_ + pages.size() > most_kept_pages) return;
    kept_pages_ += pages.size();
    pages_[kind].push_back(std::move(pages));
  }
  /// For how many records the next entry should have room: somewhat more than the last ones had.
  std::size_t records() const noexcept { return records_; }
  void expect_records(std::size_t of_one) noexcept {
    records_ = std::clamp((7 * records_ + of_one + of_one / 4) / 8 + 1, fewest_records, most_records);
  }
  /// More is kept than when nothing goes on for a while.
  bool can_trim() const noexcept { return kept_pages_ + kept_ > kept_when_idle; }
  void trim() {
    writers_.clear();
    kept_ = 0;
    for (std::vector<core::Pages>& kept : pages_) kept.clear();
    kept_pages_ = 0;
  }

 private:
  static constexpr std::size_t writer_itself = 1024;
  static constexpr std::size_t most_writers_bytes = std::size_t{8} << 20;
  static constexpr std::size_t most_kept_pages = std::size_t{32} << 20;
  static constexpr std::size_t kept_when_idle = std::size_t{1} << 20;

  static constexpr std::size_t fewest_records = 8;
  static constexpr std::size_t most_records = 4096;

  struct Kept {
    std::unique_ptr<aggregation::AggregateWriter> writer;
    /// What it has held, about.
    std::size_t bytes;
  };
  std::vector<Kept> writers_;
  std::size_t kept_ = 0;
  std::array<std::vector<core::Pages>, 17> pages_;  ///< By their size in blocks, up to 256 KiB.
  std::size_t kept_pages_ = 0;
  std::size_t records_ = 16;
};

}  // namespace kinesis::producer
