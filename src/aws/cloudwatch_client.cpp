#include "aws/cloudwatch_shapes.hpp"
#include "aws/query_format.hpp"
#include "aws/service_client.hpp"

#include <utility>

namespace kinesis::aws {
namespace {

/// Speaks the query protocol, which every endpoint of CloudWatch and every stand-in knows.
class CloudWatchClient final : public CloudWatchApi {
 public:
  explicit CloudWatchClient(std::shared_ptr<RequestPipeline> pipeline) : pipeline_(std::move(pipeline)) {}

  asio::awaitable<Result<cloudwatch::PutMetricDataResponse>> put_metric_data(
      cloudwatch::PutMetricDataRequest request) override {
    std::string form = to_form(request, query_version(Service::cloudwatch));
    http::Body body(std::move(form));
    ServiceCall call(cloudwatch::PutMetricDataRequest::operation, form_content_type, std::move(body));
    ServiceAnswer answer = co_await pipeline_->send(std::move(call));
    if (answer.error) co_return *answer.error;
    // It says nothing, but who says it should be CloudWatch.
    if (!answer.response->body.empty()) {
      auto read = response_from_xml<cloudwatch::PutMetricDataRequest>(answer.response->body.text());
      if (!read) co_return unreadable(read.error(), answer);
    }
    co_return cloudwatch::PutMetricDataResponse();
  }

 private:
  std::shared_ptr<RequestPipeline> pipeline_;
};

}  // namespace

std::shared_ptr<CloudWatchApi> make_cloudwatch_client(std::shared_ptr<RequestPipeline> pipeline) {
  return std::make_shared<CloudWatchClient>(std::move(pipeline));
}

}  // namespace kinesis::aws
