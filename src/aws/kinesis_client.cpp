#include "aws/cbor_format.hpp"
#include "aws/json_format.hpp"
#include "aws/kinesis_shapes.hpp"
#include "aws/records_cbor.hpp"
#include "aws/records_json.hpp"
#include "aws/service_client.hpp"

#include <mutex>
#include <utility>

namespace kinesis::aws {
namespace {

template <class Text>
std::string_view view_of(const Text& text) noexcept {
  if constexpr (requires { text.value(); }) {
    return text ? std::string_view(*text) : std::string_view();
  } else {
    return text;
  }
}

/// What a request names, whatever its members are called; the first ARN of the stream's, the consumer's and any
/// resource's counts.
template <class Request>
NamedResource resource_in(const Request& request) {
  NamedResource resource;
  if constexpr (requires { request.stream_arn; }) resource.arn = view_of(request.stream_arn);
  if constexpr (requires { request.consumer_arn; })
    if (resource.arn.empty()) resource.arn = view_of(request.consumer_arn);
  if constexpr (requires { request.resource_arn; })
    if (resource.arn.empty()) resource.arn = view_of(request.resource_arn);
  if constexpr (requires { request.stream_id; }) resource.stream_id = view_of(request.stream_id);
  return resource;
}

OperationType type_of_operation(std::string_view operation) {
  for (const std::string_view data : {"PutRecord", "PutRecords", "GetRecords", "GetShardIterator", "SubscribeToShard"})
    if (operation == data) return OperationType::data;
  for (const std::string_view regional :
       {"CreateStream", "ListStreams", "DescribeLimits", "DescribeAccountSettings", "UpdateAccountSettings"})
    if (operation == regional) return OperationType::regional;
  return OperationType::control;
}

std::string request_id_of(const http::Response& response) {
  const http::Headers& headers = response.headers;
  return std::string(headers.find("x-amzn-requestid").value_or(headers.find("x-amz-request-id").value_or("")));
}

class KinesisClient final : public KinesisApi {
 public:
  KinesisClient(std::shared_ptr<RequestPipeline> pipeline, KinesisAddress address, WireFormat format,
                SubscriptionSettings subscriptions)
      : pipeline_(std::move(pipeline)),
        address_(std::move(address)),
        format_(format == WireFormat::cbor ? BodyFormat::cbor : BodyFormat::json),
        buffers_(core::BufferPool::create()),
        subscriptions_(std::move(subscriptions)) {}

  asio::awaitable<Result<PutRecordsResponse>> put_records(PutRecordsRequest request) override {
    core::Buffer body = buffers_->get();
    if (format_ == BodyFormat::cbor) {
      write_put_records_cbor(request, body);
    } else {
      write_put_records_json(request, body);
    }
    Blob blob = std::move(body).freeze();
    ServiceAnswer answer = co_await exchange(PutRecordsRequest::operation, resource_in(request), std::move(blob));
    if (answer.error) co_return *answer.error;
    auto read = read_put_records_answer(*answer.response);
    if (!read) co_return unreadable(read.error(), answer);
    // Entries are told apart by their place, so there must be as many.
    if (read->records.size() != request.records.size()) {
      const Error mismatch(errc::protocol, "the answer tells of " + std::to_string(read->records.size()) +
                                               " records, and " + std::to_string(request.records.size()) +
                                               " were sent");
      co_return unreadable(mismatch, answer);
    }
    read->request_id = request_id_of(*answer.response);
    co_return read;
  }

  asio::awaitable<Result<GetRecordsResponse>> get_records(GetRecordsRequest request) override {
    Blob body = write(type_of<GetRecordsRequest>(), &request);
    ServiceAnswer answer = co_await exchange(GetRecordsRequest::operation, resource_in(request), std::move(body));
    if (answer.error) co_return *answer.error;
    auto read = read_get_records_answer(*answer.response);
    if (!read) co_return unreadable(read.error(), answer);
    co_return read;
  }

