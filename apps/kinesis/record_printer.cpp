#include "record_printer.hpp"

#include "aws/json_writer.hpp"

namespace kinesis::tool {
namespace {

std::int64_t epoch_milliseconds(Clock::wall_time_point time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

}  // namespace

std::string record_line(const Record<Blob>& record, Clock::wall_time_point handled, const std::string& worker) {
  std::string line;
  aws::JsonWriter json(line);
  json.begin_object();
  json.key("shard").string(record.shard_id);
  json.key("sequence_number").plain_string(record.sequence_number().view());
  json.key("sub_sequence_number");
  if (record.aggregated) {
    json.integer(record.sub_sequence_number());
  } else {
    json.null();
  }
  json.key("partition_key").string(record.partition_key);
  json.key("data_base64").base64(record.data.bytes());
  json.key("approximate_arrival_ms").integer(epoch_milliseconds(record.approximate_arrival));
  json.key("handled_ms").integer(epoch_milliseconds(handled));
  json.key("worker").string(worker);
  json.end_object();
  line += '\n';
  return line;
}

void RecordPrinter::print(const Record<Blob>& record) {
  if (json_) {
    file_.write(record_line(record, clock_.wall_now(), worker_));
  } else {
    file_.write(record.data.text());
    file_.write("\n");
  }
  ++count_;
}

}  // namespace kinesis::tool
