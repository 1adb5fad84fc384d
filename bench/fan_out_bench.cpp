// What SubscribeToShard of the emulator sends: 64 subscriptions on one HTTP/2 connection (h2c), read by a bare nghttp2
// reader that only counts bytes. The emulator runs on one thread of its own, without limits.
//   fan_out_bench [rounds]
#include "aws/cbor_format.hpp"
#include "aws/json_format.hpp"
#include "aws/kinesis_shapes.hpp"
#include "measure.hpp"
#include <kinesis/client.hpp>
#include <kinesis/emulator.hpp>

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdexcept>
#include <string>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

namespace {

using namespace kinesis;

constexpr int shards = 64;
constexpr int records_per_shard = 8'192;
constexpr std::size_t record_bytes = 1'024;
constexpr std::uint64_t bytes_of_round = std::uint64_t{shards} * records_per_shard * record_bytes;

double process_cpu_seconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

nghttp2_nv field(const std::string& name, const std::string& value) {
  const auto bytes = [](const std::string& text) {
    return const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(text.data()));
  };
  return {bytes(name), bytes(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
}

/// Counts the bytes of bodies.
class BareReader {
 public:
  explicit BareReader(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
      throw std::runtime_error("connect");
    nghttp2_session_callbacks* callbacks = nullptr;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(
        callbacks, [](nghttp2_session*, std::uint8_t, std::int32_t, const std::uint8_t*, std::size_t size, void* self) {
          static_cast<BareReader*>(self)->received_ += size;
          return 0;
        });
    nghttp2_session_client_new(&session_, callbacks, this);
    nghttp2_session_callbacks_del(callbacks);
    const std::array<nghttp2_settings_entry, 2> settings = {
        {{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 8u << 20}, {NGHTTP2_SETTINGS_MAX_FRAME_SIZE, 1u << 20}}};
    nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings.data(), settings.size());
    nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0, 1 << 30);
  }
  ~BareReader() {
    nghttp2_session_del(session_);
    ::close(socket_);
  }
  BareReader(const BareReader&) = delete;
  BareReader& operator=(const BareReader&) = delete;

  void subscribe(std::string body, const std::string& type) {
    const std::array<std::pair<std::string, std::string>, 8> fields = {
        {{":method", "POST"},
         {":scheme", "http"},
         {":path", "/"},
         {":authority", "127.0.0.1"},
         {"content-type", type},
         {"x-amz-target", "Kinesis_20131202.SubscribeToShard"},
         {"x-amz-date", "20260101T000000Z"},
         {"authorization",
          "AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/kinesis/aws4_request, SignedHeaders=host, Signature=ab"}}};
    std::vector<nghttp2_nv> list;
    for (const auto& [name, value] : fields) list.push_back(field(name, value));
    bodies_.push_back({std::move(body), 0});
    nghttp2_data_provider provider{};
    provider.source.ptr = reinterpret_cast<void*>(bodies_.size() - 1);
    provider.read_callback = [](nghttp2_session*, std::int32_t, std::uint8_t* out, std::size_t, std::uint32_t* flags,
                                nghttp2_data_source* source, void* self) -> ssize_t {
      const auto& sent = static_cast<BareReader*>(self)->bodies_[reinterpret_cast<std::size_t>(source->ptr)].first;
      std::copy(sent.begin(), sent.end(), out);
      *flags |= NGHTTP2_DATA_FLAG_EOF;
      return static_cast<ssize_t>(sent.size());
    };
    nghttp2_submit_request(session_, nullptr, list.data(), list.size(), &provider, nullptr);
  }

  void read(std::uint64_t bytes) {
    while (received_ < bytes) {
      flush();
      const ssize_t size = ::recv(socket_, buffer_.data(), buffer_.size(), 0);
      if (size <= 0) throw std::runtime_error("the connection has ended");
      if (nghttp2_session_mem_recv(session_, buffer_.data(), static_cast<std::size_t>(size)) < 0)
        throw std::runtime_error("no HTTP/2");
    }
  }

 private:
  void flush() {
    const std::uint8_t* data = nullptr;
    for (ssize_t size = 0; (size = nghttp2_session_mem_send(session_, &data)) > 0;) {
      for (ssize_t sent = 0; sent < size;) {
        const ssize_t more = ::send(socket_, data + sent, static_cast<std::size_t>(size - sent), MSG_NOSIGNAL);
        if (more < 0) throw std::runtime_error("send");
        sent += more;
      }
    }
  }

