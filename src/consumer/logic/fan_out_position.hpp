#pragma once

#include <kinesis/identifiers.hpp>
#include <kinesis/kinesis_api/records.hpp>

#include <optional>

namespace kinesis::consumer {

/// Where the next subscription of a shard begins: after what was last handed on, and never back where the one before
/// began. An event names where to continue, also one without records, so that a shard in which nothing happens does not
/// fall behind the end of what the stream keeps. A value.
class FanOutPosition {
 public:
  /// `begin`: where the shard begins, as long as nothing was handed on.
  StartingPosition next(StartingPosition begin) const;
  /// An event was handed on, with that last record and that place to continue after, if it had them.
  void delivered(std::optional<SequenceNumber> last_record, std::optional<SequenceNumber> continuation);
  /// The service does not take the position. True if the next one is another: the last record instead of where the
  /// service said to continue.
  bool refused();
  /// Something was handed on.
  bool moved() const noexcept { return continuation_ || last_record_; }

 private:
  std::optional<SequenceNumber> last_record_;
  std::optional<SequenceNumber> continuation_;
};

}  // namespace kinesis::consumer
