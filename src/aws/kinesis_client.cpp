#include "aws/cbor_format.hpp"
#include "aws/json_format.hpp"
#include "aws/kinesis_shapes.hpp"
#include "aws/records_cbor.hpp"
#include "aws/records_json.hpp"
#include "aws/service_client.hpp"

#include <utility>

namespace kinesis::aws {
namespace {

/// The ARN a request names, whatever its member is called.
template <class Request>
std::string_view arn_in(const Request& request) {
  if constexpr (requires { request.stream_arn.value(); }) {
    return request.stream_arn ? std::string_view(*request.stream_arn) : std::string_view();
  } else if constexpr (requires { std::string_view(request.stream_arn); }) {
    return request.stream_arn;
  } else if constexpr (requires { std::string_view(request.resource_arn); }) {
    return request.resource_arn;
  } else {
    return {};
  }
}

OperationType type_of_operation(std::string_view operation) {
  for (const std::string_view data : {"PutRecord", "PutRecords", "GetRecords", "GetShardIterator", "SubscribeToShard"})
    if (operation == data) return OperationType::data;
  for (const std::string_view regional :
       {"CreateStream", "ListStreams", "DescribeLimits", "DescribeAccountSettings", "UpdateAccountSettings"})
    if (operation == regional) return OperationType::regional;
  return OperationType::control;
}

class KinesisClient final : public KinesisApi {
 public:
  KinesisClient(std::shared_ptr<RequestPipeline> pipeline, KinesisAddress address, WireFormat format)
      : pipeline_(std::move(pipeline)),
        address_(std::move(address)),
        format_(format == WireFormat::cbor ? BodyFormat::cbor : BodyFormat::json),
        buffers_(core::BufferPool::create()) {}

  asio::awaitable<Result<PutRecordsResponse>> put_records(PutRecordsRequest request) override {
    core::Buffer body = buffers_->get();
    if (format_ == BodyFormat::cbor) {
      write_put_records_cbor(request, body);
    } else {
      write_put_records_json(request, body);
    }
    Blob blob = std::move(body).freeze();
    auto answer = co_await exchange(PutRecordsRequest::operation, arn_in(request), std::move(blob));
    if (!answer) co_return answer.error();
    if (answer_format(*answer) == BodyFormat::cbor) co_return read_put_records_answer_cbor(answer->body);
    co_return read_put_records_answer_json(answer->body, Padding::at_least_64_bytes);
  }

  asio::awaitable<Result<GetRecordsResponse>> get_records(GetRecordsRequest request) override {
    Blob body = write(type_of<GetRecordsRequest>(), &request);
    auto answer = co_await exchange(GetRecordsRequest::operation, arn_in(request), std::move(body));
    if (!answer) co_return answer.error();
    if (answer_format(*answer) == BodyFormat::cbor) co_return read_get_records_cbor(answer->body);
    core::Buffer room = buffers_->get(answer->body.size());
    co_return read_get_records_json(answer->body, Padding::at_least_64_bytes, std::move(room));
  }

#define X(Operation, function)                                                                 \
  asio::awaitable<Result<Operation##Response>> function(Operation##Request request) override { \
    Blob body = write(type_of<Operation##Request>(), &request);                                \
    Operation##Response response;                                                              \
    auto read = co_await call(Operation##Request::operation, arn_in(request), std::move(body), \
                              AnswerTarget(type_of<Operation##Response>(), &response));        \
    if (!read) co_return read.error();                                                         \
    co_return response;                                                                        \
  }
  KINESIS_PLAIN_OPERATIONS(X)
#undef X

 private:
  Blob write(const TypeDescriptor& type, const void* object) const {
    std::string body;
    if (format_ == BodyFormat::cbor) {
      write_cbor(type, object, body);
    } else {
      write_json(type, object, body);
    }
    return Blob(std::move(body));
  }

  static BodyFormat answer_format(const http::Response& response) {
    return format_of(response.headers.find("content-type").value_or(""));
  }

  core::awaitable<Result<http::Response>> exchange(std::string_view operation, std::string_view arn, Blob body) {
    ServiceCall call(operation, content_type(Service::kinesis, format_), http::Body(std::move(body)));
    call.target = target(Service::kinesis, operation);
    auto url = address_.url_for(operation, arn);
    if (!url) co_return url.error();
    call.url = std::move(*url);
    ServiceAnswer answer = co_await pipeline_->send(std::move(call));
    if (answer.error) co_return *answer.error;
    co_return std::move(*answer.response);
  }

  core::awaitable<Result<void>> call(std::string_view operation, std::string_view arn, Blob body, AnswerTarget target) {
    auto answer = co_await exchange(operation, arn, std::move(body));
    if (!answer) co_return answer.error();
    co_return read_answer(*answer, target.type, target.object);
  }

  std::shared_ptr<RequestPipeline> pipeline_;
  KinesisAddress address_;
  BodyFormat format_;
  std::shared_ptr<core::BufferPool> buffers_;
};

}  // namespace

KinesisAddress::KinesisAddress(std::string region, bool fips, bool dual_stack, std::string override_url)
    : region_(std::move(region)), fips_(fips), dual_stack_(dual_stack), override_url_(std::move(override_url)) {}

Result<std::shared_ptr<const http::Url>> KinesisAddress::url_for(std::string_view operation,
                                                                 std::string_view resource_arn) const {
  if (!override_url_.empty() || resource_arn.empty()) return std::shared_ptr<const http::Url>();
  EndpointQuestion question;
  question.region = region_;
  question.use_fips = fips_;
  question.use_dual_stack = dual_stack_;
  question.operation = type_of_operation(operation);
  question.resource_arn = resource_arn;
  auto answer = resolve_endpoint(question);
  if (!answer) return answer.error();
  auto url = http::Url::parse(answer->url);
  if (!url) return url.error();
  return std::make_shared<const http::Url>(std::move(*url));
}

std::shared_ptr<KinesisApi> make_kinesis_client(std::shared_ptr<RequestPipeline> pipeline, KinesisAddress address,
                                                WireFormat format) {
  return std::make_shared<KinesisClient>(std::move(pipeline), std::move(address), format);
}

Result<void> read_answer(const http::Response& response, const TypeDescriptor& type, void* object) {
  // Operations without a result answer with nothing at all.
  if (response.body.empty()) return {};
  const std::string_view content_type = response.headers.find("content-type").value_or("");
  switch (format_of(content_type)) {
    case BodyFormat::cbor:
      return read_cbor(type, object, response.body);
    case BodyFormat::json:
      return read_json(type, object, response.body.text(), Padding::at_least_64_bytes);
    case BodyFormat::xml:
    case BodyFormat::unknown:
      break;
  }
  return Error(errc::protocol, "the answer has the content type \"" + std::string(content_type.substr(0, 64)) +
                                   "\", which this service does not use; is the endpoint right?");
}

}  // namespace kinesis::aws
