// A unit test without a stream: the application's code, and a producer that remembers, fails and waits as told.
#include <kinesis/kinesis.hpp>
#include <kinesis/testing/fake_producer.hpp>

#include <iostream>

// The code under test: what it gets is a Producer, whatever is behind it.
int place_orders(kinesis::Producer<std::string>& producer, int count) {
  int placed = 0;
  for (int i = 0; i < count; ++i) {
    try {
      producer.send("customer-" + std::to_string(i), "order").get();
      ++placed;
    } catch (const kinesis::Error& error) {
      std::cout << "order " << i << ": " << error.message() << '\n';
    }
  }
  return placed;
}

int main() {
  kinesis::testing::FakeProducer fake;
  auto producer = fake.producer(kinesis::text);
  fake.fail_next(1, kinesis::Error(kinesis::errc::throttled, "too many orders"));
  const int placed = place_orders(producer, 3);
  std::cout << "placed " << placed << " of " << fake.sent().size() << '\n';
}
