// One consumer of several streams: their leases are in one table, and are shared among the workers as one.
#include <kinesis/kinesis.hpp>

#include <iostream>

int main() {
  kinesis::Client client;
  kinesis::ConsumerOptions options{
      .stream = kinesis::Streams::several({"orders", {"payments", kinesis::TrimHorizon{}}}), .application = "ledger"};
  options.leases = kinesis::sqlite_leases("ledger.db", "ledger");
  kinesis::consume(client, options, kinesis::text, [](const kinesis::Record<std::string>& record) {
    std::cout << record.stream << ": " << record.data << std::endl;
  });
}
