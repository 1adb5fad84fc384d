// What aggregation costs beside the digests it cannot do without: user records of 100 bytes under 65,536 keys, from
// memory to finished aggregates and back. One run prints all; compare the ratios, not the nanoseconds.
//   aggregation_bench [RECORD_BYTES [KEYS]]
#include "aggregation/aggregate_writer.hpp"
#include "aggregation/deaggregator.hpp"
#include "core/random.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <numeric>
#include <string>
#include <vector>

namespace {

using namespace kinesis;
using namespace kinesis::aggregation;

constexpr std::size_t records = 65'536;
/// Keys hashed at once, as of one batch; aggregates finished at once.
constexpr std::size_t keys_at_once = 512;
constexpr std::size_t aggregates_at_once = 16;
constexpr int repeats = 61;

/// Of this thread's processor time: others share the machine.
double seconds_of(const std::function<void()>& work) {
  const auto now = [] {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
  };
  const double start = now();
  work();
  return now() - start;
}

struct Input {
  std::vector<std::string> keys;
  std::vector<std::string_view> key_of;
  Bytes data;
  std::size_t record_bytes;

  BytesView record(std::size_t i) const { return BytesView(data).subspan(i * record_bytes, record_bytes); }
};

Input make_input(std::size_t record_bytes, std::size_t keys) {
  Input input;
  input.record_bytes = record_bytes;
  core::Random random(1);
  for (std::size_t i = 0; i < keys; ++i) {
    std::string key(16, ' ');
    for (char& c : key) c = static_cast<char>('a' + random.below(26));
    input.keys.push_back(std::move(key));
  }
  for (std::size_t i = 0; i < records; ++i) input.key_of.push_back(input.keys[random.below(keys)]);
  input.data.resize(records * record_bytes);
  for (std::byte& byte : input.data) byte = static_cast<std::byte>(random());
  return input;
}

/// The producer's part: keys hashed in batches, records spread over open aggregates, those finished 16 at once.
class Writing {
 public:
  explicit Writing(const Input& input) : input_(input), hash_keys_(records), writers_(aggregates_at_once) {
    hash_keys_of(input_.key_of, hash_keys_);
    outs_.resize(aggregates_at_once);
  }

  struct Parts {
    bool hash_keys = true;
    bool finish = true;
  };

  /// `keep`: where to copy the finished aggregates, or null.
  void write(Parts parts, std::vector<Bytes>* keep = nullptr) {
    const core::Uint128* const hash_keys = parts.hash_keys ? fresh_.data() : hash_keys_.data();
    const std::size_t last = (parts.hash_keys ? keys_at_once : records) - 1;  // both are powers of two
    std::size_t open = 0;
    const auto finish = [&](std::size_t count) {
      for (std::size_t i = 0; i < count; ++i) {
        outs_[i].resize(parts.finish ? writers_[i].size() : 0);
        spans_[i] = {outs_[i].data(), outs_[i].size()};
        if (parts.finish) writers_[i].write_unchecked(spans_[i]);
      }
      if (parts.finish) add_checksums(std::span(spans_).first(count));
      for (std::size_t i = 0; i < count; ++i) {
        if (keep != nullptr) keep->emplace_back(outs_[i].bytes().begin(), outs_[i].bytes().end());
        writers_[i].clear();
      }
      open = 0;
    };
    for (std::size_t i = 0; i < records; ++i) {
      if (parts.hash_keys && i % keys_at_once == 0)
        hash_keys_of(std::span(input_.key_of).subspan(i, keys_at_once), fresh_);
      if (writers_[open].try_add({input_.key_of[i], hash_keys[i & last]}, std::nullopt, input_.record(i), limits_))
        continue;
      if (++open == aggregates_at_once) finish(aggregates_at_once);
      writers_[open].add({input_.key_of[i], hash_keys[i & last]}, std::nullopt, input_.record(i));
    }
    finish(open + 1);
  }

 private:
  const Input& input_;
  AggregateLimits limits_;
  /// Of all records, and of one batch.
  std::vector<core::Uint128> hash_keys_;
  std::array<core::Uint128, keys_at_once> fresh_;
  std::vector<AggregateWriter> writers_;
  std::vector<core::Buffer> outs_;
  std::array<std::span<std::byte>, aggregates_at_once> spans_;
};

/// The digests alone, of the same bytes in the same groups.
class Digests {
 public:
  Digests(const Input& input, const std::vector<Bytes>& aggregates) {
    for (const std::string_view key : input.key_of) keys_.push_back(as_bytes(key));
    for (const Bytes& aggregate : aggregates) messages_.push_back(message_of(aggregate));
    digests_.resize(std::max(keys_.size(), messages_.size()));
  }

  void keys() { run(keys_, keys_at_once); }
  void messages() { run(messages_, aggregates_at_once); }

 private:
  void run(const std::vector<BytesView>& all, std::size_t at_once) {
    for (std::size_t i = 0; i < all.size(); i += at_once) {
      const std::size_t count = std::min(at_once, all.size() - i);
      core::md5_many(std::span(all).subspan(i, count), std::span(digests_).subspan(i, count));
    }
  }

  std::vector<BytesView> keys_;
  std::vector<BytesView> messages_;
  std::vector<core::Md5Digest> digests_;
};

}  // namespace

int main(int argc, char** argv) {
  const std::size_t record_bytes = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 100;
  const std::size_t keys = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 65'536;
  const Input input = make_input(record_bytes, std::max<std::size_t>(keys, 1));
  Writing writing(input);
  std::vector<Bytes> aggregates;
  writing.write({}, &aggregates);
  std::vector<BytesView> views(aggregates.begin(), aggregates.end());
  Digests digests(input, aggregates);
  Deaggregator deaggregator;
  const HashRange half{0, core::Uint128(std::uint64_t{1} << 63, 0)};

  // All in turn, again and again: what disturbs one disturbs the others.
  std::vector<double> times[7];
  for (int repeat = 0; repeat < repeats; ++repeat) {
    times[0].push_back(seconds_of([&] { digests.keys(); }));
    times[1].push_back(seconds_of([&] { digests.messages(); }));
    times[2].push_back(seconds_of([&] { writing.write({}); }));
    times[3].push_back(seconds_of([&] { writing.write({.hash_keys = false, .finish = false}); }));
    times[4].push_back(seconds_of([&] { writing.write({.hash_keys = false}); }));
    const auto read = [&](const HashRange& range) {
      for (std::size_t i = 0; i < views.size(); i += aggregates_at_once)
        deaggregator.read(std::span(views).subspan(i, std::min(aggregates_at_once, views.size() - i)), range);
    };
    times[5].push_back(seconds_of([&] { read({}); }));
    times[6].push_back(seconds_of([&] { read(half); }));
  }
  double ns[7];
  for (int i = 0; i < 7; ++i)
    ns[i] = *std::min_element(times[i].begin(), times[i].end()) * 1e9 / static_cast<double>(records);
  std::printf("%zu records of %zu bytes, %zu keys, %zu aggregates; ns a record, least of %d\n", records, record_bytes,
              keys, aggregates.size(), repeats);
  std::printf("digests alone: keys %.1f, aggregates %.1f\n", ns[0], ns[1]);
  std::printf("write: add %.1f, add and finish %.1f, keys hashed too %.1f = %.2f times the digests\n", ns[3], ns[4],
              ns[2], ns[2] / (ns[0] + ns[1]));
  std::printf("read: no range %.1f = %.2f times the digests; with a range %.1f = %.2f times\n", ns[5], ns[5] / ns[1],
              ns[6], ns[6] / (ns[0] + ns[1]));
}
