// A unit test without a stream: the application's handler, and shards that are lists.
#include <kinesis/kinesis.hpp>
#include <kinesis/testing/fake_shards.hpp>

#include <iostream>

// The code under test: what it gets is a Record, whatever is behind it.
void bill(const kinesis::Record<std::string>& record) { std::cout << record.shard_id << ": " << record.data << '\n'; }

int main() {
  kinesis::testing::FakeShards<std::string> shards{{"shard-0", {"order-1", "order-2"}}, {"shard-1", {"order-3"}}};
  shards.lose_lease_after("shard-1", 0);  // another worker takes it
  kinesis::testing::run_to_end(shards.consumer(), bill);
  std::cout << "shard-0 is " << (shards.finished("shard-0") ? "done" : "not done") << '\n';
  std::cout << "shard-1 is " << (shards.finished("shard-1") ? "done" : "not done") << '\n';
}
