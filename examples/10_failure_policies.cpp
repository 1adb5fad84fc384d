// What becomes of a record whose handler throws: the shard starts again, the worker stops, or the record is put aside.
#include <kinesis/kinesis.hpp>
#include <kinesis/testing/fake_shards.hpp>

#include <iostream>
#include <stdexcept>

namespace {

using Orders = kinesis::testing::FakeShards<std::string>;

// Restart, which is the default: for what passes, such as a database that is away.
void restart() {
  Orders shards{{"shard-0", {"order-1", "poison", "order-3"}}};
  int failures = 2;
  auto handler = [&](const kinesis::Record<std::string>& record) {
    if (record.data == "poison" && failures-- > 0) throw std::runtime_error("not now");
    std::cout << "restart: " << record.data << '\n';
  };
  kinesis::testing::run_to_end(shards.consumer(), handler);
}

// Stop all: for what nobody has thought of.
void stop_all() {
  Orders shards{{"shard-0", {"order-1", "poison", "order-3"}}};
  kinesis::ConsumeOptions options;
  options.on_failure = kinesis::StopAll{};
  auto handler = [](const kinesis::Record<std::string>& record) {
    if (record.data == "poison") throw std::runtime_error("what is this?");
    std::cout << "stop all: " << record.data << '\n';
  };
  try {
    kinesis::testing::run_to_end(shards.consumer(), handler, options);
  } catch (const std::exception& error) {
    std::cout << "stop all: " << error.what() << '\n';
  }
}

// Skip: somebody looks at the record later. The function may be a coroutine that sends it to another stream.
void skip() {
  Orders shards{{"shard-0", {"order-1", "poison", "order-3"}}};
  kinesis::ConsumeOptions options;
  options.on_failure = kinesis::SkipRecord(
      [](const kinesis::DeadLetter& letter) { std::cout << "skip: put aside " << letter.record.data.text() << '\n'; });
  auto handler = [](const kinesis::Record<std::string>& record) {
    if (record.data == "poison") throw std::runtime_error("what is this?");
    std::cout << "skip: " << record.data << '\n';
  };
  kinesis::testing::run_to_end(shards.consumer(), handler, options);
}

}  // namespace

int main() {
  restart();
  stop_all();
  skip();
}
