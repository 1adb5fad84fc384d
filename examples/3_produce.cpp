// Produces with futures, and with a callback.
#include <kinesis/kinesis.hpp>

#include <iostream>

int main() {
  kinesis::Client client;
  kinesis::Producer<std::string> producer(client, {.stream = "orders"}, kinesis::text);
  std::vector<std::future<kinesis::Receipt>> receipts;
  for (int i = 0; i < 1000; ++i) receipts.push_back(producer.send("customer-" + std::to_string(i), "order"));
  for (auto& receipt : receipts) std::cout << receipt.get().sequence_number << '\n';
  producer.send("customer-7", "order", [](kinesis::Result<kinesis::Receipt> sent) {
    if (!sent) std::cerr << sent.error().what() << '\n';
  });
  producer.close().get();  // sends what is buffered, waits for every receipt
}
