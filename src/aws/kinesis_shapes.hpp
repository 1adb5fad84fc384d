#pragma once

#include "aws/operations.hpp"
#include "aws/shape.hpp"
#include <kinesis/kinesis_api.hpp>

namespace kinesis::aws {

#define X(Operation, function)                         \
  template <>                                          \
  const TypeDescriptor& type_of<Operation##Request>(); \
  template <>                                          \
  const TypeDescriptor& type_of<Operation##Response>();
KINESIS_OPERATIONS(X)
#undef X

template <>
const TypeDescriptor& type_of<SubscribeToShardRequest>();
template <>
const TypeDescriptor& type_of<SubscribeToShardEvent>();
template <>
const TypeDescriptor& type_of<KinesisRecord>();
template <>
const TypeDescriptor& type_of<ChildShard>();
template <>
const TypeDescriptor& type_of<EncryptionType>();

}  // namespace kinesis::aws
