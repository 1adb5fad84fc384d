#pragma once

#include <gtest/gtest.h>

#include <string>

// The same tests for workers that poll and for workers that are subscribed.
namespace kinesis::simulation {

/// `Base` with its `fan_out` set by the test's parameter.
template <class Base>
class InBothModes : public Base, public ::testing::WithParamInterface<bool> {
 protected:
  InBothModes() { this->fan_out = GetParam(); }
};

#define KINESIS_IN_BOTH_MODES(Suite)                                                                    \
  INSTANTIATE_TEST_SUITE_P(By, Suite, ::testing::Bool(), [](const ::testing::TestParamInfo<bool>& by) { \
    return std::string(by.param ? "FanOut" : "Polling");                                                \
  })

}  // namespace kinesis::simulation
