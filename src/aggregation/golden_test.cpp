// What Amazon's KPL wrote (tests/golden/kpl): our writer makes the same bytes of the same records, our reader finds
// them.
#include "aggregation/aggregate_writer.hpp"
#include "aggregation/deaggregator.hpp"
#include "core/base64.hpp"
#include "core/digest.hpp"
#include "core/hex.hpp"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <vector>

namespace kinesis::aggregation {
namespace {

const std::string folder = KINESIS_GOLDEN_KPL "/";

struct GoldenRecord {
  std::string partition_key;
  std::optional<core::Uint128> explicit_hash_key;
  std::string data;
};

struct Golden {
  std::string scenario;
  std::string file;
  std::size_t size = 0;
  std::string sha256;
  bool aggregated = false;
  bool raw_user_record = false;
  std::size_t partition_keys = 0;
  std::vector<GoldenRecord> records;
};

GoldenRecord record_of(simdjson::dom::element from) {
  GoldenRecord record;
  record.partition_key = std::string(std::string_view(from["partition_key"]));
  if (!from["explicit_hash_key"].is_null())
    record.explicit_hash_key = core::Uint128::parse(std::string_view(from["explicit_hash_key"])).value();
  std::string_view base64;
  if (from["data"].get(base64) == simdjson::SUCCESS) {
    record.data = std::string(as_text(core::base64_decode(base64).value()));
    return record;
  }
  const auto input = std::uint64_t{from["input"]};
  const auto length = std::uint64_t{from["length"]};
  for (std::uint64_t i = 0; i < length; ++i) record.data.push_back(static_cast<char>(i * 7 + input * 13 + (i >> 8)));
  return record;
}

std::vector<Golden> read_manifest() {
  simdjson::dom::parser parser;
  std::vector<Golden> all;
  for (const simdjson::dom::element entry : parser.load(folder + "manifest.json").get_array()) {
    Golden golden;
    golden.scenario = std::string(std::string_view(entry["scenario"]));
    if (golden.scenario == "one-mib") continue;  // raw, of another rule, and not kept
    if (!entry["file"].is_null()) golden.file = std::string(std::string_view(entry["file"]));
    golden.size = std::uint64_t{entry["size"]};
    golden.sha256 = std::string(std::string_view(entry["sha256"]));
    golden.aggregated = bool{entry["aggregated"]};
    golden.raw_user_record = bool{entry["raw_user_record"]};
    if (golden.aggregated && !golden.raw_user_record) golden.partition_keys = std::uint64_t{entry["partition_keys"]};
    for (const simdjson::dom::element record : entry["user_records"]) golden.records.push_back(record_of(record));
    all.push_back(std::move(golden));
  }
  return all;
}

std::string written(const Golden& golden) {
  AggregateWriter writer;
  for (const GoldenRecord& record : golden.records) {
    const std::size_t ahead =
        writer.size_with(hashed(record.partition_key), record.explicit_hash_key, record.data.size());
    writer.add(hashed(record.partition_key), record.explicit_hash_key, as_bytes(record.data));
    EXPECT_EQ(writer.size(), ahead);
  }
  Bytes out;
  writer.finish(out);
  EXPECT_EQ(out.size(), writer.size());
  return std::string(as_text(out));
}

TEST(GoldenTest, WritesWhatTheKplWrote) {
  std::size_t aggregates = 0;
  for (const Golden& golden : read_manifest()) {
    if (!golden.aggregated || golden.raw_user_record) continue;
    SCOPED_TRACE(golden.scenario + " " + golden.file);
    ++aggregates;
    const std::string data = written(golden);
    EXPECT_EQ(data.size(), golden.size);
    EXPECT_EQ(core::to_hex(core::sha256(as_bytes(data))), golden.sha256);
    if (golden.scenario == "large") continue;
    std::ifstream file(folder + golden.file, std::ios::binary);
    EXPECT_TRUE(data == std::string(std::istreambuf_iterator<char>(file), {}));
  }
  EXPECT_EQ(aggregates, 29u);
}

TEST(GoldenTest, ReadsWhatTheKplWrote) {
  std::vector<std::string> datas;
  const std::vector<Golden> all = read_manifest();
  for (const Golden& golden : all) {
    std::ifstream file(folder + golden.file, std::ios::binary);
    datas.push_back(golden.scenario == "large" ? written(golden)
                                               : std::string(std::istreambuf_iterator<char>(file), {}));
    EXPECT_EQ(core::to_hex(core::sha256(as_bytes(datas.back()))), golden.sha256) << golden.file;
  }
  std::vector<BytesView> views;
  for (const std::string& data : datas) views.push_back(as_bytes(data));
  Deaggregator deaggregator;
  const auto read = deaggregator.read(views, {});
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Golden& golden = all[i];
    SCOPED_TRACE(golden.scenario + " " + golden.file);
    EXPECT_EQ(read[i].form == RecordForm::user_records, golden.aggregated);
    if (golden.raw_user_record) continue;
    ASSERT_EQ(read[i].count, golden.records.size());
    std::set<std::uint32_t> places;
    for (std::size_t at = 0; at < read[i].count; ++at) {
      const UserRecordView& found = deaggregator.user_records()[read[i].first + at];
      const GoldenRecord& wanted = golden.records[at];
      EXPECT_EQ(found.partition_key, wanted.partition_key);
      ASSERT_EQ(found.explicit_hash_key.has_value(), wanted.explicit_hash_key.has_value());
      if (wanted.explicit_hash_key) {
        EXPECT_EQ(*found.explicit_hash_key, wanted.explicit_hash_key->to_string());
      }
      EXPECT_TRUE(as_text(found.data) == wanted.data);
      places.insert(found.key_index);
    }
    EXPECT_EQ(places.size(), golden.partition_keys);
  }
}

}  // namespace
}  // namespace kinesis::aggregation
