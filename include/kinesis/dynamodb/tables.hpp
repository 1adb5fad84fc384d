#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// Tables and their settings: CreateTable, DescribeTable, UpdateTable, DeleteTable, ListTables, backups, time to live,
// tags.
namespace kinesis::dynamodb {

using Timestamp = std::chrono::system_clock::time_point;

// `unknown` stands for "not given" in requests, and for "absent, or a value this library does not know" in responses.

enum class ScalarAttributeType { unknown, string, number, binary };
enum class KeyType { unknown, hash, range };
enum class BillingMode { unknown, provisioned, pay_per_request };
enum class TableClass { unknown, standard, standard_infrequent_access };
enum class TableStatus {
  unknown,
  creating,
  updating,
  deleting,
  active,
  inaccessible_encryption_credentials,
  archiving,
  archived,
  replication_not_authorized,
};
enum class IndexStatus { unknown, creating, updating, deleting, active };
enum class ProjectionType { unknown, all, keys_only, include };
enum class StreamViewType { unknown, new_image, old_image, new_and_old_images, keys_only };
enum class SseType { unknown, aes256, kms };
enum class ContinuousBackupsStatus { unknown, enabled, disabled };
enum class TimeToLiveStatus { unknown, enabling, disabling, enabled, disabled };

std::string_view to_string(ScalarAttributeType value) noexcept;
std::string_view to_string(KeyType value) noexcept;
std::string_view to_string(BillingMode value) noexcept;
std::string_view to_string(TableClass value) noexcept;
std::string_view to_string(TableStatus value) noexcept;
std::string_view to_string(IndexStatus value) noexcept;
std::string_view to_string(ProjectionType value) noexcept;
std::string_view to_string(StreamViewType value) noexcept;
std::string_view to_string(SseType value) noexcept;
std::string_view to_string(ContinuousBackupsStatus value) noexcept;
std::string_view to_string(TimeToLiveStatus value) noexcept;

/// The type of an attribute that a key or an index uses.
struct AttributeDefinition {
  AttributeDefinition() = default;
  AttributeDefinition(std::string name, ScalarAttributeType type)
      : attribute_name(std::move(name)), attribute_type(type) {}

  std::string attribute_name;
  ScalarAttributeType attribute_type = ScalarAttributeType::unknown;
  friend bool operator==(const AttributeDefinition&, const AttributeDefinition&) = default;
};

struct KeySchemaElement {
  KeySchemaElement() = default;
  KeySchemaElement(std::string name, KeyType type) : attribute_name(std::move(name)), key_type(type) {}

  std::string attribute_name;
  KeyType key_type = KeyType::unknown;
  friend bool operator==(const KeySchemaElement&, const KeySchemaElement&) = default;
};

/// Capacity units a second.
struct ProvisionedThroughput {
  ProvisionedThroughput() = default;
  ProvisionedThroughput(std::int64_t read, std::int64_t write)
      : read_capacity_units(read), write_capacity_units(write) {}

  std::int64_t read_capacity_units = 0;
  std::int64_t write_capacity_units = 0;
};

struct ProvisionedThroughputDescription {
  ProvisionedThroughputDescription() = default;

  std::optional<Timestamp> last_increase_date_time;
  std::optional<Timestamp> last_decrease_date_time;
  std::optional<std::int64_t> number_of_decreases_today;
  std::optional<std::int64_t> read_capacity_units;
  std::optional<std::int64_t> write_capacity_units;
};

/// Request units a second at most; -1 is no limit.
struct OnDemandThroughput {
  OnDemandThroughput() = default;

  std::optional<std::int64_t> max_read_request_units;
  std::optional<std::int64_t> max_write_request_units;
};

struct Projection {
  Projection() = default;
  explicit Projection(ProjectionType type) : projection_type(type) {}

  ProjectionType projection_type = ProjectionType::unknown;
  std::vector<std::string> non_key_attributes;
};

struct GlobalSecondaryIndex {
  GlobalSecondaryIndex() = default;
  GlobalSecondaryIndex(std::string name, std::vector<KeySchemaElement> key, Projection projection)
      : index_name(std::move(name)), key_schema(std::move(key)), projection(std::move(projection)) {}

