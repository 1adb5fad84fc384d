#include "aws/service_client.hpp"

#include "aws/cbor_format.hpp"
#include "aws/cloudwatch_shapes.hpp"
#include "aws/credentials/test_sources.hpp"
#include "aws/dynamodb_errors.hpp"
#include "aws/dynamodb_shapes.hpp"
#include "aws/json_format.hpp"
#include "aws/kinesis_shapes.hpp"
#include "aws/operations.hpp"
#include "aws/query_format.hpp"
#include "aws/shape_samples.hpp"
#include "core/digest.hpp"
#include "core/test_loop.hpp"
#include "http/test_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kinesis::aws {
namespace {

using core::awaitable;
using ::testing::HasSubstr;

const DescribedType& described(const std::string& name) {
  for (const DescribedType& type : described_types())
    if (type.name == name) return type;
  throw std::logic_error("no type " + name);
}

std::string write(BodyFormat format, const TypeDescriptor& type, const void* object) {
  std::string body;
  if (format == BodyFormat::cbor) {
    write_cbor(type, object, body);
  } else {
    write_json(type, object, body);
  }
  return body;
}

/// The clients over sockets on loopback.
class ServiceClientTest : public ::testing::Test {
 protected:
  http::TestContext loop;
  std::vector<http::ServerRequest> seen;
  std::function<http::ServerResponse(const http::ServerRequest&)> answer;
  std::shared_ptr<http::Server> server = make_server();

  std::shared_ptr<http::Server> make_server() {
    http::ServerOptions options;
    options.executor = loop.executor();
    auto handle = [this](http::ServerRequest request) -> awaitable<http::ServerResponse> {
      seen.push_back(request);
      co_return answer(request);
    };
    return http::make_server(std::move(options), http::handler(std::move(handle)));
  }
  std::shared_ptr<RequestPipeline> pipeline(Service service) {
    PipelineOptions options;
    options.service = service;
    options.url = http::Url::parse("http://127.0.0.1:" + std::to_string(server->port())).value();
    options.region = "us-east-1";
    http::ClientOptions client;
    client.executor = loop.executor();
    options.http = http::make_client(std::move(client));
    options.credentials = static_credentials("AKID", "secret");
    options.clock = Clock::system();
    options.rules.max_attempts = 2;
    options.rules.base = std::chrono::milliseconds(1);
    return std::make_shared<RequestPipeline>(std::move(options));
  }
  std::shared_ptr<KinesisApi> kinesis(WireFormat format = WireFormat::cbor) {
    return make_kinesis_client(pipeline(Service::kinesis), KinesisAddress("us-east-1", false, false, "http://there"),
                               format);
  }
  /// What a coroutine gives.
  template <class T>
  T run(awaitable<T> task) {
    std::optional<T> out;
    auto wrapped = [](awaitable<T> inner, std::optional<T>* result) -> awaitable<void> {
      result->emplace(co_await std::move(inner));
    };
    loop.run(wrapped(std::move(task), &out));
    return std::move(*out);
  }
  static http::ServerResponse with_type(std::string_view type, std::string body, int status = 200) {
    return http::ServerResponse(status, http::Headers{{"content-type", type}, {"x-amzn-requestid", "REQ-7"}},
                                http::Body(std::move(body)));
  }
};

/// Calls every operation with a sample, and answers with a sample.
class RoundTrip {
 public:
  RoundTrip(BodyFormat request_format, BodyFormat answer_format, std::uint64_t seed)
      : request_format_(request_format), answer_format_(answer_format), random_(seed) {}

  template <class Request>
  Request sample_request() {
    Request request;
    fill_sample(type_of<Request>(), &request, random_, 60);
    if constexpr (std::is_same_v<Request, PutRecordsRequest>) records_ = request.records.size();
    request_type_ = &type_of<Request>();
    sent_ = write(BodyFormat::json, *request_type_, &request);
    return request;
  }
  template <class Response>
  void sample_answer(Service service) {
    Response response;
    fill_sample(type_of<Response>(), &response, random_, 60);
    if constexpr (std::is_same_v<Response, PutRecordsResponse>) response.records.resize(records_);
    answer_ = write(answer_format_, type_of<Response>(), &response);
    expected_ = write(BodyFormat::json, type_of<Response>(), &response);
    answer_type_ = content_type(service, answer_format_);
  }
  /// The server's half: checks the request.
  http::ServerResponse serve(const http::ServerRequest& request, Service service, std::string_view operation) const {
    EXPECT_EQ(request.headers.find("x-amz-target"), target(service, operation));
    EXPECT_EQ(request.headers.find("content-type"), content_type(service, request_format_));
    const DescribedType& type = described(std::string(operation) + "Request");
    AnyObject read(type);
    const auto outcome = request_format_ == BodyFormat::cbor
                             ? read_cbor(type.type, read.get(), request.body, Missing::refused)
                             : read_json(type.type, read.get(), request.body.text(), Padding::none, Missing::refused);
    EXPECT_TRUE(outcome) << operation << ": " << outcome.error().what();
    EXPECT_EQ(write(BodyFormat::json, type.type, read.get()), sent_) << operation;
    return answer();
  }
  http::ServerResponse answer() const {
    return http::ServerResponse(200, http::Headers{{"content-type", answer_type_}}, http::Body(answer_));
  }
  template <class Response>
  void check(const Result<Response>& got, std::string_view operation) const {
    ASSERT_TRUE(got) << operation << ": " << got.error().what();
    EXPECT_EQ(write(BodyFormat::json, type_of<Response>(), &*got), expected_) << operation;
  }

