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

/// The end of a message with its padding and length: one or two blocks.
struct Tail {
  std::array<std::byte, 2 * block_size> bytes;
  std::size_t blocks;

  explicit Tail(BytesView message) noexcept {
    const std::size_t rest = message.size() % block_size;
    blocks = rest + 9 > block_size ? 2 : 1;
    if (rest > 0) std::memcpy(bytes.data(), message.data() + (message.size() - rest), rest);
    bytes[rest] = std::byte{0x80};
    std::memset(bytes.data() + rest + 1, 0, blocks * block_size - rest - 1);
    const std::uint64_t bits = std::uint64_t{message.size()} * 8;
    std::memcpy(bytes.data() + blocks * block_size - sizeof bits, &bits, sizeof bits);
  }
  Tail() noexcept : blocks(0) {}
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
    tails_[lane] = Tail(messages_[message]);
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

}  // namespace

Md5Digest md5(BytesView message) noexcept {
  std::array<std::uint32_t, 4> state = initial;
  run_scalar(state, message.data(), message.size() / block_size);
  const Tail tail(message);
  run_scalar(state, tail.bytes.data(), tail.blocks);
  return digest_of(state);
}

bool supported(Md5Kernel kernel) noexcept {
#if defined(__x86_64__)
  switch (kernel) {
    case Md5Kernel::scalar:
      return true;
    case Md5Kernel::lanes_8:
      return __builtin_cpu_supports("avx2") != 0;
    case Md5Kernel::lanes_16:
      return __builtin_cpu_supports("avx512f") != 0;
  }
  return false;
#else
  return kernel == Md5Kernel::scalar;
#endif
}

Md5Kernel best_md5_kernel(std::size_t messages) noexcept {
  static const bool has_8 = supported(Md5Kernel::lanes_8);
  static const bool has_16 = supported(Md5Kernel::lanes_16);
  if (messages > 4 && has_16) return Md5Kernel::lanes_16;
  if (messages > 2 && has_8) return Md5Kernel::lanes_8;
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
    case Md5Kernel::lanes_8:
      LaneScheduler<8>(messages, digests, longest_first(messages)).run(run_lanes_8);
      return;
    case Md5Kernel::lanes_16:
      LaneScheduler<16>(messages, digests, longest_first(messages)).run(run_lanes_16);
      return;
  }
}

}  // namespace kinesis::core
