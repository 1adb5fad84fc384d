#include "consumer/logic/fan_out_position.hpp"

#include "consumer/logic/start_position.hpp"

#include <utility>

namespace kinesis::consumer {

StartingPosition FanOutPosition::next(StartingPosition begin) const {
  if (continuation_) return after(*continuation_);
  if (last_record_) return after(*last_record_);
  return begin;
}

void FanOutPosition::delivered(std::optional<SequenceNumber> last_record, std::optional<SequenceNumber> continuation) {
  if (!last_record && !continuation) return;
  if (last_record) last_record_ = std::move(last_record);
  // Without one it goes on after the record, and not where an earlier event said.
  continuation_ = std::move(continuation);
}

bool FanOutPosition::refused() {
  if (!continuation_) return false;
  const bool another = continuation_ != last_record_;
  continuation_.reset();
  return another;
}

}  // namespace kinesis::consumer
