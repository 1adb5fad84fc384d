#pragma once

#include <kinesis/histogram.hpp>

namespace kinesis::core {

using kinesis::Histogram;

}  // namespace kinesis::core
