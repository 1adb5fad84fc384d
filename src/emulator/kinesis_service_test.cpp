#include "emulator/kinesis_service.hpp"

#include "aws/cbor_format.hpp"
#include "aws/json_format.hpp"
#include "aws/json_value.hpp"
#include "aws/kinesis_shapes.hpp"
#include "aws/records_cbor.hpp"
#include "aws/records_json.hpp"
#include "core/base64.hpp"
#include "core/hex.hpp"
#include <kinesis/testing/manual_clock.hpp>

#include <gtest/gtest.h>

namespace kinesis::emulator {
namespace {

using aws::JsonValue;

// With readable bytes behind it, as bodies that came over HTTP have.
Blob padded(std::string text) {
  const std::size_t size = text.size();
  auto owner = std::make_shared<std::string>(std::move(text));
  owner->append(http::body_padding, ' ');
  return {as_bytes(std::string_view(*owner).substr(0, size)), owner};
}

struct Service : ::testing::Test {
  explicit Service(bool limits = true) : region(std::make_shared<SharedRegion>(options(limits))), service(region, {}) {}

  SharedRegion::Options options(bool limits) {
    SharedRegion::Options out;
    out.region.limits = limits;
    out.clock = clock;
    return out;
  }

  static http::ServerRequest request(std::string_view operation, std::string_view content_type, std::string body) {
    http::ServerRequest out;
    out.method = "POST";
    out.target = "/";
    out.headers.add("host", "localhost").add("content-type", content_type);
    out.headers.add("x-amz-target", "Kinesis_20131202." + std::string(operation));
    out.headers.add("x-amz-date", "20260101T000000Z");
    out.headers.add("authorization",
                    "AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/kinesis/aws4_request, SignedHeaders=host, "
                    "Signature=ab");
    out.body = padded(std::move(body));
    return out;
  }
  ServiceAnswer answer(const http::ServerRequest& request) {
    KinesisService::Opened opened = service.open(request);
    if (!opened.call) return std::move(opened.refusal);
    return KinesisService::answer(opened.call->carry_out(), opened.format);
  }
  ServiceAnswer json(std::string_view operation, std::string body) {
    return answer(request(operation, "application/x-amz-json-1.1", std::move(body)));
  }
  template <class Request>
  ServiceAnswer cbor(const Request& typed) {
    return answer(request(Request::operation, "application/x-amz-cbor-1.1", aws::to_cbor(typed)));
  }
  static JsonValue parsed(const ServiceAnswer& answer) { return JsonValue::parse(answer.body.joined().text()).value(); }
  static std::string text(const ServiceAnswer& answer) { return std::string(answer.body.joined().text()); }
  void create(const std::string& name, int shards) {
    region->with_region([&](Region& state, Moment now) { return state.create_active(name, shards, now); }).value();
  }
  std::string iterator() {
    const auto body = json("GetShardIterator",
                           R"({"StreamName":"s","ShardId":"shardId-000000000000","ShardIteratorType":"TRIM_HORIZON"})");
    return std::string(parsed(body)["ShardIterator"].as_string().value_or(""));
  }

