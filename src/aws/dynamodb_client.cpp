#include "aws/dynamodb_errors.hpp"
#include "aws/dynamodb_shapes.hpp"
#include "aws/json_format.hpp"
#include "aws/service_client.hpp"

#include <utility>

namespace kinesis::aws {
namespace {

using namespace dynamodb;

class DynamoDbClient final : public DynamoDbApi {
 public:
  explicit DynamoDbClient(std::shared_ptr<RequestPipeline> pipeline) : pipeline_(std::move(pipeline)) {}

#define X(Operation, function)                                                                                     \
  asio::awaitable<Result<dynamodb::Operation##Response>> function(dynamodb::Operation##Request request) override { \
    Blob body = write(type_of<dynamodb::Operation##Request>(), &request);                                          \
    ServiceAnswer answer = co_await send(dynamodb::Operation##Request::operation, std::move(body));                \
    if (answer.error)                                                                                              \
      co_return judge(*answer.error, answer.error_body, static_cast<dynamodb::Operation##Response*>(nullptr));     \
    dynamodb::Operation##Response response;                                                                        \
    auto read = read_answer(*answer.response, type_of<dynamodb::Operation##Response>(), &response);                \
    if (!read) co_return unreadable(read.error(), answer);                                                         \
    co_return response;                                                                                            \
  }
  DYNAMODB_OPERATIONS(X)
#undef X

 private:
  static Blob write(const TypeDescriptor& type, const void* object) {
    std::string body;
    write_json(type, object, body);
    return Blob(std::move(body));
  }
  core::awaitable<ServiceAnswer> send(std::string_view operation, Blob body) {
    ServiceCall call(operation, content_type(Service::dynamodb, BodyFormat::json), http::Body(std::move(body)));
    call.target = target(Service::dynamodb, operation);
    return pipeline_->send(std::move(call));
  }

  // A condition that did not hold is an answer, not an error.
  static Result<WriteItemResponse> judge(const Error& error, const Blob& body, WriteItemResponse*) {
    return write_item_response(error, body.text(), Padding::none);
  }
  static Result<TransactWriteItemsResponse> judge(const Error& error, const Blob& body, TransactWriteItemsResponse*) {
    return transaction_response(error, body.text(), Padding::none);
  }
  template <class Response>
  static Result<Response> judge(const Error& error, const Blob&, Response*) {
    return error;
  }

  std::shared_ptr<RequestPipeline> pipeline_;
};

}  // namespace

std::shared_ptr<DynamoDbApi> make_dynamodb_client(std::shared_ptr<RequestPipeline> pipeline) {
  return std::make_shared<DynamoDbClient>(std::move(pipeline));
}

}  // namespace kinesis::aws
