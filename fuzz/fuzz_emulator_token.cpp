// Shard iterators and pagination tokens that clients may have made up. A checksum protects them from accidents only, so
// what is behind it is made from the input: the first byte is the kind, the second whether the text itself is the
// token.
#include "core/base64.hpp"
#include "core/digest.hpp"
#include "emulator/logic/iterator.hpp"
#include "emulator/logic/region.hpp"
#include "emulator/logic/token.hpp"

#include <chrono>
#include <cstdlib>
#include <string>

using namespace kinesis;
using namespace kinesis::emulator;

namespace {

const Moment now{Moment::Monotonic(std::chrono::hours(24)), Moment::Wall(std::chrono::milliseconds(1'767'225'600'000))};

Region make_region() {
  RegionOptions options;
  options.limits = false;
  Region region(std::move(options), now);
  if (!region.create_active("s", 4, now)) std::abort();
  for (const char* key : {"a", "b", "c", "d", "e"}) {
    if (!region.call(PutRecordRequest("s", Blob("data"), key), now)) std::abort();
  }
  RegisterStreamConsumerRequest consumer;
  consumer.stream_arn = "arn:aws:kinesis:us-east-1:123456789012:stream/s";
  consumer.consumer_name = "c";
  if (!region.call(consumer, now)) std::abort();
  return region;
}

std::string forged(std::string_view payload) {
  std::string bytes("\0\0\0\0\0\0\0\1", 8);
  bytes += payload;
  const std::uint32_t check = core::crc32(as_bytes(bytes), 0x6B696E65);
  for (const int shift : {24, 16, 8, 0}) bytes += static_cast<char>(check >> shift);
  return core::base64_encode(as_bytes(bytes));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  if (size < 2) return 0;
  static Region region = make_region();
  std::string payload(reinterpret_cast<const char*>(data), size);
  payload[0] = static_cast<char>(1 + (data[0] & 3));
  const bool plain = (data[1] & 1) != 0;
  payload.erase(1, 1);
  const std::string token = plain ? payload : forged(payload);

  if (const auto position = parse_iterator(token)) {
    const auto again = parse_iterator(to_iterator(*position));
    if (!again || !(*again == *position)) std::abort();
  }
  (void)region.call(GetRecordsRequest(token), now);
  ListShardsRequest shards;
  shards.next_token = token;
  (void)region.call(shards, now);
  ListStreamsRequest streams;
  streams.next_token = token;
  (void)region.call(streams, now);
  ListStreamConsumersRequest consumers;
  consumers.stream_arn = "arn:aws:kinesis:us-east-1:123456789012:stream/s";
  consumers.next_token = token;
  (void)region.call(consumers, now);
  return 0;
}
