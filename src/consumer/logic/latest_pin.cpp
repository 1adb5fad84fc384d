#include "consumer/logic/latest_pin.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <string>
#include <string_view>
#include <utility>

namespace kinesis::consumer {
namespace {

using std::chrono::milliseconds;

constexpr std::string_view prefix = "LATEST was at ";
constexpr char separator = '\n';

std::optional<Clock::wall_time_point> parse(std::string_view text) {
  std::int64_t since_1970 = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), since_1970);
  // The application's own state, perhaps, of a fleet that prepares: no time of ours.
  if (error != std::errc() || end != text.data() + text.size() || since_1970 < 0) return std::nullopt;
  return Clock::wall_time_point(milliseconds(since_1970));
}

bool begins_at_latest(const Lease& lease) { return lease.checkpoint.kind() == Checkpoint::Kind::latest; }

}  // namespace

Blob pin_state(Clock::wall_time_point time) {
  const auto since_1970 = std::chrono::duration_cast<milliseconds>(time.time_since_epoch()).count();
  return Blob::copy_of(as_bytes(std::to_string(since_1970)));
}

Blob pin_state(Clock::wall_time_point time, const Blob& state) {
  const Blob pin = pin_state(time);
  std::string text(prefix);
  text += as_text(pin.bytes());
  text += separator;
  text += as_text(state.bytes());
  return Blob(std::move(text));
}

Blob without_pin(const Blob& state) {
  const std::string_view text = as_text(state.bytes());
  return Blob(std::string(text.substr(text.find(separator) + 1)));
}

void pin_latest(Lease& lease, Clock::wall_time_point now) {
  if (!begins_at_latest(lease) || lease.pending_checkpoint) return;
  lease.pending_checkpoint = Checkpoint::at_timestamp();
  lease.pending_checkpoint_state = pin_state(now);
}

Clock::wall_time_point first_start(const LeaseBook& leases, Clock::wall_time_point table_read) {
  Clock::wall_time_point start = table_read;
  for (const auto& [key, entry] : leases.entries())
    if (const auto pinned = pinned_latest(entry.lease)) start = std::min(start, *pinned);
  return start;
}

std::optional<Clock::wall_time_point> pinned_latest(const Lease& lease) {
  if (!begins_at_latest(lease) || !lease.pending_checkpoint || !lease.pending_checkpoint_state) return std::nullopt;
  const std::string_view text = as_text(lease.pending_checkpoint_state->bytes());
  if (lease.pending_checkpoint->kind() == Checkpoint::Kind::at_timestamp) return parse(text);
  const std::size_t end = text.find(separator);
  if (!text.starts_with(prefix) || end == std::string_view::npos) return std::nullopt;
  return parse(text.substr(prefix.size(), end - prefix.size()));
}

}  // namespace kinesis::consumer
