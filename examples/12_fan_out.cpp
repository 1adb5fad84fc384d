// Consumes a stream by enhanced fan-out: the service pushes the records over HTTP/2, as they arrive.
#include <kinesis/kinesis.hpp>

#include <iostream>

int main() {
  kinesis::Client client;
  kinesis::ConsumerOptions options{.stream = "orders", .application = "shipping"};
  options.leases = kinesis::sqlite_leases("shipping.db", "shipping");
  // Registers the consumer "shipping" if there is none, and removes it with the last worker. Polls where it may not.
  kinesis::EnhancedFanOut fan_out;
  fan_out.consumer = kinesis::RegisteredConsumer{.deregister = kinesis::RegisteredConsumer::Deregister::by_last_worker};
  fan_out.fallback = kinesis::Polling{};
  options.fetch = fan_out;
  options.on_event = [](const kinesis::DiagnosticEvent& event) {
    if (const auto* fell_back = std::get_if<kinesis::event::FellBack>(&event))
      std::cerr << "polling: " << fell_back->error.what() << '\n';
  };
  kinesis::consume(client, options, kinesis::text, [](const kinesis::Record<std::string>& record) {
    std::cout << record.data << " after " << record.behind_latest.count() << " ms" << std::endl;
  });
}
