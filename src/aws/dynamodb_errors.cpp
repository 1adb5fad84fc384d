#include "aws/dynamodb_errors.hpp"

#include "aws/dynamodb_shapes.hpp"
#include "aws/json_writer.hpp"

namespace kinesis::aws {
namespace {

constexpr std::string_view error_prefix = "com.amazonaws.dynamodb.v20120810#";

}  // namespace

Result<dynamodb::WriteItemResponse> write_item_response(const Error& error, std::string_view body, Padding padding) {
  if (error.service_code() != "ConditionalCheckFailedException") return error;
  auto failure = from_json<dynamodb::ConditionCheckFailure>(body, padding);
  if (!failure) return failure.error();
  dynamodb::WriteItemResponse response;
  response.condition_check_failure = *std::move(failure);
  return response;
}

Result<dynamodb::TransactWriteItemsResponse> transaction_response(const Error& error, std::string_view body,
                                                                  Padding padding) {
  if (error.service_code() != "TransactionCanceledException") return error;
  auto canceled = from_json<TransactionCanceled>(body, padding);
  if (!canceled) return canceled.error();
  // Without reasons it would look like a success.
  if (canceled->cancellation_reasons.empty()) return error;
  dynamodb::TransactWriteItemsResponse response;
  response.cancellation_reasons = std::move(canceled->cancellation_reasons);
  return response;
}

std::string condition_failed_body(const dynamodb::ConditionCheckFailure& failure) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().key("__type").string(std::string(error_prefix) + "ConditionalCheckFailedException");
  json.key("message").string("The conditional request failed");
  if (failure.item) {
    std::string item;
    write_json(type_of<dynamodb::AttributeMap>(), &*failure.item, item);
    json.key("Item").raw(item);
  }
  json.end_object();
  return out;
}

std::string transaction_canceled_body(const std::vector<dynamodb::CancellationReason>& reasons) {
  std::string message = "Transaction cancelled, please refer cancellation reasons for specific reasons [";
  for (std::size_t i = 0; i < reasons.size(); ++i) {
    if (i != 0) message += ", ";
    message += reasons[i].code;
  }
  message += "]";
  std::string list;
  write_json(type_of<std::vector<dynamodb::CancellationReason>>(), &reasons, list);
  std::string out;
  JsonWriter json(out);
  json.begin_object().key("__type").string(std::string(error_prefix) + "TransactionCanceledException");
  json.key("Message").string(message).key("CancellationReasons").raw(list).end_object();
  return out;
}

}  // namespace kinesis::aws
