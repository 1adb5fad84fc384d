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
    ServiceCall call(cloudwatch::PutMetricDataRequest::operation, form_content_type, http::Body(std::move(form)));
    ServiceAnswer answer = co_await pipeline_->send(std::move(call));
    if (answer.error) co_return *answer.error;
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
