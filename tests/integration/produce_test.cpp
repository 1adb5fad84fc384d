#include "aggregation/deaggregator.hpp"
#include "integration/fleet.hpp"

#include <algorithm>
#include <span>

namespace kinesis::integration {
namespace {

/// Counts the user records that the emulator accepted, by their data, and keeps their order.
class Accepted {
 public:
  std::function<void(const AcceptedRecord&)> hook() {
    return [this](const AcceptedRecord& record) {
      const std::lock_guard lock(mutex_);
      ++entries_;
      const BytesView data = as_bytes(record.data);
      const aggregation::ReadRecord read = deaggregator_.read(std::span(&data, 1), aggregation::HashRange()).front();
      if (read.form == aggregation::RecordForm::raw) return add(std::string(record.partition_key), record.data);
      for (const auto& inside : deaggregator_.user_records())
        add(std::string(inside.partition_key), as_text(inside.data));
    };
  }
  std::size_t entries() const {
    const std::lock_guard lock(mutex_);
    return entries_;
  }
  /// The data of each key, in the order of acceptance.
  std::map<std::string, std::vector<std::string>> by_key() const {
    const std::lock_guard lock(mutex_);
    return by_key_;
  }
  std::size_t different() const {
    const std::lock_guard lock(mutex_);
    return times_.size();
  }
  int most() const {
    const std::lock_guard lock(mutex_);
    int most = 0;
    for (const auto& [data, times] : times_) most = std::max(most, times);
    return most;
  }

 private:
  void add(std::string key, std::string_view data) {
    ++times_[std::string(data)];
    by_key_[std::move(key)].emplace_back(data);
  }

