// What a program of a user does with the installed package: builds against the public headers and links everything it
// needs.
#include <kinesis/emulator.hpp>
#include <kinesis/kinesis.hpp>

#include <iostream>

int main() {
  kinesis::Emulator emulator;
  emulator.create_stream("orders", 1);
  kinesis::ClientOptions options;
  options.region = "us-east-1";
  options.endpoint_url = emulator.endpoint_url();
  options.credentials = kinesis::static_credentials("any", "thing");
  kinesis::Client client(options);
  kinesis::Producer<std::string> producer(client, {.stream = "orders"}, kinesis::text);
  std::cout << producer.send("key", "data").get().shard_id << '\n';
  producer.close().get();
}
