#pragma once

#include <kinesis/dynamodb/items.hpp>
#include <kinesis/dynamodb/tables.hpp>
#include <kinesis/error.hpp>

#include <boost/asio/awaitable.hpp>

namespace kinesis {

namespace asio = boost::asio;

/// The operations of DynamoDB that lease tables need. A fake or another client can take its place: it overrides the
/// operations it has, and every other one answers Error(unsupported).
///
/// A condition that does not hold is not an error but part of the answer: see `dynamodb::WriteItemResponse` and
/// `dynamodb::TransactWriteItemsResponse`.
///
/// The calls are coroutines: they do nothing until awaited, run on the awaiting coroutine's executor, and can be
/// cancelled. They report what went wrong in the result and throw only for cancellation and defects. `Client`'s may be
/// called from any thread.
class DynamoDbApi {
 public:
  virtual ~DynamoDbApi() = default;

  virtual asio::awaitable<Result<dynamodb::GetItemResponse>> get_item(dynamodb::GetItemRequest request);
  virtual asio::awaitable<Result<dynamodb::PutItemResponse>> put_item(dynamodb::PutItemRequest request);
  virtual asio::awaitable<Result<dynamodb::UpdateItemResponse>> update_item(dynamodb::UpdateItemRequest request);
  virtual asio::awaitable<Result<dynamodb::DeleteItemResponse>> delete_item(dynamodb::DeleteItemRequest request);
  virtual asio::awaitable<Result<dynamodb::QueryResponse>> query(dynamodb::QueryRequest request);
  virtual asio::awaitable<Result<dynamodb::ScanResponse>> scan(dynamodb::ScanRequest request);
  virtual asio::awaitable<Result<dynamodb::TransactWriteItemsResponse>> transact_write_items(
      dynamodb::TransactWriteItemsRequest request);

  virtual asio::awaitable<Result<dynamodb::CreateTableResponse>> create_table(dynamodb::CreateTableRequest request);
  virtual asio::awaitable<Result<dynamodb::DescribeTableResponse>> describe_table(
      dynamodb::DescribeTableRequest request);
  virtual asio::awaitable<Result<dynamodb::UpdateTableResponse>> update_table(dynamodb::UpdateTableRequest request);
  virtual asio::awaitable<Result<dynamodb::DeleteTableResponse>> delete_table(dynamodb::DeleteTableRequest request);
  virtual asio::awaitable<Result<dynamodb::ListTablesResponse>> list_tables(dynamodb::ListTablesRequest request);
  virtual asio::awaitable<Result<dynamodb::UpdateContinuousBackupsResponse>> update_continuous_backups(
      dynamodb::UpdateContinuousBackupsRequest request);
  virtual asio::awaitable<Result<dynamodb::DescribeContinuousBackupsResponse>> describe_continuous_backups(
      dynamodb::DescribeContinuousBackupsRequest request);
  virtual asio::awaitable<Result<dynamodb::UpdateTimeToLiveResponse>> update_time_to_live(
      dynamodb::UpdateTimeToLiveRequest request);
  virtual asio::awaitable<Result<dynamodb::DescribeTimeToLiveResponse>> describe_time_to_live(
      dynamodb::DescribeTimeToLiveRequest request);
  virtual asio::awaitable<Result<dynamodb::TagResourceResponse>> tag_resource(dynamodb::TagResourceRequest request);
  virtual asio::awaitable<Result<dynamodb::ListTagsOfResourceResponse>> list_tags_of_resource(
      dynamodb::ListTagsOfResourceRequest request);
};

}  // namespace kinesis
