#include "core/md5.hpp"

#include "core/md5_rounds.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <numeric>
#include <vector>

namespace kinesis::core {
namespace {

using namespace md5_detail;

constexpr std::size_t block_size = 64;
static_assert(std::endian::native == std::endian::little, "words of MD5 are little-endian");

/// Without a call, and without the string instruction g++ makes of a memset of this size: each costs as much as a third
/// of a block.
void clear_block(std::byte* to) noexcept {
  typedef std::uint64_t Vector __attribute__((vector_size(16)));
  const Vector zero{};
  for (std::size_t at = 0; at < block_size; at += sizeof zero) std::memcpy(to + at, &zero, sizeof zero);
}

/// Copies fewer than 64 bytes without a call, whose cost would show beside one block's.
void copy_short(std::byte* to, const std::byte* from, std::size_t size) noexcept {
  if (size >= 16) {
    std::memcpy(to, from, 16);
    if (size > 32) {
      std::memcpy(to + 16, from + 16, 16);
      if (size > 48) std::memcpy(to + 32, from + 32, 16);
    }
    std::memcpy(to + size - 16, from + size - 16, 16);
  } else if (size >= 8) {
    std::memcpy(to, from, 8);
    std::memcpy(to + size - 8, from + size - 8, 8);
  } else if (size >= 4) {
    std::memcpy(to, from, 4);
    std::memcpy(to + size - 4, from + size - 4, 4);
  } else {
    for (std::size_t i = 0; i < size; ++i) to[i] = from[i];
  }
}

/// Messages of up to this size are one block.
constexpr std::size_t longest_of_one_block = block_size - 9;

/// Pads the last `rest` bytes of a message of `size` bytes, which are at `from`, to one or two blocks at `to`; returns
/// how many.
std::size_t write_tail(std::byte* to, const std::byte* from, std::size_t rest, std::size_t size) noexcept {
  const std::size_t blocks = rest > longest_of_one_block ? 2 : 1;
  clear_block(to);
  if (blocks == 2) clear_block(to + block_size);
  copy_short(to, from, rest);
  to[rest] = std::byte{0x80};
  const std::uint64_t bits = std::uint64_t{size} * 8;
  std::memcpy(to + blocks * block_size - sizeof bits, &bits, sizeof bits);
  return blocks;
}

/// The end of a message with its padding and length: one or two blocks.
struct Tail {
  alignas(64) std::array<std::byte, 2 * block_size> bytes;
  std::size_t blocks;

  void set(BytesView message) noexcept {
    const std::size_t rest = message.size() % block_size;
    blocks = write_tail(bytes.data(), message.data() + (message.size() - rest), rest, message.size());
  }
};

void run_scalar(std::array<std::uint32_t, 4>& state, const std::byte* from, std::size_t blocks) noexcept {
  for (; blocks > 0; --blocks, from += block_size) {
    std::uint32_t words[16];
    std::memcpy(words, from, block_size);
    transform(state.data(), words);
  }
}

Md5Digest digest_of(const std::array<std::uint32_t, 4>& state) noexcept {
  Md5Digest digest;
  std::memcpy(digest.data(), state.data(), digest.size());
  return digest;
}

/// Keeps `Lanes` messages going side by side. Each is its whole blocks, then its tail; a lane that has finished takes
/// the next message.
template <std::size_t Lanes>
class LaneScheduler {
 public:
  LaneScheduler(std::span<const BytesView> messages, std::span<Md5Digest> digests, std::span<const std::uint32_t> order)
      : messages_(messages), digests_(digests), order_(order) {
    for (std::size_t lane = 0; lane < Lanes; ++lane) park(lane);
  }

