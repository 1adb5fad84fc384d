#include "producer/logic/batch_bisector.hpp"

#include "aws/protocol.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace kinesis::producer {
namespace {

using testing::ElementsAre;

struct Search {
  std::set<std::size_t> failed;
  std::set<std::size_t> sent;
  int calls = 0;
};

/// A service that refuses a call if one of the `bad` entries is in it. Every entry must be settled exactly once.
Search search(std::size_t entries, const std::set<std::size_t>& bad) {
  BatchBisector bisector(entries);
  Search search;
  while (const auto part = bisector.next()) {
    ++search.calls;
    const auto first_bad = bad.lower_bound(part->first);
    if (first_bad == bad.end() || *first_bad >= part->first + part->count) {
      for (std::size_t i = 0; i < part->count; ++i) EXPECT_TRUE(search.sent.insert(part->first + i).second);
      bisector.accepted();
      continue;
    }
    for (const BatchPart& failed : bisector.refused()) {
      for (std::size_t i = 0; i < failed.count; ++i) EXPECT_TRUE(search.failed.insert(failed.first + i).second);
    }
  }
  EXPECT_EQ(search.sent.size() + search.failed.size(), entries);
  return search;
}

TEST(BatchBisector, FindsTheOneBadEntryWhereverItIs) {
  for (std::size_t entries = 1; entries <= 33; ++entries) {
    for (std::size_t bad = 0; bad < entries; ++bad)
      EXPECT_THAT(search(entries, {bad}).failed, ElementsAre(bad)) << entries;
  }
}

TEST(BatchBisector, OneOfFiveHundredCostsAboutTenCalls) {
  for (std::size_t bad = 0; bad < 500; ++bad) {
    const Search found = search(500, {bad});
    EXPECT_THAT(found.failed, ElementsAre(bad));
    EXPECT_LE(found.calls, 18) << bad;
  }
  EXPECT_LE(search(500, {499}).calls, 10);
}

TEST(BatchBisector, FindsSeveralAndSendsTheOthers) {
  EXPECT_THAT(search(500, {3, 250, 251, 499}).failed, ElementsAre(3, 250, 251, 499));
  EXPECT_THAT(search(10, {0, 1}).failed, ElementsAre(0, 1));
  std::set<std::size_t> every_tenth;
  for (std::size_t i = 5; i < 500; i += 10) every_tenth.insert(i);
  EXPECT_EQ(search(500, every_tenth).failed, every_tenth);
}

TEST(BatchBisector, ARequestThatIsBadAsAWholeFailsAtOnce) {
  std::set<std::size_t> all;
  for (std::size_t i = 0; i < 500; ++i) all.insert(i);
  const Search found = search(500, all);
  EXPECT_EQ(found.failed, all);
  EXPECT_LE(found.calls, 14);
}

TEST(BatchBisector, StopsAndSaysWhatIsLeft) {
  BatchBisector bisector(8);
  EXPECT_EQ(bisector.next(), (BatchPart{0, 4}));
  bisector.accepted();
  // The rest must have the bad one, so it is not tried as a whole.
  EXPECT_EQ(bisector.next(), (BatchPart{4, 2}));
  EXPECT_THAT(bisector.stop(), ElementsAre(BatchPart{6, 2}));
  EXPECT_EQ(bisector.next(), std::nullopt);
}

TEST(BatchBisector, OnlyWhatOneEntryMayHaveCausedIsSearched) {
  for (const char* code : {"ValidationException", "InvalidArgumentException", "SerializationException"})
    EXPECT_TRUE(may_be_one_entry(aws::service_error(code, "m", 400, {}))) << code;
  EXPECT_TRUE(may_be_one_entry(aws::service_error("", "m", 413, {})));
  for (const char* code : {"ResourceNotFoundException", "AccessDeniedException", "KMSDisabledException",
                           "KMSNotFoundException", "UnrecognizedClientException", "ExpiredTokenException",
                           "ProvisionedThroughputExceededException", "ResourceInUseException", "InternalFailure"})
    EXPECT_FALSE(may_be_one_entry(aws::service_error(code, "m", 400, {}))) << code;
  EXPECT_FALSE(may_be_one_entry(Error(errc::invalid_argument, "refused by the client itself")));
  EXPECT_FALSE(may_be_one_entry(Error(errc::connection, "m")));
}

}  // namespace
}  // namespace kinesis::producer
