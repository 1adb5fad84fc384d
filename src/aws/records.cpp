#include "aws/records.hpp"

namespace kinesis::aws {
namespace {

std::optional<std::string_view> view(const std::optional<std::string>& text) {
  if (!text) return std::nullopt;
  return std::string_view(*text);
}

}  // namespace

Error too_many_put_records(std::size_t max) {
  return Error(errc::invalid_argument,
               "1 validation error detected: Value at 'records' failed to satisfy constraint: Member must have length "
               "less "
               "than or equal to " +
                   std::to_string(max))
      .with_service("ValidationException", 400, "");
}

PutRecordsView view_of(std::shared_ptr<const PutRecordsRequest> request) {
  PutRecordsView out;
  out.stream_name = view(request->stream_name);
  out.stream_arn = view(request->stream_arn);
  out.stream_id = view(request->stream_id);
  out.dry_run = request->dry_run.value_or(false);
  out.records.reserve(request->records.size());
  for (const PutRecordsRequestEntry& entry : request->records) {
    PutRecordView& record = out.records.emplace_back();
    record.data = entry.data.bytes();
    record.partition_key = entry.partition_key;
    record.explicit_hash_key = view(entry.explicit_hash_key);
  }
  out.owner = std::move(request);
  return out;
}

}  // namespace kinesis::aws
