#include "integration/fleet.hpp"

#include <set>

namespace kinesis::integration {

Worker::Worker(ClientOptions client, ConsumerOptions options, Handler handler)
    : events_(std::make_shared<Events>()),
      client_(std::move(client)),
      consumer_(
          client_,
          [&] {
            options.on_event = [events = events_](const DiagnosticEvent& event) { events->add(event); };
            return options;
          }(),
          text) {
  auto promise = std::make_shared<std::promise<void>>();
  ended_ = promise->get_future();
  auto run = [](Consumer<std::string>* consumer, Handler to,
                std::shared_ptr<std::promise<void>> done) -> core::awaitable<void> {
    std::exception_ptr failure;
    try {
      co_await async_consume(*consumer, std::move(to));
      co_await consumer->async_stop();
    } catch (...) {
      failure = std::current_exception();
    }
    if (failure) {
      done->set_exception(failure);
    } else {
      done->set_value();
    }
  };
  core::spawn(client_.executor(), run(&consumer_, std::move(handler), std::move(promise)));
}

Worker::~Worker() {
  if (waited_) return;
  stop();
  try {
    wait();
  } catch (const std::exception& error) {
    ADD_FAILURE() << "a worker ended with " << error.what();
  }
}

void Worker::wait() {
  waited_ = true;
  ASSERT_EQ(ended_.wait_for(patience), std::future_status::ready) << "a worker does not end";
  ended_.get();
}

void Worker::stop() { core::spawn(consumer_.core()->executor(), consumer_.core()->stop()); }

Stage::Stage(int shards, EmulatorOptions options)
    : emulator_([&] {
        options.limits = false;
        return options;
      }()),
      client_(client_options()) {
  emulator_.create_stream("orders", shards);
}

ClientOptions Stage::client_options() const {
  ClientOptions options;
  options.region = "us-east-1";
  options.endpoint_url = emulator_.endpoint_url();
  options.credentials = static_credentials("any", "thing");
  return options;
}

ConsumerOptions Stage::worker_options(const std::string& worker) const {
  using std::chrono::milliseconds;
  ConsumerOptions options{.stream = "orders", .application = "billing"};
  options.leases = leases_;
  options.worker = worker;
  options.fetch = Polling{.idle_interval = milliseconds(20)};
  options.timing.failover = milliseconds(2'000);
  options.timing.renew_interval = milliseconds(500);
  options.timing.refresh_interval = milliseconds(100);
  options.timing.shard_refresh_interval = milliseconds(1'000);
  options.checkpoint = CheckpointEvery{50, milliseconds(200)};
  return options;
}

void Stage::put(int first, int count, int keys) {
  Producer<std::string> producer(client_, producer_options, text);
  std::vector<std::future<Receipt>> receipts;
  for (int i = first; i < first + count; ++i)
    receipts.push_back(producer.send("key-" + std::to_string(i % keys), std::to_string(i)));
  for (auto& receipt : receipts) receipt.get();
  producer.close().get();
}

std::vector<KinesisShard> Stage::shards() { return client_.call(ListShardsRequest("orders")).get().shards; }

std::vector<Lease> Stage::lease_rows() {
  std::promise<std::vector<Lease>> rows;
  auto read = [](std::shared_ptr<LeaseRepository> leases,
                 std::promise<std::vector<Lease>>* out) -> core::awaitable<void> {
    out->set_value(co_await leases->list());
  };
  core::spawn(client_.executor(), read(leases_, &rows));
  return rows.get_future().get();
}

void expect_order_per_key(const Book& book) {
  std::map<std::string, int> furthest;
  std::set<std::string> seen;
  for (const Book::Entry& entry : book.entries()) {
    if (!seen.insert(entry.data).second) continue;
    const int number = std::stoi(entry.data);
    const auto [last, fresh] = furthest.try_emplace(entry.key, -1);
    EXPECT_LT(last->second, number) << "of " << entry.key << ", handled by " << entry.worker << " in "
                                    << entry.shard_id;
    last->second = number;
  }
}

}  // namespace kinesis::integration
