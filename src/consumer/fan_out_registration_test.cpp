#include "consumer/fan_out_registration.hpp"

#include "consumer/test_fan_out.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace kinesis::consumer {
namespace {

class FanOutRegistering : public ::testing::Test {
 protected:
  FanOutRegistering() : clock(std::shared_ptr<Clock>(), &loop.clock), service(std::make_shared<ScriptedFanOut>(loop)) {}

  std::optional<Error> prepare() {
    ClientOptions options;
    options.clock = clock;
    options.kinesis = service;
    std::function<void(const DiagnosticEvent&)> listener = [this](const DiagnosticEvent& event) {
      events.push_back(event);
    };
    registration = std::make_unique<FanOutRegistration>(Client(loop.executor(), options), StreamId("orders"),
                                                        ApplicationName("billing"), which, listener);
    try {
      loop.run(registration->prepare());
    } catch (const Error& error) {
      return error;
    }
    return std::nullopt;
  }

  core::TestLoop loop;
  std::shared_ptr<Clock> clock;
  std::shared_ptr<ScriptedFanOut> service;
  FanOutRegistration::Which which = RegisteredConsumer{};
  std::unique_ptr<FanOutRegistration> registration;
  std::vector<DiagnosticEvent> events;
};

TEST_F(FanOutRegistering, RegistersOneNamedAfterTheApplicationAndWaitsUntilItIsActive) {
  service->looks_until_active = 4;
  EXPECT_FALSE(prepare());
  EXPECT_EQ(service->name, "billing");
  EXPECT_EQ(registration->arn(), service->arn());
  EXPECT_EQ(service->described, 5u);
  ASSERT_EQ(events.size(), 1u);
  EXPECT_TRUE(std::holds_alternative<event::ConsumerRegistered>(events[0]));
}

TEST_F(FanOutRegistering, TheNameCanBeGiven) {
  which = RegisteredConsumer{.name = "billing-2"};
  EXPECT_FALSE(prepare());
  EXPECT_EQ(service->name, "billing-2");
}

TEST_F(FanOutRegistering, OneThatIsThereIsUsed) {
  service->status = ConsumerStatus::active;
  EXPECT_FALSE(prepare());
  EXPECT_EQ(service->registered, 0u);
  EXPECT_TRUE(events.empty());
}

TEST_F(FanOutRegistering, OneThatIsBeingDeletedIsWaitedForAndRegisteredAnew) {
  service->status = ConsumerStatus::deleting;
  service->looks_until_active = 5;
  EXPECT_FALSE(prepare());
  EXPECT_EQ(service->registered, 1u);
}

TEST_F(FanOutRegistering, SomebodyElseWhoRegistersItNowIsFine) {
  service->register_errors.emplace_back(errc::already_exists, "it exists");
  EXPECT_FALSE(prepare()) << "the next look would have found it; here it is registered by us";
  EXPECT_EQ(service->registered, 2u);
}

TEST_F(FanOutRegistering, WhatPassesIsTriedAgain) {
  service->summary_errors.emplace_back(errc::throttled, "slowly");
  service->describe_errors.emplace_back(errc::connection, "away");
  service->register_errors.emplace_back(errc::service, "broken");
  service->register_errors.emplace_back(errc::limit_exceeded, "five at a time");
  EXPECT_FALSE(prepare());
  EXPECT_EQ(service->registered, 3u);
}

TEST_F(FanOutRegistering, TwentyConsumersAreAClearError) {
  service->other_consumers = 20;
  service->register_errors.emplace_back(errc::limit_exceeded, "no more");
  const auto error = prepare();
  ASSERT_TRUE(error);
  EXPECT_NE(error->message().find("20 fan-out consumers"), std::string::npos) << error->message();
  EXPECT_EQ(service->registered, 1u) << "it is not tried again";
}

TEST_F(FanOutRegistering, OneThatDoesNotBecomeActiveIsGivenUpAfterTwoMinutes) {
  service->looks_until_active = 100'000;
  const auto began = loop.clock.now();
  const auto error = prepare();
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), errc::timeout);
  EXPECT_LT(loop.clock.now() - began, 125s);
  EXPECT_LT(service->described, 100u);
}

TEST_F(FanOutRegistering, AStreamThatIsNotThereIsThatError) {
  service->summary_errors.emplace_back(errc::not_found, "no such stream");
  const auto error = prepare();
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), errc::not_found);
  EXPECT_EQ(service->registered, 0u);
}

TEST_F(FanOutRegistering, AnExistingOneIsOnlyChecked) {
  which = ExistingConsumer{"arn:consumer/billing:0"};
  auto error = prepare();
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), errc::not_found);
  EXPECT_EQ(service->registered, 0u);
  service->status = ConsumerStatus::creating;
  service->looks_until_active = 3;
  EXPECT_FALSE(prepare()) << "it is waited for";
  EXPECT_EQ(registration->arn(), "arn:consumer/billing:0");
  service->status = ConsumerStatus::deleting;
  error = prepare();
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), errc::not_found);
  EXPECT_EQ(service->registered, 0u);
}

}  // namespace
}  // namespace kinesis::consumer
