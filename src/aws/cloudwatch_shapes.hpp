#pragma once

#include "aws/operations.hpp"
#include "aws/shape.hpp"
#include <kinesis/cloudwatch.hpp>

namespace kinesis::aws {

#define X(Operation, function)                                     \
  template <>                                                      \
  const TypeDescriptor& type_of<cloudwatch::Operation##Request>(); \
  template <>                                                      \
  const TypeDescriptor& type_of<cloudwatch::Operation##Response>();
CLOUDWATCH_OPERATIONS(X)
#undef X

}  // namespace kinesis::aws
