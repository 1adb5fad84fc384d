#pragma once

#include "aws/operations.hpp"
#include "aws/shape.hpp"
#include <kinesis/dynamodb.hpp>

namespace kinesis::aws {

/// What the body of a TransactionCanceledException holds beside its message. (That of a ConditionalCheckFailedException
/// holds a dynamodb::ConditionCheckFailure.)
struct TransactionCanceled {
  TransactionCanceled() = default;

  std::vector<dynamodb::CancellationReason> cancellation_reasons;
};

#define X(Operation, function)                                   \
  template <>                                                    \
  const TypeDescriptor& type_of<dynamodb::Operation##Request>(); \
  template <>                                                    \
  const TypeDescriptor& type_of<dynamodb::Operation##Response>();
DYNAMODB_OPERATIONS(X)
#undef X

template <>
const TypeDescriptor& type_of<dynamodb::AttributeValue>();
template <>
const TypeDescriptor& type_of<dynamodb::ConditionCheckFailure>();
template <>
const TypeDescriptor& type_of<dynamodb::CancellationReason>();
template <>
const TypeDescriptor& type_of<TransactionCanceled>();

}  // namespace kinesis::aws
