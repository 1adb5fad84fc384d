#pragma once

#include "output.hpp"
#include <kinesis/record.hpp>

#include <string>

namespace kinesis::tool {

/// One JSON line per record: shard, sequence_number, sub_sequence_number (null unless aggregated), partition_key,
/// data_base64, approximate_arrival_ms, handled_ms, worker.
std::string record_line(const Record<Blob>& record, Clock::wall_time_point handled, const std::string& worker);

/// Writes records as lines: their data, or `record_line`. Nothing is on its way after `flush`.
class RecordPrinter {
 public:
  RecordPrinter(const std::string& path, bool json, Clock& clock, std::string worker)
      : file_(path, OutputFile::Mode::append), json_(json), clock_(clock), worker_(std::move(worker)) {}
  void print(const Record<Blob>& record);
  void flush() { file_.flush(); }
  std::uint64_t count() const noexcept { return count_; }

 private:
  OutputFile file_;
  bool json_;
  Clock& clock_;
  std::string worker_;
  std::uint64_t count_ = 0;
};

}  // namespace kinesis::tool
