// Consumes a stream with a handler. Needs AWS_REGION and credentials in the environment, or an endpoint in
// AWS_ENDPOINT_URL.
#include <kinesis/kinesis.hpp>

#include <iostream>

int main() {
  kinesis::Client client;  // region and credentials from the environment, one background thread
  kinesis::consume(client, {.stream = "orders", .application = "billing"}, kinesis::text,
                   [](const kinesis::Record<std::string>& record) {
                     std::cout << record.shard_id << ": " << record.data << '\n';
                   });  // returns after SIGINT: what was handled is checkpointed, leases are released
}