  asio::awaitable<Result<ShardSubscription>> subscribe_to_shard(SubscribeToShardRequest request) override {
    auto http = streaming_http();
    if (!http) co_return http.error();
    Blob body = write(type_of<SubscribeToShardRequest>(), &request);
    auto call = service_call(SubscribeToShardRequest::operation, resource_in(request), std::move(body));
    if (!call) co_return call.error();
    ServiceAnswer answer = co_await pipeline_->open(std::move(*call), std::move(*http));
    if (answer.error) co_return *answer.error;
    auto opened = open_subscription(std::move(*answer.stream), subscriptions_, buffers_);
    if (!opened) co_return opened.error().with_attempts(answer.attempts);
    co_return opened;
  }

#define X(Operation, function)                                                                      \
  asio::awaitable<Result<Operation##Response>> function(Operation##Request request) override {      \
    Blob body = write(type_of<Operation##Request>(), &request);                                     \
    Operation##Response response;                                                                   \
    auto read = co_await call(Operation##Request::operation, resource_in(request), std::move(body), \
                              AnswerTarget(type_of<Operation##Response>(), &response));             \
    if (!read) co_return read.error();                                                              \
    co_return response;                                                                             \
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

  static Result<PutRecordsResponse> read_put_records_answer(const http::Response& response) {
    const auto format = format_of_answer(response);
    if (!format) return format.error();
    if (*format == BodyFormat::cbor) return read_put_records_answer_cbor(response.body);
    return read_put_records_answer_json(response.body, Padding::at_least_64_bytes);
  }

  Result<GetRecordsResponse> read_get_records_answer(const http::Response& response) const {
    const auto format = format_of_answer(response);
    if (!format) return format.error();
    if (*format == BodyFormat::cbor) return read_get_records_cbor(response.body);
    core::Buffer room = buffers_->get(response.body.size());
    return read_get_records_json(response.body, Padding::at_least_64_bytes, std::move(room));
  }

  Result<ServiceCall> service_call(std::string_view operation, const NamedResource& resource, Blob body) const {
    ServiceCall call(operation, content_type(Service::kinesis, format_), http::Body(std::move(body)));
    call.target = target(Service::kinesis, operation);
    auto url = address_.url_for(operation, resource);
    if (!url) return url.error();
    call.url = std::move(*url);
    return call;
  }

  /// `resource` belongs to the caller's request.
  core::awaitable<ServiceAnswer> exchange(std::string_view operation, NamedResource resource, Blob body) {
    auto call = service_call(operation, resource, std::move(body));
    if (!call) co_return ServiceAnswer(call.error());
    co_return co_await pipeline_->send(std::move(*call));
  }

  core::awaitable<Result<void>> call(std::string_view operation, NamedResource resource, Blob body,
                                     AnswerTarget target) {
    ServiceAnswer answer = co_await exchange(operation, resource, std::move(body));
    if (answer.error) co_return *answer.error;
    auto read = read_answer(*answer.response, target.type, target.object);
    if (!read) co_return unreadable(read.error(), answer);
    co_return read;
  }

  Result<std::shared_ptr<http::Client>> streaming_http() try {
    if (!subscriptions_.connect) return Error(errc::unsupported, "this client has no way to subscribe");
    std::call_once(streaming_http_made_, [&] { streaming_http_ = subscriptions_.connect(); });
    return streaming_http_;
  } catch (const Error& error) {
    return error;
  }

  std::shared_ptr<RequestPipeline> pipeline_;
  KinesisAddress address_;
  BodyFormat format_;
  std::shared_ptr<core::BufferPool> buffers_;
  const SubscriptionSettings subscriptions_;
  std::once_flag streaming_http_made_;
  std::shared_ptr<http::Client> streaming_http_;
};

}  // namespace

KinesisAddress::KinesisAddress(std::string region, bool fips, bool dual_stack, std::string override_url)
    : region_(std::move(region)), fips_(fips), dual_stack_(dual_stack), override_url_(std::move(override_url)) {}

Result<std::shared_ptr<const http::Url>> KinesisAddress::url_for(std::string_view operation,
                                                                 const NamedResource& resource) const {
  if (!override_url_.empty() || (resource.arn.empty() && resource.stream_id.empty()))
    return std::shared_ptr<const http::Url>();
  EndpointQuestion question;
  question.region = region_;
  question.use_fips = fips_;
  question.use_dual_stack = dual_stack_;
  question.operation = type_of_operation(operation);
  question.resource_arn = resource.arn;
  question.stream_id = resource.stream_id;
  auto answer = resolve_endpoint(question);
  if (!answer) return answer.error();
  auto url = http::Url::parse(answer->url);
  if (!url) return url.error();
  return std::make_shared<const http::Url>(std::move(*url));
}

std::shared_ptr<KinesisApi> make_kinesis_client(std::shared_ptr<RequestPipeline> pipeline, KinesisAddress address,
                                                WireFormat format, SubscriptionSettings subscriptions) {
  return std::make_shared<KinesisClient>(std::move(pipeline), std::move(address), format, std::move(subscriptions));
}

Result<BodyFormat> format_of_answer(const http::Response& response) {
  if (response.body.empty()) return Error(errc::protocol, "the answer is empty; is the endpoint right?");
  const std::string_view content_type = response.headers.find("content-type").value_or("");
  const BodyFormat format = format_of(content_type);
  if (format == BodyFormat::cbor || format == BodyFormat::json) return format;
  return Error(errc::protocol, "the answer has the content type \"" + std::string(content_type.substr(0, 64)) +
                                   "\", which this service does not use; is the endpoint right?");
}

Result<void> read_answer(const http::Response& response, const TypeDescriptor& type, void* object) {
  if (response.body.empty() && type.members.empty()) return {};
  const auto format = format_of_answer(response);
  if (!format) return format.error();
  if (*format == BodyFormat::cbor) return read_cbor(type, object, response.body);
  return read_json(type, object, response.body.text(), Padding::at_least_64_bytes);
}

Error unreadable(const Error& error, const ServiceAnswer& answer) {
  return error.with_service("", answer.response->status, request_id_of(*answer.response))
      .with_attempts(answer.attempts);
}

}  // namespace kinesis::aws
