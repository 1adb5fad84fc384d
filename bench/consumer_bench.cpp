// What a record costs the consumer from the body of an answer to the handler, in memory: beside decoding the answer and
// taking its aggregates apart, checksums verified in lanes, which nobody can do without. In virtual time: the limits of
// a shard cost nothing here. Then the same over TLS: GetRecords against the emulator in another process, beside a bare
// TLS connection that receives as many bytes, and that.
//   consumer_bench [rounds [the one of the five]]
#include "aggregation/aggregate_writer.hpp"
#include "aggregation/deaggregator.hpp"
#include "aws/cbor_format.hpp"
#include "aws/kinesis_shapes.hpp"
#include "aws/records_cbor.hpp"
#include "bare_tls.hpp"
#include "core/test_loop.hpp"
#include "emulator_process.hpp"
#include "measure.hpp"
#include <kinesis/kinesis.hpp>

#include <boost/asio/io_context.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <new>
#include <string>
#include <vector>

namespace {

/// Calls of operator new.
std::size_t allocations = 0;

}  // namespace

void* operator new(std::size_t size) {
  ++allocations;
  if (void* const memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace {

using namespace kinesis;
using core::awaitable;

constexpr std::size_t key_count = 4096;

/// One shard whose every answer has the same body.
class OneAnswer final : public KinesisApi {
 public:
  OneAnswer(Blob body, int answers) : body_(std::move(body)), left_(answers) {}
  bool empty() const noexcept { return left_ <= 0; }

  awaitable<Result<ListShardsResponse>> list_shards(ListShardsRequest) override {
    ListShardsResponse response;
    KinesisShard& shard = response.shards.emplace_back();
    shard.shard_id = "shardId-000000000000";
    shard.hash_key_range.starting_hash_key = "0";
    shard.hash_key_range.ending_hash_key = core::Uint128::max().to_string();
    shard.sequence_number_range.starting_sequence_number = SequenceNumber("1");
    co_return response;
  }
  awaitable<Result<GetShardIteratorResponse>> get_shard_iterator(GetShardIteratorRequest) override {
    GetShardIteratorResponse response;
    response.shard_iterator = "here";
    co_return response;
  }
  awaitable<Result<GetRecordsResponse>> get_records(GetRecordsRequest) override {
    if (left_-- <= 0) {
      GetRecordsResponse nothing;
      nothing.next_shard_iterator = "here";
      nothing.millis_behind_latest = 0;
      co_return nothing;
    }
    co_return aws::read_get_records_cbor(body_);
  }

 private:
  Blob body_;
  int left_;
};

struct ViewCodec {
  void encode(BytesView value, Bytes& out) const { append(out, value); }
  Result<BytesView> decode(BytesView in) const { return in; }
};

/// Virtual time, and each look at it costs what a look at the machine's clock does. The coarse one is as late as the
/// last exact one.
class CostlyClock final : public Clock {
 public:
  explicit CostlyClock(Clock& time) : time_(time) {}
  time_point now() const noexcept override {
    looked_ = machine_->now();
    last_ = time_.now();
    return last_;
  }
  time_point coarse_now() const noexcept override {
    looked_ = machine_->coarse_now();
    return last_;
  }
  wall_time_point wall_now() const noexcept override { return time_.wall_now(); }
  std::unique_ptr<Timer> make_timer(asio::any_io_executor executor) override {
    return time_.make_timer(std::move(executor));
  }

 private:
  Clock& time_;
  const std::shared_ptr<Clock> machine_ = Clock::system();
  mutable time_point looked_;
  mutable time_point last_;
};

/// An answer of about 4 MB, and how many user records it has.
struct Answer {
  Blob body;
  std::size_t user_records = 0;
};

Answer make_answer(std::size_t size, bool aggregated) {
  const std::string bytes = bench::random_bytes(size + 4096);
  std::vector<KinesisRecord> records;
  Answer answer;
  std::size_t total = 0;
  std::uint64_t number = 0;
  const auto add = [&](Blob data, std::string key) {
    KinesisRecord& record = records.emplace_back();
    total += data.size();
    record.data = std::move(data);
    record.partition_key = std::move(key);
    record.sequence_number =
        SequenceNumber("4966478264374256128234918523489123489123489123489" + std::to_string(1'000'000 + number++));
  };
  while (total < (std::size_t{4} << 20)) {
    if (!aggregated) {
      add(Blob(bytes.substr(answer.user_records % 4096, size)),
          "customer-" + std::to_string(answer.user_records % key_count));
      ++answer.user_records;
      continue;
    }
    aggregation::AggregateWriter writer;
    while (writer.size() + size + 40 < 51'200) {
      const std::string key = "customer-" + std::to_string(answer.user_records % key_count);
      writer.add(aggregation::hashed(key), std::nullopt, as_bytes(bytes).subspan(answer.user_records % 4096, size));
      ++answer.user_records;
    }
    Bytes data;
    writer.finish(data);
    add(Blob(std::move(data)), "a");
  }
  core::Buffer out;
  for (const KinesisRecord& record : records) {
    aws::StoredRecordView view;
    view.data = record.data.bytes();
    view.partition_key = record.partition_key;
    view.sequence_number = record.sequence_number.view();
    aws::append_record_cbor(view, out);
  }
  aws::RecordsEnd end;
  end.next = "here";
  end.millis_behind_latest = 1000;
  const aws::RecordsFrame frame = aws::get_records_frame_cbor(records.size(), end);
  Bytes body;
  append(body, as_bytes(frame.head));
  append(body, out.bytes());
  append(body, as_bytes(frame.tail));
  answer.body = Blob(std::move(body));
  return answer;
}

/// Decodes the answer and takes its records apart; the sum of their sizes, so that nothing is left out.
std::size_t floor_of(const Answer& answer, aggregation::Deaggregator& deaggregator,
                     const aggregation::HashRange& range = {}) {
  const auto decoded = aws::read_get_records_cbor(answer.body);
  std::vector<BytesView> data;
  data.reserve(decoded->records.size());
  for (const KinesisRecord& record : decoded->records) data.push_back(record.data.bytes());
  const auto read = deaggregator.read(data, range);
  std::size_t sum = 0;
  for (const auto& user : deaggregator.user_records()) sum += user.data.size() + user.partition_key.size();
  for (std::size_t i = 0; i < read.size(); ++i)
    if (read[i].form == aggregation::RecordForm::raw) sum += data[i].size();
  return sum;
}

/// Consumes so many answers; the CPU of it, in µs.
double consume_us(const Answer& answer, int answers) {
  core::TestLoop loop;
  const auto clock = std::make_shared<CostlyClock>(loop.clock);
  const auto api = std::make_shared<OneAnswer>(answer.body, answers);
  ClientOptions options;
  options.clock = clock;
  options.kinesis = api;
  ConsumerOptions consumer_options{.stream = "orders", .application = "bench"};
  consumer_options.leases = memory_leases();
  Consumer<BytesView> consumer(Client(loop.executor(), options), consumer_options, Codec<BytesView>(ViewCodec()));
  const std::size_t expected = answer.user_records * static_cast<std::size_t>(answers);
  std::size_t handled = 0;
  std::size_t bytes = 0;
  const auto handler = [&](const Record<BytesView>& record) {
    bytes += record.data.size();
    ++handled;
  };
  core::spawn(loop.executor(), async_consume(consumer, handler));
  const double start = bench::thread_cpu_us();
  while (handled < expected) loop.run_for(std::chrono::seconds(1));
  const double took = bench::thread_cpu_us() - start;
  core::spawn(loop.executor(), consumer.core()->stop());
  loop.run_for(std::chrono::minutes(1));
  return took;
}

/// What twice as many answers allocate more, a record.
double allocations_a_record(const Answer& answer, int answers) {
  const auto made_for = [&](int so_many) {
    const std::size_t before = allocations;
    consume_us(answer, so_many);
    return allocations - before;
  };
  const std::size_t some = made_for(answers);
  const std::size_t twice = made_for(2 * answers);
  return static_cast<double>(twice - std::min(some, twice)) / static_cast<double>(answer.user_records) / answers;
}

void measure(const char* name, std::size_t size, bool aggregated, int rounds) {
  const Answer answer = make_answer(size, aggregated);
  const auto records = static_cast<double>(answer.user_records);
  aggregation::Deaggregator deaggregator;
  constexpr int answers = 20;
  double floor = 1e300;
  double whole = 1e300;
  for (int round = 0; round < rounds; ++round) {
    floor = std::min(floor, bench::best_us(3, 1, [&] { floor_of(answer, deaggregator); }) * 1000 / records);
    whole = std::min(whole, consume_us(answer, answers) * 1000 / records / answers);
  }
  std::printf("\n%s, %.0f records in an answer\n", name, records);
  bench::print_figure("  floor: decode, verify checksums, take apart", floor, "ns");
  bench::print_figure("  from the body to the handler", whole, "ns");
  bench::print_figure("  as a multiple of the floor", whole / floor, "x", 1.5);
  bench::print_figure("  allocations for 1,000 records", allocations_a_record(answer, answers) * 1000, "");
}

/// Records of the emulator over TLS, each round by a new consumer. No shard has more than one answer holds: so none
/// waits for what a shard gives in a second.
class OverTls {
 public:
  static constexpr int shards = 6;
  static constexpr std::size_t bytes_a_shard = std::size_t{7} << 20;

  OverTls(std::size_t size, bool aggregated) : records_(shards * bytes_a_shard / (size + 20)) {
    fill(size, aggregated);
  }
  std::size_t records() const noexcept { return records_; }

  /// The CPU of the one thread for all records, in µs.
  double consume_us() {
    context_.restart();
    ConsumerOptions options{.stream = "orders", .application = "bench"};
    options.leases = memory_leases();
    Consumer<BytesView> consumer(client_, options, Codec<BytesView>(ViewCodec()));
    std::size_t handled = 0;
    const auto handler = [&](const Record<BytesView>& record) {
      bytes_ += record.data.size();
      ++handled;
    };
    core::spawn(context_.get_executor(), async_consume(consumer, handler));
    const double start = bench::thread_cpu_us();
    while (handled < records_) context_.run_one();
    const double took = bench::thread_cpu_us() - start;
    core::spawn(context_.get_executor(), consumer.core()->stop());
    context_.run_for(std::chrono::seconds(1));
    return took;
  }

 private:
  void fill(std::size_t size, bool aggregated) {
    const std::string block = bench::random_bytes(size + 4096);
    ProducerOptions options{.stream = "orders"};
    options.limit_rates = false;
    if (!aggregated) options.aggregation = NoAggregation{};
    {
      Producer<BytesView> producer(client_, options, Codec<BytesView>(ViewCodec()));
      std::size_t answered = 0;
      const auto stored = [&](const Result<Receipt>& receipt) {
        receipt.value();
        ++answered;
      };
      for (std::size_t sent = 0; answered < records_;) {
        const std::string key = "customer-" + std::to_string(sent % 65'536);
        if (sent < records_ && producer.try_send(key, as_bytes(block).subspan(sent % 4096, size), stored)) {
          ++sent;
        } else {
          context_.run_one();
        }
      }
    }
    context_.run_for(std::chrono::seconds(1));
  }

  const bench::EmulatorProcess server_{shards};
  asio::io_context context_{1};
  const Client client_{context_.get_executor(), server_.client()};
  std::size_t records_;
  std::size_t bytes_ = 0;
};

void measure_over_tls(const char* name, std::size_t size, bool aggregated, int rounds) {
  OverTls over_tls(size, aggregated);
  const Answer answer = make_answer(size, aggregated);
  const auto in_answer = static_cast<double>(answer.user_records);
  const auto records = static_cast<double>(over_tls.records());
  // All keys are in it, and each is hashed to see that, as it has to be with several shards.
  const aggregation::HashRange range{0, core::Uint128::max() - 1};
  aggregation::Deaggregator deaggregator;
  bench::BareTls bare(http::make_self_signed(), 1000, answer.body.size());
  bare.read_ahead(std::size_t{64} << 10);
  double floor = 1e300;
  double tls = 1e300;
  double whole = 1e300;
  for (int round = 0; round < rounds; ++round) {
    floor = std::min(floor, bench::best_us(3, 1, [&] { floor_of(answer, deaggregator, range); }) * 1000 / in_answer);
    tls = std::min(tls, bench::best_us(3, 1, [&] { bare.round_trip(); }) * 1000 / in_answer);
    whole = std::min(whole, over_tls.consume_us() * 1000 / records);
  }
  std::printf("\n%s, over TLS, %.0f records on %d shards\n", name, records, OverTls::shards);
  bench::print_figure("  floor: receiving as many bytes by OpenSSL alone", tls, "ns");
  bench::print_figure("  floor: decode, verify checksums, take apart", floor, "ns");
  bench::print_figure("  from TLS to the handler", whole, "ns");
  bench::print_figure("  as a multiple of the floor", whole / (tls + floor), "x", 1.5);
}

}  // namespace

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? std::max(1, std::atoi(argv[1])) : 10;
  bench::print_machine();
  std::printf("CPU of the one thread, a user record; best of %d rounds\n", rounds);
  const int one = argc > 2 ? std::atoi(argv[2]) : 0;
  if (one == 0 || one == 1) measure("100 B, aggregated", 100, true, rounds);
  if (one == 0 || one == 2) measure("1 KB, aggregated", 1000, true, rounds);
  if (one == 0 || one == 3) measure("1 KB, alone", 1000, false, rounds);
  if (one == 0 || one == 4) measure_over_tls("100 B, aggregated", 100, true, rounds);
  if (one == 0 || one == 5) measure_over_tls("1 KB, alone", 1000, false, rounds);
  return 0;
}
