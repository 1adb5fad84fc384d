#include <kinesis/checkpointing.hpp>

#include <string>

namespace kinesis {
namespace {

constexpr std::string_view at_timestamp_text = "AT_TIMESTAMP";
constexpr std::string_view trim_horizon_text = "TRIM_HORIZON";
constexpr std::string_view latest_text = "LATEST";
constexpr std::string_view shard_end_text = "SHARD_END";

}  // namespace

Result<Checkpoint> Checkpoint::parse(std::string_view value, std::uint64_t sub_sequence_number) {
  if (value == at_timestamp_text) return at_timestamp();
  if (value == trim_horizon_text) return trim_horizon();
  if (value == latest_text) return latest();
  if (value == shard_end_text) return shard_end();
  if (auto number = SequenceNumber::parse(value)) return at(RecordPosition{std::move(*number), sub_sequence_number});
  return Error(errc::protocol, "\"" + std::string(value.substr(0, 64)) +
                                   "\" is no checkpoint: neither a sequence number nor one of "
                                   "TRIM_HORIZON, LATEST, AT_TIMESTAMP, SHARD_END");
}

std::string Checkpoint::value() const {
  switch (kind_) {
    case Kind::at_timestamp:
      return std::string(at_timestamp_text);
    case Kind::trim_horizon:
      return std::string(trim_horizon_text);
    case Kind::latest:
      return std::string(latest_text);
    case Kind::shard_end:
      return std::string(shard_end_text);
    case Kind::record:
      break;
  }
  return position_.sequence_number.to_string();
}

}  // namespace kinesis
