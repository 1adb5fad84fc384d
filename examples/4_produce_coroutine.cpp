// Produces with coroutines.
#include <kinesis/kinesis.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <iostream>

namespace asio = boost::asio;

namespace {

asio::awaitable<void> produce(kinesis::Producer<std::string>& producer) {
  auto receipt = co_await producer.async_send("customer-7", "paid");  // throws kinesis::Error
  std::cout << receipt.shard_id << ' ' << receipt.sequence_number << '\n';
  auto sent = co_await producer.async_send("customer-7", "shipped", kinesis::as_result);  // or look at it
  if (!sent && sent.error().code() == kinesis::errc::throttled) std::cerr << sent.error().what() << '\n';
  co_await producer.async_close();
}

}  // namespace

int main() {
  asio::io_context context;
  kinesis::Producer<std::string> producer(kinesis::Client(context.get_executor()), {.stream = "orders"}, kinesis::text);
  int code = 0;
  asio::co_spawn(context, produce(producer), [&](std::exception_ptr error) {
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
