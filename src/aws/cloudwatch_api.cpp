#include "aws/unsupported.hpp"
#include <kinesis/cloudwatch.hpp>

namespace kinesis {

using aws::unsupported;
using namespace cloudwatch;

asio::awaitable<Result<PutMetricDataResponse>> CloudWatchApi::put_metric_data(PutMetricDataRequest) {
  return unsupported<PutMetricDataRequest>();
}

}  // namespace kinesis
