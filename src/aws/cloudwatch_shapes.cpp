#include "aws/cloudwatch_shapes.hpp"

#include "aws/shape_macros.hpp"

namespace kinesis {
namespace aws {

using namespace cloudwatch;

KINESIS_ENUM(StandardUnit, {VALUE(seconds), "Seconds"}, {VALUE(microseconds), "Microseconds"},
             {VALUE(milliseconds), "Milliseconds"}, {VALUE(bytes), "Bytes"}, {VALUE(kilobytes), "Kilobytes"},
             {VALUE(megabytes), "Megabytes"}, {VALUE(gigabytes), "Gigabytes"}, {VALUE(terabytes), "Terabytes"},
             {VALUE(bits), "Bits"}, {VALUE(kilobits), "Kilobits"}, {VALUE(megabits), "Megabits"},
             {VALUE(gigabits), "Gigabits"}, {VALUE(terabits), "Terabits"}, {VALUE(percent), "Percent"},
             {VALUE(count), "Count"}, {VALUE(bytes_per_second), "Bytes/Second"},
             {VALUE(kilobytes_per_second), "Kilobytes/Second"}, {VALUE(megabytes_per_second), "Megabytes/Second"},
             {VALUE(gigabytes_per_second), "Gigabytes/Second"}, {VALUE(terabytes_per_second), "Terabytes/Second"},
             {VALUE(bits_per_second), "Bits/Second"}, {VALUE(kilobits_per_second), "Kilobits/Second"},
             {VALUE(megabits_per_second), "Megabits/Second"}, {VALUE(gigabits_per_second), "Gigabits/Second"},
             {VALUE(terabits_per_second), "Terabits/Second"}, {VALUE(count_per_second), "Count/Second"},
             {VALUE(none), "None"})
KINESIS_STRUCTURE(Dimension, REQUIRED(name, "Name"), REQUIRED(value, "Value"))
KINESIS_STRUCTURE(StatisticSet, REQUIRED(sample_count, "SampleCount"), REQUIRED(sum, "Sum"),
                  REQUIRED(minimum, "Minimum"), REQUIRED(maximum, "Maximum"))
KINESIS_STRUCTURE(MetricDatum, REQUIRED(metric_name, "MetricName"), OPTIONAL(dimensions, "Dimensions"),
                  OPTIONAL(timestamp, "Timestamp"), OPTIONAL(value, "Value"),
                  OPTIONAL(statistic_values, "StatisticValues"), OPTIONAL(values, "Values"), OPTIONAL(counts, "Counts"),
                  OPTIONAL(unit, "Unit"), OPTIONAL(storage_resolution, "StorageResolution"))
KINESIS_EMPTY(PutMetricDataResponse)
KINESIS_STRUCTURE(PutMetricDataRequest, REQUIRED(metric_namespace, "Namespace"), OPTIONAL(metric_data, "MetricData"))

}  // namespace aws

namespace cloudwatch {

std::string_view to_string(StandardUnit value) noexcept {
  return aws::enum_name(aws::type_of<StandardUnit>(), static_cast<int>(value));
}

}  // namespace cloudwatch
}  // namespace kinesis
