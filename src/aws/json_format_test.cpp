#include "aws/json_format.hpp"

#include "aws/dynamodb_shapes.hpp"
#include "aws/json_value.hpp"
#include "aws/json_writer.hpp"
#include "aws/kinesis_shapes.hpp"
#include "core/utf8.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace kinesis::aws {
namespace {

using dynamodb::AttributeValue;

TEST(JsonWriter, WritesAnyValue) {
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  json.key("a").string("x\"\\\n\r\t\x01\x1F/\x7F");
  json.key("b")
      .begin_array()
      .integer(-1)
      .integer(18446744073709551615u)
      .number(0.1)
      .number(1e300)
      .null()
      .boolean(true)
      .end_array();
  json.key("c").begin_object().end_object();
  json.key("d").base64(as_bytes("\x01\x02\x03\x04"));
  json.key("e")
      .begin_array()
      .begin_object()
      .end_object()
      .begin_array()
      .end_array()
      .raw("[1]")
      .plain_string("p")
      .end_array();
  json.end_object();
  EXPECT_EQ(out, R"({"a":"x\"\\\n\r\t\u0001\u001f/)"
                 "\x7F"
                 R"(","b":[-1,18446744073709551615,0.1,1e+300,null,true],"c":{},"d":"AQIDBA==",)"
                 R"("e":[{},[],[1],"p"]})");
}

TEST(JsonWriter, ReplacesWhatIsNotUtf8) {
  const auto escaped = [](std::string_view text) {
    std::string out;
    append_json_string(out, text);
    return out;
  };
  EXPECT_EQ(escaped("\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80"), "\"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\"");
  const std::string replaced = "\xEF\xBF\xBD";
  for (const char* bad : {"\xFF", "\x80", "\xC0\x80", "\xC3", "\xE2\x82", "\xED\xA0\x80", "\xF4\x90\x80\x80",
                          "\xF0\x80\x80\x80", "\xF5\x80\x80\x80", "\xE0\x80\x80"}) {
    const std::string out = escaped(std::string("a") + bad + "z");
    EXPECT_TRUE(core::is_utf8(out));
    EXPECT_TRUE(out.starts_with("\"a" + replaced)) << out;
    EXPECT_TRUE(out.ends_with("z\"")) << out;
  }
}

TEST(JsonWriter, WritesTimesInSeconds) {
  const auto seconds = [](std::int64_t millis) {
    std::string out;
    JsonWriter(out).epoch_seconds(millis);
    return out;
  };
  EXPECT_EQ(seconds(0), "0");
  EXPECT_EQ(seconds(1'700'000'000'000), "1700000000");
  EXPECT_EQ(seconds(1'700'000'000'007), "1700000000.007");
  EXPECT_EQ(seconds(-1), "-0.001");
  EXPECT_EQ(seconds(-1'500), "-1.500");
}

TEST(JsonWriter, WritesNoNumberThatJsonDoesNotHave) {
  std::string out;
  JsonWriter(out).begin_array().number(HUGE_VAL).number(-HUGE_VAL).number(std::nan("")).end_array();
  EXPECT_EQ(out, "[null,null,null]");
}

TEST(JsonFormat, WritesTheTextWeMean) {
  PutRecordRequest request("s1", Blob("\x01\x02"), "k\"");
  request.sequence_number_for_ordering = SequenceNumber("7");
  EXPECT_EQ(to_json(request),
            R"({"StreamName":"s1","Data":"AQI=","PartitionKey":"k\"","SequenceNumberForOrdering":"7"})");
  dynamodb::UpdateItemRequest update("leases", {{"leaseKey", "shardId-1"}}, "SET a = :a");
  update.expression_attribute_values = {{":a", 5},
                                        {":b", true},
                                        {":n", AttributeValue()},
                                        {":l", AttributeValue::List{"x", 1}},
                                        {":s", dynamodb::StringSet({"p"})},
                                        {":m", AttributeValue::Map{{"k", Blob("\x01")}}}};
  update.return_values = dynamodb::ReturnValue::all_new;
  EXPECT_EQ(
      to_json(update),
      R"({"TableName":"leases","ExpressionAttributeValues":{":a":{"N":"5"},":b":{"BOOL":true},":l":{"L":[{"S":"x"},{"N":"1"}]},)"
      R"(":m":{"M":{"k":{"B":"AQ=="}}},":n":{"NULL":true},":s":{"SS":["p"]}},"Key":{"leaseKey":{"S":"shardId-1"}},)"
      R"("UpdateExpression":"SET a = :a","ReturnValues":"ALL_NEW"})");
  EXPECT_EQ(to_json(DescribeLimitsRequest()), "{}");
}

TEST(JsonFormat, ReadsWhatAwsSends) {
  const auto answer =
      from_json<GetRecordsResponse>(R"( {"MillisBehindLatest": 1.5E3, "NextShardIterator": null, "New": {"a": [1, {}]},
    "Records": [{"ApproximateArrivalTimestamp": 1.70000000012E9, "Data": "AQID", "PartitionKey": "\u00e9\ud83d\ude00\n", "SequenceNumber": "49"},
                null, {"ApproximateArrivalTimestamp": 1700000000.123, "EncryptionType": "KMS", "Data": "", "SequenceNumber": "50"}]} )");
  ASSERT_TRUE(answer) << answer.error().what();
  EXPECT_EQ(answer->millis_behind_latest, 1500);
  EXPECT_FALSE(answer->next_shard_iterator);
  ASSERT_EQ(answer->records.size(), 2u);
  EXPECT_EQ(to_millis(answer->records[0].approximate_arrival_timestamp), 1'700'000'000'120);
  EXPECT_EQ(answer->records[0].data, Blob("\x01\x02\x03"));
  EXPECT_EQ(answer->records[0].partition_key, "\xC3\xA9\xF0\x9F\x98\x80\n");
  EXPECT_EQ(to_millis(answer->records[1].approximate_arrival_timestamp), 1'700'000'000'123);
  EXPECT_EQ(answer->records[1].encryption_type, EncryptionType::kms);
}

