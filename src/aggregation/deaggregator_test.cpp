#include "aggregation/deaggregator.hpp"

#include "kpl_oracle/kpl_oracle.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace kinesis::aggregation {
namespace {

using core::Uint128;
using kpl_oracle::UserRecord;

const Uint128 half(std::uint64_t{1} << 63, 0);
const HashRange lower{0, half - 1};
const HashRange upper{half, Uint128::max()};

RecordForm form_of(const std::string& data, const HashRange& range = {}) {
  const std::vector<BytesView> views = {as_bytes(data)};
  Deaggregator deaggregator;
  const ReadRecord read = deaggregator.read(views, range)[0];
  return read.form;
}

std::string with_explicit(const std::string& explicit_hash_key) {
  return kpl_oracle::write({{"k", explicit_hash_key, "x"}});
}

// "a" and "pk2" are in the lower half, "pk1" is in the upper.
TEST(DeaggregatorTest, ReadsAnAnswerOfSeveralForms) {
  std::string wrong_checksum = kpl_oracle::write({{"a", {}, "1"}});
  wrong_checksum.back() = static_cast<char>(wrong_checksum.back() ^ 1);
  const std::vector<std::string> datas = {
      kpl_oracle::write({{"a", {}, "1"}, {"pk2", {}, "2"}}),
      "plain",
      wrong_checksum,
      kpl_oracle::envelope("not protobuf"),
      kpl_oracle::write({{"pk1", {}, "3"}}),
      "",
      kpl_oracle::write({{"pk1", "5", "4"}, {"a", {}, ""}, {"a", {}, "6"}}),
      kpl_oracle::envelope(std::string("\x1a\x04\x08\x00\x1a\x00", 6)),
      kpl_oracle::envelope("\x0a\x01"
                           "a"),
  };
  std::vector<BytesView> views;
  for (const std::string& data : datas) views.push_back(as_bytes(data));
  Deaggregator deaggregator;
  for (int again = 0; again < 2; ++again) {
    const auto read = deaggregator.read(views, lower);
    const auto records = deaggregator.user_records();
    const RecordForm wanted[] = {RecordForm::user_records, RecordForm::raw,          RecordForm::raw,
                                 RecordForm::raw,          RecordForm::out_of_range, RecordForm::raw,
                                 RecordForm::user_records, RecordForm::malformed,    RecordForm::user_records};
    ASSERT_EQ(read.size(), datas.size());
    for (std::size_t i = 0; i < read.size(); ++i) EXPECT_EQ(read[i].form, wanted[i]) << i;
    EXPECT_EQ(read[0].count, 2u);
    EXPECT_EQ(as_text(records[read[0].first + 1].data), "2");
    EXPECT_EQ(read[1].count, 0u);
    EXPECT_EQ(read[4].count, 1u);  // dropped, and known
    EXPECT_EQ(as_text(records[read[4].first].data), "3");
    EXPECT_EQ(read[6].count, 3u);
    EXPECT_EQ(records[read[6].first].explicit_hash_key, "5");
    EXPECT_EQ(read[8].count, 0u);
  }
  EXPECT_TRUE(deaggregator.read({}, {}).empty());
}

TEST(DeaggregatorTest, ReadsTheSameInPortions) {
  const std::vector<std::string> datas = {
      "plain", kpl_oracle::write({{"a", {}, "1"}, {"a", {}, "2"}, {"pk2", {}, "3"}}),
      "plain", kpl_oracle::write({{"pk1", {}, "4"}}),
      "plain", kpl_oracle::write({{"pk2", {}, "5"}}),
  };
  std::vector<BytesView> views;
  for (const std::string& data : datas) views.push_back(as_bytes(data));
  Deaggregator deaggregator;
  deaggregator.begin(views);
  auto read = deaggregator.next(lower, 2);
  ASSERT_EQ(read.size(), 2u);
  EXPECT_EQ(read[1].form, RecordForm::user_records);
  EXPECT_EQ(read[1].count, 3u);
  read = deaggregator.next(lower, 2);
  ASSERT_EQ(read.size(), 2u);
  EXPECT_EQ(read[0].form, RecordForm::raw);
  EXPECT_EQ(read[1].form, RecordForm::out_of_range);
  EXPECT_EQ(read[1].first, 0u);
  EXPECT_EQ(as_text(deaggregator.user_records()[0].data), "4");
  read = deaggregator.next(lower, 100);
  ASSERT_EQ(read.size(), 2u);
  EXPECT_EQ(read[1].form, RecordForm::user_records);
  EXPECT_TRUE(deaggregator.next(lower, 100).empty());
}

TEST(DeaggregatorTest, OneRecordOutsideDropsTheWholeAggregate) {
  const std::string mixed = kpl_oracle::write({{"a", {}, "1"}, {"a", {}, "2"}, {"pk1", {}, "3"}, {"a", {}, "4"}});
  EXPECT_EQ(form_of(mixed, lower), RecordForm::out_of_range);
  EXPECT_EQ(form_of(mixed, upper), RecordForm::out_of_range);
  EXPECT_EQ(form_of(mixed), RecordForm::user_records);
  const Uint128 a = hash_key_of("a");
  const Uint128 pk1 = hash_key_of("pk1");
  EXPECT_EQ(form_of(mixed, {a, pk1}), RecordForm::user_records);  // both ends belong to it
  EXPECT_EQ(form_of(mixed, {a + 1, pk1}), RecordForm::out_of_range);
  EXPECT_EQ(form_of(mixed, {a, pk1 - 1}), RecordForm::out_of_range);
}

TEST(DeaggregatorTest, ABareRecordIsNeverOutOfRange) {
  EXPECT_EQ(form_of("plain", lower), RecordForm::raw);
  EXPECT_EQ(form_of("plain", {5, 5}), RecordForm::raw);
}

TEST(DeaggregatorTest, TheExplicitHashKeyCountsAloneWhereThereIsOne) {
  EXPECT_EQ(form_of(kpl_oracle::write({{"pk1", "1", "x"}}), lower), RecordForm::user_records);
  EXPECT_EQ(form_of(kpl_oracle::write({{"a", half.to_string(), "x"}}), lower), RecordForm::out_of_range);
  EXPECT_EQ(form_of(kpl_oracle::write({{"a", half.to_string(), "x"}}), upper), RecordForm::user_records);
  // The same key with and without.
  EXPECT_EQ(form_of(kpl_oracle::write({{"pk1", "1", "x"}, {"pk1", {}, "y"}}), lower), RecordForm::out_of_range);
}

TEST(DeaggregatorTest, ExplicitHashKeysAreReadAsJavaDoes) {
  EXPECT_EQ(form_of(with_explicit("007"), {7, 7}), RecordForm::user_records);
  EXPECT_EQ(form_of(with_explicit("+7"), {7, 7}), RecordForm::user_records);
  EXPECT_EQ(form_of(with_explicit("-0"), {0, 0}), RecordForm::user_records);
  EXPECT_EQ(form_of(with_explicit(std::string(60, '0')), {0, 0}), RecordForm::user_records);
  EXPECT_EQ(form_of(with_explicit("-7")), RecordForm::out_of_range);
  EXPECT_EQ(form_of(with_explicit("340282366920938463463374607431768211455")), RecordForm::user_records);
  EXPECT_EQ(form_of(with_explicit("340282366920938463463374607431768211456")), RecordForm::out_of_range);
  EXPECT_EQ(form_of(with_explicit(std::string(500, '9'))), RecordForm::out_of_range);
  for (const char* text : {"", "-", "+", "1 ", "0x7", "+-7", "seven"})
    EXPECT_EQ(form_of(with_explicit(text)), RecordForm::malformed) << text;
}

TEST(DeaggregatorTest, AllWithinIsTheSameQuestionForOneAggregate) {
  const std::string data = kpl_oracle::write({{"a", {}, "1"}, {"pk1", "5", "2"}});
  AggregateReader reader;
  std::vector<UserRecordView> records;
  ASSERT_EQ(reader.read(as_bytes(data), records), ReadOutcome::user_records);
  EXPECT_TRUE(all_within(records, lower));
  EXPECT_TRUE(all_within(records, {}));
  EXPECT_FALSE(all_within(records, {6, half}));
  EXPECT_FALSE(all_within(records, upper));
  EXPECT_TRUE(all_within({}, {5, 5}));
}

}  // namespace
}  // namespace kinesis::aggregation
