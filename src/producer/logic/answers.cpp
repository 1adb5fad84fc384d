#include "producer/logic/answers.hpp"

#include <cstdint>
#include <exception>
#include <optional>

namespace kinesis::producer {

void complete(PendingRecord& record, const Fate& fate, std::size_t index) {
  if (const Error* error = std::get_if<Error>(&fate.what))
    return std::move(record.done)(std::make_exception_ptr(*error), Receipt{});
  const Stored& stored = std::get<Stored>(fate.what);
  const auto sub_sequence_number = stored.aggregated ? std::optional<std::uint64_t>(index) : std::nullopt;
  std::move(record.done)(nullptr, Receipt{stored.shard_id, stored.sequence_number, sub_sequence_number, record.attempts,
                                          stored.answered - record.accepted});
}

}  // namespace kinesis::producer