  void run(void (&kernel)(LaneBlocks<Lanes>&, std::size_t)) {
    for (std::size_t lane = 0; lane < Lanes; ++lane) start_next(lane);
    // Few lanes cost as much as all: the last ones end one by one.
    while (active_ > Lanes / 4) {
      std::size_t blocks = SIZE_MAX;
      for (std::size_t lane = 0; lane < Lanes; ++lane) {
        if (left_[lane] != 0) blocks = std::min(blocks, left_[lane]);
      }
      kernel(lanes_, blocks);
      for (std::size_t lane = 0; lane < Lanes; ++lane) {
        if (left_[lane] == 0) continue;
        left_[lane] -= blocks;
        if (left_[lane] == 0) advance(lane);
      }
    }
    for (std::size_t lane = 0; lane < Lanes; ++lane) finish_alone(lane);
  }

 private:
  void park(std::size_t lane) noexcept {
    left_[lane] = 0;
    lanes_.from[lane] = idle_.data();
    lanes_.stride[lane] = 0;
  }

  void start_next(std::size_t lane) noexcept {
    if (next_ == order_.size()) return park(lane);
    const std::uint32_t message = order_[next_++];
    message_[lane] = message;
    for (std::size_t word = 0; word < 4; ++word) lanes_.state[word][lane] = initial[word];
    tails_[lane].set(messages_[message]);
    in_tail_[lane] = false;
    lanes_.stride[lane] = block_size;
    lanes_.from[lane] = messages_[message].data();
    left_[lane] = messages_[message].size() / block_size;
    ++active_;
    if (left_[lane] == 0) enter_tail(lane);
  }

  void enter_tail(std::size_t lane) noexcept {
    in_tail_[lane] = true;
    lanes_.from[lane] = tails_[lane].bytes.data();
    left_[lane] = tails_[lane].blocks;
  }

  /// A lane's part is done: on to the tail, or to the next message.
  void advance(std::size_t lane) noexcept {
    if (!in_tail_[lane]) return enter_tail(lane);
    digests_[message_[lane]] = digest_of(state_of(lane));
    --active_;
    start_next(lane);
  }

  std::array<std::uint32_t, 4> state_of(std::size_t lane) const noexcept {
    return {lanes_.state[0][lane], lanes_.state[1][lane], lanes_.state[2][lane], lanes_.state[3][lane]};
  }

  void finish_alone(std::size_t lane) noexcept {
    if (left_[lane] == 0) return;
    std::array<std::uint32_t, 4> state = state_of(lane);
    run_scalar(state, lanes_.from[lane], left_[lane]);
    if (!in_tail_[lane]) run_scalar(state, tails_[lane].bytes.data(), tails_[lane].blocks);
    digests_[message_[lane]] = digest_of(state);
    park(lane);
  }

