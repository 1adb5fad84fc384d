#include "core/async.hpp"
#include "leases/lease_item.hpp"
#include <kinesis/client.hpp>
#include <kinesis/lease_repositories.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

namespace kinesis {
namespace {

using namespace dynamodb;
using leases::expressions_of;
using leases::item_of;
using leases::lease_of;

/// Between looks at a table that is being made: twice as long each time. Stand-ins make one at once, AWS in seconds.
constexpr std::chrono::milliseconds first_table_poll{25};
constexpr std::chrono::milliseconds last_table_poll{1'000};
constexpr std::chrono::minutes table_limit{10};
constexpr const char* key_attribute = "leaseKey";

AttributeMap key_of(const std::string& key) {
  AttributeMap map;
  map.emplace(key_attribute, key);
  return map;
}

class DynamoDbLeases final : public LeaseRepository {
 public:
  DynamoDbLeases(Client client, std::string table, DynamoDbTableOptions options)
      : client_(std::move(client)), table_(std::move(table)), options_(std::move(options)) {}

  asio::awaitable<void> prepare() override {
    auto described = co_await client_.dynamodb().describe_table(DescribeTableRequest(table_));
    if (!described && described.error().code() != errc::not_found) throw failed("describing", described.error());
    if (!described) co_await create_table();
    co_await wait_until_active();
    if (options_.point_in_time_recovery) co_await turn_backups_on();
  }

  asio::awaitable<std::vector<Lease>> list() override {
    std::vector<Lease> leases;
    ScanRequest request(table_);
    do {
      auto page = co_await client_.dynamodb().scan(request);
      if (!page) throw failed("reading", page.error());
      for (const AttributeMap& item : page->items) {
        auto lease = lease_of(item);
        if (!lease) {
          // One bad row must not keep the others from being worked on.
          if (client_.log().enabled(LogLevel::warning))
            client_.log().write(LogLevel::warning, "leases", "row skipped: " + lease.error().message());
          continue;
        }
        if (*lease) leases.push_back(std::move(**lease));
      }
      request.exclusive_start_key = std::move(page->last_evaluated_key);
    } while (!request.exclusive_start_key.empty());
    co_return leases;
  }

  asio::awaitable<LeaseWrite> create(Lease lease) override {
    PutItemRequest request(table_, item_of(lease));
    request.condition_expression = "attribute_not_exists(leaseKey)";
    auto answer = co_await client_.dynamodb().put_item(std::move(request));
    if (!answer) throw failed("writing", answer.error());
    co_return co_await outcome(*answer, lease.key);
  }

  asio::awaitable<LeaseWrite> update(LeaseUpdate change) override {
    leases::UpdateExpressions expressions = expressions_of(change);
    UpdateItemRequest request(table_, key_of(change.key()), std::move(expressions.update));
    request.condition_expression = std::move(expressions.condition);
    request.expression_attribute_values = std::move(expressions.values);
    request.return_values_on_condition_check_failure = ReturnValuesOnConditionCheckFailure::all_old;
    auto answer = co_await client_.dynamodb().update_item(std::move(request));
    if (!answer) throw failed("writing", answer.error());
    co_return co_await outcome(*answer, change.key());
  }

  asio::awaitable<LeaseWrite> remove(Lease known) override {
    DeleteItemRequest request(table_, key_of(known.key));
    request.condition_expression = "attribute_not_exists(leaseKey) OR leaseCounter = :counter";
    request.expression_attribute_values.emplace(":counter", known.counter);
    request.return_values_on_condition_check_failure = ReturnValuesOnConditionCheckFailure::all_old;
    auto answer = co_await client_.dynamodb().delete_item(std::move(request));
    if (!answer) throw failed("deleting from", answer.error());
    co_return co_await outcome(*answer, known.key);
  }

 private:
  Error failed(const char* doing, const Error& error) const {
    return error.with_context(std::string(doing) + " the lease table " + table_);
  }

  asio::awaitable<LeaseWrite> outcome(WriteItemResponse answer, std::string key) {
    if (!answer.condition_check_failure) co_return LeaseWrite::stored();
    std::optional<AttributeMap> item = std::move(answer.condition_check_failure->item);
    if (!item) {
      // Not every endpoint gives the row with the refusal.
      GetItemRequest request(table_, key_of(key));
      request.consistent_read = true;
      auto read = co_await client_.dynamodb().get_item(std::move(request));
      if (!read) throw failed("reading", read.error());
      item = std::move(read->item);
    }
    if (!item) co_return LeaseWrite::conflict(std::nullopt);
    auto lease = lease_of(*item);
    co_return LeaseWrite::conflict(std::move(lease).value());
  }

  asio::awaitable<void> create_table() {
    CreateTableRequest request;
    request.table_name = table_;
    if (options_.read_capacity) {
      request.billing_mode = BillingMode::provisioned;
      request.provisioned_throughput = ProvisionedThroughput(*options_.read_capacity, *options_.write_capacity);
    } else {
      request.billing_mode = BillingMode::pay_per_request;
    }
    if (options_.deletion_protection) request.deletion_protection_enabled = true;
    for (const auto& [key, value] : options_.tags) request.tags.emplace_back(key, value);
    request.attribute_definitions.emplace_back(key_attribute, ScalarAttributeType::string);
    request.key_schema.emplace_back(key_attribute, KeyType::hash);
    auto created = co_await client_.dynamodb().create_table(std::move(request));
    // Another worker was faster: as good.
    if (!created && created.error().code() != errc::already_exists) throw failed("creating", created.error());
  }

  asio::awaitable<void> turn_backups_on() {
    UpdateContinuousBackupsRequest request(table_, true);
    auto answer = co_await client_.dynamodb().update_continuous_backups(std::move(request));
    if (answer) co_return;
    if (answer.error().code() != errc::unsupported) throw failed("turning on continuous backups of", answer.error());
    if (client_.log().enabled(LogLevel::warning))
      client_.log().write(LogLevel::warning, "leases",
                          "the endpoint knows no continuous backups; " + table_ + " is used without");
  }

  asio::awaitable<void> wait_until_active() {
    const Clock::time_point limit = client_.clock().now() + table_limit;
    for (std::chrono::milliseconds pause = first_table_poll;; pause = std::min(2 * pause, last_table_poll)) {
      auto described = co_await client_.dynamodb().describe_table(DescribeTableRequest(table_));
      if (!described && described.error().code() != errc::not_found) throw failed("describing", described.error());
      if (described && described->table && described->table->table_status == TableStatus::active) co_return;
      if (client_.clock().now() >= limit)
        throw Error(errc::timeout, "the lease table " + table_ + " is not ACTIVE after 10 minutes");
      co_await core::sleep_for(client_.clock(), pause);
    }
  }

  Client client_;
  std::string table_;
  DynamoDbTableOptions options_;
};

}  // namespace

std::shared_ptr<LeaseRepository> dynamodb_leases(Client client, std::string table, DynamoDbTableOptions options) {
  if (options.read_capacity.has_value() != options.write_capacity.has_value() ||
      options.read_capacity.value_or(1) < 1 || options.write_capacity.value_or(1) < 1)
    throw Error(errc::invalid_argument,
                "DynamoDbTableOptions: read_capacity and write_capacity must both be absent or both at least 1");
  return std::make_shared<DynamoDbLeases>(std::move(client), std::move(table), std::move(options));
}

}  // namespace kinesis
