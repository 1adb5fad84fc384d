#include "aws/cbor_format.hpp"
#include "aws/json_format.hpp"
#include "aws/kinesis_shapes.hpp"
#include "aws/shape_samples.hpp"

#include <gtest/gtest.h>

#include <algorithm>

// Both formats over every described type.
namespace kinesis::aws {
namespace {

enum class Format { cbor, json };

std::string written(Format format, const TypeDescriptor& type, const void* object) {
  std::string out;
  if (format == Format::cbor) {
    write_cbor(type, object, out);
  } else {
    write_json(type, object, out);
  }
  return out;
}

Result<void> read(Format format, const TypeDescriptor& type, void* object, const std::string& bytes,
                  Missing missing = Missing::accepted) {
  if (format == Format::cbor) return read_cbor(type, object, Blob(bytes), missing);
  return read_json(type, object, bytes, Padding::none, missing);
}

class Formats : public testing::TestWithParam<Format> {};
INSTANTIATE_TEST_SUITE_P(Both, Formats, testing::Values(Format::cbor, Format::json),
                         [](const auto& param) { return param.param == Format::cbor ? "Cbor" : "Json"; });

TEST_P(Formats, ReadWhatTheyWrite) {
  std::mt19937_64 random(1);
  ASSERT_GT(described_types().size(), 120u);
  for (const auto& described : described_types()) {
    for (const int richness : {0, 30, 60, 100, 100, 100}) {
      const AnyObject object(described);
      fill_sample(described.type, object.get(), random, richness);
      const std::string bytes = written(GetParam(), described.type, object.get());
      const AnyObject copy(described);
      const auto result = read(GetParam(), described.type, copy.get(), bytes, Missing::refused);
      ASSERT_TRUE(result) << described.name << ": " << result.error().what() << "\n" << bytes;
      EXPECT_EQ(difference(described.type, object.get(), copy.get()), "") << described.name << "\n" << bytes;
      EXPECT_EQ(written(GetParam(), described.type, copy.get()), bytes);
    }
  }
}

TEST_P(Formats, TakeAnEmptyBodyAndNullForNothing) {
  for (const auto& described : described_types()) {
    for (const std::string_view body : {"", "null", "{}"}) {
      std::string bytes(body);
      if (GetParam() == Format::cbor && !body.empty()) bytes = body == "null" ? "\xF6" : "\xA0";
      const AnyObject object(described);
      const AnyObject fresh(described);
      ASSERT_TRUE(read(GetParam(), described.type, object.get(), bytes)) << described.name;
      EXPECT_EQ(difference(described.type, object.get(), fresh.get()), "");
    }
  }
}

TEST_P(Formats, RefuseEveryPartOfAMessage) {
  std::mt19937_64 random(2);
  for (const auto& described : described_types()) {
    const AnyObject object(described);
    fill_sample(described.type, object.get(), random, 100);
    const std::string bytes = written(GetParam(), described.type, object.get());
    const std::size_t step = bytes.size() / 100 + 1;
    for (std::size_t size = 1; size < bytes.size(); size += step) {
      const AnyObject other(described);
      const auto result = read(GetParam(), described.type, other.get(), bytes.substr(0, size));
      ASSERT_FALSE(result) << described.name << " " << size << " of " << bytes.size();
      EXPECT_EQ(result.error().code(), errc::protocol);
    }
    const AnyObject other(described);
    EXPECT_FALSE(read(GetParam(), described.type, other.get(), bytes + "1")) << described.name;
  }
}

TEST_P(Formats, SurviveAnyChangeOfAMessage) {
  std::mt19937_64 random(3);
  for (const auto& described : described_types()) {
    const AnyObject object(described);
    fill_sample(described.type, object.get(), random, 100);
    const std::string bytes = written(GetParam(), described.type, object.get());
    for (int round = 0; round < 60; ++round) {
      std::string changed = bytes;
      for (auto left = 1 + random() % 3; left > 0; --left)
        changed[random() % changed.size()] = static_cast<char>(random());
      const AnyObject other(described);
      const auto result = read(GetParam(), described.type, other.get(), changed);
      if (!result) {
        EXPECT_EQ(result.error().code(), errc::protocol);
      }
    }
  }
}

TEST_P(Formats, MissRequiredMembersOnlyWhenAskedTo) {
  for (const auto& described : described_types()) {
    const bool required = std::any_of(described.type.members.begin(), described.type.members.end(),
                                      [](const Member& member) { return member.required; });
    const AnyObject object(described);
    const auto result = read(GetParam(), described.type, object.get(), "", Missing::refused);
    EXPECT_EQ(result.has_value(), !required) << described.name;
    if (required) {
      EXPECT_EQ(result.error().service_code(), "ValidationException");
      EXPECT_NE(result.error().message().find("Member must not be null"), std::string::npos);
    }
  }
}

TEST_P(Formats, RefuseUnknownValuesOfEnumsOnlyWhenAskedTo) {
  GetShardIteratorRequest request("s", "shardId-0", ShardIteratorType::latest);
  const auto& type = type_of<GetShardIteratorRequest>();
  std::string bytes = written(GetParam(), type, &request);
  bytes.replace(bytes.find("LATEST"), 6, "NEWEST");
  ASSERT_TRUE(read(GetParam(), type, &request, bytes));
  EXPECT_EQ(request.shard_iterator_type, ShardIteratorType::unknown);
  const auto refused = read(GetParam(), type, &request, bytes, Missing::refused);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().service_code(), "ValidationException");
  EXPECT_EQ(refused.error().message(),
            "1 validation error detected: Value 'NEWEST' at 'shardIteratorType' failed to satisfy constraint: Member "
            "must satisfy enum "
            "value set: [AT_SEQUENCE_NUMBER, AFTER_SEQUENCE_NUMBER, TRIM_HORIZON, LATEST, AT_TIMESTAMP]");
}

}  // namespace
}  // namespace kinesis::aws
