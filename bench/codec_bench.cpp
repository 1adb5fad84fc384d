// What a record costs to write and to read: the codecs of PutRecords and GetRecords beside the generic ones, in CBOR
// and JSON, and what the emulator does with it; the digests of partition keys; beside the rates of the machine that
// bound them.
//   codec_bench [milliseconds of a measurement]
#include "aws/cbor_format.hpp"
#include "aws/json_format.hpp"
#include "aws/kinesis_shapes.hpp"
#include "aws/records_cbor.hpp"
#include "aws/records_json.hpp"
#include "core/histogram.hpp"
#include "core/md5.hpp"
#include "measure.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <vector>

namespace {

using namespace kinesis;
using namespace kinesis::aws;

constexpr std::size_t read_records = 1000;
constexpr std::size_t written_records = 500;

/// Nanoseconds for one of `items` that a call of `work` treats; best of seven.
class Meter {
 public:
  explicit Meter(double milliseconds) : us_(milliseconds * 1e3) {}

  template <class Work>
  double ns(std::size_t items, Work work) const {
    const double once = bench::best_us(3, 1, work);
    const int times = static_cast<int>(std::clamp(us_ / 7 / std::max(once, 0.01), 1.0, 1e7));
    return bench::best_us(7, times, work) * 1e3 / static_cast<double>(items);
  }

 private:
  double us_;
};

GetRecordsResponse sample_answer(std::size_t record_size) {
  GetRecordsResponse answer;
  for (std::size_t i = 0; i < read_records; ++i) {
    auto& record = answer.records.emplace_back();
    record.sequence_number =
        SequenceNumber("4966478264374256128234918523489123489123489123489" + std::to_string(1'000'000 + i));
    record.approximate_arrival_timestamp =
        std::chrono::system_clock::time_point(std::chrono::milliseconds(1'767'225'600'000 + i));
    record.data = Blob(bench::random_bytes(record_size, i));
    record.partition_key = "customer-" + std::to_string(100'000 + i);
  }
  answer.next_shard_iterator = std::string(220, 'A');
  answer.millis_behind_latest = 0;
  return answer;
}

PutRecordsRequest sample_request(std::size_t record_size) {
  PutRecordsRequest request;
  request.stream_name = "orders";
  for (std::size_t i = 0; i < written_records; ++i)
    request.records.emplace_back(Blob(bench::random_bytes(record_size, i)), "customer-" + std::to_string(100'000 + i));
  return request;
}

/// With the padding that received bodies have.
Blob padded(const std::string& text) {
  auto whole = std::make_shared<std::string>(text + std::string(64, '\0'));
  return Blob(as_bytes(*whole).first(text.size()), whole);
}

volatile std::size_t sink = 0;

void reading(const Meter& meter, std::size_t record_size) {
  const std::string size = std::to_string(record_size) + " B";
  const GetRecordsResponse answer = sample_answer(record_size);
  const Blob cbor = padded(to_cbor(answer));
  const Blob json = padded(to_json(answer));
  const auto pool = core::BufferPool::create();
  const double hot = meter.ns(read_records, [&] { sink = read_get_records_cbor(cbor).value().records.size(); });
  bench::print_figure("decode GetRecords, CBOR, 1,000 x " + size, hot, "ns/record", 100);
  bench::print_figure(
      "  by the generic reader",
      meter.ns(read_records, [&] { sink = from_cbor<GetRecordsResponse>(cbor).value().records.size(); }), "ns/record");
  const double text = meter.ns(read_records, [&] {
    core::Buffer room = pool->get(json.size());
    sink = read_get_records_json(json, Padding::at_least_64_bytes, std::move(room)).value().records.size();
  });
  bench::print_figure("decode GetRecords, JSON, 1,000 x " + size, text, "ns/record");
  bench::print_figure("  as a multiple of CBOR", text / hot, "x", 10);
  bench::print_figure(
      "  by the generic reader",
      meter.ns(read_records,
               [&] {
                 sink = from_json<GetRecordsResponse>(json.text(), Padding::at_least_64_bytes).value().records.size();
               }),
      "ns/record");
}

void writing(const Meter& meter, std::size_t record_size) {
  const std::string size = std::to_string(record_size) + " B";
  const PutRecordsRequest request = sample_request(record_size);
  const auto pool = core::BufferPool::create();
  const auto encode = [&](auto write) {
    return meter.ns(written_records, [&] {
      core::Buffer body = pool->get();
      write(request, body);
      sink = body.size();
    });
  };
  const double hot = encode(write_put_records_cbor);
  bench::print_figure("encode PutRecords, CBOR, 500 x " + size, hot, "ns/record", 60);
  bench::print_figure("  by the generic writer", meter.ns(written_records, [&] { sink = to_cbor(request).size(); }),
                      "ns/record");
  const double text = encode(write_put_records_json);
  bench::print_figure("encode PutRecords, JSON, 500 x " + size, text, "ns/record");
  bench::print_figure("  as a multiple of CBOR", text / hot, "x", 10);
  bench::print_figure("  by the generic writer", meter.ns(written_records, [&] { sink = to_json(request).size(); }),
                      "ns/record");
}

/// What the emulator does with a request.
void serving(const Meter& meter, std::size_t record_size) {
  const PutRecordsRequest request = sample_request(record_size);
  const Blob cbor = padded(to_cbor(request));
  const Blob json = padded(to_json(request));
  const std::string what = "read PutRecords, 500 x " + std::to_string(record_size) + " B, ";
  const auto pool = core::BufferPool::create();
  bench::print_figure(what + "CBOR",
                      meter.ns(written_records, [&] { sink = read_put_records_cbor(cbor).value().records.size(); }),
                      "ns/record");
  bench::print_figure(
      what + "JSON",
      meter.ns(written_records,
               [&] {
                 core::Buffer room = pool->get(json.size());
                 sink = read_put_records_json(json, Padding::at_least_64_bytes, std::move(room)).value().records.size();
               }),
      "ns/record");
}

void keys(const Meter& meter) {
  std::vector<std::string> keys;
  for (std::size_t i = 0; i < written_records; ++i) keys.push_back("customer-" + std::to_string(1'000'000 + i));
  std::vector<BytesView> views;
  for (const std::string& key : keys) views.push_back(as_bytes(key));
  std::vector<core::Md5Digest> digests(keys.size());
  for (const auto& [kernel, name] : {std::pair{core::Md5Kernel::scalar, "one by one"},
                                     {core::Md5Kernel::lanes_4, "in 4 lanes"},
                                     {core::Md5Kernel::lanes_8, "in 8 lanes"},
                                     {core::Md5Kernel::lanes_16, "in 16 lanes"}}) {
    if (!core::supported(kernel)) continue;
    bench::print_figure(std::string("MD5 of a partition key of 16 bytes, ") + name,
                        meter.ns(keys.size(), [&] { core::md5_many(views, digests, kernel); }), "ns");
  }
  core::Histogram histogram;
  std::uint64_t value = 1;
  const double sample = meter.ns(1000, [&] {
    for (int i = 0; i < 1000; ++i) histogram.record((value = value * 6'364'136'223'846'793'005U + 1) >> 44);
  });
  bench::print_figure("a sample into a histogram", sample, "ns", 10);
}

}  // namespace

int main(int argc, char** argv) {
  const Meter meter(argc > 1 ? std::max(1, std::atoi(argv[1])) : 300);
  bench::print_machine();
  for (const std::size_t size : {std::size_t{1024}, std::size_t{100}}) {
    reading(meter, size);
    writing(meter, size);
    serving(meter, size);
  }
  keys(meter);
  return 0;
}
