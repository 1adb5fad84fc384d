#pragma once

#include <kinesis/dynamodb/attribute_value.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// Reading and writing items: GetItem, PutItem, UpdateItem, DeleteItem, Query, Scan, TransactWriteItems.
namespace kinesis::dynamodb {

// `unknown` stands for "not given" in requests, and for "absent, or a value this library does not know" in responses.

enum class ReturnValue { unknown, none, all_old, updated_old, all_new, updated_new };
/// Whether a failed condition brings the item as it is.
enum class ReturnValuesOnConditionCheckFailure { unknown, all_old, none };
enum class ReturnConsumedCapacity { unknown, indexes, total, none };
enum class Select { unknown, all_attributes, all_projected_attributes, specific_attributes, count };

std::string_view to_string(ReturnValue value) noexcept;
std::string_view to_string(ReturnValuesOnConditionCheckFailure value) noexcept;
std::string_view to_string(ReturnConsumedCapacity value) noexcept;
std::string_view to_string(Select value) noexcept;

/// "#name" → attribute name.
using ExpressionAttributeNames = std::map<std::string, std::string, std::less<>>;
/// ":value" → value.
using ExpressionAttributeValues = AttributeMap;

struct ConsumedCapacity {
  ConsumedCapacity() = default;

  std::optional<std::string> table_name;
  std::optional<double> capacity_units;
  std::optional<double> read_capacity_units;
  std::optional<double> write_capacity_units;
};

/// A conditional write that found another state than it asked for, and wrote nothing. It is an expected outcome and so
/// part of the response; AWS calls it ConditionalCheckFailedException.
struct ConditionCheckFailure {
  ConditionCheckFailure() = default;

  /// The item as it is, if there is one and it was asked for by `return_values_on_condition_check_failure`.
  std::optional<AttributeMap> item;
};

struct GetItemResponse {
  GetItemResponse() = default;

  /// Absent if there is no such item.
  std::optional<AttributeMap> item;
  std::optional<ConsumedCapacity> consumed_capacity;
};

struct GetItemRequest {
  using Response = GetItemResponse;
  static constexpr std::string_view operation = "GetItem";

  GetItemRequest() = default;
  GetItemRequest(std::string table_name, AttributeMap key) : table_name(std::move(table_name)), key(std::move(key)) {}

  /// Name or ARN, here and in every other request.
  std::string table_name;
  AttributeMap key;
  std::optional<bool> consistent_read;
  ReturnConsumedCapacity return_consumed_capacity = ReturnConsumedCapacity::unknown;
  std::optional<std::string> projection_expression;
  ExpressionAttributeNames expression_attribute_names;
};

/// The answer of a write to one item. Look at `condition_check_failure` whenever the request had a condition.
struct WriteItemResponse {
  WriteItemResponse() = default;

  /// Set if the condition did not hold. Nothing was written.
  std::optional<ConditionCheckFailure> condition_check_failure;
  /// What `return_values` asked for.
  AttributeMap attributes;
  std::optional<ConsumedCapacity> consumed_capacity;
};
using PutItemResponse = WriteItemResponse;
using UpdateItemResponse = WriteItemResponse;
using DeleteItemResponse = WriteItemResponse;

/// What the conditional writes have in common.
struct ConditionalRequest {
  ConditionalRequest() = default;
  explicit ConditionalRequest(std::string table_name) : table_name(std::move(table_name)) {}

  std::string table_name;
  std::optional<std::string> condition_expression;
  ExpressionAttributeNames expression_attribute_names;
  ExpressionAttributeValues expression_attribute_values;
  ReturnValuesOnConditionCheckFailure return_values_on_condition_check_failure =
      ReturnValuesOnConditionCheckFailure::unknown;
};

struct PutItemRequest : ConditionalRequest {
  using Response = PutItemResponse;
  static constexpr std::string_view operation = "PutItem";

  PutItemRequest() = default;
  PutItemRequest(std::string table_name, AttributeMap item)
      : ConditionalRequest(std::move(table_name)), item(std::move(item)) {}

  AttributeMap item;
  ReturnValue return_values = ReturnValue::unknown;
  ReturnConsumedCapacity return_consumed_capacity = ReturnConsumedCapacity::unknown;
};

struct UpdateItemRequest : ConditionalRequest {
  using Response = UpdateItemResponse;
  static constexpr std::string_view operation = "UpdateItem";

  UpdateItemRequest() = default;
  UpdateItemRequest(std::string table_name, AttributeMap key, std::string update_expression)
      : ConditionalRequest(std::move(table_name)),
        key(std::move(key)),
        update_expression(std::move(update_expression)) {}

  AttributeMap key;
  std::optional<std::string> update_expression;
  ReturnValue return_values = ReturnValue::unknown;
  ReturnConsumedCapacity return_consumed_capacity = ReturnConsumedCapacity::unknown;
};

struct DeleteItemRequest : ConditionalRequest {
  using Response = DeleteItemResponse;
  static constexpr std::string_view operation = "DeleteItem";