  int socket_;
  nghttp2_session* session_ = nullptr;
  std::vector<std::pair<std::string, std::size_t>> bodies_;
  std::vector<std::uint8_t> buffer_ = std::vector<std::uint8_t>(1 << 20);
  std::uint64_t received_ = 0;
};

ClientOptions client_options(const Emulator& emulator) {
  ClientOptions options;
  options.region = "us-east-1";
  options.endpoint_url = emulator.endpoint_url();
  options.credentials = static_credentials("a", "b");
  return options;
}

/// `records_per_shard` into each: a number of a multiple of the shards' count in each call, in turns.
void fill(const Client& client) {
  std::vector<std::string> hashes;
  for (const KinesisShard& shard : client.call(ListShardsRequest(StreamId("s"))).get().shards)
    hashes.push_back(shard.hash_key_range.starting_hash_key);
  constexpr int turns = 7;
  const Blob data(bench::random_bytes(record_bytes));
  for (int done = 0; done < records_per_shard; done += turns) {
    PutRecordsRequest request;
    request.stream_name = "s";
    for (int turn = done; turn < std::min(done + turns, records_per_shard); ++turn) {
      for (const std::string& hash : hashes) request.records.emplace_back(data, "k").explicit_hash_key = hash;
    }
    if (client.call(std::move(request)).get().failed_record_count != 0) throw std::runtime_error("a put was throttled");
  }
}

struct Outcome {
  double bytes_per_second = 0;
  double server_ns_per_kb = 0;
};

/// All records of the stream, once, by a consumer of its own.
Outcome measure(const Emulator& emulator, const std::string& consumer, bool cbor) {
  BareReader reader(emulator.port());
  for (int shard = 0; shard < shards; ++shard) {
    const SubscribeToShardRequest request(consumer, std::to_string(shard),
                                          StartingPosition(ShardIteratorType::trim_horizon));
    reader.subscribe(cbor ? aws::to_cbor(request) : aws::to_json(request),
                     cbor ? "application/x-amz-cbor-1.1" : "application/x-amz-json-1.1");
  }
  const auto start = Clock::system()->now();
  const double all = process_cpu_seconds();
  const double own = bench::thread_cpu_us();
  // Every body has more than its records' data: base64 a third more.
  reader.read(cbor ? bytes_of_round : bytes_of_round / 3 * 4);
  const double seconds = std::chrono::duration<double>(Clock::system()->now() - start).count();
  const double server = process_cpu_seconds() - all - (bench::thread_cpu_us() - own) / 1e6;
  Outcome out;
  out.bytes_per_second = static_cast<double>(bytes_of_round) / seconds;
  out.server_ns_per_kb = server * 1e9 / (static_cast<double>(bytes_of_round) / 1024);
  return out;
}

}  // namespace

int main(int count, char** arguments) {
  const int rounds = count > 1 ? std::atoi(arguments[1]) : 5;
  EmulatorOptions options;
  options.limits = false;
  options.memory_bytes = std::size_t{2} << 30;
  Emulator emulator(std::move(options));
  emulator.create_stream("s", shards);
  const Client client(client_options(emulator));
  fill(client);
  bench::print_machine();
  for (const bool cbor : {true, false}) {
    Outcome best;
    for (int round = 0; round < rounds; ++round) {
      RegisterStreamConsumerRequest request("arn:aws:kinesis:us-east-1:123456789012:stream/s",
                                            (cbor ? "cbor-" : "json-") + std::to_string(round));
      const std::string arn = client.call(std::move(request)).get().consumer.consumer_arn;
      const Outcome one = measure(emulator, arn, cbor);
      if (one.bytes_per_second > best.bytes_per_second) best = one;
    }
    const std::string format = cbor ? "CBOR" : "JSON";
    bench::print_rate("records' data sent to 64 subscriptions, " + format, best.bytes_per_second / 1e6, "MB/s",
                      cbor ? 1'000 : 0);
    bench::print_figure("the emulator's CPU for 1 KiB of it, " + format, best.server_ns_per_kb, "ns");
  }
  return 0;
}
