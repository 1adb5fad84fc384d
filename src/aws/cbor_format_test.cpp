#include "aws/cbor_format.hpp"

#include "aws/cbor.hpp"
#include "aws/cloudwatch_shapes.hpp"
#include "aws/dynamodb_shapes.hpp"
#include "aws/kinesis_shapes.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace kinesis::aws {
namespace {

using cbor::Head;
using cbor::Major;

std::string unhex(std::string_view hex) {
  std::string out;
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) out += static_cast<char>(digit(hex[i]) << 4 | digit(hex[i + 1]));
  return out;
}

Head head_of(std::string_view hex) {
  const std::string bytes = unhex(hex);
  cbor::Reader reader(as_bytes(bytes));
  Head head;
  EXPECT_TRUE(reader.head(head)) << hex;
  EXPECT_TRUE(reader.at_end()) << hex;
  return head;
}

// RFC 8949, appendix A.
TEST(Cbor, ReadsTheIntegersOfRfc8949) {
  const std::pair<const char*, std::uint64_t> positive[] = {{"00", 0},
                                                            {"01", 1},
                                                            {"0a", 10},
                                                            {"17", 23},
                                                            {"1818", 24},
                                                            {"1819", 25},
                                                            {"1864", 100},
                                                            {"1903e8", 1000},
                                                            {"1a000f4240", 1000000},
                                                            {"1b000000e8d4a51000", 1000000000000},
                                                            {"1bffffffffffffffff", 18446744073709551615u}};
  for (const auto& [hex, value] : positive) {
    EXPECT_EQ(head_of(hex).major, Major::unsigned_integer);
    EXPECT_EQ(head_of(hex).value, value);
    char bytes[9];
    const auto size = static_cast<std::size_t>(cbor::put_head(bytes, Major::unsigned_integer, value) - bytes);
    EXPECT_EQ(std::string(bytes, size), unhex(hex));
    EXPECT_EQ(size, cbor::head_size(value));
  }
  const std::pair<const char*, std::int64_t> negative[] = {{"20", -1}, {"29", -10}, {"3863", -100}, {"3903e7", -1000}};
  for (const auto& [hex, value] : negative) {
    EXPECT_EQ(head_of(hex).major, Major::negative_integer);
    EXPECT_EQ(~head_of(hex).value, static_cast<std::uint64_t>(value));
    std::string out;
    cbor::Writer(out).integer(value);
    EXPECT_EQ(out, unhex(hex));
    EXPECT_EQ(out.size(), cbor::integer_size(value));
  }
}

TEST(Cbor, ReadsTheFloatsOfRfc8949) {
  const std::pair<const char*, double> numbers[] = {{"f90000", 0.0},
                                                    {"f98000", -0.0},
                                                    {"f93c00", 1.0},
                                                    {"fb3ff199999999999a", 1.1},
                                                    {"f93e00", 1.5},
                                                    {"f97bff", 65504.0},
                                                    {"fa47c35000", 100000.0},
                                                    {"fa7f7fffff", 3.4028234663852886e+38},
                                                    {"fb7e37e43c8800759c", 1.0e+300},
                                                    {"f90001", 5.960464477539063e-8},
                                                    {"f90400", 0.00006103515625},
                                                    {"f9c400", -4.0},
                                                    {"fbc010666666666666", -4.1}};
  for (const auto& [hex, number] : numbers) {
    EXPECT_TRUE(head_of(hex).is_float());
    EXPECT_EQ(head_of(hex).number(), number) << hex;
    EXPECT_EQ(std::signbit(head_of(hex).number()), std::signbit(number)) << hex;
  }
  for (const char* hex : {"f97c00", "fa7f800000", "fb7ff0000000000000"}) EXPECT_EQ(head_of(hex).number(), HUGE_VAL);
  for (const char* hex : {"f9fc00", "faff800000", "fbfff0000000000000"}) EXPECT_EQ(head_of(hex).number(), -HUGE_VAL);
  for (const char* hex : {"f97e00", "fa7fc00000", "fb7ff8000000000000"}) EXPECT_TRUE(std::isnan(head_of(hex).number()));
}

