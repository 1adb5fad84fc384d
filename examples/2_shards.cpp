// Consumes a stream as a stream of shards, with coroutines, and stops after a number of records. Leases are in a SQLite
// file, so that several of these share the shards on one machine.
//   usage: 2_shards LEASES_FILE RECORDS
#include <kinesis/kinesis.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include <cstdlib>
#include <iostream>

namespace asio = boost::asio;

namespace {

long records_left = 0;

asio::awaitable<void> drain(kinesis::Consumer<std::string>& consumer, kinesis::Shard<std::string> shard) {
  while (auto batch = co_await shard.async_next_batch()) {  // empty: ended, lost, handed over, stopping
    for (const auto& record : *batch) {
      std::cout << record.shard_id << ": " << record.data << '\n';
      shard.checkpointer().stage(record);
    }
    const auto outcome = co_await shard.checkpointer().async_checkpoint();
    if (outcome == kinesis::CheckpointOutcome::lease_lost) co_return;
    records_left -= static_cast<long>(batch->size());
    if (records_left <= 0) consumer.async_stop(asio::detached);  // not awaited: it waits for this very shard
  }
}  // ~Shard: the last staged record is checkpointed and the lease handed back

asio::awaitable<void> co_main(std::string leases_file) {
  auto executor = co_await asio::this_coro::executor;
  kinesis::ConsumerOptions options{.stream = "orders", .application = "billing"};
  options.leases = kinesis::sqlite_leases(leases_file, "billing");
  kinesis::Consumer<std::string> consumer(kinesis::Client(executor), options, kinesis::text);
  while (auto shard = co_await consumer.async_next_shard())
    asio::co_spawn(executor, drain(consumer, std::move(*shard)), [](std::exception_ptr) {});
  co_await consumer.async_stop();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return std::cerr << "usage: 2_shards LEASES_FILE RECORDS\n", 2;
  records_left = std::atol(argv[2]);
  asio::io_context context;
  int code = 0;
  asio::co_spawn(context, co_main(argv[1]), [&](std::exception_ptr error) {
    try {
      if (error) std::rethrow_exception(error);
    } catch (const std::exception& failure) {
      std::cerr << failure.what() << '\n';
      code = 1;
    }
  });
  context.run();
  return code;
}