  std::string index_name;
  std::vector<KeySchemaElement> key_schema;
  Projection projection;
  std::optional<ProvisionedThroughput> provisioned_throughput;
  std::optional<OnDemandThroughput> on_demand_throughput;
};

struct GlobalSecondaryIndexDescription {
  GlobalSecondaryIndexDescription() = default;

  std::string index_name;
  std::vector<KeySchemaElement> key_schema;
  std::optional<Projection> projection;
  IndexStatus index_status = IndexStatus::unknown;
  std::optional<bool> backfilling;
  std::optional<ProvisionedThroughputDescription> provisioned_throughput;
  std::optional<std::int64_t> index_size_bytes;
  std::optional<std::int64_t> item_count;
  std::optional<std::string> index_arn;
  std::optional<OnDemandThroughput> on_demand_throughput;
};

struct UpdateGlobalSecondaryIndexAction {
  UpdateGlobalSecondaryIndexAction() = default;

  std::string index_name;
  std::optional<ProvisionedThroughput> provisioned_throughput;
  std::optional<OnDemandThroughput> on_demand_throughput;
};

struct DeleteGlobalSecondaryIndexAction {
  DeleteGlobalSecondaryIndexAction() = default;
  explicit DeleteGlobalSecondaryIndexAction(std::string name) : index_name(std::move(name)) {}

  std::string index_name;
};

/// One of the three.
struct GlobalSecondaryIndexUpdate {
  GlobalSecondaryIndexUpdate() = default;
  GlobalSecondaryIndexUpdate(GlobalSecondaryIndex index) : create(std::move(index)) {}

  std::optional<UpdateGlobalSecondaryIndexAction> update;
  std::optional<GlobalSecondaryIndex> create;
  std::optional<DeleteGlobalSecondaryIndexAction> delete_;
};

struct StreamSpecification {
  StreamSpecification() = default;

  bool stream_enabled = false;
  StreamViewType stream_view_type = StreamViewType::unknown;
};

/// Encryption at rest.
struct SseSpecification {
  SseSpecification() = default;

  std::optional<bool> enabled;
  SseType sse_type = SseType::unknown;
  std::optional<std::string> kms_master_key_id;
};

struct BillingModeSummary {
  BillingModeSummary() = default;

  BillingMode billing_mode = BillingMode::unknown;
  std::optional<Timestamp> last_update_to_pay_per_request_date_time;
};

struct TableClassSummary {
  TableClassSummary() = default;

  TableClass table_class = TableClass::unknown;
  std::optional<Timestamp> last_update_date_time;
};

struct Tag {
  Tag() = default;
  Tag(std::string key, std::string value) : key(std::move(key)), value(std::move(value)) {}

  std::string key;
  std::string value;
  friend bool operator==(const Tag&, const Tag&) = default;
};

/// Without what lease tables do not have: local indexes, replicas, vector indexes, restores, archives.
struct TableDescription {
  TableDescription() = default;

  std::string table_name;
  TableStatus table_status = TableStatus::unknown;
  std::vector<AttributeDefinition> attribute_definitions;
  std::vector<KeySchemaElement> key_schema;
  std::optional<Timestamp> creation_date_time;
  std::optional<ProvisionedThroughputDescription> provisioned_throughput;
  std::optional<std::int64_t> table_size_bytes;
  std::optional<std::int64_t> item_count;
  std::optional<std::string> table_arn;
  std::optional<std::string> table_id;
  std::optional<BillingModeSummary> billing_mode_summary;
  std::vector<GlobalSecondaryIndexDescription> global_secondary_indexes;
  std::optional<StreamSpecification> stream_specification;
  std::optional<std::string> latest_stream_label;
  std::optional<std::string> latest_stream_arn;
  std::optional<TableClassSummary> table_class_summary;
  std::optional<bool> deletion_protection_enabled;
  std::optional<OnDemandThroughput> on_demand_throughput;
};

/// The answer of CreateTable, UpdateTable and DeleteTable.
struct TableResponse {
  TableResponse() = default;