TEST(Cbor, ReadsTheSimpleValuesAndTagsOfRfc8949) {
  EXPECT_TRUE(head_of("f4").is_bool());
  EXPECT_EQ(head_of("f5").info, cbor::simple_true);
  EXPECT_TRUE(head_of("f6").is_null());
  EXPECT_TRUE(head_of("f7").is_null());
  EXPECT_EQ(head_of("f8ff").value, 255u);
  EXPECT_EQ(head_of("c11a514b67b0").value, 1363896240u);
  EXPECT_EQ(head_of("c1fb41d452d9ec200000").number(), 1363896240.5);
}

TEST(Cbor, ReadsTheStringsAndContainersOfRfc8949) {
  for (const char* hex : {"40",
                          "4401020304",
                          "60",
                          "6161",
                          "6449455446",
                          "62225c",
                          "62c3bc",
                          "63e6b0b4",
                          "64f0908591",
                          "80",
                          "83010203",
                          "8301820203820405",
                          "98190102030405060708090a0b0c0d0e0f101112131415161718181819",
                          "a0",
                          "a201020304",
                          "a26161016162820203",
                          "826161a161626163",
                          "a56161614161626142616361436164614461656145",
                          "5f42010243030405ff",
                          "7f657374726561646d696e67ff",
                          "9fff",
                          "9f018202039f0405ffff",
                          "9f01820203820405ff",
                          "83018202039f0405ff",
                          "83019f0203ff820405",
                          "bf61610161629f0203ffff",
                          "826161bf61626163ff",
                          "bf6346756ef563416d7421ff",
                          "d818456449455446",
                          "c249010000000000000000"}) {
    const std::string bytes = unhex(hex);
    cbor::Reader reader(as_bytes(bytes));
    EXPECT_TRUE(reader.skip_next()) << hex << ": " << reader.error();
    EXPECT_TRUE(reader.at_end()) << hex;
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      cbor::Reader part(as_bytes(std::string_view(bytes).substr(0, size)));
      EXPECT_FALSE(part.skip_next()) << hex << " " << size;
    }
  }
}

// RFC 8949, appendix F: what is not well-formed.
TEST(Cbor, RefusesWhatIsNotWellFormed) {
  for (const char* hex : {"18",
                          "19",
                          "1a",
                          "1b",
                          "1901",
                          "1a0102",
                          "1b01020304050607",
                          "38",
                          "58",
                          "78",
                          "98",
                          "9a01ff00",
                          "b8",
                          "d8",
                          "f8",
                          "f900",
                          "fa0000",
                          "fb000000",
                          "41",
                          "61",
                          "5affffffff00",
                          "5bffffffffffffffff010203",
                          "7affffffff00",
                          "7b7fffffffffffffff010203",
                          "81",
                          "818181818181818181",
                          "8200",
                          "a1",
                          "a20102",
                          "a100",
                          "a2000000",
                          "c0",
                          "5f4100",
                          "7f6100",
                          "9f",
                          "9f0102",
                          "bf",
                          "bf01020102",
                          "819f",
                          "9f8000",
                          "9f9f9f9f9fffffffff",
                          "9f819f819f9fffffff",
                          "1c",
                          "1d",
                          "1e",
                          "3c",
                          "5c",
                          "7c",
                          "9c",
                          "bc",
                          "dc",
                          "fc",
                          "5f00ff",
                          "5f21ff",
                          "5f6100ff",
                          "5f80ff",
                          "5fa0ff",
                          "5fc000ff",
                          "5fe0ff",
                          "7f4100ff",
                          "5f5f4100ffff",
                          "7f7f6100ffff",
                          "ff",
                          "81ff",
                          "8200ff",
                          "a1ff",
                          "a1ff00",
                          "a100ff",
                          "a20000ff",
                          "9f81ff",
                          "9f829f819f9fffffffff",
                          "bf00ff",
                          "bf000000ff",
                          "1f",
                          "3f",
                          "df",
                          "9bffffffffffffffff00",
                          "bbffffffffffffffff0000"}) {
    const std::string bytes = unhex(hex);
    cbor::Reader reader(as_bytes(bytes));
    EXPECT_FALSE(reader.skip_next()) << hex;
    EXPECT_NE(reader.error(), nullptr) << hex;
  }
}

