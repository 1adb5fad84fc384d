#include "integration/fleet.hpp"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <set>
#include <stdexcept>
#include <unistd.h>
#include <utility>

namespace kinesis::integration {

class FastClock::FastTimer final : public Timer {
 public:
  FastTimer(const FastClock& clock, std::unique_ptr<Timer> timer) : clock_(clock), timer_(std::move(timer)) {}
  void async_wait(Clock::time_point when, Handler handler) override {
    if (when != Clock::time_point::max()) when = clock_.began_ + (when - clock_.began_) / clock_.speed_;
    // A division cuts off, and whoever waits must not find that it is too early.
    if (when != Clock::time_point::max()) when += std::chrono::nanoseconds(1);
    timer_->async_wait(when, std::move(handler));
  }
  void cancel() override { timer_->cancel(); }

 private:
  const FastClock& clock_;
  std::unique_ptr<Timer> timer_;
};

FastClock::FastClock(int speed)
    : machine_(Clock::system()), speed_(speed), began_(machine_->now()), wall_began_(machine_->wall_now()) {}

Clock::time_point FastClock::now() const noexcept { return began_ + (machine_->now() - began_) * speed_; }

Clock::wall_time_point FastClock::wall_now() const noexcept {
  return wall_began_ + std::chrono::duration_cast<wall_time_point::duration>(now() - began_);
}

std::unique_ptr<Timer> FastClock::make_timer(asio::any_io_executor executor) {
  return std::make_unique<FastTimer>(*this, machine_->make_timer(std::move(executor)));
}

Worker::Worker(ClientOptions client, ConsumerOptions options)
    : events_(std::make_shared<Events>()),
      client_(std::move(client)),
      consumer_(
          client_,
          [&] {
            options.on_event = [events = events_](const DiagnosticEvent& event) { events->add(event); };
            return options;
          }(),
          text) {}

Worker::Worker(ClientOptions client, ConsumerOptions options, Handler handler)
    : Worker(std::move(client), std::move(options)) {
  run(std::move(handler));
}

Worker::Worker(ClientOptions client, ConsumerOptions options, WaitingHandler handler)
    : Worker(std::move(client), std::move(options)) {
  run(std::move(handler));
}

template <class AnyHandler>
void Worker::run(AnyHandler handler) {
  auto promise = std::make_shared<std::promise<void>>();
  ended_ = promise->get_future();
  auto run = [](Consumer<std::string>* consumer, AnyHandler to,
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

AuthorityFile::AuthorityFile(const std::string& pem) {
  if (pem.empty()) return;
  std::string name = ::testing::TempDir() + "/kinesis-test-ca-XXXXXX";
  const int file = ::mkstemp(name.data());
  if (file < 0) throw std::runtime_error("cannot make " + name);
  ::close(file);
  std::ofstream(name) << pem;
  path_ = name;
}

AuthorityFile::~AuthorityFile() {
  if (!path_.empty()) std::remove(path_.c_str());
}

Stage::Stage(int shards, EmulatorOptions options) : Stage(shards, std::move(options), 1) {}

Stage::Stage(int shards, EmulatorOptions options, int speed)
    : fetch(Polling{.idle_interval = std::chrono::milliseconds(20)}),
      speed_(speed),
      clock_(speed == 1 ? Clock::system() : std::make_shared<FastClock>(speed)),
      emulator_([&] {
        options.limits = false;
        options.clock = clock_;
        return options;
      }()),
      authority_(emulator_.ca_pem()),
      client_(client_options()) {
  emulator_.create_stream("orders", shards);
}

ClientOptions Stage::client_options() const {
  ClientOptions options;
  options.region = "us-east-1";
  options.endpoint_url = emulator_.endpoint_url();
  options.credentials = static_credentials("any", "thing");
  options.ca_bundle = authority_.path();
  options.clock = clock_;
  return options;
}

ConsumerOptions Stage::worker_options(const std::string& worker) const {
  using std::chrono::milliseconds;
  ConsumerOptions options{.stream = "orders", .application = "billing"};
  options.leases = leases_;
  options.worker = worker;
  options.fetch = fetch;
  options.timing.failover = milliseconds(2'000) * speed_;
  options.timing.renew_interval = milliseconds(500) * speed_;
  options.timing.refresh_interval = milliseconds(100) * speed_;
  options.timing.shard_refresh_interval = milliseconds(1'000) * speed_;
  options.checkpoint = CheckpointEvery{50, milliseconds(200) * speed_};
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
