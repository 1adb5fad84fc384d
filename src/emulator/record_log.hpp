#pragma once

#include <kinesis/emulator.hpp>
#include <kinesis/log.hpp>

#include <memory>
#include <string>

namespace kinesis::emulator {

/// Writes accepted records to a file, for proofs: one JSON object a line,
/// {"stream","shard","sequence_number","partition_key","explicit_hash_key","data_sha256","accepted_ms"}; the explicit
/// hash key is null if there was none. Lines are whole, and in the file within a tenth of a second. Thread-safe.
class RecordLog {
 public:
  /// Appends to the file, or makes it. Throws Error(storage) if it cannot be opened.
  explicit RecordLog(std::string path, Log log = {});
  /// Writes what is left.
  ~RecordLog();
  RecordLog(const RecordLog&) = delete;
  RecordLog& operator=(const RecordLog&) = delete;

  void add(const AcceptedRecord& record);
  /// Writes what was added so far. Error(storage) if that, or something before, could not be written; the log has said
  /// so already.
  Result<void> flush();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// One line, with its end.
std::string to_line(const AcceptedRecord& record);

}  // namespace kinesis::emulator
