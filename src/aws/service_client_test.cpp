#include "aws/dynamodb_errors.hpp"
#include "aws/dynamodb_shapes.hpp"
#include "aws/json_format.hpp"
#include "aws/test_service_clients.hpp"
#include "core/digest.hpp"

#include <gmock/gmock.h>

namespace kinesis::aws {
namespace {

using ::testing::HasSubstr;

TEST_F(ServiceClientTest, AnswersThatAreNoneAreProtocolErrors) {
  const auto ask = [&](http::ServerResponse response) {
    answer = [&](const http::ServerRequest&) { return response; };
    seen.clear();
    ListShardsRequest request;
    const auto got = run(kinesis()->list_shards(std::move(request)));
    EXPECT_FALSE(got);
    EXPECT_EQ(seen.size(), 1u) << "it would answer the same";
    return got ? Error(errc::internal, "?") : got.error();
  };
  const Error html = ask(with_type("text/html", "<html>Log in to the hotel</html>"));
  EXPECT_EQ(html.code(), errc::protocol);
  EXPECT_THAT(html.message(), HasSubstr("content type \"text/html\""));
  EXPECT_EQ(html.request_id(), "REQ-7");
  EXPECT_EQ(html.http_status(), 200);
  EXPECT_EQ(html.attempts(), 1);
  EXPECT_THAT(ask(with_type("application/x-amz-cbor-1.1", "")).message(), HasSubstr("empty"));
  EXPECT_THAT(ask(http::ServerResponse(204)).message(), HasSubstr("empty"));
  EXPECT_EQ(ask(with_type("application/x-amz-cbor-1.1", "{\"Shards\":[]}")).code(), errc::protocol);
  EXPECT_EQ(ask(with_type("application/x-amz-json-1.1", "{\"Shards\":[")).code(), errc::protocol);
  EXPECT_EQ(ask(with_type("application/x-amz-json-1.1", "[]")).code(), errc::protocol);
  EXPECT_EQ(ask(with_type("application/x-amz-json-1.1", R"({"Shards":7})")).code(), errc::protocol);
  EXPECT_EQ(ask(with_type("application/x-amz-cbor-1.1", std::string("\xbf\x66Shards\x9f", 9))).code(), errc::protocol);
}

TEST_F(ServiceClientTest, TheHotOperationsJudgeAnswersAsTheOthersDo) {
  const auto client = kinesis();
  for (const auto& [type, body] :
       std::initializer_list<std::pair<std::string, std::string>>{{"text/html", "<html>"},
                                                                  {"", ""},
                                                                  {"application/x-amz-cbor-1.1", ""},
                                                                  {"application/x-amz-json-1.1", ""},
                                                                  {"application/x-amz-json-1.1", "x"}}) {
    answer = [&](const http::ServerRequest&) { return with_type(type, body); };
    PutRecordsRequest put;
    put.records.resize(1);
    const auto stored = run(client->put_records(std::move(put)));
    ASSERT_FALSE(stored) << type << body;
    EXPECT_EQ(stored.error().code(), errc::protocol) << type << body;
    EXPECT_EQ(stored.error().request_id(), "REQ-7");
    GetRecordsRequest get;
    const auto records = run(client->get_records(std::move(get)));
    ASSERT_FALSE(records) << type << body;
    EXPECT_EQ(records.error().code(), errc::protocol);
    EXPECT_EQ(records.error().request_id(), "REQ-7");
  }
}

TEST_F(ServiceClientTest, AnAnswerToPutRecordsThatTellsOfOthersIsNone) {
  for (const char* body : {R"({"FailedRecordCount":0,"Records":[]})", R"({})",
                           R"({"Records":[{"SequenceNumber":"1"},{"SequenceNumber":"2"}]})"}) {
    answer = [&](const http::ServerRequest&) { return with_type("application/x-amz-json-1.1", body); };
    PutRecordsRequest put;
    put.records.resize(1);
    const auto stored = run(kinesis()->put_records(std::move(put)));
    ASSERT_FALSE(stored) << body;
    EXPECT_EQ(stored.error().code(), errc::protocol);
    EXPECT_THAT(stored.error().message(), HasSubstr("and 1 were sent"));
  }
}

TEST_F(ServiceClientTest, AnAnswerToPutRecordsHasTheIdOfItsRequest) {
  answer = [&](const http::ServerRequest&) {
    return with_type("application/x-amz-json-1.1",
                     R"({"FailedRecordCount":1,"Records":[{"ErrorCode":"InternalFailure"}]})");
  };
  PutRecordsRequest put;
  put.records.resize(1);
  const auto stored = run(kinesis()->put_records(std::move(put)));
  ASSERT_TRUE(stored);
  EXPECT_EQ(stored->request_id, "REQ-7");
}

TEST_F(ServiceClientTest, NothingIsAnAnswerWhereThereIsNothingToSay) {
  for (const WireFormat format : {WireFormat::cbor, WireFormat::json}) {
    answer = [](const http::ServerRequest&) { return http::ServerResponse(200); };
    CreateStreamRequest request;
    EXPECT_TRUE(run(kinesis(format)->create_stream(std::move(request))));
    answer = [](const http::ServerRequest&) { return with_type("application/x-amz-json-1.1", "{}"); };
    CreateStreamRequest again;
    EXPECT_TRUE(run(kinesis(format)->create_stream(std::move(again))));
  }
}

TEST_F(ServiceClientTest, ErrorsAreReadInEitherFormat) {
  answer = [](const http::ServerRequest&) {
    // {"__type": "ResourceNotFoundException", "message": "gone"}
    return with_type("application/x-amz-cbor-1.1", "\xa2\x66__type\x78\x19ResourceNotFoundException\x67message\x64gone",
                     400);
  };
  ListShardsRequest request;
  const auto got = run(kinesis()->list_shards(std::move(request)));
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code(), errc::not_found);
  EXPECT_EQ(got.error().service_code(), "ResourceNotFoundException");
  EXPECT_EQ(got.error().message(), "gone");
  EXPECT_EQ(got.error().attempts(), 1);
}

TEST_F(ServiceClientTest, AConditionThatDoesNotHoldIsAnAnswer) {
  dynamodb::ConditionCheckFailure failure;
  failure.item.emplace();
  failure.item->insert_or_assign("owner", dynamodb::AttributeValue(std::string("other")));
  const std::string body = condition_failed_body(failure);
  answer = [&](const http::ServerRequest&) {
    http::ServerResponse response = with_type("application/x-amz-json-1.0", body, 400);
    response.headers.add("x-amz-crc32", std::to_string(core::crc32(as_bytes(body))));
    return response;
  };
  const auto client = make_dynamodb_client(pipeline(Service::dynamodb));
  dynamodb::UpdateItemRequest update;
  const auto updated = run(client->update_item(std::move(update)));
  ASSERT_TRUE(updated) << updated.error().what();
  ASSERT_TRUE(updated->condition_check_failure);
  EXPECT_EQ(to_json(*updated->condition_check_failure->item), to_json(*failure.item));
  EXPECT_EQ(seen.size(), 1u);
  // What has no condition has no such answer.
  dynamodb::GetItemRequest get;
  EXPECT_EQ(run(client->get_item(std::move(get))).error().code(), errc::condition_failed);

  std::vector<dynamodb::CancellationReason> reasons(2);
  reasons[0].code = "None";
  reasons[1].code = "ConditionalCheckFailed";
  answer = [&](const http::ServerRequest&) {
    return with_type("application/x-amz-json-1.0", transaction_canceled_body(reasons), 400);
  };
  dynamodb::TransactWriteItemsRequest transaction;
  const auto cancelled = run(client->transact_write_items(std::move(transaction)));
  ASSERT_TRUE(cancelled) << cancelled.error().what();
  ASSERT_EQ(cancelled->cancellation_reasons.size(), 2u);
  EXPECT_EQ(cancelled->cancellation_reasons[1].code, "ConditionalCheckFailed");

  answer = [&](const http::ServerRequest&) {
    return with_type("application/x-amz-json-1.0",
                     R"({"__type":"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException","message":"no table"})",
                     400);
  };
  dynamodb::PutItemRequest put;
  EXPECT_EQ(run(client->put_item(std::move(put))).error().code(), errc::not_found);
}

TEST_F(ServiceClientTest, MetricsAreSentAsAForm) {
  answer = [](const http::ServerRequest&) {
    return with_type(
        "text/xml",
        "<PutMetricDataResponse "
        "xmlns=\"http://monitoring.amazonaws.com/doc/2010-08-01/\"><ResponseMetadata><RequestId>r</RequestId>"
        "</ResponseMetadata></PutMetricDataResponse>");
  };
  const auto client = make_cloudwatch_client(pipeline(Service::cloudwatch));
  cloudwatch::PutMetricDataRequest request("My App");
  cloudwatch::MetricDatum datum("Latency");
  datum.value = 1.5;
  datum.unit = cloudwatch::StandardUnit::milliseconds;
  request.metric_data.push_back(datum);
  cloudwatch::PutMetricDataRequest copy = request;
  const auto put = run(client->put_metric_data(std::move(request)));
  ASSERT_TRUE(put) << put.error().what();
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen[0].body.text(),
            "Action=PutMetricData&Version=2010-08-01&Namespace=My%20App&MetricData.member.1.MetricName=Latency&"
            "MetricData.member.1.Value=1.5&"
            "MetricData.member.1.Unit=Milliseconds");
  EXPECT_EQ(seen[0].headers.find("content-type"), "application/x-www-form-urlencoded");
  EXPECT_FALSE(seen[0].headers.contains("x-amz-target"));
  EXPECT_THAT(*seen[0].headers.find("authorization"), HasSubstr("/us-east-1/monitoring/aws4_request"));

  answer = [](const http::ServerRequest&) {
    return with_type(
        "text/xml",
        "<ErrorResponse><Error><Type>Sender</Type><Code>InvalidParameterValue</Code><Message>too old</Message></Error>"
        "<RequestId>r1</RequestId></ErrorResponse>",
        400);
  };
  const auto refused = run(client->put_metric_data(copy));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), errc::invalid_argument);
  EXPECT_EQ(refused.error().message(), "too old");
  answer = [](const http::ServerRequest&) { return with_type("text/html", "<html>hello</html>"); };
  const auto foreign = run(client->put_metric_data(copy));
  ASSERT_FALSE(foreign);
  EXPECT_EQ(foreign.error().code(), errc::protocol);
}

}  // namespace
}  // namespace kinesis::aws
