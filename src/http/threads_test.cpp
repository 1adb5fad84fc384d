#include "http/wire_fixture.hpp"

#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>

#include <atomic>
#include <future>

// One client, used from many threads at once.
namespace kinesis::http {
namespace {

class WireThreads : public WireFixture {};
INSTANTIATE_TEST_SUITE_P(Http, WireThreads, all_wires(), wire_name);

struct Tally {
  std::atomic<int> right{0};
  std::atomic<int> running{0};
  std::promise<void> done;
};

awaitable<void> use(Client& client, Endpoint endpoint, int number, Tally& tally, asio::any_io_executor home) {
  for (int round = 0; round < 10; ++round) {
    const std::size_t size = static_cast<std::size_t>(number) * 777;
    Request request("POST", "/", Headers(), Body(pattern(size)));
    if (round % 2 == 0) {
      const auto response = co_await client.send(endpoint, std::move(request));
      const asio::any_io_executor here = co_await asio::this_coro::executor;
      if (response && response->body.size() == size && here == home) ++tally.right;
      continue;
    }
    auto response = co_await client.open(endpoint, std::move(request));
    if (!response) continue;
    std::size_t received = 0;
    while (true) {
      const auto piece = co_await response->read();
      if (!piece || !*piece) break;
      received += (*piece)->size();
      if (round == 5) response->cancel();
    }
    if (received == size || round == 5) ++tally.right;
  }
  if (--tally.running == 0) tally.done.set_value();
}

TEST_P(WireThreads, AnswersComeBackToTheirCallers) {
  ServerOptions with_threads;
  with_threads.threads = 2;
  const auto server = serve(echo, with_threads);
  Tally tally;
  tally.running = 40;
  asio::thread_pool pool(3);
  {
    ClientOptions options;
    options.max_connections_per_host = 8;
    const auto client = this->client(std::move(options), pool.get_executor());
    for (int i = 0; i < 40; ++i) {
      const asio::any_io_executor strand = asio::make_strand(pool.get_executor());
      core::spawn(strand, use(*client, at(*server), i, tally, strand));
    }
    tally.done.get_future().wait();
  }
  pool.join();
  EXPECT_EQ(tally.right, 400);
  // Each of the 40 callers cancels once, which costs HTTP/1.1 a connection.
  EXPECT_LE(server->stats().connections_accepted, 50u);
}

}  // namespace
}  // namespace kinesis::http