TEST(JsonFormat, ReadsDynamoDbItems) {
  const auto answer = from_json<dynamodb::GetItemResponse>(
      R"({"Item":{"a":{"S":"x"},"n":{"N":"12.50"},"m":{"M":{"l":{"L":[{"NULL":true},{"BOOL":false}]}}},
    "s":{"NS":["1","2"]},"b":{"B":"AQID"}},"ConsumedCapacity":{"TableName":"t","CapacityUnits":0.5}})");
  ASSERT_TRUE(answer) << answer.error().what();
  const auto& item = answer->item.value();
  EXPECT_EQ(item.at("a"), "x");
  EXPECT_EQ(item.at("n").as_number()->text, "12.50");
  EXPECT_FALSE(item.at("n").as_number()->to_int64());
  const auto& list = *item.at("m").as_map()->at("l").as_list();
  EXPECT_TRUE(list[0].is_null());
  EXPECT_EQ(list[1], false);
  EXPECT_EQ(item.at("s").as_number_set()->values, (std::vector<std::string>{"1", "2"}));
  EXPECT_EQ(*item.at("b").as_bytes(), Blob("\x01\x02\x03"));
  EXPECT_EQ(answer->consumed_capacity->capacity_units, 0.5);
}

TEST(JsonFormat, NamesTheMemberThatIsWrong) {
  const auto answer = from_json<GetRecordsResponse>(R"({"Records":[{"Data":5}]})");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code(), errc::protocol);
  EXPECT_EQ(answer.error().message(), "JSON of GetRecordsResponse.Records.Data: expected a string");
}

TEST(JsonFormat, RefusesWrongTypesAndRanges) {
  for (const char* json : {R"({"ShardCount":"1"})", R"({"ShardCount":1.5})", R"({"ShardCount":2147483648})",
                           R"({"ShardCount":1e30})", R"({"ShardCount":true})", R"({"StreamName":1})",
                           R"({"StreamName":["a"]})", R"({"Tags":[]})", R"({"Tags":{"a":1}})", "[]", "1", "\"\""}) {
    EXPECT_FALSE(from_json<CreateStreamRequest>(json)) << json;
  }
  for (const char* json :
       {R"({"Data":"A"})", R"({"Data":"====" })", R"({"Data":"A*=="})", R"({"SequenceNumberForOrdering":"01"})",
        R"({"SequenceNumberForOrdering":""})", R"({"SequenceNumberForOrdering":1})"}) {
    EXPECT_FALSE(from_json<PutRecordRequest>(json)) << json;
  }
  for (const char* json : {R"({"ApproximateArrivalTimestamp":1e300})", R"({"ApproximateArrivalTimestamp":"1"})",
                           R"({"ApproximateArrivalTimestamp":-1e15})"}) {
    EXPECT_FALSE(from_json<KinesisRecord>(json)) << json;
  }
  for (const char* json : {R"({"Item":{"a":{}}})", R"({"Item":{"a":{"S":"x","N":"1"}}})", R"({"Item":{"a":{"X":"x"}}})",
                           R"({"Item":{"a":"x"}})"}) {
    EXPECT_FALSE(from_json<dynamodb::GetItemResponse>(json)) << json;
  }
  EXPECT_EQ(
      from_json<CreateStreamRequest>(R"({"ShardCount":2e0,"StreamModeDetails":{"StreamMode":"NEW"}})")->shard_count, 2);
}

