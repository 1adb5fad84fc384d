#include "aws/protocol.hpp"

#include "aws/cbor.hpp"
#include "aws/dynamodb_errors.hpp"
#include "aws/json_value.hpp"

#include <gtest/gtest.h>

namespace kinesis::aws {
namespace {

ErrorHeaders headers(std::string_view content_type, std::string_view error_type = {},
                     std::string_view request_id = {}) {
  ErrorHeaders out;
  out.content_type = content_type;
  out.error_type = error_type;
  out.request_id = request_id;
  return out;
}

TEST(Protocol, NamesTargetsAndContentTypes) {
  EXPECT_EQ(target(Service::kinesis, "PutRecords"), "Kinesis_20131202.PutRecords");
  EXPECT_EQ(target(Service::dynamodb, "GetItem"), "DynamoDB_20120810.GetItem");
  EXPECT_EQ(operation_of(Service::kinesis, "Kinesis_20131202.PutRecords"), "PutRecords");
  EXPECT_EQ(operation_of(Service::kinesis, "DynamoDB_20120810.GetItem"), "");
  EXPECT_EQ(operation_of(Service::sts, "anything"), "");
  EXPECT_EQ(content_type(Service::kinesis, BodyFormat::cbor), "application/x-amz-cbor-1.1");
  EXPECT_EQ(content_type(Service::kinesis, BodyFormat::json), "application/x-amz-json-1.1");
  EXPECT_EQ(content_type(Service::dynamodb, BodyFormat::json), "application/x-amz-json-1.0");
  EXPECT_EQ(signing_name(Service::cloudwatch), "monitoring");
  EXPECT_EQ(format_of("application/x-amz-cbor-1.1"), BodyFormat::cbor);
  EXPECT_EQ(format_of("Application/X-AMZ-JSON-1.0; charset=UTF-8"), BodyFormat::json);
  EXPECT_EQ(format_of("application/json"), BodyFormat::json);
  EXPECT_EQ(format_of("text/xml"), BodyFormat::xml);
  EXPECT_EQ(format_of("text/html; a=json"), BodyFormat::unknown);
  EXPECT_EQ(format_of(""), BodyFormat::unknown);
}

TEST(Protocol, ReadsErrorsInJson) {
  const auto error = error_of(400, headers("application/x-amz-json-1.1", "", "4f2e-1"),
                              R"({"__type":"ResourceNotFoundException","message":"Stream orders not found"})");
  EXPECT_EQ(error.code(), errc::not_found);
  EXPECT_EQ(error.service_code(), "ResourceNotFoundException");
  EXPECT_EQ(error.message(), "Stream orders not found");
  EXPECT_EQ(error.request_id(), "4f2e-1");
  EXPECT_EQ(error.http_status(), 400);
  EXPECT_FALSE(error.retryable());
  for (const char* body : {R"({"__type":"com.amazon.coral.service#ThrottlingException","Message":"m"})",
                           R"({"__type":"ThrottlingException:http://internal.amazon.com/coral/","message":"m"})",
                           R"({"__type":"a.b#ThrottlingException:http://x/y#z","message":"m"})",
                           R"({"code":"ThrottlingException","message":"m"})"}) {
    const auto throttled = error_of(400, headers("application/json"), body);
    EXPECT_EQ(throttled.code(), errc::throttled) << body;
    EXPECT_EQ(throttled.service_code(), "ThrottlingException") << body;
    EXPECT_EQ(throttled.message(), "m") << body;
    EXPECT_TRUE(throttled.retryable());
  }
}

TEST(Protocol, ReadsErrorsInCbor) {
  std::string body;
  cbor::Writer out(body);
  out.map(3);
  out.text("Other");
  out.array(1);
  out.null();
  out.text("__type");
  out.text("ProvisionedThroughputExceededException");
  out.text("message");
  out.text("Rate exceeded");
  for (const char* type : {"application/x-amz-cbor-1.1", "application/json", ""}) {
    const auto error = error_of(400, headers(type), Blob(body));
    EXPECT_EQ(error.code(), errc::throttled);
    EXPECT_EQ(error.message(), "Rate exceeded");
  }
  for (std::size_t size = 0; size < body.size(); ++size) {
    EXPECT_FALSE(error_of(400, headers("application/x-amz-cbor-1.1"), Blob(body.substr(0, size))).message().empty());
  }
}

TEST(Protocol, ReadsErrorsInXml) {
  auto error = error_of(
      403, headers("text/xml"),
      R"(<?xml version="1.0"?><ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>
    <Code>ExpiredToken</Code><Message>The security token included in the request is expired &amp; gone</Message></Error><RequestId>r-1</RequestId></ErrorResponse>)");
  EXPECT_EQ(error.code(), errc::expired_credentials);
  EXPECT_EQ(error.service_code(), "ExpiredToken");
  EXPECT_EQ(error.message(), "The security token included in the request is expired & gone");
  EXPECT_EQ(error.request_id(), "r-1");
  error = error_of(404, headers(""), "<UnknownOperationException/>\n");
  EXPECT_EQ(error.code(), errc::unsupported);
  EXPECT_EQ(error.service_code(), "UnknownOperationException");
  error = error_of(403, headers("application/xml"),
                   "<AccessDeniedException>\n  <Message>no</Message>\n</AccessDeniedException>\n");
  EXPECT_EQ(error.code(), errc::access_denied);
  EXPECT_EQ(error.message(), "no");
}

TEST(Protocol, LooksAtTheHeaderAndThenAtTheStatus) {
  auto error = error_of(400, headers("application/json", "ResourceInUseException:http://x/"), R"({"message":"busy"})");
  EXPECT_EQ(error.code(), errc::already_exists);
  EXPECT_EQ(error.message(), "busy");
  error = error_of(503, headers("text/html"), "<html><body>Unavailable</html>");
  EXPECT_EQ(error.code(), errc::service);
  EXPECT_TRUE(error.retryable());
  EXPECT_EQ(error.service_code(), "");
  EXPECT_EQ(error.message(), "HTTP status 503 without an error of the service");
  EXPECT_EQ(error_of(403, headers(""), "").code(), errc::access_denied);
  EXPECT_EQ(error_of(413, headers(""), "").code(), errc::too_large);
  EXPECT_EQ(error_of(429, headers(""), "").code(), errc::throttled);
  EXPECT_EQ(error_of(301, headers(""), "").code(), errc::protocol);
  EXPECT_EQ(error_of(400, headers("application/json"), R"({"__type":"SomethingNew","message":"m"})").code(),
            errc::invalid_argument);
  EXPECT_EQ(error_of(500, headers("application/json"), R"({"__type":"SomethingNew","message":"m"})").code(),
            errc::service);
}

TEST(Protocol, TellsARateFromAQuota) {
  const auto rate =
      service_error("LimitExceededException", "Rate exceeded for stream orders under account 1.", 400, "");
  EXPECT_EQ(rate.code(), errc::throttled);
  EXPECT_TRUE(rate.retryable());
  const auto quota = service_error("LimitExceededException", "This request would exceed the shard limit", 400, "");
  EXPECT_EQ(quota.code(), errc::limit_exceeded);
  EXPECT_TRUE(quota.retryable());
}

TEST(Protocol, KnowsWhatMayBeTriedAgain) {
  for (const char* code :
       {"ProvisionedThroughputExceededException", "KMSThrottlingException", "InternalFailure",
        "InternalFailureException", "InternalServerError", "ServiceUnavailable", "ServiceUnavailableException",
        "RequestTimeout", "SlowDown", "TransactionInProgressException", "RequestLimitExceeded",
        "TooManyRequestsException", "IDPCommunicationError"}) {
    EXPECT_TRUE(service_error(code, "m", 400, "").retryable()) << code;
  }
  for (const char* code :
       {"ValidationException", "InvalidArgumentException", "ExpiredIteratorException", "ExpiredNextTokenException",
        "KMSDisabledException", "KMSOptInRequired", "UnrecognizedClientException", "ConditionalCheckFailedException",
        "SerializationException", "UnknownOperationException", "ResourceInUseException"}) {
    const auto error = service_error(code, "m", 400, "");
    EXPECT_FALSE(error.retryable()) << code;
    if (std::string_view(code).starts_with("KMS")) {
      EXPECT_EQ(error.code(), errc::kms);
    }
  }
}

TEST(Protocol, TidiesWhatThePeerWrote) {
  const auto error =
      error_of(400, headers("application/json", "", "id\r\nX: y"),
               R"({"__type":"A\nB","message":"line\nline\u0000)" + std::string(5000, 'x') + "\xC3\xA9\"}");
  EXPECT_EQ(error.service_code(), "");
  EXPECT_EQ(error.request_id(), "");
  EXPECT_TRUE(error.message().starts_with("line line x"));
  EXPECT_LE(error.message().size(), 1'003u);
}

TEST(Protocol, AnswersErrorsThatReadBack) {
  const Error error(errc::not_found, "Stream \"orders\" <not> found & gone");
  for (const Service service : {Service::kinesis, Service::dynamodb, Service::cloudwatch, Service::sts}) {
    for (const BodyFormat format : {BodyFormat::json, BodyFormat::cbor, BodyFormat::xml}) {
      const auto answer = error_answer(error, service, format, "r-7");
      EXPECT_EQ(answer.status, 400);
      EXPECT_EQ(format_of(answer.content_type), format);
      const auto read = error_of(answer.status, headers(answer.content_type), Blob(answer.body));
      EXPECT_EQ(read.code(), errc::not_found);
      EXPECT_EQ(read.service_code(), "ResourceNotFoundException");
      EXPECT_EQ(read.message(), error.message());
      if (format == BodyFormat::xml) {
        EXPECT_EQ(read.request_id(), "r-7");
      }
    }
  }
  const auto answer = error_answer(Error(errc::service, "m").with_service("ServiceUnavailable", 503, ""),
                                   Service::kinesis, BodyFormat::json);
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.body, R"({"__type":"ServiceUnavailable","message":"m"})");
  EXPECT_EQ(error_answer(Error(errc::internal, "m"), Service::kinesis, BodyFormat::json).status, 500);
}

// Every errc that a service can cause reads back as itself.
TEST(Protocol, HasAServiceCodeForEveryErrc) {
  for (const errc code : {errc::invalid_argument, errc::not_found, errc::already_exists, errc::access_denied,
                          errc::expired_credentials, errc::throttled, errc::limit_exceeded, errc::expired_iterator,
                          errc::condition_failed, errc::kms, errc::service, errc::unsupported, errc::too_large}) {
    for (const Service service : {Service::kinesis, Service::dynamodb})
      EXPECT_EQ(errc_of(default_service_code(code, service), 400), code);
  }
}

TEST(DynamoDbErrors, BecomeValues) {
  dynamodb::ConditionCheckFailure failure;
  failure.item = dynamodb::AttributeMap{{"leaseOwner", "w"}, {"leaseCounter", 7}};
  const std::string body = condition_failed_body(failure);
  const auto error = error_of(400, headers("application/x-amz-json-1.0"), Blob(body));
  EXPECT_EQ(error.code(), errc::condition_failed);
  const auto response = write_item_response(error, body, Padding::none);
  ASSERT_TRUE(response);
  EXPECT_EQ(response->condition_check_failure->item, failure.item);

  const std::string empty = condition_failed_body(dynamodb::ConditionCheckFailure());
  const auto without = write_item_response(error_of(400, headers(""), Blob(empty)), empty, Padding::none);
  ASSERT_TRUE(without && without->condition_check_failure);
  EXPECT_FALSE(without->condition_check_failure->item);

  const Error other(errc::throttled, "m");
  EXPECT_EQ(write_item_response(other, body, Padding::none).error().code(), errc::throttled);
}

TEST(DynamoDbErrors, OfTransactionsBecomeReasons) {
  std::vector<dynamodb::CancellationReason> reasons(2);
  reasons[0].code = "None";
  reasons[1].code = "ConditionalCheckFailed";
  reasons[1].message = "The conditional request failed";
  reasons[1].item = dynamodb::AttributeMap{{"k", "v"}};
  const std::string body = transaction_canceled_body(reasons);
  const auto error = error_of(400, headers("application/x-amz-json-1.0"), Blob(body));
  EXPECT_NE(error.message().find("[None, ConditionalCheckFailed]"), std::string::npos);
  const auto response = transaction_response(error, body, Padding::none);
  ASSERT_TRUE(response);
  ASSERT_EQ(response->cancellation_reasons.size(), 2u);
  EXPECT_EQ(response->cancellation_reasons[1].item, reasons[1].item);
  const std::string bare = R"({"__type":"TransactionCanceledException","Message":"m"})";
  EXPECT_FALSE(transaction_response(error_of(400, headers(""), Blob(bare)), bare, Padding::none));
}

}  // namespace
}  // namespace kinesis::aws
