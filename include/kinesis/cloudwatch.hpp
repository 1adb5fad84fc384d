#pragma once

#include <kinesis/error.hpp>

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kinesis {

namespace asio = boost::asio;

namespace cloudwatch {

using Timestamp = std::chrono::system_clock::time_point;

/// `unknown`: not given, which CloudWatch takes for `none`.
enum class StandardUnit {
  unknown,
  seconds,
  microseconds,
  milliseconds,
  bytes,
  kilobytes,
  megabytes,
  gigabytes,
  terabytes,
  bits,
  kilobits,
  megabits,
  gigabits,
  terabits,
  percent,
  count,
  bytes_per_second,
  kilobytes_per_second,
  megabytes_per_second,
  gigabytes_per_second,
  terabytes_per_second,
  bits_per_second,
  kilobits_per_second,
  megabits_per_second,
  gigabits_per_second,
  terabits_per_second,
  count_per_second,
  none,
};

/// AWS's spelling, such as "Bytes/Second"; "" of `unknown`.
std::string_view to_string(StandardUnit unit) noexcept;

struct Dimension {
  Dimension() = default;
  Dimension(std::string name, std::string value) : name(std::move(name)), value(std::move(value)) {}

  std::string name;
  std::string value;
  friend bool operator==(const Dimension&, const Dimension&) = default;
};

/// A summary in place of single values. CloudWatch cannot compute percentiles from it.
struct StatisticSet {
  StatisticSet() = default;
  StatisticSet(double sample_count, double sum, double minimum, double maximum)
      : sample_count(sample_count), sum(sum), minimum(minimum), maximum(maximum) {}

  double sample_count = 0;
  double sum = 0;
  double minimum = 0;
  double maximum = 0;
  friend bool operator==(const StatisticSet&, const StatisticSet&) = default;
};

/// One of `value`, `statistic_values`, or `values` with `counts`. Values are within ±2^360 and never NaN or infinite.
struct MetricDatum {
  MetricDatum() = default;
  explicit MetricDatum(std::string metric_name) : metric_name(std::move(metric_name)) {}

  std::string metric_name;
  /// Up to 30.
  std::vector<Dimension> dimensions;
  std::optional<Timestamp> timestamp;
  std::optional<double> value;
  std::optional<StatisticSet> statistic_values;
  /// Up to 150.
  std::vector<double> values;
  /// How often each of `values` occurred; once if empty.
  std::vector<double> counts;
  StandardUnit unit = StandardUnit::unknown;
  /// Seconds: 1 or 60.
  std::optional<int> storage_resolution;
};

struct PutMetricDataResponse {
  PutMetricDataResponse() = default;
};

/// Up to 1,000 data and 1 MB. (AWS's entities are left out.)
struct PutMetricDataRequest {
  using Response = PutMetricDataResponse;
  static constexpr std::string_view operation = "PutMetricData";

  PutMetricDataRequest() = default;
  explicit PutMetricDataRequest(std::string metric_namespace) : metric_namespace(std::move(metric_namespace)) {}

  /// AWS's "Namespace".
  std::string metric_namespace;
  std::vector<MetricDatum> metric_data;
};

}  // namespace cloudwatch

/// The one operation of CloudWatch that metrics need. Its default answers Error(unsupported).
class CloudWatchApi {
 public:
  virtual ~CloudWatchApi() = default;

  virtual asio::awaitable<Result<cloudwatch::PutMetricDataResponse>> put_metric_data(
      cloudwatch::PutMetricDataRequest request);
};

}  // namespace kinesis
