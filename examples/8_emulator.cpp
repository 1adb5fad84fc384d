// A test without AWS: the emulator in this process, with a fault ordered, and proof that the producer survives it.
#include <kinesis/emulator.hpp>
#include <kinesis/kinesis.hpp>

#include <iostream>

int main() {
  kinesis::Emulator emulator;
  emulator.create_stream("orders", 2);
  emulator.add_fault(kinesis::FaultRule::parse("operation=PutRecords,nth=1,action=reset-before").value());

  kinesis::ClientOptions options;
  options.region = "us-east-1";
  options.endpoint_url = emulator.endpoint_url();
  options.credentials = kinesis::static_credentials("any", "thing");
  kinesis::Client client(options);

  kinesis::Producer<std::string> producer(client, {.stream = "orders"}, kinesis::text);
  const kinesis::Receipt receipt = producer.send("customer-7", "order").get();
  std::cout << "stored in " << receipt.shard_id << '\n';
  producer.close().get();
}