  std::span<const BytesView> messages_;
  std::span<Md5Digest> digests_;
  std::span<const std::uint32_t> order_;
  std::size_t next_ = 0;
  std::size_t active_ = 0;
  LaneBlocks<Lanes> lanes_{};
  std::array<Tail, Lanes> tails_;
  std::array<std::size_t, Lanes> left_{};
  std::array<std::uint32_t, Lanes> message_{};
  std::array<bool, Lanes> in_tail_{};
  std::array<std::byte, block_size> idle_{};
};

/// Messages of one block each, such as partition keys: no lane ever waits for another.
template <std::size_t Lanes>
void run_one_block_each(std::span<const BytesView> messages, std::span<Md5Digest> digests,
                        void (&kernel)(LaneBlocks<Lanes>&, std::size_t)) {
  alignas(64) std::array<std::array<std::byte, block_size>, Lanes> blocks{};
  LaneBlocks<Lanes> lanes{};
  for (std::size_t first = 0; first < messages.size(); first += Lanes) {
    const std::size_t count = std::min(Lanes, messages.size() - first);
    for (std::size_t lane = 0; lane < Lanes; ++lane) lanes.from[lane] = blocks[lane].data();
    for (std::size_t lane = 0; lane < count; ++lane) {
      const BytesView message = messages[first + lane];
      write_tail(blocks[lane].data(), message.data(), message.size(), message.size());
    }
    for (std::size_t word = 0; word < 4; ++word) std::fill_n(lanes.state[word], Lanes, initial[word]);
    kernel(lanes, 1);
    for (std::size_t lane = 0; lane < count; ++lane) {
      digests[first + lane] =
          digest_of({lanes.state[0][lane], lanes.state[1][lane], lanes.state[2][lane], lanes.state[3][lane]});
    }
  }
}

/// Longest first, so that no long message is left to run alone. Messages of nearly one length, the usual case, stay as
/// they are.
std::vector<std::uint32_t> longest_first(std::span<const BytesView> messages) {
  std::vector<std::uint32_t> order(messages.size());
  std::iota(order.begin(), order.end(), 0);
  const auto blocks = [&](std::uint32_t i) { return (messages[i].size() + 8) / block_size; };
  const auto falls = [&](std::uint32_t a, std::uint32_t b) { return blocks(a) > blocks(b); };
  if (!std::is_sorted(order.begin(), order.end(), falls)) std::sort(order.begin(), order.end(), falls);
  return order;
}

template <std::size_t Lanes>
void run_in_lanes(std::span<const BytesView> messages, std::span<Md5Digest> digests,
                  void (&kernel)(LaneBlocks<Lanes>&, std::size_t)) {
  const auto is_short = [](BytesView message) { return message.size() <= longest_of_one_block; };
  if (std::all_of(messages.begin(), messages.end(), is_short)) return run_one_block_each(messages, digests, kernel);
  const std::vector<std::uint32_t> order = longest_first(messages);
  LaneScheduler<Lanes>(messages, digests, order).run(kernel);
}

}  // namespace

Md5Digest md5(BytesView message) noexcept {
  std::array<std::uint32_t, 4> state = initial;
  run_scalar(state, message.data(), message.size() / block_size);
  Tail tail;
  tail.set(message);
  run_scalar(state, tail.bytes.data(), tail.blocks);
  return digest_of(state);
}

bool supported(Md5Kernel kernel) noexcept {
#if defined(__x86_64__)
  switch (kernel) {
    case Md5Kernel::scalar:
    case Md5Kernel::lanes_4:
      return true;
    case Md5Kernel::lanes_8:
      return __builtin_cpu_supports("avx2") != 0;
    case Md5Kernel::lanes_16:
      return __builtin_cpu_supports("avx512f") != 0;
  }
  return false;
#elif defined(__aarch64__)
  return kernel == Md5Kernel::scalar || kernel == Md5Kernel::lanes_4;
#else
  return kernel == Md5Kernel::scalar;
#endif
}

Md5Kernel best_md5_kernel(std::size_t messages) noexcept {
  static const bool has_4 = supported(Md5Kernel::lanes_4);
  static const bool has_8 = supported(Md5Kernel::lanes_8);
  static const bool has_16 = supported(Md5Kernel::lanes_16);
  if (messages > 4 && has_16) return Md5Kernel::lanes_16;
  if (messages > 2 && has_8) return Md5Kernel::lanes_8;
  if (messages > 2 && has_4) return Md5Kernel::lanes_4;
  return Md5Kernel::scalar;
}

void md5_many(std::span<const BytesView> messages, std::span<Md5Digest> digests) {
  md5_many(messages, digests, best_md5_kernel(messages.size()));
}

void md5_many(std::span<const BytesView> messages, std::span<Md5Digest> digests, Md5Kernel kernel) {
  switch (kernel) {
    case Md5Kernel::scalar:
      for (std::size_t i = 0; i < messages.size(); ++i) digests[i] = md5(messages[i]);
      return;
    case Md5Kernel::lanes_4:
      return run_in_lanes<4>(messages, digests, run_lanes_4);
    case Md5Kernel::lanes_8:
      return run_in_lanes<8>(messages, digests, run_lanes_8);
    case Md5Kernel::lanes_16:
      return run_in_lanes<16>(messages, digests, run_lanes_16);
  }
}

}  // namespace kinesis::core