TEST(Cbor, BoundsNesting) {
  for (const char* open : {"81", "9f", "a100"}) {
    std::string bytes;
    for (int i = 0; i < 100'000; ++i) bytes += unhex(open);
    cbor::Reader reader(as_bytes(bytes));
    EXPECT_FALSE(reader.skip_next());
    EXPECT_STREQ(reader.error(), "nested too deeply");
  }
  EXPECT_FALSE(from_cbor<dynamodb::GetItemResponse>(Blob([] {
    std::string bytes = unhex("a1644974656da16161");
    for (int i = 0; i < 100'000; ++i) bytes += unhex("a1614c81");
    return bytes;
  }())));
}

TEST(CborFormat, WritesTheBytesWeMean) {
  PutRecordRequest request("s1", Blob("\x01\x02"), "k");
  request.sequence_number_for_ordering = SequenceNumber("7");
  // {"StreamName": "s1", "Data": h'0102', "PartitionKey": "k", "SequenceNumberForOrdering": "7"}
  EXPECT_EQ(to_cbor(request), unhex("a4"
                                    "6a53747265616d4e616d65"
                                    "627331"
                                    "6444617461"
                                    "420102"
                                    "6c506172746974696f6e4b6579"
                                    "616b"
                                    "781953657175656e63654e756d626572466f724f72646572696e67"
                                    "6137"));
  KinesisRecord record;
  record.sequence_number = SequenceNumber("1");
  record.approximate_arrival_timestamp = Timestamp(std::chrono::milliseconds(1'700'000'000'123));
  EXPECT_NE(to_cbor(record).find(unhex("c11b0000018bcfe5687b")), std::string::npos);
}

TEST(CborFormat, ReadsIndefiniteLengthsAndTagsAnywhere) {
  // bf "Records": 9f d9d9f7 bf "Data": 5f 41.. 42.... ff "PartitionKey": 7f 61 61 ff "SequenceNumber": "1", "Unknown":
  // {_ "a": [_ 1]} ff ff
  const std::string bytes = unhex(
      "bf675265636f7264739fd9d9f7bf64446174615f410142020"
      "3ff6c506172746974696f6e4b65797f61706171ff"
      "6e53657175656e63654e756d6265726131"
      "67556e6b6e6f776ebf61619f01ffff"
      "ffff"
      "724d696c6c6973426568696e644c61746573741905dc"
      "ff");
  const auto answer = from_cbor<GetRecordsResponse>(Blob(bytes));
  ASSERT_TRUE(answer) << answer.error().what();
  ASSERT_EQ(answer->records.size(), 1u);
  EXPECT_EQ(answer->records[0].data, Blob("\x01\x02\x03"));
  EXPECT_EQ(answer->records[0].partition_key, "pq");
  EXPECT_EQ(answer->millis_behind_latest, 1500);
}

// kinesis-local answers CBOR with base64 text for bytes and times without a tag.
TEST(CborFormat, ReadsBase64TextForBytesAndUntaggedTimes) {
  std::string bytes;
  cbor::Writer out(bytes);
  out.map(3);
  out.text("Data");
  out.text("AQID");
  out.text("ApproximateArrivalTimestamp");
  out.integer(1'700'000'000'123);
  out.text("EncryptionType");
  out.null();
  const auto record = from_cbor<KinesisRecord>(Blob(bytes));
  ASSERT_TRUE(record) << record.error().what();
  EXPECT_EQ(record->data, Blob("\x01\x02\x03"));
  EXPECT_EQ(to_millis(record->approximate_arrival_timestamp), 1'700'000'000'123);
  EXPECT_EQ(record->encryption_type, EncryptionType::unknown);
}

TEST(CborFormat, ReadsTimesOfSecondsAsFloats) {
  std::string bytes;
  cbor::Writer out(bytes);
  out.map(1);
  out.text("ApproximateArrivalTimestamp");
  out.tag(1);
  out.number(1'700'000'000.123);
  EXPECT_EQ(to_millis(from_cbor<KinesisRecord>(Blob(bytes))->approximate_arrival_timestamp), 1'700'000'000'123);
}

TEST(CborFormat, ReadsBlobsAsPartsOfTheAnswer) {
  PutRecordRequest request("s1", Blob(std::string(1000, 'x')), "k");
  auto body = std::make_shared<std::string>(to_cbor(request));
  const Blob input(as_bytes(*body), body);
  auto read = from_cbor<PutRecordRequest>(input);
  ASSERT_TRUE(read);
  EXPECT_GE(read->data.text().data(), body->data());
  EXPECT_LT(read->data.text().data(), body->data() + body->size());
  EXPECT_EQ(read->data.owner(), input.owner());
}

TEST(CborFormat, NamesTheMemberThatIsWrong) {
  std::string bytes;
  cbor::Writer out(bytes);
  out.map(1);
  out.text("Records");
  out.array(1);
  out.map(1);
  out.text("Data");
  out.integer(5);
  const auto answer = from_cbor<GetRecordsResponse>(Blob(bytes));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().message(), "CBOR of GetRecordsResponse.Records.Data: expected bytes");
}

TEST(CborFormat, RefusesWrongTypesAndRanges) {
  const auto with = [](std::string_view member, std::string_view hex) {
    std::string bytes;
    cbor::Writer out(bytes);
    out.map(1);
    out.text(member);
    return Blob(bytes + unhex(hex));
  };
  for (const char* hex : {"01", "80", "f5", "fb3ff0000000000000"}) {
    EXPECT_FALSE(from_cbor<CreateStreamRequest>(with("StreamName", hex))) << hex;
  }
  for (const char* hex : {"6131", "1a80000000", "3a80000000", "f93e00", "1bffffffffffffffff", "f97e00"}) {
    EXPECT_FALSE(from_cbor<CreateStreamRequest>(with("ShardCount", hex))) << hex;
  }
  EXPECT_EQ(from_cbor<CreateStreamRequest>(with("ShardCount", "1a7fffffff"))->shard_count, 2147483647);
  EXPECT_EQ(from_cbor<CreateStreamRequest>(with("ShardCount", "3a7fffffff"))->shard_count, -2147483647 - 1);
  EXPECT_EQ(from_cbor<CreateStreamRequest>(with("ShardCount", "f94000"))->shard_count, 2);
  EXPECT_EQ(from_cbor<CreateStreamRequest>(with("StreamName", "4161"))->stream_name, "a");  // bytes for text
  EXPECT_FALSE(from_cbor<PutRecordRequest>(with("SequenceNumberForOrdering", "63303132")));
  EXPECT_FALSE(from_cbor<PutRecordRequest>(with("Data", "6141")));  // text that is not base64
  EXPECT_FALSE(from_cbor<KinesisRecord>(with("ApproximateArrivalTimestamp", "c11bffffffffffffffff")));
  EXPECT_FALSE(from_cbor<KinesisRecord>(with("ApproximateArrivalTimestamp", "c1fb7ff0000000000000")));
  EXPECT_FALSE(from_cbor<dynamodb::GetItemResponse>(with("Item", "a16161a0")));                  // no alternative
  EXPECT_FALSE(from_cbor<dynamodb::GetItemResponse>(with("Item", "a16161a261536131614e6132")));  // two of them
  EXPECT_EQ(from_cbor<KinesisRecord>(with("EncryptionType", "634e4557"))->encryption_type, EncryptionType::unknown);
}

// Without a limit, a byte of input could become an element of 144 bytes.
TEST(CborFormat, BoundsTheElementsOfAList) {
  std::string bytes;
  cbor::Writer out(bytes);
  out.map(1);
  out.text("Records");
  out.array(max_elements + 1);
  bytes.append(max_elements + 1, '\xA0');
  const auto answer = from_cbor<GetRecordsResponse>(Blob(bytes));
  ASSERT_FALSE(answer);
  EXPECT_NE(answer.error().message().find("too many elements"), std::string::npos);
}

}  // namespace
}  // namespace kinesis::aws