  std::shared_ptr<testing::ManualClock> clock = std::make_shared<testing::ManualClock>();
  std::shared_ptr<SharedRegion> region;
  KinesisService service;
};

TEST_F(Service, SpeaksJson) {
  ServiceAnswer created = json("CreateStream", R"({"StreamName":"s","ShardCount":1})");
  EXPECT_EQ(created.status, 200);
  EXPECT_EQ(created.content_type, "application/x-amz-json-1.1");
  EXPECT_TRUE(created.body.empty());

  const JsonValue put = parsed(json("PutRecord", R"({"StreamName":"s","Data":"aGVsbG8=","PartitionKey":"k"})"));
  EXPECT_EQ(put["ShardId"].as_string(), "shardId-000000000000");
  EXPECT_EQ(put["EncryptionType"].as_string(), "NONE");
  const JsonValue many = parsed(json(
      "PutRecords",
      R"({"StreamName":"s","Records":[{"Data":"d29ybGQ=","PartitionKey":"k"},{"Data":"","PartitionKey":"l","ExplicitHashKey":"5"}]})"));
  EXPECT_EQ(many["FailedRecordCount"].as_integer(), 0);
  EXPECT_EQ(many["Records"].size(), 2u);

  const JsonValue got = parsed(json("GetRecords", R"({"ShardIterator":")" + iterator() + R"("})"));
  ASSERT_EQ(got["Records"].size(), 3u);
  EXPECT_EQ(got["Records"][0]["Data"].as_string(), "aGVsbG8=");
  EXPECT_EQ(got["Records"][0]["SequenceNumber"].as_string(), put["SequenceNumber"].as_string());
  EXPECT_EQ(got["Records"][0]["ApproximateArrivalTimestamp"].as_number(), 1767225600.0);
  EXPECT_EQ(got["Records"][1]["Data"].as_string(), "d29ybGQ=");
  EXPECT_EQ(got["Records"][2]["PartitionKey"].as_string(), "l");
  EXPECT_EQ(got["MillisBehindLatest"].as_integer(), 0);
  EXPECT_TRUE(got["NextShardIterator"].as_string());
}

TEST_F(Service, SpeaksCbor) {
  ASSERT_EQ(cbor(CreateStreamRequest("s", 1)).status, 200);
  const auto put = cbor(PutRecordRequest("s", "hello", "k"));
  EXPECT_EQ(put.content_type, "application/x-amz-cbor-1.1");
  PutRecordsRequest many;
  many.stream_name = "s";
  many.records.emplace_back(Blob("world"), "k");
  const auto answer = aws::from_cbor<PutRecordsResponse>(cbor(many).body.joined());
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->records[0].shard_id, "shardId-000000000000");
  EXPECT_EQ(answer->encryption_type, EncryptionType::none);
  const auto got = aws::read_get_records_cbor(cbor(GetRecordsRequest(iterator())).body.joined());
  ASSERT_TRUE(got);
  ASSERT_EQ(got->records.size(), 2u);
  EXPECT_EQ(got->records[0].data.text(), "hello");
  EXPECT_EQ(got->records[1].sequence_number, answer->records[0].sequence_number);
  EXPECT_EQ(got->records[1].approximate_arrival_timestamp, clock->wall_now());
}

TEST_F(Service, BothFormatsGiveTheSameRecordsAcrossPiecesOfMemory) {
  create("s", 1);
  for (int i = 0; i < 5; ++i) {
    PutRecordsRequest many;
    many.stream_name = "s";
    for (int j = 0; j < 10; ++j) many.records.emplace_back(Blob(std::string(4'000, static_cast<char>('a' + j))), "k");
    ASSERT_EQ(cbor(many).status, 200);
  }
  const auto by_cbor = aws::read_get_records_cbor(cbor(GetRecordsRequest(iterator())).body.joined());
  const Blob body = padded(text(json("GetRecords", R"({"ShardIterator":")" + iterator() + R"("})")));
  const auto by_json = aws::read_get_records_json(body, aws::Padding::at_least_64_bytes);
  ASSERT_TRUE(by_cbor);
  ASSERT_TRUE(by_json);
  ASSERT_EQ(by_cbor->records.size(), 50u);
  ASSERT_EQ(by_json->records.size(), 50u);
  for (std::size_t i = 0; i < 50; ++i) {
    EXPECT_EQ(by_cbor->records[i].sequence_number, by_json->records[i].sequence_number);
    EXPECT_EQ(by_cbor->records[i].data, by_json->records[i].data);
  }
}

TEST_F(Service, ErrorsHaveAwsForms) {
  const auto missing = json("DescribeStreamSummary", R"({"StreamName":"none"})");
  EXPECT_EQ(missing.status, 400);
  EXPECT_EQ(missing.error_type, "ResourceNotFoundException");
  EXPECT_EQ(text(missing),
            R"({"__type":"ResourceNotFoundException","message":"Stream none under account 123456789012 not found."})");
  const auto by_cbor = cbor(DescribeStreamSummaryRequest("none"));
  EXPECT_EQ(by_cbor.content_type, "application/x-amz-cbor-1.1");
  aws::ErrorHeaders headers;
  headers.content_type = by_cbor.content_type;
  const Error error = aws::error_of(by_cbor.status, headers, by_cbor.body.joined());
  EXPECT_EQ(error.service_code(), "ResourceNotFoundException");
  EXPECT_EQ(error.message(), "Stream none under account 123456789012 not found.");
}

TEST_F(Service, BadBodiesAreSerializationErrorsAndMissingMembersValidation) {
  create("s", 1);
  for (const char* body : {"", "{", "[]", "null", R"({"StreamName":5})", R"({"StreamName":"s","Limit":"x"})"}) {
    EXPECT_EQ(json("DescribeStream", body).error_type, "SerializationException") << body;
  }
  EXPECT_EQ(json("PutRecords", R"({"StreamName":"s","Records":[{"Data":"%%%%","PartitionKey":"k"}]})").error_type,
            "SerializationException");
  const auto missing = json("PutRecord", R"({"StreamName":"s","PartitionKey":"k"})");
  EXPECT_EQ(missing.error_type, "ValidationException");
  EXPECT_EQ(parsed(missing)["message"].as_string(),
            "1 validation error detected: Value null at 'data' failed to satisfy constraint: Member must not be null");
  const auto no_key = json("PutRecords", R"({"StreamName":"s","Records":[{"Data":""}]})");
  EXPECT_EQ(parsed(no_key)["message"].as_string(),
            "1 validation error detected: Value null at 'records.1.member.partitionKey' failed to satisfy constraint: "
            "Member must not be null");
  EXPECT_EQ(answer(request("PutRecords", "application/x-amz-cbor-1.1", "\xFF\xFF")).error_type,
            "SerializationException");
}

TEST_F(Service, ASequenceNumberThatIsNoneIsAValidationError) {
  create("s", 1);
  const auto refused = json("GetShardIterator", R"({"StreamName":"s","ShardId":"shardId-000000000000",)"
                                                R"("ShardIteratorType":"AT_SEQUENCE_NUMBER",)"
                                                R"("StartingSequenceNumber":"x"})");
  EXPECT_EQ(refused.error_type, "ValidationException");
  EXPECT_EQ(parsed(refused)["message"].as_string(),
            "1 validation error detected: Value 'x' at 'startingSequenceNumber' failed to satisfy constraint: Member "
            "must satisfy regular expression pattern: 0|([1-9]\\d{0,128})");
}

TEST_F(Service, APartitionKeyHasToBeText) {
  create("s", 1);
  EXPECT_EQ(cbor(PutRecordRequest("s", "d", "\xC3\x28")).error_type, "SerializationException");
}

TEST_F(Service, FiveHundredAndOneRecordsAreRefused) {
  create("s", 1);
  PutRecordsRequest many;
  many.stream_name = "s";
  for (int i = 0; i < 501; ++i) many.records.emplace_back(Blob("x"), "k");
  const auto by_cbor = cbor(many);
  EXPECT_EQ(by_cbor.error_type, "ValidationException");
  const auto by_json = json("PutRecords", aws::to_json(many));
  EXPECT_EQ(by_json.error_type, "ValidationException");
  EXPECT_EQ(
      parsed(by_json)["message"].as_string(),
      "1 validation error detected: Value at 'records' failed to satisfy constraint: Member must have length less "
      "than or equal to 500");
}

TEST_F(Service, ThrottledEntriesHaveAwsText) {
  create("s", 1);
  PutRecordsRequest many;
  many.stream_name = "s";
  for (int i = 0; i < 3; ++i) many.records.emplace_back(Blob(std::string(600'000, 'x')), "k");
  const Blob body = padded(text(json("PutRecords", aws::to_json(many))));
  const auto answer = aws::read_put_records_answer_json(body, aws::Padding::at_least_64_bytes);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->failed_record_count, 2);
  EXPECT_TRUE(answer->records[0].sequence_number);
  EXPECT_EQ(answer->records[1].error_code, "ProvisionedThroughputExceededException");
  EXPECT_EQ(answer->records[1].error_message,
            "Rate exceeded for shard shardId-000000000000 in stream s under account 123456789012.");
}

TEST_F(Service, RequestsThatAreNoneOfTheServiceGetWhatAwsSays) {
  http::ServerRequest get = request("ListStreams", "application/x-amz-json-1.1", "{}");
  get.method = "GET";
  EXPECT_EQ(answer(get).status, 403);
  EXPECT_NE(text(answer(get)).find("<AccessDeniedException>"), std::string::npos);
  EXPECT_EQ(answer(request("ListStreams", "text/plain", "{}")).status, 404);
  const auto unknown = json("FlyToTheMoon", "{}");
  EXPECT_EQ(unknown.status, 400);
  EXPECT_EQ(unknown.error_type, "UnknownOperationException");
  http::ServerRequest other = request("ListStreams", "application/x-amz-json-1.1", "{}");
  other.headers.set("x-amz-target", "DynamoDB_20120810.ListTables");
  EXPECT_EQ(answer(other).error_type, "UnknownOperationException");
}

TEST_F(Service, WithoutKeysAnAuthorizationOnlyNeedsItsForm) {
  http::ServerRequest none = request("ListStreams", "application/x-amz-json-1.1", "{}");
  none.headers.erase("authorization");
  EXPECT_EQ(answer(none).error_type, "MissingAuthenticationTokenException");
  EXPECT_EQ(answer(none).status, 400);
  http::ServerRequest malformed = request("ListStreams", "application/x-amz-json-1.1", "{}");
  malformed.headers.set("authorization", "AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=");
  EXPECT_EQ(answer(malformed).error_type, "IncompleteSignatureException");
  EXPECT_NE(text(answer(malformed)).find("requires 'Signature' parameter"), std::string::npos);
  EXPECT_NE(text(answer(malformed)).find("requires 'SignedHeaders' parameter"), std::string::npos);
  http::ServerRequest dateless = request("ListStreams", "application/x-amz-json-1.1", "{}");
  dateless.headers.erase("x-amz-date");
  EXPECT_EQ(answer(dateless).error_type, "IncompleteSignatureException");
  EXPECT_EQ(json("ListStreams", "{}").status, 200);
}

struct VerifyingService : Service {
  VerifyingService() : verifying(region, {{"AKID", "secret"}}) {}

  http::ServerRequest signed_request(std::string_view id, std::string_view secret, std::string_view region_name,
                                     Clock::wall_time_point when, std::string body = "{}") {
    http::ServerRequest out;
    out.method = "POST";
    out.target = "/";
    out.headers.add("host", "localhost:4567").add("content-type", "application/x-amz-json-1.1");
    out.headers.add("x-amz-target", "Kinesis_20131202.ListStreams");
    out.body = padded(std::move(body));
    std::vector<aws::HeaderView> headers;
    for (const auto field : out.headers) headers.push_back({field.name, field.value});
    const std::string hash = core::to_hex(core::sha256(out.body.bytes()));
    aws::SignableRequest signable;
    signable.headers = headers;
    signable.body_sha256 = hash;
    const aws::Signature signature =
        aws::sign(signable, {id, secret, ""}, {region_name, "kinesis"}, when, signing_keys);
    out.headers.add("x-amz-date", signature.amz_date).add("authorization", signature.authorization);
    return out;
  }
  std::string refusal(const http::ServerRequest& request) {
    const KinesisService::Opened opened = verifying.open(request);
    return opened.call ? "" : opened.refusal.error_type;
  }

  KinesisService verifying;
  aws::SigningKeys signing_keys;
};

TEST_F(VerifyingService, RefusesWhatAwsRefuses) {
  const auto now = clock->wall_now();
  using std::chrono::minutes;
  using std::chrono::seconds;
  EXPECT_EQ(refusal(signed_request("AKID", "secret", "us-east-1", now)), "");
  EXPECT_EQ(refusal(signed_request("AKID", "wrong", "us-east-1", now)), "InvalidSignatureException");
  EXPECT_EQ(refusal(signed_request("OTHER", "secret", "us-east-1", now)), "UnrecognizedClientException");
  EXPECT_EQ(refusal(signed_request("AKID", "secret", "eu-west-1", now)), "InvalidSignatureException");
  EXPECT_EQ(refusal(signed_request("AKID", "secret", "us-east-1", now - minutes(5) - seconds(1))),
            "InvalidSignatureException");
  EXPECT_EQ(refusal(signed_request("AKID", "secret", "us-east-1", now + minutes(5) + seconds(1))),
            "InvalidSignatureException");
  EXPECT_EQ(refusal(signed_request("AKID", "secret", "us-east-1", now - minutes(4))), "");
  http::ServerRequest changed = signed_request("AKID", "secret", "us-east-1", now);
  changed.body = padded(R"({"Limit":1})");
  EXPECT_EQ(refusal(changed), "InvalidSignatureException");
  http::ServerRequest missing = signed_request("AKID", "secret", "us-east-1", now);
  missing.headers.erase("authorization");
  EXPECT_EQ(refusal(missing), "MissingAuthenticationTokenException");
  EXPECT_EQ(refusal(request("ListStreams", "application/x-amz-json-1.1", "{}")), "UnrecognizedClientException");
}

// Every operation can be reached by its name, in both formats.
TEST_F(Service, HasEveryOperation) {
#define X(Operation, function)                                                             \
  EXPECT_NE(json(#Operation, "{}").error_type, "UnknownOperationException") << #Operation; \
  EXPECT_NE(cbor(Operation##Request()).error_type, "UnknownOperationException") << #Operation << " CBOR";
  KINESIS_OPERATIONS(X)
#undef X
}

}  // namespace
}  // namespace kinesis::emulator