  std::optional<TableDescription> table_description;
};
using CreateTableResponse = TableResponse;
using UpdateTableResponse = TableResponse;
using DeleteTableResponse = TableResponse;

struct CreateTableRequest {
  using Response = CreateTableResponse;
  static constexpr std::string_view operation = "CreateTable";

  CreateTableRequest() = default;
  CreateTableRequest(std::string table_name, std::vector<AttributeDefinition> attributes,
                     std::vector<KeySchemaElement> key)
      : table_name(std::move(table_name)), attribute_definitions(std::move(attributes)), key_schema(std::move(key)) {}

  std::string table_name;
  std::vector<AttributeDefinition> attribute_definitions;
  std::vector<KeySchemaElement> key_schema;
  std::vector<GlobalSecondaryIndex> global_secondary_indexes;
  BillingMode billing_mode = BillingMode::unknown;
  /// Required for BillingMode::provisioned, which is the service's default.
  std::optional<ProvisionedThroughput> provisioned_throughput;
  std::optional<StreamSpecification> stream_specification;
  std::optional<SseSpecification> sse_specification;
  std::vector<Tag> tags;
  TableClass table_class = TableClass::unknown;
  std::optional<bool> deletion_protection_enabled;
  std::optional<std::string> resource_policy;
  std::optional<OnDemandThroughput> on_demand_throughput;
};

/// A table, by its name or ARN.
struct TableRequest {
  TableRequest() = default;
  explicit TableRequest(std::string table_name) : table_name(std::move(table_name)) {}

  std::string table_name;
};

struct DescribeTableResponse {
  DescribeTableResponse() = default;

  std::optional<TableDescription> table;
};

struct DescribeTableRequest : TableRequest {
  using Response = DescribeTableResponse;
  static constexpr std::string_view operation = "DescribeTable";

  using TableRequest::TableRequest;
  DescribeTableRequest() = default;
};

struct UpdateTableRequest : TableRequest {
  using Response = UpdateTableResponse;
  static constexpr std::string_view operation = "UpdateTable";

  using TableRequest::TableRequest;
  UpdateTableRequest() = default;

  std::vector<AttributeDefinition> attribute_definitions;
  BillingMode billing_mode = BillingMode::unknown;
  std::optional<ProvisionedThroughput> provisioned_throughput;
  std::vector<GlobalSecondaryIndexUpdate> global_secondary_index_updates;
  std::optional<StreamSpecification> stream_specification;
  std::optional<SseSpecification> sse_specification;
  TableClass table_class = TableClass::unknown;
  std::optional<bool> deletion_protection_enabled;
  std::optional<OnDemandThroughput> on_demand_throughput;
};

struct DeleteTableRequest : TableRequest {
  using Response = DeleteTableResponse;
  static constexpr std::string_view operation = "DeleteTable";

  using TableRequest::TableRequest;
  DeleteTableRequest() = default;
};

struct ListTablesResponse {
  ListTablesResponse() = default;

  std::vector<std::string> table_names;
  std::optional<std::string> last_evaluated_table_name;
};

/// Lists the account's tables of the region, a page at a time.
struct ListTablesRequest {
  using Response = ListTablesResponse;
  static constexpr std::string_view operation = "ListTables";

  ListTablesRequest() = default;

  std::optional<std::string> exclusive_start_table_name;
  /// 1 to 100.
  std::optional<int> limit;
};

struct PointInTimeRecoverySpecification {
  PointInTimeRecoverySpecification() = default;
  explicit PointInTimeRecoverySpecification(bool enabled) : point_in_time_recovery_enabled(enabled) {}

  bool point_in_time_recovery_enabled = false;
  /// 1 to 35.
  std::optional<int> recovery_period_in_days;
};

struct PointInTimeRecoveryDescription {
  PointInTimeRecoveryDescription() = default;

  ContinuousBackupsStatus point_in_time_recovery_status = ContinuousBackupsStatus::unknown;
  std::optional<int> recovery_period_in_days;
  std::optional<Timestamp> earliest_restorable_date_time;
  std::optional<Timestamp> latest_restorable_date_time;
};

struct ContinuousBackupsDescription {
  ContinuousBackupsDescription() = default;

