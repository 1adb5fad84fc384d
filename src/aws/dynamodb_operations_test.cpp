#include "aws/dynamodb_shapes.hpp"
#include "aws/operations.hpp"
#include "aws/test_round_trip.hpp"

namespace kinesis::aws {
namespace {

TEST_F(ServiceClientTest, EveryOperationOfDynamoDbGoesThereAndBack) {
  const auto client = make_dynamodb_client(pipeline(Service::dynamodb));
  RoundTrip trip(BodyFormat::json, BodyFormat::json, 4711);
#define X(Operation, function)                                                        \
  {                                                                                   \
    answer = [&](const http::ServerRequest&) { return trip.answer(); };               \
    auto request = trip.sample_request<dynamodb::Operation##Request>();               \
    const std::string text = to_json(request);                                        \
    seen.clear();                                                                     \
    auto call = client->function(std::move(request));                                 \
    loop.run(complete(trip, Service::dynamodb, std::move(call), #Operation));         \
    ASSERT_EQ(seen.size(), 1u);                                                       \
    EXPECT_EQ(seen[0].body.text(), text);                                             \
    EXPECT_EQ(seen[0].headers.find("x-amz-target"), "DynamoDB_20120810." #Operation); \
    EXPECT_EQ(seen[0].headers.find("content-type"), "application/x-amz-json-1.0");    \
  }
  DYNAMODB_OPERATIONS(X)
#undef X
}

}  // namespace
}  // namespace kinesis::aws
