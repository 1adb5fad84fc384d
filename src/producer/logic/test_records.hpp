#pragma once

#include "aggregation/deaggregator.hpp"
#include "aggregation/hash_key.hpp"
#include "producer/logic/entry.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

// Records for the tests of this folder.
namespace kinesis::producer {

inline constexpr Clock::time_point test_start{std::chrono::hours(1)};

/// A record as the pipeline makes it: hashed, and accepted at `accepted`.
inline PendingPtr pending(const std::string& key, std::string data, Clock::time_point accepted = test_start,
                          std::optional<std::string> explicit_hash_key = std::nullopt) {
  OutgoingRecord<Blob> record(key, Blob(std::move(data)));
  record.explicit_hash_key = std::move(explicit_hash_key);
  auto made = std::make_unique<PendingRecord>(std::move(record), accepted);
  made->hash = made->record.explicit_hash_key ? core::Uint128::parse(*made->record.explicit_hash_key).value()
                                              : aggregation::hash_key_of(key);
  return made;
}

/// The entry as PutRecords wants it.
inline PutRecordsRequestEntry request_of(Entry& entry) {
  EntryPtr borrowed(&entry);
  std::vector<PutRecordsRequestEntry> request = to_request(std::span<const EntryPtr>(&borrowed, 1));
  static_cast<void>(borrowed.release());
  return std::move(request.front());
}

}  // namespace kinesis::producer