  ContinuousBackupsStatus continuous_backups_status = ContinuousBackupsStatus::unknown;
  std::optional<PointInTimeRecoveryDescription> point_in_time_recovery_description;
};

struct ContinuousBackupsResponse {
  ContinuousBackupsResponse() = default;

  std::optional<ContinuousBackupsDescription> continuous_backups_description;
};
using UpdateContinuousBackupsResponse = ContinuousBackupsResponse;
using DescribeContinuousBackupsResponse = ContinuousBackupsResponse;

/// Turns point-in-time recovery on or off.
struct UpdateContinuousBackupsRequest : TableRequest {
  using Response = UpdateContinuousBackupsResponse;
  static constexpr std::string_view operation = "UpdateContinuousBackups";

  UpdateContinuousBackupsRequest() = default;
  UpdateContinuousBackupsRequest(std::string table_name, bool enabled)
      : TableRequest(std::move(table_name)), point_in_time_recovery_specification(enabled) {}

  PointInTimeRecoverySpecification point_in_time_recovery_specification;
};

struct DescribeContinuousBackupsRequest : TableRequest {
  using Response = DescribeContinuousBackupsResponse;
  static constexpr std::string_view operation = "DescribeContinuousBackups";

  using TableRequest::TableRequest;
  DescribeContinuousBackupsRequest() = default;
};

struct TimeToLiveSpecification {
  TimeToLiveSpecification() = default;
  TimeToLiveSpecification(std::string attribute_name, bool enabled)
      : enabled(enabled), attribute_name(std::move(attribute_name)) {}

  bool enabled = false;
  std::string attribute_name;
};

struct UpdateTimeToLiveResponse {
  UpdateTimeToLiveResponse() = default;

  std::optional<TimeToLiveSpecification> time_to_live_specification;
};

struct UpdateTimeToLiveRequest : TableRequest {
  using Response = UpdateTimeToLiveResponse;
  static constexpr std::string_view operation = "UpdateTimeToLive";

  UpdateTimeToLiveRequest() = default;
  UpdateTimeToLiveRequest(std::string table_name, std::string attribute_name, bool enabled)
      : TableRequest(std::move(table_name)), time_to_live_specification(std::move(attribute_name), enabled) {}

  TimeToLiveSpecification time_to_live_specification;
};

struct TimeToLiveDescription {
  TimeToLiveDescription() = default;

  TimeToLiveStatus time_to_live_status = TimeToLiveStatus::unknown;
  std::optional<std::string> attribute_name;
};

struct DescribeTimeToLiveResponse {
  DescribeTimeToLiveResponse() = default;

  std::optional<TimeToLiveDescription> time_to_live_description;
};

struct DescribeTimeToLiveRequest : TableRequest {
  using Response = DescribeTimeToLiveResponse;
  static constexpr std::string_view operation = "DescribeTimeToLive";

  using TableRequest::TableRequest;
  DescribeTimeToLiveRequest() = default;
};

struct TagResourceResponse {
  TagResourceResponse() = default;
};

struct TagResourceRequest {
  using Response = TagResourceResponse;
  static constexpr std::string_view operation = "TagResource";

  TagResourceRequest() = default;
  TagResourceRequest(std::string resource_arn, std::vector<Tag> tags)
      : resource_arn(std::move(resource_arn)), tags(std::move(tags)) {}

  std::string resource_arn;
  std::vector<Tag> tags;
};

struct ListTagsOfResourceResponse {
  ListTagsOfResourceResponse() = default;

  std::vector<Tag> tags;
  std::optional<std::string> next_token;
};

struct ListTagsOfResourceRequest {
  using Response = ListTagsOfResourceResponse;
  static constexpr std::string_view operation = "ListTagsOfResource";

  ListTagsOfResourceRequest() = default;
  explicit ListTagsOfResourceRequest(std::string resource_arn) : resource_arn(std::move(resource_arn)) {}

  std::string resource_arn;
  std::optional<std::string> next_token;
};

}  // namespace kinesis::dynamodb