TEST(JsonFormat, BoundsNesting) {
  std::string json = R"({"Item":{"a":)";
  for (int i = 0; i < 200; ++i) json += R"({"L":[)";
  json += R"({"NULL":true})";
  for (int i = 0; i < 200; ++i) json += "]}";
  json += "}}";
  const auto answer = from_json<dynamodb::GetItemResponse>(json);
  ASSERT_FALSE(answer);
  EXPECT_NE(answer.error().message().find("nested too deeply"), std::string::npos);
  EXPECT_FALSE(from_json<dynamodb::GetItemResponse>(std::string(100'000, '[')));
}

TEST(JsonFormat, ReadsLargeInputs) {
  PutRecordRequest request("s", Blob(std::string(3'000'000, 'x')), "k");
  const std::string json = to_json(request);
  EXPECT_EQ(from_json<PutRecordRequest>(json)->data.size(), 3'000'000u);
  std::string padded = json + std::string(64, '\0');
  EXPECT_EQ(from_json<PutRecordRequest>(std::string_view(padded).substr(0, json.size()), Padding::at_least_64_bytes)
                ->data.size(),
            3'000'000u);
}

TEST(JsonValue, LooksIntoAnyDocument) {
  const auto document = JsonValue::parse(
      R"( {"s":"a\u0000b","i":-5,"u":18446744073709551615,"d":1.5,"w":3.0,"t":true,"n":null,"l":[1,"x",[]],"o":{"k":{"z":1}}} )");
  ASSERT_TRUE(document);
  const JsonValue value = *document;
  EXPECT_TRUE(value.is_object());
  EXPECT_EQ(value.size(), 9u);
  EXPECT_EQ(value["s"].as_string(), std::string_view("a\0b", 3));
  EXPECT_EQ(value["i"].as_integer(), -5);
  EXPECT_FALSE(value["u"].as_integer());
  EXPECT_EQ(value["u"].as_number(), 18446744073709551615.0);
  EXPECT_FALSE(value["d"].as_integer());
  EXPECT_EQ(value["w"].as_integer(), 3);
  EXPECT_EQ(value["t"].as_bool(), true);
  EXPECT_TRUE(value["n"].is_null());
  EXPECT_FALSE(value["n"].is_absent());
  EXPECT_TRUE(value["none"].is_absent());
  EXPECT_EQ(value["o"]["k"]["z"].as_integer(), 1);
  EXPECT_TRUE(value["o"]["x"]["z"][3].is_absent());
  EXPECT_EQ(value["l"].size(), 3u);
  EXPECT_EQ(value["l"][1].as_string(), "x");
  EXPECT_TRUE(value["l"][3].is_absent());
  EXPECT_EQ(value["l"].elements().size(), 3u);
  EXPECT_EQ(value.members()[1].first, "i");
  EXPECT_EQ(value["o"].to_json(), R"({"k":{"z":1}})");
  EXPECT_EQ(JsonValue().to_json(), "null");
  EXPECT_FALSE(value["s"].as_integer() || value["i"].as_string() || value["i"].as_bool());
}

TEST(JsonValue, KeepsItsDocumentAlive) {
  JsonValue inner;
  {
    std::string text = R"({"a":["long enough not to be inline"]})";
    inner = JsonValue::parse(text).value()["a"][0];
    text.assign(text.size(), 'x');
  }
  EXPECT_EQ(inner.as_string(), "long enough not to be inline");
}

TEST(JsonValue, SaysWhatIsNoJson) {
  for (const char* text : {"", " ", "{", "secret", "{\"a\":}", "[1,]", "\"\xFF\"", "nul", "1 2"}) {
    const auto document = JsonValue::parse(text);
    ASSERT_FALSE(document) << text;
    EXPECT_EQ(document.error().code(), errc::protocol);
    EXPECT_EQ(document.error().message().find("secret"), std::string::npos);
  }
  EXPECT_FALSE(JsonValue::parse(std::string_view()));
  EXPECT_EQ(JsonValue::parse("5")->as_integer(), 5);
}

}  // namespace
}  // namespace kinesis::aws