  mutable std::mutex mutex_;
  aggregation::Deaggregator deaggregator_;
  std::size_t entries_ = 0;
  std::map<std::string, int> times_;
  std::map<std::string, std::vector<std::string>> by_key_;
};

FaultRule fault(const char* text) { return FaultRule::parse(text).value(); }

class ProduceInEveryForm : public ::testing::TestWithParam<Aggregation> {};
std::string name_of_form(const ::testing::TestParamInfo<Aggregation>& info) {
  if (std::holds_alternative<AggregateByShard>(info.param)) return "ByShard";
  return std::holds_alternative<AggregateByKey>(info.param) ? "ByKey" : "Alone";
}
INSTANTIATE_TEST_SUITE_P(Produce, ProduceInEveryForm,
                         ::testing::Values(AggregateByShard{}, AggregateByKey{}, NoAggregation{}), name_of_form);

TEST_P(ProduceInEveryForm, EveryRecordIsStoredOnceWhereNothingGoesWrong) {
  Accepted accepted;
  EmulatorOptions options;
  options.on_accepted = accepted.hook();
  Stage stage(4, options);
  stage.producer_options.aggregation = GetParam();
  stage.put(0, 5'000);
  EXPECT_EQ(accepted.different(), 5'000u);
  EXPECT_EQ(accepted.most(), 1);
}

TEST_P(ProduceInEveryForm, ThrottledEntriesAreSentAgain) {
  Accepted accepted;
  EmulatorOptions options;
  options.on_accepted = accepted.hook();
  options.faults.push_back(fault("action=throttle-entry,operation=PutRecords,probability=0.2,seed=7"));
  Stage stage(2, options);
  stage.producer_options.aggregation = GetParam();
  stage.put(0, 1'000);
  EXPECT_EQ(accepted.different(), 1'000u);
  EXPECT_EQ(accepted.most(), 1);
}

TEST_P(ProduceInEveryForm, SurvivesFaultsOfTheServiceAndResetsBeforeTheWrite) {
  Accepted accepted;
  EmulatorOptions options;
  options.on_accepted = accepted.hook();
  options.faults.push_back(
      fault("operation=PutRecords,action=error,status=500,code=InternalFailure,probability=0.3,seed=1"));
  options.faults.push_back(
      fault("operation=PutRecords,action=error,status=503,code=ServiceUnavailable,probability=0.2,seed=3"));
  options.faults.push_back(fault("operation=PutRecords,action=reset-before,probability=0.3,seed=2"));
  Stage stage(2, options);
  stage.producer_options.aggregation = GetParam();
  stage.put(0, 1'000);
  EXPECT_EQ(accepted.different(), 1'000u);
  EXPECT_EQ(accepted.most(), 1);
}

TEST_P(ProduceInEveryForm, ALostAnswerMeansADuplicateAndNotALoss) {
  Accepted accepted;
  EmulatorOptions options;
  options.on_accepted = accepted.hook();
  options.faults.push_back(fault("operation=PutRecords,action=reset-after,nth=1"));
  Stage stage(1, options);
  stage.producer_options.aggregation = GetParam();
  stage.put(0, 10);
  EXPECT_EQ(accepted.different(), 10u);
  EXPECT_EQ(accepted.most(), 2);
}

TEST_P(ProduceInEveryForm, AnswersThatAreCutOrGarbageMeanDuplicatesAndNotALoss) {
  for (const char* rule : {"operation=PutRecords,action=truncate,nth=1", "operation=PutRecords,action=corrupt,nth=1"}) {
    Accepted accepted;
    EmulatorOptions options;
    options.on_accepted = accepted.hook();
    options.faults.push_back(fault(rule));
    Stage stage(1, options);
    stage.producer_options.aggregation = GetParam();
    stage.put(0, 10);
    EXPECT_EQ(accepted.different(), 10u) << rule;
    EXPECT_EQ(accepted.most(), 2) << rule;
  }
}

TEST(Produce, ATokenThatExpiresInMidFlightCostsNoRecord) {
  Accepted accepted;
  EmulatorOptions options;
  options.on_accepted = accepted.hook();
  options.faults.push_back(fault("operation=PutRecords,action=expired-token,probability=0.5,seed=4"));
  Stage stage(2, options);
  stage.producer_options.aggregation = NoAggregation{};
  stage.producer_options.max_batch_records = 10;
  stage.put(0, 300);
  EXPECT_EQ(accepted.different(), 300u);
  EXPECT_EQ(accepted.most(), 1);
}

/// The machine's clock, an hour behind.
class LateClock final : public Clock {
 public:
  time_point now() const noexcept override { return system_->now(); }
  wall_time_point wall_now() const noexcept override { return system_->wall_now() - std::chrono::hours(1); }
  std::unique_ptr<Timer> make_timer(asio::any_io_executor executor) override {
    return system_->make_timer(std::move(executor));
  }

 private:
  const std::shared_ptr<Clock> system_ = Clock::system();
};

TEST(Produce, AClockThatIsWrongIsCorrectedByTheFirstAnswer) {
  Accepted accepted;
  EmulatorOptions options;
  options.on_accepted = accepted.hook();
  options.credentials.push_back({"AKID", "secret"});
  Emulator emulator(options);
  emulator.create_stream("orders", 1);
  ClientOptions client;
  client.region = "us-east-1";
  client.endpoint_url = emulator.endpoint_url();
  client.credentials = static_credentials("AKID", "secret");
  client.clock = std::make_shared<LateClock>();
  Producer<std::string> producer(Client(client), ProducerOptions{.stream = "orders"}, text);
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(producer.send("key", std::to_string(i)).get().attempts, 1) << "the client's own";
  producer.close().get();
  EXPECT_EQ(accepted.different(), 3u);
}

TEST(Produce, TheErrorOfAnEntryHasTheIdOfItsRequestAndItsShard) {
  EmulatorOptions options;
  options.faults.push_back(fault("action=throttle-entry,operation=PutRecords,probability=1"));
  Stage stage(1, options);
  for (const WireFormat format : {WireFormat::cbor, WireFormat::json}) {
    ClientOptions client = stage.client_options();
    client.wire_format = format;
    ProducerOptions once{.stream = "orders"};
    once.max_attempts = 1;
    Producer<std::string> producer(Client(client), once, text);
    try {
      producer.send("key", "data").get();
      FAIL() << "no error";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), errc::throttled);
      EXPECT_EQ(error.service_code(), "ProvisionedThroughputExceededException");
      EXPECT_EQ(error.attempts(), 1);
      EXPECT_FALSE(error.request_id().empty());
      EXPECT_TRUE(error.message().starts_with("shardId-000000000000")) << error.message();
    }
  }
}

TEST(Produce, AStreamDeletedUnderLoadFailsItsRecordsAndNoOthers) {
  Stage stage(2);
  ProducerOptions options{.stream = "orders"};
  options.aggregation = NoAggregation{};
  options.max_batch_records = 5;
  Producer<std::string> producer(stage.client(), options, text);
  producer.send("key", "first").get();
  std::vector<std::future<Receipt>> receipts;
  for (int i = 0; i < 500; ++i) receipts.push_back(producer.send("key-" + std::to_string(i), std::to_string(i)));
  stage.client().call(DeleteStreamRequest("orders")).get();
  for (int i = 0; i < 50; ++i) receipts.push_back(producer.send("key-" + std::to_string(i), std::to_string(i)));
  int refused = 0;
  for (std::future<Receipt>& receipt : receipts) {
    try {
      receipt.get();
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), errc::not_found) << error.what();
      ++refused;
    }
  }
  EXPECT_GE(refused, 50);
  producer.close().get();
}

TEST(Produce, SmallRecordsShareKinesisRecords) {
  Accepted accepted;
  EmulatorOptions options;
  options.on_accepted = accepted.hook();
  Stage stage(4, options);
  stage.put(0, 5'000);
  EXPECT_LT(accepted.entries(), 1'000u);
}

TEST_P(ProduceInEveryForm, KeepsTheOrderOfEachKeyIfToldTo) {
  Accepted accepted;
  EmulatorOptions options;
  options.on_accepted = accepted.hook();
  options.faults.push_back(fault("action=throttle-entry,operation=PutRecords,probability=0.3,seed=7"));
  options.faults.push_back(fault("operation=PutRecords,action=reset-before,probability=0.1,seed=2"));
  Stage stage(2, options);
  stage.producer_options.aggregation = GetParam();
  stage.producer_options.ordering = Ordering::per_key;
  stage.producer_options.linger = std::chrono::milliseconds(1);
  stage.producer_options.retry_cap = std::chrono::milliseconds(50);
  stage.put(0, 600, 60);
  EXPECT_EQ(accepted.different(), 600u);
  EXPECT_EQ(accepted.most(), 1);
  for (const auto& [key, data] : accepted.by_key()) {
    std::vector<int> numbers;
    for (const std::string& number : data) numbers.push_back(std::stoi(number));
    EXPECT_TRUE(std::is_sorted(numbers.begin(), numbers.end())) << key;
  }
}

TEST(Produce, AStreamThatIsNotThereFailsAtOnce) {
  Stage stage(1);
  Producer<std::string> producer(stage.client(), ProducerOptions{.stream = "nowhere"}, text);
  try {
    producer.send("key", "data").get();
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), errc::not_found);
    EXPECT_EQ(error.service_code(), "ResourceNotFoundException");
    EXPECT_FALSE(error.request_id().empty());
  }
}

TEST(Produce, SpeaksJsonAndTls) {
  EmulatorOptions options;
  options.tls = true;
  Stage stage(2, options);
  for (const WireFormat format : {WireFormat::cbor, WireFormat::json}) {
    ClientOptions client = stage.client_options();
    client.wire_format = format;
    Producer<std::string> producer(Client(client), ProducerOptions{.stream = "orders"}, text);
    EXPECT_EQ(producer.send("key", "data").get().attempts, 1);
    producer.close().get();
  }
}

TEST(Produce, RefusesToWaitOnTheClientsOwnThread) {
  Stage stage(1);
  std::promise<errc> code;
  Producer<std::string> producer(stage.client(), ProducerOptions{.stream = "orders"}, text);
  producer.send("key", "data", [&](Result<Receipt>) {
    try {
      producer.send("key", "more").get();
    } catch (const Error& error) {
      code.set_value(error.code());
    }
  });
  EXPECT_EQ(code.get_future().get(), errc::invalid_argument);
}

}  // namespace
}  // namespace kinesis::integration
