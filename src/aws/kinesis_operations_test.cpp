#include "aws/operations.hpp"
#include "aws/test_round_trip.hpp"

namespace kinesis::aws {
namespace {

TEST_F(ServiceClientTest, EveryOperationOfKinesisGoesThereAndBack) {
  for (const BodyFormat request_format : {BodyFormat::cbor, BodyFormat::json}) {
    for (const BodyFormat answer_format : {BodyFormat::cbor, BodyFormat::json}) {
      const auto client = kinesis(request_format == BodyFormat::cbor ? WireFormat::cbor : WireFormat::json);
      RoundTrip trip(request_format, answer_format, 4711);
#define X(Operation, function)                                                                                      \
  {                                                                                                                 \
    answer = [&](const http::ServerRequest& request) { return trip.serve(request, Service::kinesis, #Operation); }; \
    auto call = client->function(trip.sample_request<Operation##Request>());                                        \
    loop.run(complete(trip, Service::kinesis, std::move(call), #Operation));                                        \
  }
      KINESIS_OPERATIONS(X)
#undef X
    }
  }
  EXPECT_EQ(seen.size(), 4 * 39u);
}

}  // namespace
}  // namespace kinesis::aws
