#pragma once

#include "aws/json_format.hpp"
#include <kinesis/dynamodb/items.hpp>
#include <kinesis/error.hpp>

#include <string>
#include <string_view>

// Conditions that did not hold: DynamoDB says it with an error, this library with a value.
namespace kinesis::aws {

/// The response in place of `error`, an answer with this body, if the error is that the condition of a write did not
/// hold.
Result<dynamodb::WriteItemResponse> write_item_response(const Error& error, std::string_view body, Padding padding);
/// The same for a transaction.
Result<dynamodb::TransactWriteItemsResponse> transaction_response(const Error& error, std::string_view body,
                                                                  Padding padding);

/// The server's half: the bodies of these errors, which have status 400.
std::string condition_failed_body(const dynamodb::ConditionCheckFailure& failure);
std::string transaction_canceled_body(const std::vector<dynamodb::CancellationReason>& reasons);

}  // namespace kinesis::aws
