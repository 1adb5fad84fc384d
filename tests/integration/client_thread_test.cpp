#include "integration/fleet.hpp"

#include <atomic>

// A client that was given no executor has a thread of its own; when it ends.
namespace kinesis::integration {
namespace {

/// Tells of the end of the thread it lives on.
struct ThreadMark {
  std::atomic<bool>* ended = nullptr;
  ~ThreadMark() {
    if (ended != nullptr) *ended = true;
  }
};
thread_local ThreadMark mark;

void leave_a_mark(Producer<std::string>& producer, std::atomic<bool>& ended) {
  std::promise<void> answered;
  producer.send("key", "data", [&](const Result<Receipt>&) {
    mark.ended = &ended;
    answered.set_value();
  });
  answered.get_future().get();
}

// It outlived the program's main, and used OpenSSL after that had cleaned up: a leak, or an end that never came.
TEST(ClientThread, HasEndedWhenTheLastHandleIsGone) {
  Stage stage(1);
  for (int round = 0; round < 20; ++round) {
    std::atomic<bool> ended{false};
    {
      Producer<std::string> producer(Client(stage.client_options()), ProducerOptions{.stream = "orders"}, text);
      leave_a_mark(producer, ended);
      producer.send("key", "still under way", [](const Result<Receipt>&) {});
      EXPECT_FALSE(ended);
    }
    EXPECT_TRUE(ended) << round;
  }
}

TEST(ClientThread, OfAClientThatIsReplacedEnds) {
  Stage stage(1);
  std::atomic<bool> ended{false};
  Client client(stage.client_options());
  {
    Producer<std::string> producer(client, ProducerOptions{.stream = "orders"}, text);
    leave_a_mark(producer, ended);
  }
  EXPECT_FALSE(ended);
  client = Client(stage.client_options());
  EXPECT_TRUE(ended);
  client.call(DescribeStreamSummaryRequest("orders")).get();
}

TEST(ClientThread, EndsByItselfWhereTheLastHandleGoesOnIt) {
  Stage stage(1);
  std::promise<void> gone;
  auto producer = std::make_shared<Producer<std::string>>(Client(stage.client_options()),
                                                          ProducerOptions{.stream = "orders"}, text);
  auto& sender = *producer;
  std::promise<void> let_go;
  sender.send("key", "data", [&, last = producer](const Result<Receipt>&) mutable {
    let_go.get_future().get();
    last.reset();
    gone.set_value();
  });
  producer.reset();
  let_go.set_value();
  gone.get_future().get();
}

TEST(ClientThread, OfAConsumerEndsWithIt) {
  Stage stage(1);
  stage.put(0, 10);
  std::atomic<bool> ended{false};
  {
    ConsumerOptions options = stage.worker_options("a");
    std::promise<void> seen;
    options.on_event = [&](const DiagnosticEvent& event) {
      if (!std::holds_alternative<event::LeaseAcquired>(event)) return;
      mark.ended = &ended;
      seen.set_value();
    };
    const Consumer<std::string> consumer(Client(stage.client_options()), std::move(options), text);
    seen.get_future().get();
  }
  EXPECT_TRUE(ended);
}

}  // namespace
}  // namespace kinesis::integration
