// What a record costs the producer from `send` to its receipt: aggregated, CBOR, signed, TLS, HTTP/2, against the
// emulator in another process; beside what nobody can do without: MD5 of keys and aggregates in lanes, SHA-256 of the
// body, and sending it through TLS. All on one thread, by its own clock, in turns.
//   producer_bench [records [rounds [shards [the one of the three [records under way]]]]]
#include "aggregation/hash_key.hpp"
#include "bare_tls.hpp"
#include "core/digest.hpp"
#include "core/md5.hpp"
#include "emulator_process.hpp"
#include "measure.hpp"
#include <kinesis/kinesis.hpp>

#include <boost/asio/io_context.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

namespace {

using namespace kinesis;

constexpr std::size_t key_count = 65'536;
constexpr std::size_t aggregate_bytes = 51'200;

struct ViewCodec {
  void encode(std::string_view value, Bytes& out) const { append(out, as_bytes(value)); }
  Result<std::string_view> decode(BytesView in) const { return as_text(in); }
};

struct Input {
  explicit Input(std::size_t record_size) : size(record_size), block(bench::random_bytes(record_size + 4096)) {
    for (std::size_t i = 0; i < key_count; ++i)
      keys.push_back("customer-" + std::to_string(100'000 + i * 7919 % key_count));
  }
  const std::string& key(std::size_t i) const { return keys[i % key_count]; }
  std::string_view data(std::size_t i) const { return std::string_view(block).substr(i % 4096, size); }

  std::size_t size;
  std::string block;
  std::vector<std::string> keys;
};

/// Sends from the thread that answers.
class Sending {
 public:
  Sending(const bench::EmulatorProcess& server, const Input& input, bool aggregated, std::size_t buffer)
      : input_(input), client_(context_.get_executor(), server.client()), buffer_(buffer) {
    ProducerOptions options{.stream = "orders"};
    options.max_buffered_records = buffer;
    options.limit_rates = false;
    if (!aggregated) options.aggregation = NoAggregation{};
    producer_ = std::make_unique<Producer<std::string_view>>(client_, options, Codec<std::string_view>(ViewCodec()));
  }
  ~Sending() {
    producer_.reset();
    context_.restart();
    context_.run_for(std::chrono::seconds(1));
  }

  void send(std::size_t records) {
    left_ = records;
    answered_ = 0;
    context_.restart();
    asio::post(context_, [this] { fill(); });
    while (answered_ < records) context_.run_one();
  }
  ProducerMetrics metrics() const { return producer_->metrics(); }

 private:
  void fill() {
    const auto answered = [this](const Result<Receipt>& receipt) {
      receipt.value();
      ++answered_;
      if (--unanswered_ == buffer_ / 2) fill();
    };
    while (left_ > 0 && unanswered_ < buffer_ && producer_->try_send(input_.key(next_), input_.data(next_), answered)) {
      ++unanswered_;
      ++next_;
      --left_;
    }
  }

  const Input& input_;
  asio::io_context context_{1};
  Client client_;
  std::unique_ptr<Producer<std::string_view>> producer_;
  std::size_t buffer_;
  std::size_t next_ = 0;
  std::size_t left_ = 0;
  std::size_t unanswered_ = 0;
  std::size_t answered_ = 0;
};

/// What nobody can do without, each alone, in ns a record.
class Floor {
 public:
  Floor(const Input& input, bool aggregated, double bytes_a_record, double records_a_call)
      : input_(input),
        aggregated_(aggregated),
        body_(bench::random_bytes(body_size(bytes_a_record, records_a_call))),
        bytes_a_record_(bytes_a_record),
        tls_(http::make_self_signed()) {}
  struct Parts {
    double keys = 1e300;
    double aggregates = 1e300;
    double sha = 1e300;
    double tls = 1e300;
    double sum() const { return keys + aggregates + sha + tls; }
  };
  void round() {
    std::vector<std::string_view> keys;
    for (std::size_t i = 0; i < 4096; ++i) keys.push_back(input_.key(i));
    std::vector<core::Uint128> hashes(keys.size());
    improve(parts_.keys, bench::best_us(3, 1, [&] { aggregation::hash_keys_of(keys, hashes); }), keys.size());
    if (aggregated_) {
      const std::string bytes = bench::random_bytes(aggregate_bytes * 16);
      std::vector<BytesView> messages;
      for (std::size_t i = 0; i < 16; ++i)
        messages.push_back(as_bytes(bytes).subspan(i * aggregate_bytes, aggregate_bytes));
      std::vector<core::Md5Digest> digests(16);
      const double records = static_cast<double>(bytes.size()) / bytes_a_record_;
      improve(parts_.aggregates, bench::best_us(3, 1, [&] { core::md5_many(messages, digests); }), records);
    } else {
      parts_.aggregates = 0;
    }
    const double records = static_cast<double>(body_.size()) / bytes_a_record_;
    improve(parts_.sha, bench::best_us(3, 4, [&] { core::sha256(as_bytes(body_)); }), records);
    improve(parts_.tls, bench::best_us(3, 4, [&] { tls_.send(body_); }), records);
  }
  const Parts& parts() const { return parts_; }

 private:
  static std::size_t body_size(double bytes_a_record, double records_a_call) {
    return static_cast<std::size_t>(std::max(1000.0, bytes_a_record * records_a_call));
  }
  template <class Count>
  static void improve(double& best, double us, Count records) {
    best = std::min(best, us * 1000 / static_cast<double>(records));
  }

  const Input& input_;
  bool aggregated_;
  std::string body_;
  double bytes_a_record_;
  bench::BareTls tls_;
  Parts parts_;
};

void measure(const char* name, std::size_t size, bool aggregated, std::size_t buffer, std::size_t records, int rounds,
             int shards, double target_ns) {
  const bench::EmulatorProcess server(shards);
  const Input input(size);
  Sending sending(server, input, aggregated, buffer);
  sending.send(records / 10 + 1);  // connects, learns
  const ProducerMetrics warm = sending.metrics();
  const double records_a_call = static_cast<double>(warm.records_delivered) / static_cast<double>(warm.calls);
  const double bytes_a_record = static_cast<double>(warm.bytes_delivered) / static_cast<double>(warm.records_delivered);
  Floor floor(input, aggregated, bytes_a_record, records_a_call);
  double whole = 1e300;
  for (int round = 0; round < rounds; ++round) {
    floor.round();
    const double start = bench::thread_cpu_us();
    sending.send(records);
    whole = std::min(whole, (bench::thread_cpu_us() - start) * 1000 / static_cast<double>(records));
  }
  const Floor::Parts& parts = floor.parts();
  std::printf("\n%s, %zu under way, %d shards: %.0f records a call\n", name, buffer, shards, records_a_call);
  bench::print_figure("  floor: MD5 of the keys, in lanes", parts.keys, "ns");
  if (aggregated) bench::print_figure("  floor: MD5 of the aggregates, in lanes", parts.aggregates, "ns");
  bench::print_figure("  floor: SHA-256 of the body", parts.sha, "ns");
  bench::print_figure("  floor: sending it through TLS", parts.tls, "ns");
  bench::print_figure("  the whole path", whole, "ns", target_ns);
  bench::print_figure("  as a multiple of the floor", whole / parts.sum(), "x", 1.5);
}

}  // namespace

int main(int argc, char** argv) {
  const std::size_t records = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 200'000;
  if (records == 0) {
    std::fprintf(stderr, "usage: producer_bench [RECORDS [ROUNDS [SHARDS [1, 2 or 3 [RECORDS UNDER WAY]]]]]\n");
    return 2;
  }
  const int rounds = argc > 2 ? std::max(1, std::atoi(argv[2])) : 15;
  const int shards = argc > 3 ? std::max(1, std::atoi(argv[3])) : 8;
  bench::print_machine();
  std::printf("CPU of the one thread that sends and answers, a record; best of %d rounds of %zu\n", rounds, records);
  const std::size_t under_way = argc > 5 ? std::strtoull(argv[5], nullptr, 10) : 10'000;
  const int one = argc > 4 ? std::atoi(argv[4]) : 0;
  if (one == 0 || one == 1) measure("100 B, aggregated", 100, true, under_way, records, rounds, shards, 400);
  if (one == 0 || one == 2) measure("1 KB, aggregated", 1000, true, under_way, records / 5, rounds, shards, 2600);
  if (one == 0 || one == 3) measure("1 KB, alone", 1000, false, under_way, records / 5, rounds, shards, 2500);
  return 0;
}
