// A codec of one's own, and a poison record as a value: consumes until it has seen the order it sent.
//   usage: 7_codec LEASES_FILE
#include <kinesis/kinesis.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include <charconv>
#include <iostream>

namespace asio = boost::asio;

namespace {

struct Order {
  std::string customer;
  int cents = 0;
};

/// "customer,cents"
struct OrderCodec {
  void encode(const Order& order, kinesis::Bytes& out) const {
    kinesis::append(out, kinesis::as_bytes(order.customer + "," + std::to_string(order.cents)));
  }
  kinesis::Result<Order> decode(kinesis::BytesView in) const {
    const std::string_view text = kinesis::as_text(in);
    const std::size_t comma = text.rfind(',');
    Order order;
    if (comma == text.npos ||
        std::from_chars(text.data() + comma + 1, text.data() + text.size(), order.cents).ec != std::errc())
      return kinesis::Error(kinesis::errc::protocol, "not an order");
    order.customer = text.substr(0, comma);
    return order;
  }
};

asio::awaitable<void> co_main(std::string leases_file) {
  kinesis::Client client(co_await asio::this_coro::executor);
  kinesis::Producer<Order> producer(client, {.stream = "orders"}, OrderCodec{});
  const Order order{"customer-7", 1250};
  co_await producer.async_send(order.customer, order);
  co_await producer.async_close();

  kinesis::ConsumerOptions options{.stream = "orders", .application = "codec"};
  options.leases = kinesis::sqlite_leases(leases_file, "codec");
  const auto codec = kinesis::attempt(kinesis::Codec<Order>(OrderCodec{}));
  kinesis::Consumer<kinesis::Result<Order>> consumer(client, options, codec);
  auto handler = [&](const kinesis::Record<kinesis::Result<Order>>& record) -> asio::awaitable<void> {
    if (!record.data) co_return;  // somebody else's record
    std::cout << record.data->customer << " pays " << record.data->cents << " cents\n";
    consumer.async_stop(asio::detached);  // not awaited: it waits for this very handler
  };
  co_await kinesis::async_consume(consumer, codec, handler);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return std::cerr << "usage: 7_codec LEASES_FILE\n", 2;
  asio::io_context context;
  int code = 0;
  asio::co_spawn(context, co_main(argv[1]), [&](std::exception_ptr error) {
    try {
      if (error) std::rethrow_exception(error);
    } catch (const std::exception& failure) {
      std::cerr << failure.what() << '\n';
      code = 1;
    }
  });
  context.run();
  return code;
}
