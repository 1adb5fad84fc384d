#pragma once

#include "consumer/logic/read_pace.hpp"
#include "consumer/shard_feed.hpp"
#include "core/random.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace kinesis::consumer {

/// Fetches with GetRecords, as fast as the shard's limits allow and there is room, and seldom at its tip.
class PollingFetcher final : public Fetcher {
 public:
  /// `feed` must live longer.
  PollingFetcher(ShardFeed& feed, const Polling& options);
  core::awaitable<void> run() override;

 private:
  core::awaitable<std::optional<Error>> ask_iterator();
  core::awaitable<std::optional<Error>> ask_records();
  core::awaitable<void> take_in(GetRecordsResponse answer, ReadBudget::Hold hold, Clock::time_point began);
  Clock::time_point after_failure(const Error& failure);
  StartingPosition position() const;

  ShardFeed& feed_;
  const std::size_t max_records_;
  /// Of the last record that came.
  std::optional<SequenceNumber> last_;
  std::string iterator_;
  ReadPace pace_;
  IdlePace idle_;
  core::Random random_;
  std::uint32_t failures_ = 0;
  std::size_t expected_bytes_;
  Clock::time_point pause_until_{};
  bool over_ = false;
};

}  // namespace kinesis::consumer
