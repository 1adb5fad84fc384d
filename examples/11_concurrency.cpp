// Several records of a shard at a time, each key in order; of each key at most one record is repeated after a crash;
// and whole batches.
#include <kinesis/kinesis.hpp>
#include <kinesis/testing/fake_shards.hpp>

#include <iostream>

namespace {

using Orders = kinesis::testing::FakeShards<std::string>;

void put_orders(Orders& shards) {
  for (int i = 0; i < 6; ++i) shards.put("shard-0", "customer-" + std::to_string(i % 2), "order-" + std::to_string(i));
}

// Four at a time: the handler is a coroutine, so that it waits for its database without holding up the others.
void per_key() {
  Orders shards{};
  put_orders(shards);
  kinesis::ConsumeOptions options;
  options.concurrency = kinesis::per_key(4);
  int handled = 0;
  auto handler = [&](const kinesis::Record<std::string>&) -> boost::asio::awaitable<void> {
    ++handled;
    co_return;
  };
  kinesis::testing::run_to_end(shards.consumer(), handler, options);
  std::cout << "per key: " << handled << " records\n";
}

void checkpoint_per_key() {
  Orders shards{};
  put_orders(shards);
  kinesis::ConsumeOptions options(kinesis::CheckpointPerKey{});
  kinesis::testing::run_to_end(shards.consumer(), [](const kinesis::Record<std::string>&) {}, options);
  std::cout << "checkpoint per key: at least 3 checkpoints: " << std::boolalpha
            << (shards.checkpoints("shard-0").size() >= 3) << '\n';
}

void batches() {
  Orders shards{};
  put_orders(shards);
  shards.batch_size(4);
  auto handler = [](std::span<const kinesis::Record<std::string>> records) {
    std::cout << "a batch of " << records.size() << '\n';
  };
  kinesis::testing::run_to_end(shards.consumer(), handler);
}

}  // namespace

int main() {
  per_key();
  checkpoint_per_key();
  batches();
}