 private:
  BodyFormat request_format_;
  BodyFormat answer_format_;
  std::mt19937_64 random_;
  const TypeDescriptor* request_type_ = nullptr;
  std::string sent_;
  std::string answer_;
  std::string answer_type_;
  std::string expected_;
  std::size_t records_ = 0;
};

TEST_F(ServiceClientTest, EveryOperationOfKinesisGoesThereAndBack) {
  for (const BodyFormat request_format : {BodyFormat::cbor, BodyFormat::json}) {
    for (const BodyFormat answer_format : {BodyFormat::cbor, BodyFormat::json}) {
      const auto client = kinesis(request_format == BodyFormat::cbor ? WireFormat::cbor : WireFormat::json);
      RoundTrip trip(request_format, answer_format, 4711);
#define X(Operation, function)                                                                                      \
  {                                                                                                                 \
    answer = [&](const http::ServerRequest& request) { return trip.serve(request, Service::kinesis, #Operation); }; \
    auto request = trip.sample_request<Operation##Request>();                                                       \
    trip.sample_answer<Operation##Response>(Service::kinesis);                                                      \
    trip.check(run(client->function(std::move(request))), #Operation);                                              \
  }
      KINESIS_OPERATIONS(X)
#undef X
    }
  }
  EXPECT_EQ(seen.size(), 4 * 39u);
}

TEST_F(ServiceClientTest, EveryOperationOfDynamoDbGoesThereAndBack) {
  const auto client = make_dynamodb_client(pipeline(Service::dynamodb));
  RoundTrip trip(BodyFormat::json, BodyFormat::json, 4711);
#define X(Operation, function)                                                        \
  {                                                                                   \
    answer = [&](const http::ServerRequest&) { return trip.answer(); };               \
    auto request = trip.sample_request<dynamodb::Operation##Request>();               \
    const std::string text = to_json(request);                                        \
    trip.sample_answer<dynamodb::Operation##Response>(Service::dynamodb);             \
    seen.clear();                                                                     \
    trip.check(run(client->function(std::move(request))), #Operation);                \
    ASSERT_EQ(seen.size(), 1u);                                                       \
    EXPECT_EQ(seen[0].body.text(), text);                                             \
    EXPECT_EQ(seen[0].headers.find("x-amz-target"), "DynamoDB_20120810." #Operation); \
    EXPECT_EQ(seen[0].headers.find("content-type"), "application/x-amz-json-1.0");    \
  }
  DYNAMODB_OPERATIONS(X)
#undef X
}

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

/// Where requests go, without sending them.
class KinesisAddressTest : public ::testing::Test {
 protected:
  core::TestLoop loop;
  std::shared_ptr<FakeHttp> http;

  std::string host_for(KinesisAddress address, std::function<awaitable<void>(KinesisApi&)> call) {
    auto nothing = [](const FakeHttp::Seen&) -> Result<http::Response> { return answer_of(200, "{}"); };
    http = std::make_shared<FakeHttp>(borrowed(loop.clock), std::move(nothing));
    PipelineOptions options;
    options.url = http::Url::parse("https://regional.example").value();
    options.region = "eu-west-1";
    options.http = http;
    options.credentials = static_credentials("AKID", "secret");
    options.clock = borrowed(loop.clock);
    const auto client = make_kinesis_client(std::make_shared<RequestPipeline>(std::move(options)), std::move(address),
                                            WireFormat::json);
    loop.run(call(*client));
    if (http->seen.empty()) return error ? error->message() : "?";
    EXPECT_EQ("https://" + std::string(http->seen[0].headers.find("host").value_or("")), http->seen[0].endpoint);
    return http->seen[0].endpoint;
  }
  std::optional<Error> error;
  static constexpr const char* arn = "arn:aws:kinesis:eu-west-1:123456789012:stream/orders";
};

TEST_F(KinesisAddressTest, StreamsThatAreNamedByArnHaveTheirAccountsHosts) {
  const KinesisAddress address("eu-west-1", false, false, "");
  const std::string account = "https://123456789012.";
  const std::string rest = "-kinesis.eu-west-1.amazonaws.com";
  EXPECT_EQ(host_for(address,
                     [](KinesisApi& api) -> awaitable<void> {
                       PutRecordsRequest request;
                       request.stream_arn = arn;
                       co_await api.put_records(std::move(request));
                     }),
            account + "data" + rest);
  EXPECT_EQ(host_for(address,
                     [](KinesisApi& api) -> awaitable<void> {
                       GetRecordsRequest request;
                       request.stream_arn = arn;
                       co_await api.get_records(std::move(request));
                     }),
            account + "data" + rest);
  EXPECT_EQ(host_for(address,
                     [](KinesisApi& api) -> awaitable<void> {
                       ListShardsRequest request;
                       request.stream_arn = arn;
                       co_await api.list_shards(std::move(request));
                     }),
            account + "control" + rest);
  EXPECT_EQ(host_for(address,
                     [](KinesisApi& api) -> awaitable<void> {
                       DescribeStreamConsumerRequest request(std::string(arn) + "/consumer/c:1");
                       co_await api.describe_stream_consumer(std::move(request));
                     }),
            account + "control" + rest);
  EXPECT_EQ(host_for(address,
                     [](KinesisApi& api) -> awaitable<void> {
                       ListTagsForResourceRequest request(arn);
                       co_await api.list_tags_for_resource(std::move(request));
                     }),
            account + "control" + rest);
  EXPECT_EQ(host_for(address,
                     [](KinesisApi& api) -> awaitable<void> {
                       GetShardIteratorRequest request;
                       request.stream_id = "abcdefghijklmnopqrst-xyz";
                       request.stream_arn = arn;
                       co_await api.get_shard_iterator(std::move(request));
                     }),
            "https://abcdefghijklmnopqrst.xyz.data" + rest);
}

TEST_F(KinesisAddressTest, StreamsThatAreNamedByNameHaveTheRegionalHost) {
  EXPECT_EQ(host_for(KinesisAddress("eu-west-1", false, false, ""),
                     [](KinesisApi& api) -> awaitable<void> {
                       ListShardsRequest request;
                       request.stream_name = "orders";
                       co_await api.list_shards(std::move(request));
                     }),
            "https://regional.example");
}

TEST_F(KinesisAddressTest, AnEndpointOfOnesOwnIsUsedForAll) {
  EXPECT_EQ(host_for(KinesisAddress("eu-west-1", false, false, "https://own"),
                     [](KinesisApi& api) -> awaitable<void> {
                       ListShardsRequest request;
                       request.stream_arn = arn;
                       co_await api.list_shards(std::move(request));
                     }),
            "https://regional.example");
}

TEST_F(KinesisAddressTest, FipsAndDualStackHaveHostsOfTheirOwn) {
  EXPECT_EQ(host_for(KinesisAddress("eu-west-1", true, true, ""),
                     [](KinesisApi& api) -> awaitable<void> {
                       PutRecordRequest request;
                       request.stream_arn = arn;
                       co_await api.put_record(std::move(request));
                     }),
            "https://123456789012.data-kinesis-fips.eu-west-1.api.aws");
}

TEST_F(KinesisAddressTest, AnArnThatIsNoneIsAnErrorBeforeAnythingIsSent) {
  const auto ask = [&](std::string text) {
    auto call = [this, text](KinesisApi& api) -> awaitable<void> {
      ListShardsRequest request;
      request.stream_arn = text;
      const auto got = co_await api.list_shards(std::move(request));
      if (!got) error = got.error();
    };
    return host_for(KinesisAddress("eu-west-1", false, false, ""), call);
  };
  EXPECT_EQ(ask("nonsense"), "not an ARN");
  EXPECT_EQ(error->code(), errc::invalid_argument);
  EXPECT_EQ(error->attempts(), 0);
  EXPECT_THAT(ask("arn:aws-cn:kinesis:cn-north-1:123456789012:stream/s"), HasSubstr("another partition"));
  EXPECT_THAT(ask("arn:aws:sqs:eu-west-1:123456789012:queue"), HasSubstr("not of Kinesis"));
}

}  // namespace
}  // namespace kinesis::aws
