#include "core/keep_beside.hpp"
#include "producer/pipeline.hpp"

#include <string>
#include <utility>
#include <variant>

namespace kinesis {
namespace {

constexpr std::size_t most_batch_records = 500;
constexpr std::size_t most_batch_bytes = std::size_t{10} * 1024 * 1024;
constexpr std::size_t least_aggregate = 64;

[[noreturn]] void fail(const char* why) { throw Error(errc::invalid_argument, std::string("ProducerOptions: ") + why); }

template <class Packed>
void check_aggregate(const Packed& packed) {
  if (packed.max_bytes < least_aggregate || packed.max_bytes > most_batch_bytes)
    fail("aggregation: max_bytes must be 64 to 10 MiB");
  if (packed.max_records < 1) fail("aggregation: max_records must be at least 1");
}

void check(const ProducerOptions& options) {
  if (options.max_batch_records < 1 || options.max_batch_records > most_batch_records)
    fail("max_batch_records must be 1 to 500");
  if (options.max_batch_bytes < 1 || options.max_batch_bytes > most_batch_bytes)
    fail("max_batch_bytes must be 1 to 10 MiB");
  if (options.max_in_flight < 1 || options.max_in_flight_per_shard < 1)
    fail("max_in_flight and max_in_flight_per_shard must be at least 1");
  if (options.max_buffered_records < 1 || options.max_buffered_bytes < 1)
    fail("max_buffered_records and max_buffered_bytes must be at least 1");
  if (options.linger.count() < 0 || options.time_to_live.count() < 0 || options.retry_base.count() < 0)
    fail("linger, time_to_live and retry_base must be at least 0");
  if (options.retry_cap < options.retry_base) fail("retry_cap must be at least retry_base");
  if (options.max_record_bytes > most_batch_bytes) fail("max_record_bytes must be at most 10 MiB");
  if (const auto* by_shard = std::get_if<AggregateByShard>(&options.aggregation)) check_aggregate(*by_shard);
  if (const auto* by_key = std::get_if<AggregateByKey>(&options.aggregation)) check_aggregate(*by_key);
}

}  // namespace

bool ProducerCore::send_view(const OutgoingView& record, detail::Handler<Receipt> done, SendMode mode) {
  OutgoingRecord<Blob> owned(std::string(record.partition_key), Blob::copy_of(record.data));
  if (mode.refuse_when_full) return try_send(std::move(owned), std::move(done));
  send(std::move(owned), std::move(done));
  return true;
}

std::shared_ptr<ProducerCore> make_producer_core(Client client, ProducerOptions options) {
  check(options);
  auto pipeline = std::make_shared<producer::Pipeline>(client.without_thread(), std::move(options));
  pipeline->start();
  return core::keep_beside(std::move(client), std::move(pipeline));
}

}  // namespace kinesis
