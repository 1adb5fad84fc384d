#include "aws/unsupported.hpp"
#include <kinesis/dynamodb.hpp>

namespace kinesis {

using aws::unsupported;
using namespace dynamodb;

asio::awaitable<Result<GetItemResponse>> DynamoDbApi::get_item(GetItemRequest) { return unsupported<GetItemRequest>(); }
asio::awaitable<Result<PutItemResponse>> DynamoDbApi::put_item(PutItemRequest) { return unsupported<PutItemRequest>(); }
asio::awaitable<Result<UpdateItemResponse>> DynamoDbApi::update_item(UpdateItemRequest) {
  return unsupported<UpdateItemRequest>();
}
asio::awaitable<Result<DeleteItemResponse>> DynamoDbApi::delete_item(DeleteItemRequest) {
  return unsupported<DeleteItemRequest>();
}
asio::awaitable<Result<QueryResponse>> DynamoDbApi::query(QueryRequest) { return unsupported<QueryRequest>(); }
asio::awaitable<Result<ScanResponse>> DynamoDbApi::scan(ScanRequest) { return unsupported<ScanRequest>(); }
asio::awaitable<Result<TransactWriteItemsResponse>> DynamoDbApi::transact_write_items(TransactWriteItemsRequest) {
  return unsupported<TransactWriteItemsRequest>();
}
asio::awaitable<Result<CreateTableResponse>> DynamoDbApi::create_table(CreateTableRequest) {
  return unsupported<CreateTableRequest>();
}
asio::awaitable<Result<DescribeTableResponse>> DynamoDbApi::describe_table(DescribeTableRequest) {
  return unsupported<DescribeTableRequest>();
}
asio::awaitable<Result<UpdateTableResponse>> DynamoDbApi::update_table(UpdateTableRequest) {
  return unsupported<UpdateTableRequest>();
}
asio::awaitable<Result<DeleteTableResponse>> DynamoDbApi::delete_table(DeleteTableRequest) {
  return unsupported<DeleteTableRequest>();
}
asio::awaitable<Result<ListTablesResponse>> DynamoDbApi::list_tables(ListTablesRequest) {
  return unsupported<ListTablesRequest>();
}
asio::awaitable<Result<UpdateContinuousBackupsResponse>> DynamoDbApi::update_continuous_backups(
    UpdateContinuousBackupsRequest) {
  return unsupported<UpdateContinuousBackupsRequest>();
}
asio::awaitable<Result<DescribeContinuousBackupsResponse>> DynamoDbApi::describe_continuous_backups(
    DescribeContinuousBackupsRequest) {
  return unsupported<DescribeContinuousBackupsRequest>();
}
asio::awaitable<Result<UpdateTimeToLiveResponse>> DynamoDbApi::update_time_to_live(UpdateTimeToLiveRequest) {
  return unsupported<UpdateTimeToLiveRequest>();
}
asio::awaitable<Result<DescribeTimeToLiveResponse>> DynamoDbApi::describe_time_to_live(DescribeTimeToLiveRequest) {
  return unsupported<DescribeTimeToLiveRequest>();
}
asio::awaitable<Result<TagResourceResponse>> DynamoDbApi::tag_resource(TagResourceRequest) {
  return unsupported<TagResourceRequest>();
}
asio::awaitable<Result<ListTagsOfResourceResponse>> DynamoDbApi::list_tags_of_resource(ListTagsOfResourceRequest) {
  return unsupported<ListTagsOfResourceRequest>();
}

}  // namespace kinesis