  DeleteItemRequest() = default;
  DeleteItemRequest(std::string table_name, AttributeMap key)
      : ConditionalRequest(std::move(table_name)), key(std::move(key)) {}

  AttributeMap key;
  ReturnValue return_values = ReturnValue::unknown;
  ReturnConsumedCapacity return_consumed_capacity = ReturnConsumedCapacity::unknown;
};

/// A page of items; there are more if `last_evaluated_key` is not empty, even where this page is.
struct ItemsResponse {
  ItemsResponse() = default;

  std::vector<AttributeMap> items;
  std::optional<int> count;
  std::optional<int> scanned_count;
  AttributeMap last_evaluated_key;
  std::optional<ConsumedCapacity> consumed_capacity;
};
using QueryResponse = ItemsResponse;
using ScanResponse = ItemsResponse;

/// What Query and Scan have in common.
struct ItemsRequest {
  ItemsRequest() = default;
  explicit ItemsRequest(std::string table_name) : table_name(std::move(table_name)) {}

  std::string table_name;
  std::optional<std::string> index_name;
  Select select = Select::unknown;
  /// Items to look at per page, at least 1.
  std::optional<int> limit;
  std::optional<bool> consistent_read;
  /// The `last_evaluated_key` of the page before.
  AttributeMap exclusive_start_key;
  ReturnConsumedCapacity return_consumed_capacity = ReturnConsumedCapacity::unknown;
  std::optional<std::string> projection_expression;
  std::optional<std::string> filter_expression;
  ExpressionAttributeNames expression_attribute_names;
  ExpressionAttributeValues expression_attribute_values;
};

struct QueryRequest : ItemsRequest {
  using Response = QueryResponse;
  static constexpr std::string_view operation = "Query";

  QueryRequest() = default;
  QueryRequest(std::string table_name, std::string key_condition_expression)
      : ItemsRequest(std::move(table_name)), key_condition_expression(std::move(key_condition_expression)) {}

  std::optional<std::string> key_condition_expression;
  std::optional<bool> scan_index_forward;
};

struct ScanRequest : ItemsRequest {
  using Response = ScanResponse;
  static constexpr std::string_view operation = "Scan";

  ScanRequest() = default;
  explicit ScanRequest(std::string table_name) : ItemsRequest(std::move(table_name)) {}

  /// A parallel scan: this request sees part `segment` of `total_segments`.
  std::optional<int> total_segments;
  std::optional<int> segment;
};

/// Only asks for a condition to hold.
struct ConditionCheck : ConditionalRequest {
  ConditionCheck() = default;
  AttributeMap key;
};
struct TransactPut : ConditionalRequest {
  TransactPut() = default;
  AttributeMap item;
};
struct TransactDelete : ConditionalRequest {
  TransactDelete() = default;
  AttributeMap key;
};
struct TransactUpdate : ConditionalRequest {
  TransactUpdate() = default;
  AttributeMap key;
  std::string update_expression;
};

/// One of the four.
struct TransactWriteItem {
  TransactWriteItem() = default;
  TransactWriteItem(ConditionCheck check) : condition_check(std::move(check)) {}
  TransactWriteItem(TransactPut item) : put(std::move(item)) {}
  TransactWriteItem(TransactDelete item) : delete_(std::move(item)) {}
  TransactWriteItem(TransactUpdate item) : update(std::move(item)) {}

  std::optional<ConditionCheck> condition_check;
  std::optional<TransactPut> put;
  std::optional<TransactDelete> delete_;
  std::optional<TransactUpdate> update;
};

/// Why a part of a transaction failed; code "None" if that part did not.
struct CancellationReason {
  CancellationReason() = default;

  /// "None", "ConditionalCheckFailed", "TransactionConflict", "ThrottlingError", "ValidationError", …
  std::string code;
  std::string message;
  std::optional<AttributeMap> item;
};

struct TransactWriteItemsResponse {
  TransactWriteItemsResponse() = default;

  /// Empty if the transaction was carried out. Else nothing was written, and there is one for each item of the request,
  /// in its order. AWS calls this TransactionCanceledException.
  std::vector<CancellationReason> cancellation_reasons;
  std::vector<ConsumedCapacity> consumed_capacity;
};

/// Up to 100 writes that happen together or not at all.
struct TransactWriteItemsRequest {
  using Response = TransactWriteItemsResponse;
  static constexpr std::string_view operation = "TransactWriteItems";

  TransactWriteItemsRequest() = default;
  explicit TransactWriteItemsRequest(std::vector<TransactWriteItem> items) : transact_items(std::move(items)) {}

  std::vector<TransactWriteItem> transact_items;
  ReturnConsumedCapacity return_consumed_capacity = ReturnConsumedCapacity::unknown;
  /// Makes the call idempotent for 10 minutes; 1 to 36 characters.
  std::optional<std::string> client_request_token;
};

}  // namespace kinesis::dynamodb
