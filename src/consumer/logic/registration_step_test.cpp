#include "consumer/logic/registration_step.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace kinesis::consumer {
namespace {

using Step = RegistrationStep;
using Status = Result<ConsumerStatus>;

Status failed(errc code) { return Error(code, "no"); }

TEST(RegistrationStep, AConsumerThatIsThereIsUsedOnceItIsActive) {
  for (const bool may_register : {false, true}) {
    EXPECT_EQ(after_describe(ConsumerStatus::active, may_register), Step::use);
    EXPECT_EQ(after_describe(ConsumerStatus::creating, may_register), Step::look_again);
    EXPECT_EQ(after_describe(failed(errc::throttled), may_register), Step::look_again);
    EXPECT_EQ(after_describe(failed(errc::connection), may_register), Step::look_again);
    EXPECT_EQ(after_describe(failed(errc::limit_exceeded), may_register), Step::look_again) << "20 calls a second";
    EXPECT_EQ(after_describe(failed(errc::access_denied), may_register), Step::fail);
  }
}

TEST(RegistrationStep, OneThatIsNotThereIsRegisteredIfItMayBe) {
  EXPECT_EQ(after_describe(failed(errc::not_found), true), Step::create);
  EXPECT_EQ(after_describe(failed(errc::not_found), false), Step::fail);
}

TEST(RegistrationStep, OneThatIsBeingDeletedIsWaitedForAndRegisteredAnew) {
  EXPECT_EQ(after_describe(ConsumerStatus::deleting, true), Step::look_again);
  EXPECT_EQ(after_describe(ConsumerStatus::deleting, false), Step::fail);
}

TEST(RegistrationStep, WhoeverRegistersItItIsLookedFor) {
  EXPECT_EQ(after_register(ConsumerStatus::creating), Step::look_again);
  EXPECT_EQ(after_register(failed(errc::already_exists)), Step::look_again);
  EXPECT_EQ(after_register(failed(errc::limit_exceeded)), Step::look_again);
  EXPECT_EQ(after_register(failed(errc::service)), Step::look_again);
  EXPECT_EQ(after_register(failed(errc::not_found)), Step::fail);
}

TEST(RegistrationStep, TwentyConsumersAreTheLimitAndFiveAtATimeAreNot) {
  KinesisConsumer consumer;
  consumer.consumer_status = ConsumerStatus::active;
  std::vector<KinesisConsumer> consumers(20, consumer);
  EXPECT_EQ(after_limit(consumers), Step::fail);
  consumers.back().consumer_status = ConsumerStatus::creating;
  EXPECT_EQ(after_limit(consumers), Step::look_again) << "it may fail yet";
  consumers.back().consumer_status = ConsumerStatus::deleting;
  EXPECT_EQ(after_limit(consumers), Step::look_again) << "it makes room";
  consumers.pop_back();
  EXPECT_EQ(after_limit(consumers), Step::look_again);
}

}  // namespace
}  // namespace kinesis::consumer
