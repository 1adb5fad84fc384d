#include "core/block_memory.hpp"

#include "core/sanitizer.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <mutex>
#include <new>
#include <utility>
#include <vector>

namespace kinesis::detail {
namespace {

struct Block {
  Block* next;
};

/// Blocks of one size that are free, in a chain.
struct Chain {
  Block* first = nullptr;
  std::size_t size = 0;

  void push(void* memory) noexcept {
    Block* const block = static_cast<Block*>(memory);
    block->next = first;
    first = block;
    ++size;
  }
  void* pop() noexcept {
    Block* const block = std::exchange(first, first->next);
    --size;
    return block;
  }
  void free_all() noexcept {
    while (first != nullptr) ::operator delete(pop());
  }
};

// Sizes are in steps, larger ones where the smaller are little.
struct Tier {
  std::size_t step;
  std::size_t above;  ///< The largest size of the tier before.
  std::size_t first;  ///< Its first kind of block.
};
constexpr std::array<Tier, 3> tiers = {{{64, 0, 0}, {256, 1152, 18}, {1024, 4224, 30}}};

constexpr std::size_t kind_of(std::size_t bytes) noexcept {
  const Tier& tier = bytes <= tiers[1].above ? tiers[0] : bytes <= tiers[2].above ? tiers[1] : tiers[2];
  return tier.first + (std::max(bytes, tier.above + 1) - tier.above - 1) / tier.step;
}
constexpr std::size_t kinds = kind_of(largest_block) + 1;
constexpr std::size_t block_bytes(std::size_t kind) noexcept {
  const Tier& tier = kind < tiers[1].first ? tiers[0] : kind < tiers[2].first ? tiers[1] : tiers[2];
  return tier.above + (kind - tier.first + 1) * tier.step;
}
static_assert(block_bytes(tiers[1].first - 1) == tiers[1].above && block_bytes(tiers[2].first - 1) == tiers[2].above);
static_assert(block_bytes(kinds - 1) >= largest_block);

/// As many as go from thread to thread at a time: no more than 64 KiB of them.
constexpr std::size_t chain_blocks(std::size_t kind) noexcept {
  return std::min<std::size_t>(128, (std::size_t{64} << 10) / block_bytes(kind));
}

/// What the threads have to spare.
class Exchange {
 public:
  /// Never destroyed: threads that outlive main give theirs back.
  static Exchange& get() {
    static Exchange& exchange = *new Exchange;
    return exchange;
  }

  Chain take(std::size_t kind) noexcept {
    const std::lock_guard lock(mutex_);
    return pop(kind);
  }
  /// Where there is no room for it, one of the kind goes of which most is kept: what nobody needs any more must not
  /// keep out what comes and goes.
  void give(std::size_t kind, Chain chain) noexcept {
    Chain gone;
    {
      const std::lock_guard lock(mutex_);
      if (kept_ + bytes_of(kind) > most_kept) {
        const std::size_t most = kind_of_most();
        if (most != kind) gone = pop(most);
      }
      if (kept_ + bytes_of(kind) <= most_kept) {
        kept_ += bytes_of(kind);
        chains_[kind].push_back(chain);
        chain = {};
      }
    }
    gone.free_all();
    chain.free_all();
  }

 private:
  static constexpr std::size_t most_kept = std::size_t{6} << 20;

  /// Nothing is allocated where something is given back.
  Exchange() {
    for (std::size_t kind = 0; kind < kinds; ++kind) chains_[kind].reserve(most_kept / bytes_of(kind) + 1);
  }
  /// Counted as full, as all are but those of threads that end.
  static constexpr std::size_t bytes_of(std::size_t kind) noexcept { return chain_blocks(kind) * block_bytes(kind); }
  Chain pop(std::size_t kind) noexcept {
    std::vector<Chain>& chains = chains_[kind];
    if (chains.empty()) return {};
    const Chain chain = chains.back();
    chains.pop_back();
    kept_ -= bytes_of(kind);
    return chain;
  }
  std::size_t kind_of_most() const noexcept {
    std::size_t most = 0;
    for (std::size_t kind = 1; kind < kinds; ++kind)
      if (chains_[kind].size() * bytes_of(kind) > chains_[most].size() * bytes_of(most)) most = kind;
    return most;
  }

  std::mutex mutex_;
  std::size_t kept_ = 0;
  std::array<std::vector<Chain>, kinds> chains_;
};

/// The blocks of one thread and size: those it takes from, and a chain that is full.
struct Shelf {
  Chain current;
  Chain full;
};
struct Shelves {
  std::array<Shelf, kinds> of_kind;

  ~Shelves() {
    for (std::size_t kind = 0; kind < kinds; ++kind)
      for (Chain* const chain : {&of_kind[kind].current, &of_kind[kind].full})
        if (chain->size > 0) Exchange::get().give(kind, std::exchange(*chain, {}));
  }
};

thread_local Shelves shelves;

void* take(std::size_t kind) {
  Shelf& shelf = shelves.of_kind[kind];
  if (shelf.current.size == 0)
    shelf.current = shelf.full.size > 0 ? std::exchange(shelf.full, {}) : Exchange::get().take(kind);
  if (shelf.current.size == 0) return ::operator new(block_bytes(kind));
  void* const block = shelf.current.pop();
  // Whoever takes the next one reads it first.
  __builtin_prefetch(shelf.current.first, 1);
  return block;
}

void give_back(std::size_t kind, void* block) noexcept {
  Shelf& shelf = shelves.of_kind[kind];
  if (shelf.current.size == chain_blocks(kind)) {
    if (shelf.full.size > 0) Exchange::get().give(kind, shelf.full);
    shelf.full = std::exchange(shelf.current, {});
  }
  shelf.current.push(block);
}

constexpr bool is_kept(std::size_t bytes) noexcept { return !KINESIS_ADDRESS_SANITIZER && bytes <= largest_block; }

}  // namespace

void* allocate_block(std::size_t bytes) { return is_kept(bytes) ? take(kind_of(bytes)) : ::operator new(bytes); }

void free_block(void* block, std::size_t bytes) noexcept {
  if (is_kept(bytes)) return give_back(kind_of(bytes), block);
  ::operator delete(block);
}

}  // namespace kinesis::detail

namespace kinesis::core {

Blob copy_to_block(BytesView bytes) {
  if (bytes.empty()) return {};
  auto owner = std::allocate_shared_for_overwrite<std::byte[]>(detail::BlockAllocator<std::byte>(), bytes.size());
  std::memcpy(owner.get(), bytes.data(), bytes.size());
  const BytesView view(owner.get(), bytes.size());
  return {view, std::move(owner)};
}

}  // namespace kinesis::core
