#include "producer/logic/pending_record.hpp"

#include <string>
#include <utility>

namespace kinesis::producer {

Error closed_error(const PendingRecord& record) {
  std::string message = "the producer was closed before the record was acknowledged";
  if (record.attempts > 0) message += "; it may be stored all the same";
  if (record.last_error) message += " (last error: " + record.last_error->message() + ")";
  return Error(errc::closed, std::move(message)).with_attempts(record.attempts);
}

Error given_up_error(const PendingRecord& record) {
  if (record.last_error)
    return record.last_error->with_attempts(record.attempts).with_context("gave up after its time to live");
  const char* const why = record.attempts == 0
                              ? "the record's time to live was over before it could be sent"
                              : "the record was stored only where its readers drop it, until its time was over";
  return Error(errc::timeout, why).with_attempts(record.attempts);
}

}  // namespace kinesis::producer
