#include "core/sanitizer.hpp"
#include <kinesis/detail/handler_memory.hpp>

#include <mutex>
#include <utility>
#include <vector>

namespace kinesis::detail {
namespace {

struct Block {
  Block* next;
};

/// Blocks that are free, in a chain.
struct Chain {
  Block* first = nullptr;
  std::size_t size = 0;

  void push(Block* block) noexcept {
    block->next = first;
    first = block;
    ++size;
  }
  Block* pop() noexcept {
    Block* const block = std::exchange(first, first->next);
    --size;
    return block;
  }
  void free_all() noexcept {
    while (first != nullptr) ::operator delete(pop());
  }
};

/// As many as go from thread to thread at a time.
constexpr std::size_t chain_blocks = 128;
/// Chains kept for whoever needs them: 4 MiB of blocks.
constexpr std::size_t most_chains = 512;

/// What the threads have to spare.
class Exchange {
 public:
  /// Never destroyed: threads that outlive main give theirs back.
  static Exchange& get() {
    static Exchange& exchange = *new Exchange;
    return exchange;
  }

  Chain take() noexcept {
    const std::lock_guard lock(mutex_);
    if (chains_.empty()) return {};
    Chain chain = chains_.back();
    chains_.pop_back();
    return chain;
  }
  void give(Chain chain) noexcept {
    {
      const std::lock_guard lock(mutex_);
      if (chains_.size() < most_chains) {
        chains_.push_back(chain);
        return;
      }
    }
    chain.free_all();
  }

 private:
  Exchange() { chains_.reserve(most_chains); }

  std::mutex mutex_;
  std::vector<Chain> chains_;
};

/// The blocks of one thread: those it takes from, and a chain that is full.
struct Own {
  Chain current;
  Chain full;

  ~Own() {
    for (Chain* const chain : {&current, &full})
      if (chain->size > 0) Exchange::get().give(std::exchange(*chain, {}));
  }
};

thread_local Own own;

}  // namespace

#if KINESIS_ADDRESS_SANITIZER
// Where the sanitizer can watch each of them.
void* allocate_handler() { return ::operator new(pooled_handler_bytes); }
void free_handler(void* block) noexcept { ::operator delete(block); }
#else
void* allocate_handler() {
  if (own.current.size == 0) own.current = own.full.size > 0 ? std::exchange(own.full, {}) : Exchange::get().take();
  if (own.current.size == 0) return ::operator new(pooled_handler_bytes);
  return own.current.pop();
}

void free_handler(void* block) noexcept {
  if (own.current.size == chain_blocks) {
    if (own.full.size > 0) Exchange::get().give(own.full);
    own.full = std::exchange(own.current, {});
  }
  own.current.push(static_cast<Block*>(block));
}
#endif

}  // namespace kinesis::detail
