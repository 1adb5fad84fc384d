#include "integration/fleet.hpp"

#include <cstdio>
#include <unistd.h>

namespace kinesis::integration {
namespace {

/// Counts what the emulator accepted, by its data.
class Accepted {
 public:
  std::function<void(const AcceptedRecord&)> hook() {
    return [this](const AcceptedRecord& record) {
      const std::lock_guard lock(mutex_);
      ++times_[std::string(record.data)];
    };
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
  mutable std::mutex mutex_;
  std::map<std::string, int> times_;
};

FaultRule fault(const char* text) { return FaultRule::parse(text).value(); }

TEST(Produce, EveryRecordIsStoredOnceWhereNothingGoesWrong) {
  Accepted accepted;
  EmulatorOptions options;
  options.on_accepted = accepted.hook();
  Stage stage(4, options);
  stage.put(0, 5'000);
  EXPECT_EQ(accepted.different(), 5'000u);
  EXPECT_EQ(accepted.most(), 1);
}

TEST(Produce, ThrottledEntriesAreSentAgain) {
  Accepted accepted;
  EmulatorOptions options;
  options.on_accepted = accepted.hook();
  options.faults.push_back(fault("action=throttle-entry,operation=PutRecords,probability=0.2,seed=7"));
  Stage stage(2, options);
  stage.put(0, 1'000);
  EXPECT_EQ(accepted.different(), 1'000u);
  EXPECT_EQ(accepted.most(), 1);
}

TEST(Produce, SurvivesFaultsOfTheServiceAndResetsBeforeTheWrite) {
  Accepted accepted;
  EmulatorOptions options;
  options.on_accepted = accepted.hook();
  options.faults.push_back(
      fault("operation=PutRecords,action=error,status=500,code=InternalFailure,probability=0.3,seed=1"));
  options.faults.push_back(fault("operation=PutRecords,action=reset-before,probability=0.3,seed=2"));
  Stage stage(2, options);
  stage.put(0, 1'000);
  EXPECT_EQ(accepted.different(), 1'000u);
  EXPECT_EQ(accepted.most(), 1);
}

TEST(Produce, ALostAnswerMeansADuplicateAndNotALoss) {
  Accepted accepted;
  EmulatorOptions options;
  options.on_accepted = accepted.hook();
  options.faults.push_back(fault("operation=PutRecords,action=reset-after,nth=1"));
  Stage stage(1, options);
  stage.put(0, 10);
  EXPECT_EQ(accepted.different(), 10u);
  EXPECT_EQ(accepted.most(), 2);
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
  const std::string ca = ::testing::TempDir() + "/kinesis-produce-test-ca-" + std::to_string(::getpid()) + ".pem";
  std::FILE* file = std::fopen(ca.c_str(), "w");
  ASSERT_NE(file, nullptr);
  std::fputs(stage.emulator().ca_pem().c_str(), file);
  std::fclose(file);
  for (const WireFormat format : {WireFormat::cbor, WireFormat::json}) {
    ClientOptions client = stage.client_options();
    client.ca_bundle = ca;
    client.wire_format = format;
    Producer<std::string> producer(Client(client), ProducerOptions{.stream = "orders"}, text);
    EXPECT_EQ(producer.send("key", "data").get().attempts, 1);
    producer.close().get();
  }
  std::remove(ca.c_str());
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
