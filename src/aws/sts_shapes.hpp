#pragma once

#include "aws/operations.hpp"
#include "aws/shape.hpp"
#include "aws/sts_types.hpp"

namespace kinesis::aws {

#define X(Operation, function)                              \
  template <>                                               \
  const TypeDescriptor& type_of<sts::Operation##Request>(); \
  template <>                                               \
  const TypeDescriptor& type_of<sts::Operation##Response>();
STS_OPERATIONS(X)
#undef X

}  // namespace kinesis::aws
