#include "aws/dynamodb_shapes.hpp"

#include "aws/shape_macros.hpp"

#include <charconv>
#include <iterator>
#include <utility>
#include <variant>

namespace kinesis {
namespace aws {

using namespace dynamodb;

namespace {

// The alternatives of AttributeValue::Variant, in its order, by their names on the wire.
template <class T>
constexpr Member alternative(std::string_view name) {
  return {name, nullptr, &type_of<T>, false};
}
const TypeDescriptor& unit() {
  static constexpr TypeDescriptor type{.kind = Kind::unit};
  return type;
}
template <class... Visitors>
struct Overloaded : Visitors... {
  using Visitors::operator()...;
};

// What is written for an alternative: the text of a number, the elements of a set.
constexpr Overloaded content{
    [](auto& value) -> void* { return &value; },         [](Number& number) -> void* { return &number.text; },
    [](StringSet& set) -> void* { return &set.values; }, [](NumberSet& set) -> void* { return &set.values; },
    [](BinarySet& set) -> void* { return &set.values; },
};

template <std::size_t... indices>
void emplace_alternative(AttributeValue::Variant& variant, std::size_t index, std::index_sequence<indices...>) {
  ((index == indices ? void(variant.emplace<indices>()) : void()), ...);
}

constexpr ChoiceOps attribute_value_ops{
    [](const void* object) { return as<AttributeValue>(object).variant().index(); },
    [](const void* object) -> const void* {
      return std::visit(content, as<AttributeValue>(const_cast<void*>(object)).variant());
    },
    [](void* object, std::size_t index) -> void* {
      auto& variant = as<AttributeValue>(object).variant();
      emplace_alternative(variant, index, std::make_index_sequence<std::variant_size_v<AttributeValue::Variant>>());
      return std::visit(content, variant);
    },
};

}  // namespace

template <>
const TypeDescriptor& type_of<AttributeValue>() {
  static constexpr Member members[] = {
      {"NULL", nullptr, &unit, false},
      alternative<std::string>("S"),
      alternative<std::string>("N"),
      alternative<bool>("BOOL"),
      alternative<Blob>("B"),
      alternative<std::vector<std::string>>("SS"),
      alternative<std::vector<std::string>>("NS"),
      alternative<std::vector<Blob>>("BS"),
      alternative<AttributeMap>("M"),
      alternative<AttributeValue::List>("L"),
  };
  static_assert(std::size(members) == std::variant_size_v<AttributeValue::Variant>);
  static constexpr TypeDescriptor type{
      .kind = Kind::choice, .name = "AttributeValue", .members = members, .choice = &attribute_value_ops};
  return type;
}

KINESIS_ENUM(ReturnValue, {VALUE(none), "NONE"}, {VALUE(all_old), "ALL_OLD"}, {VALUE(updated_old), "UPDATED_OLD"},
             {VALUE(all_new), "ALL_NEW"}, {VALUE(updated_new), "UPDATED_NEW"})
KINESIS_ENUM(ReturnValuesOnConditionCheckFailure, {VALUE(all_old), "ALL_OLD"}, {VALUE(none), "NONE"})
KINESIS_ENUM(ReturnConsumedCapacity, {VALUE(indexes), "INDEXES"}, {VALUE(total), "TOTAL"}, {VALUE(none), "NONE"})
KINESIS_ENUM(Select, {VALUE(all_attributes), "ALL_ATTRIBUTES"},
             {VALUE(all_projected_attributes), "ALL_PROJECTED_ATTRIBUTES"},
             {VALUE(specific_attributes), "SPECIFIC_ATTRIBUTES"}, {VALUE(count), "COUNT"})
KINESIS_ENUM(ScalarAttributeType, {VALUE(string), "S"}, {VALUE(number), "N"}, {VALUE(binary), "B"})
KINESIS_ENUM(KeyType, {VALUE(hash), "HASH"}, {VALUE(range), "RANGE"})
KINESIS_ENUM(BillingMode, {VALUE(provisioned), "PROVISIONED"}, {VALUE(pay_per_request), "PAY_PER_REQUEST"})
KINESIS_ENUM(TableClass, {VALUE(standard), "STANDARD"},
             {VALUE(standard_infrequent_access), "STANDARD_INFREQUENT_ACCESS"})
KINESIS_ENUM(TableStatus, {VALUE(creating), "CREATING"}, {VALUE(updating), "UPDATING"}, {VALUE(deleting), "DELETING"},
             {VALUE(active), "ACTIVE"},
             {VALUE(inaccessible_encryption_credentials), "INACCESSIBLE_ENCRYPTION_CREDENTIALS"},
             {VALUE(archiving), "ARCHIVING"}, {VALUE(archived), "ARCHIVED"},
             {VALUE(replication_not_authorized), "REPLICATION_NOT_AUTHORIZED"})
KINESIS_ENUM(IndexStatus, {VALUE(creating), "CREATING"}, {VALUE(updating), "UPDATING"}, {VALUE(deleting), "DELETING"},
             {VALUE(active), "ACTIVE"})
KINESIS_ENUM(ProjectionType, {VALUE(all), "ALL"}, {VALUE(keys_only), "KEYS_ONLY"}, {VALUE(include), "INCLUDE"})
KINESIS_ENUM(StreamViewType, {VALUE(new_image), "NEW_IMAGE"}, {VALUE(old_image), "OLD_IMAGE"},
             {VALUE(new_and_old_images), "NEW_AND_OLD_IMAGES"}, {VALUE(keys_only), "KEYS_ONLY"})
KINESIS_ENUM(SseType, {VALUE(aes256), "AES256"}, {VALUE(kms), "KMS"})
KINESIS_ENUM(ContinuousBackupsStatus, {VALUE(enabled), "ENABLED"}, {VALUE(disabled), "DISABLED"})
KINESIS_ENUM(TimeToLiveStatus, {VALUE(enabling), "ENABLING"}, {VALUE(disabling), "DISABLING"},
             {VALUE(enabled), "ENABLED"}, {VALUE(disabled), "DISABLED"})
KINESIS_STRUCTURE(ConsumedCapacity, OPTIONAL(table_name, "TableName"), OPTIONAL(capacity_units, "CapacityUnits"),
                  OPTIONAL(read_capacity_units, "ReadCapacityUnits"),
                  OPTIONAL(write_capacity_units, "WriteCapacityUnits"))
KINESIS_STRUCTURE(GetItemResponse, OPTIONAL(item, "Item"), OPTIONAL(consumed_capacity, "ConsumedCapacity"))
KINESIS_STRUCTURE(GetItemRequest, REQUIRED(table_name, "TableName"), REQUIRED(key, "Key"),
                  OPTIONAL(consistent_read, "ConsistentRead"),
                  OPTIONAL(return_consumed_capacity, "ReturnConsumedCapacity"),
                  OPTIONAL(projection_expression, "ProjectionExpression"),
                  OPTIONAL(expression_attribute_names, "ExpressionAttributeNames"))
KINESIS_STRUCTURE(WriteItemResponse, OPTIONAL(attributes, "Attributes"),
                  OPTIONAL(consumed_capacity, "ConsumedCapacity"))
KINESIS_STRUCTURE(PutItemRequest, REQUIRED(table_name, "TableName"),
                  OPTIONAL(condition_expression, "ConditionExpression"),
                  OPTIONAL(expression_attribute_names, "ExpressionAttributeNames"),
                  OPTIONAL(expression_attribute_values, "ExpressionAttributeValues"),
                  OPTIONAL(return_values_on_condition_check_failure, "ReturnValuesOnConditionCheckFailure"),
                  REQUIRED(item, "Item"), OPTIONAL(return_values, "ReturnValues"),
                  OPTIONAL(return_consumed_capacity, "ReturnConsumedCapacity"))
KINESIS_STRUCTURE(UpdateItemRequest, REQUIRED(table_name, "TableName"),
                  OPTIONAL(condition_expression, "ConditionExpression"),
                  OPTIONAL(expression_attribute_names, "ExpressionAttributeNames"),
                  OPTIONAL(expression_attribute_values, "ExpressionAttributeValues"),
                  OPTIONAL(return_values_on_condition_check_failure, "ReturnValuesOnConditionCheckFailure"),
                  REQUIRED(key, "Key"), OPTIONAL(update_expression, "UpdateExpression"),
                  OPTIONAL(return_values, "ReturnValues"), OPTIONAL(return_consumed_capacity, "ReturnConsumedCapacity"))
KINESIS_STRUCTURE(DeleteItemRequest, REQUIRED(table_name, "TableName"),
                  OPTIONAL(condition_expression, "ConditionExpression"),
                  OPTIONAL(expression_attribute_names, "ExpressionAttributeNames"),
                  OPTIONAL(expression_attribute_values, "ExpressionAttributeValues"),
                  OPTIONAL(return_values_on_condition_check_failure, "ReturnValuesOnConditionCheckFailure"),
                  REQUIRED(key, "Key"), OPTIONAL(return_values, "ReturnValues"),
                  OPTIONAL(return_consumed_capacity, "ReturnConsumedCapacity"))
KINESIS_STRUCTURE(ItemsResponse, REQUIRED(items, "Items"), OPTIONAL(count, "Count"),
                  OPTIONAL(scanned_count, "ScannedCount"), OPTIONAL(last_evaluated_key, "LastEvaluatedKey"),
                  OPTIONAL(consumed_capacity, "ConsumedCapacity"))
KINESIS_STRUCTURE(QueryRequest, REQUIRED(table_name, "TableName"), OPTIONAL(index_name, "IndexName"),
                  OPTIONAL(select, "Select"), OPTIONAL(limit, "Limit"), OPTIONAL(consistent_read, "ConsistentRead"),
                  OPTIONAL(exclusive_start_key, "ExclusiveStartKey"),
                  OPTIONAL(return_consumed_capacity, "ReturnConsumedCapacity"),
                  OPTIONAL(projection_expression, "ProjectionExpression"),
                  OPTIONAL(filter_expression, "FilterExpression"),
                  OPTIONAL(expression_attribute_names, "ExpressionAttributeNames"),
                  OPTIONAL(expression_attribute_values, "ExpressionAttributeValues"),
                  OPTIONAL(key_condition_expression, "KeyConditionExpression"),
                  OPTIONAL(scan_index_forward, "ScanIndexForward"))
KINESIS_STRUCTURE(ScanRequest, REQUIRED(table_name, "TableName"), OPTIONAL(index_name, "IndexName"),
                  OPTIONAL(select, "Select"), OPTIONAL(limit, "Limit"), OPTIONAL(consistent_read, "ConsistentRead"),
                  OPTIONAL(exclusive_start_key, "ExclusiveStartKey"),
                  OPTIONAL(return_consumed_capacity, "ReturnConsumedCapacity"),
                  OPTIONAL(projection_expression, "ProjectionExpression"),
                  OPTIONAL(filter_expression, "FilterExpression"),
                  OPTIONAL(expression_attribute_names, "ExpressionAttributeNames"),
                  OPTIONAL(expression_attribute_values, "ExpressionAttributeValues"),
                  OPTIONAL(total_segments, "TotalSegments"), OPTIONAL(segment, "Segment"))
KINESIS_STRUCTURE(ConditionCheck, REQUIRED(table_name, "TableName"),
                  OPTIONAL(condition_expression, "ConditionExpression"),
                  OPTIONAL(expression_attribute_names, "ExpressionAttributeNames"),
                  OPTIONAL(expression_attribute_values, "ExpressionAttributeValues"),
                  OPTIONAL(return_values_on_condition_check_failure, "ReturnValuesOnConditionCheckFailure"),
                  REQUIRED(key, "Key"))
KINESIS_STRUCTURE(TransactPut, REQUIRED(table_name, "TableName"), OPTIONAL(condition_expression, "ConditionExpression"),
                  OPTIONAL(expression_attribute_names, "ExpressionAttributeNames"),
                  OPTIONAL(expression_attribute_values, "ExpressionAttributeValues"),
                  OPTIONAL(return_values_on_condition_check_failure, "ReturnValuesOnConditionCheckFailure"),
                  REQUIRED(item, "Item"))
KINESIS_STRUCTURE(TransactDelete, REQUIRED(table_name, "TableName"),
                  OPTIONAL(condition_expression, "ConditionExpression"),
                  OPTIONAL(expression_attribute_names, "ExpressionAttributeNames"),
                  OPTIONAL(expression_attribute_values, "ExpressionAttributeValues"),
                  OPTIONAL(return_values_on_condition_check_failure, "ReturnValuesOnConditionCheckFailure"),
                  REQUIRED(key, "Key"))
KINESIS_STRUCTURE(TransactUpdate, REQUIRED(table_name, "TableName"),
                  OPTIONAL(condition_expression, "ConditionExpression"),
                  OPTIONAL(expression_attribute_names, "ExpressionAttributeNames"),
                  OPTIONAL(expression_attribute_values, "ExpressionAttributeValues"),
                  OPTIONAL(return_values_on_condition_check_failure, "ReturnValuesOnConditionCheckFailure"),
                  REQUIRED(key, "Key"), REQUIRED(update_expression, "UpdateExpression"))
KINESIS_STRUCTURE(TransactWriteItem, OPTIONAL(condition_check, "ConditionCheck"), OPTIONAL(put, "Put"),
                  OPTIONAL(delete_, "Delete"), OPTIONAL(update, "Update"))
KINESIS_STRUCTURE(ConditionCheckFailure, OPTIONAL(item, "Item"))
KINESIS_STRUCTURE(CancellationReason, OPTIONAL(code, "Code"), OPTIONAL(message, "Message"), OPTIONAL(item, "Item"))
KINESIS_STRUCTURE(TransactionCanceled, OPTIONAL(cancellation_reasons, "CancellationReasons"))
KINESIS_STRUCTURE(TransactWriteItemsResponse, OPTIONAL(consumed_capacity, "ConsumedCapacity"))
KINESIS_STRUCTURE(TransactWriteItemsRequest, REQUIRED(transact_items, "TransactItems"),
                  OPTIONAL(return_consumed_capacity, "ReturnConsumedCapacity"),
                  OPTIONAL(client_request_token, "ClientRequestToken"))
KINESIS_STRUCTURE(AttributeDefinition, REQUIRED(attribute_name, "AttributeName"),
                  REQUIRED(attribute_type, "AttributeType"))
KINESIS_STRUCTURE(KeySchemaElement, REQUIRED(attribute_name, "AttributeName"), REQUIRED(key_type, "KeyType"))
KINESIS_STRUCTURE(ProvisionedThroughput, REQUIRED(read_capacity_units, "ReadCapacityUnits"),
                  REQUIRED(write_capacity_units, "WriteCapacityUnits"))
KINESIS_STRUCTURE(ProvisionedThroughputDescription, OPTIONAL(last_increase_date_time, "LastIncreaseDateTime"),
                  OPTIONAL(last_decrease_date_time, "LastDecreaseDateTime"),
                  OPTIONAL(number_of_decreases_today, "NumberOfDecreasesToday"),
                  OPTIONAL(read_capacity_units, "ReadCapacityUnits"),
                  OPTIONAL(write_capacity_units, "WriteCapacityUnits"))
KINESIS_STRUCTURE(OnDemandThroughput, OPTIONAL(max_read_request_units, "MaxReadRequestUnits"),
                  OPTIONAL(max_write_request_units, "MaxWriteRequestUnits"))
KINESIS_STRUCTURE(Projection, OPTIONAL(projection_type, "ProjectionType"),
                  OPTIONAL(non_key_attributes, "NonKeyAttributes"))
KINESIS_STRUCTURE(GlobalSecondaryIndex, REQUIRED(index_name, "IndexName"), REQUIRED(key_schema, "KeySchema"),
                  REQUIRED(projection, "Projection"), OPTIONAL(provisioned_throughput, "ProvisionedThroughput"),
                  OPTIONAL(on_demand_throughput, "OnDemandThroughput"))
KINESIS_STRUCTURE(GlobalSecondaryIndexDescription, OPTIONAL(index_name, "IndexName"), OPTIONAL(key_schema, "KeySchema"),
                  OPTIONAL(projection, "Projection"), OPTIONAL(index_status, "IndexStatus"),
                  OPTIONAL(backfilling, "Backfilling"), OPTIONAL(provisioned_throughput, "ProvisionedThroughput"),
                  OPTIONAL(index_size_bytes, "IndexSizeBytes"), OPTIONAL(item_count, "ItemCount"),
                  OPTIONAL(index_arn, "IndexArn"), OPTIONAL(on_demand_throughput, "OnDemandThroughput"))
KINESIS_STRUCTURE(UpdateGlobalSecondaryIndexAction, REQUIRED(index_name, "IndexName"),
                  OPTIONAL(provisioned_throughput, "ProvisionedThroughput"),
                  OPTIONAL(on_demand_throughput, "OnDemandThroughput"))
KINESIS_STRUCTURE(DeleteGlobalSecondaryIndexAction, REQUIRED(index_name, "IndexName"))
KINESIS_STRUCTURE(GlobalSecondaryIndexUpdate, OPTIONAL(update, "Update"), OPTIONAL(create, "Create"),
                  OPTIONAL(delete_, "Delete"))
KINESIS_STRUCTURE(StreamSpecification, REQUIRED(stream_enabled, "StreamEnabled"),
                  OPTIONAL(stream_view_type, "StreamViewType"))
KINESIS_STRUCTURE(SseSpecification, OPTIONAL(enabled, "Enabled"), OPTIONAL(sse_type, "SSEType"),
                  OPTIONAL(kms_master_key_id, "KMSMasterKeyId"))
KINESIS_STRUCTURE(BillingModeSummary, OPTIONAL(billing_mode, "BillingMode"),
                  OPTIONAL(last_update_to_pay_per_request_date_time, "LastUpdateToPayPerRequestDateTime"))
KINESIS_STRUCTURE(TableClassSummary, OPTIONAL(table_class, "TableClass"),
                  OPTIONAL(last_update_date_time, "LastUpdateDateTime"))
KINESIS_STRUCTURE(Tag, REQUIRED(key, "Key"), REQUIRED(value, "Value"))
KINESIS_STRUCTURE(TableDescription, OPTIONAL(table_name, "TableName"), OPTIONAL(table_status, "TableStatus"),
                  OPTIONAL(attribute_definitions, "AttributeDefinitions"), OPTIONAL(key_schema, "KeySchema"),
                  OPTIONAL(creation_date_time, "CreationDateTime"),
                  OPTIONAL(provisioned_throughput, "ProvisionedThroughput"),
                  OPTIONAL(table_size_bytes, "TableSizeBytes"), OPTIONAL(item_count, "ItemCount"),
                  OPTIONAL(table_arn, "TableArn"), OPTIONAL(table_id, "TableId"),
                  OPTIONAL(billing_mode_summary, "BillingModeSummary"),
                  OPTIONAL(global_secondary_indexes, "GlobalSecondaryIndexes"),
                  OPTIONAL(stream_specification, "StreamSpecification"),
                  OPTIONAL(latest_stream_label, "LatestStreamLabel"), OPTIONAL(latest_stream_arn, "LatestStreamArn"),
                  OPTIONAL(table_class_summary, "TableClassSummary"),
                  OPTIONAL(deletion_protection_enabled, "DeletionProtectionEnabled"),
                  OPTIONAL(on_demand_throughput, "OnDemandThroughput"))
KINESIS_STRUCTURE(TableResponse, OPTIONAL(table_description, "TableDescription"))
KINESIS_STRUCTURE(CreateTableRequest, REQUIRED(table_name, "TableName"),
                  OPTIONAL(attribute_definitions, "AttributeDefinitions"), OPTIONAL(key_schema, "KeySchema"),
                  OPTIONAL(global_secondary_indexes, "GlobalSecondaryIndexes"), OPTIONAL(billing_mode, "BillingMode"),
                  OPTIONAL(provisioned_throughput, "ProvisionedThroughput"),
                  OPTIONAL(stream_specification, "StreamSpecification"),
                  OPTIONAL(sse_specification, "SSESpecification"), OPTIONAL(tags, "Tags"),
                  OPTIONAL(table_class, "TableClass"),
                  OPTIONAL(deletion_protection_enabled, "DeletionProtectionEnabled"),
                  OPTIONAL(resource_policy, "ResourcePolicy"), OPTIONAL(on_demand_throughput, "OnDemandThroughput"))
KINESIS_STRUCTURE(DescribeTableResponse, OPTIONAL(table, "Table"))
KINESIS_STRUCTURE(DescribeTableRequest, REQUIRED(table_name, "TableName"))
KINESIS_STRUCTURE(UpdateTableRequest, REQUIRED(table_name, "TableName"),
                  OPTIONAL(attribute_definitions, "AttributeDefinitions"), OPTIONAL(billing_mode, "BillingMode"),
                  OPTIONAL(provisioned_throughput, "ProvisionedThroughput"),
                  OPTIONAL(global_secondary_index_updates, "GlobalSecondaryIndexUpdates"),
                  OPTIONAL(stream_specification, "StreamSpecification"),
                  OPTIONAL(sse_specification, "SSESpecification"), OPTIONAL(table_class, "TableClass"),
                  OPTIONAL(deletion_protection_enabled, "DeletionProtectionEnabled"),
                  OPTIONAL(on_demand_throughput, "OnDemandThroughput"))
KINESIS_STRUCTURE(DeleteTableRequest, REQUIRED(table_name, "TableName"))
KINESIS_STRUCTURE(ListTablesResponse, REQUIRED(table_names, "TableNames"),
                  OPTIONAL(last_evaluated_table_name, "LastEvaluatedTableName"))
KINESIS_STRUCTURE(ListTablesRequest, OPTIONAL(exclusive_start_table_name, "ExclusiveStartTableName"),
                  OPTIONAL(limit, "Limit"))
KINESIS_STRUCTURE(PointInTimeRecoverySpecification,
                  REQUIRED(point_in_time_recovery_enabled, "PointInTimeRecoveryEnabled"),
                  OPTIONAL(recovery_period_in_days, "RecoveryPeriodInDays"))
KINESIS_STRUCTURE(PointInTimeRecoveryDescription, OPTIONAL(point_in_time_recovery_status, "PointInTimeRecoveryStatus"),
                  OPTIONAL(recovery_period_in_days, "RecoveryPeriodInDays"),
                  OPTIONAL(earliest_restorable_date_time, "EarliestRestorableDateTime"),
                  OPTIONAL(latest_restorable_date_time, "LatestRestorableDateTime"))
KINESIS_STRUCTURE(ContinuousBackupsDescription, REQUIRED(continuous_backups_status, "ContinuousBackupsStatus"),
                  OPTIONAL(point_in_time_recovery_description, "PointInTimeRecoveryDescription"))
KINESIS_STRUCTURE(ContinuousBackupsResponse, OPTIONAL(continuous_backups_description, "ContinuousBackupsDescription"))
KINESIS_STRUCTURE(UpdateContinuousBackupsRequest, REQUIRED(table_name, "TableName"),
                  REQUIRED(point_in_time_recovery_specification, "PointInTimeRecoverySpecification"))
KINESIS_STRUCTURE(DescribeContinuousBackupsRequest, REQUIRED(table_name, "TableName"))
KINESIS_STRUCTURE(TimeToLiveSpecification, REQUIRED(enabled, "Enabled"), REQUIRED(attribute_name, "AttributeName"))
KINESIS_STRUCTURE(UpdateTimeToLiveResponse, OPTIONAL(time_to_live_specification, "TimeToLiveSpecification"))
KINESIS_STRUCTURE(UpdateTimeToLiveRequest, REQUIRED(table_name, "TableName"),
                  REQUIRED(time_to_live_specification, "TimeToLiveSpecification"))
KINESIS_STRUCTURE(TimeToLiveDescription, OPTIONAL(time_to_live_status, "TimeToLiveStatus"),
                  OPTIONAL(attribute_name, "AttributeName"))
KINESIS_STRUCTURE(DescribeTimeToLiveResponse, OPTIONAL(time_to_live_description, "TimeToLiveDescription"))
KINESIS_STRUCTURE(DescribeTimeToLiveRequest, REQUIRED(table_name, "TableName"))
KINESIS_EMPTY(TagResourceResponse)
KINESIS_STRUCTURE(TagResourceRequest, REQUIRED(resource_arn, "ResourceArn"), REQUIRED(tags, "Tags"))
KINESIS_STRUCTURE(ListTagsOfResourceResponse, OPTIONAL(tags, "Tags"), OPTIONAL(next_token, "NextToken"))
KINESIS_STRUCTURE(ListTagsOfResourceRequest, REQUIRED(resource_arn, "ResourceArn"), OPTIONAL(next_token, "NextToken"))

}  // namespace aws

std::optional<std::int64_t> dynamodb::Number::to_int64() const noexcept {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

namespace dynamodb {

std::string_view to_string(ReturnValue value) noexcept {
  return aws::enum_name(aws::type_of<ReturnValue>(), static_cast<int>(value));
}
std::string_view to_string(ReturnValuesOnConditionCheckFailure value) noexcept {
  return aws::enum_name(aws::type_of<ReturnValuesOnConditionCheckFailure>(), static_cast<int>(value));
}
std::string_view to_string(ReturnConsumedCapacity value) noexcept {
  return aws::enum_name(aws::type_of<ReturnConsumedCapacity>(), static_cast<int>(value));
}
std::string_view to_string(Select value) noexcept {
  return aws::enum_name(aws::type_of<Select>(), static_cast<int>(value));
}
std::string_view to_string(ScalarAttributeType value) noexcept {
  return aws::enum_name(aws::type_of<ScalarAttributeType>(), static_cast<int>(value));
}
std::string_view to_string(KeyType value) noexcept {
  return aws::enum_name(aws::type_of<KeyType>(), static_cast<int>(value));
}
std::string_view to_string(BillingMode value) noexcept {
  return aws::enum_name(aws::type_of<BillingMode>(), static_cast<int>(value));
}
std::string_view to_string(TableClass value) noexcept {
  return aws::enum_name(aws::type_of<TableClass>(), static_cast<int>(value));
}
std::string_view to_string(TableStatus value) noexcept {
  return aws::enum_name(aws::type_of<TableStatus>(), static_cast<int>(value));
}
std::string_view to_string(IndexStatus value) noexcept {
  return aws::enum_name(aws::type_of<IndexStatus>(), static_cast<int>(value));
}
std::string_view to_string(ProjectionType value) noexcept {
  return aws::enum_name(aws::type_of<ProjectionType>(), static_cast<int>(value));
}
std::string_view to_string(StreamViewType value) noexcept {
  return aws::enum_name(aws::type_of<StreamViewType>(), static_cast<int>(value));
}
std::string_view to_string(SseType value) noexcept {
  return aws::enum_name(aws::type_of<SseType>(), static_cast<int>(value));
}
std::string_view to_string(ContinuousBackupsStatus value) noexcept {
  return aws::enum_name(aws::type_of<ContinuousBackupsStatus>(), static_cast<int>(value));
}
std::string_view to_string(TimeToLiveStatus value) noexcept {
  return aws::enum_name(aws::type_of<TimeToLiveStatus>(), static_cast<int>(value));
}

}  // namespace dynamodb
}  // namespace kinesis
