#include <kinesis/checkpointing.hpp>

#include <gtest/gtest.h>

#include <vector>

namespace kinesis {
namespace {

Checkpoint number(const char* digits, std::uint64_t sub = 0) {
  return Checkpoint::at(RecordPosition{SequenceNumber(digits), sub});
}

TEST(Checkpoint, IsOrderedAsTheKclOrdersIt) {
  const std::vector<Checkpoint> ascending = {Checkpoint::at_timestamp(),
                                             Checkpoint::trim_horizon(),
                                             Checkpoint::latest(),
                                             number("0"),
                                             number("9"),
                                             number("10"),
                                             number("10", 1),
                                             number("49590338271490256608559692538361571095921575989136588898"),
                                             Checkpoint::shard_end()};
  for (std::size_t i = 0; i < ascending.size(); ++i)
    for (std::size_t j = 0; j < ascending.size(); ++j)
      EXPECT_EQ(ascending[i] <=> ascending[j], i <=> j) << ascending[i].value() << " and " << ascending[j].value();
}

TEST(Checkpoint, SurvivesTheLeaseRow) {
  for (const Checkpoint& checkpoint : {Checkpoint::at_timestamp(), Checkpoint::trim_horizon(), Checkpoint::latest(),
                                       Checkpoint::shard_end(), number("17", 3)}) {
    const auto again = Checkpoint::parse(checkpoint.value(), checkpoint.sub_sequence_number());
    ASSERT_TRUE(again) << again.error().what();
    EXPECT_EQ(*again, checkpoint);
  }
}

TEST(Checkpoint, RefusesWhatIsNeitherNumberNorSentinel) {
  for (const char* bad : {"", "trim_horizon", "-1", "12x", "SHARD_END "})
    EXPECT_FALSE(Checkpoint::parse(bad, 0)) << bad;
}

}  // namespace
}  // namespace kinesis
