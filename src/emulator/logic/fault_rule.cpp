#include <kinesis/emulator.hpp>

#include <array>
#include <charconv>
#include <cstdio>

// Fault rules as text.
namespace kinesis {
namespace {

using Action = FaultRule::Action;

struct ActionName {
  Action action;
  std::string_view name;
};
constexpr std::array<ActionName, 18> action_names = {{
    {Action::latency, "latency"},
    {Action::error, "error"},
    {Action::throttle, "throttle"},
    {Action::throttle_entry, "throttle-entry"},
    {Action::expired_iterator, "expired-iterator"},
    {Action::expired_token, "expired-token"},
    {Action::reset_before, "reset-before"},
    {Action::reset_after, "reset-after"},
    {Action::truncate, "truncate"},
    {Action::corrupt, "corrupt"},
    {Action::goaway, "goaway"},
    {Action::stream_corrupt, "stream-corrupt"},
    {Action::stream_cut, "stream-cut"},
    {Action::stream_reset, "stream-reset"},
    {Action::stream_goaway, "stream-goaway"},
    {Action::stream_stall, "stream-stall"},
    {Action::stream_silence, "stream-silence"},
    {Action::stream_error, "stream-error"},
}};

std::string_view trimmed(std::string_view text) noexcept {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t' || text.front() == '\n')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\n' || text.back() == '\r')) {
    text.remove_suffix(1);
  }
  return text;
}

Error bad(std::string_view word, std::string_view why) {
  return Error(errc::invalid_argument, "fault rule: \"" + std::string(word.substr(0, 80)) + "\" " + std::string(why));
}

template <class Number>
bool read_number(std::string_view text, Number& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size();
}

constexpr std::int64_t most_latency_millis = 86'400'000;

// "250", "250ms" or "2s", up to a day.
bool read_duration(std::string_view text, std::chrono::milliseconds& out) {
  std::int64_t scale = 1;
  if (text.ends_with("ms")) {
    text.remove_suffix(2);
  } else if (text.ends_with('s')) {
    text.remove_suffix(1);
    scale = 1000;
  }
  std::int64_t value = 0;
  if (!read_number(text, value) || value < 0 || value > most_latency_millis / scale) return false;
  out = std::chrono::milliseconds(value * scale);
  return true;
}

bool read_action(std::string_view text, Action& out) {
  for (const ActionName& one : action_names) {
    if (one.name == text) return out = one.action, true;
  }
  return false;
}

// Sets one member; says what is wrong with the value otherwise.
std::string_view set(FaultRule& rule, std::string_view name, std::string_view value) {
  if (name == "action") {
    return read_action(value, rule.action)
               ? ""
               : "is no action; actions are latency, error, throttle, throttle-entry, expired-iterator, expired-token, "
                 "reset-before, reset-after, truncate, corrupt, goaway, stream-corrupt, stream-cut, stream-reset, "
                 "stream-goaway, stream-stall, stream-silence, stream-error";
  }
  if (name == "operation") return rule.operation = value, "";
  if (name == "stream") return rule.stream = value, "";
  if (name == "shard") return rule.shard = value, "";
  if (name == "code") return rule.code = value, value.empty() ? "is empty" : "";
  if (name == "nth") return read_number(value, rule.nth) ? "" : "is no whole number";
  if (name == "times") return read_number(value, rule.times) ? "" : "is no whole number";
  if (name == "events") return read_number(value, rule.events) ? "" : "is no whole number";
  if (name == "seed") return read_number(value, rule.seed) ? "" : "is no whole number";
  if (name == "latency") return read_duration(value, rule.latency) ? "" : "is no time like 250ms or 2s";
  if (name == "probability") {
    const bool good = read_number(value, rule.probability) && rule.probability >= 0 && rule.probability <= 1;
    return good ? "" : "is no number from 0 to 1";
  }
  if (name == "status") {
    return read_number(value, rule.status) && rule.status >= 400 && rule.status <= 599 ? ""
                                                                                       : "is no status from 400 to 599";
  }
  return "has a name no rule knows; names are action, operation, stream, shard, nth, times, probability, seed, "
         "latency, status, code, events";
}

}  // namespace

Result<FaultRule> FaultRule::parse(std::string_view text) {
  FaultRule rule;
  bool has_action = false;
  bool has_latency = false;
  text = trimmed(text);
  if (text.empty()) return Error(errc::invalid_argument, "fault rule: it is empty");
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    const std::string_view word = trimmed(text.substr(0, comma));
    text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
    const std::size_t equals = word.find('=');
    if (equals == std::string_view::npos) return bad(word, "is not of the form name=value");
    const std::string_view name = trimmed(word.substr(0, equals));
    const std::string_view wrong = set(rule, name, trimmed(word.substr(equals + 1)));
    if (!wrong.empty()) return bad(word, wrong);
    has_action = has_action || name == "action";
    has_latency = has_latency || name == "latency";
  }
  // A time alone says what is meant.
  if (!has_action && has_latency) rule.action = Action::latency;
  if (!has_action && !has_latency) return Error(errc::invalid_argument, "fault rule: it has no action");
  if (rule.action == Action::latency && !has_latency) {
    return Error(errc::invalid_argument, "fault rule: the action latency needs latency=TIME");
  }
  return rule;
}

std::string to_string(FaultRule::Action action) {
  for (const ActionName& one : action_names) {
    if (one.action == action) return std::string(one.name);
  }
  return "unknown";
}

std::string to_string(const FaultRule& rule) {
  const FaultRule plain;
  std::string out = "action=" + to_string(rule.action);
  const auto add = [&](std::string_view name, const std::string& value) {
    out.append(",").append(name).append("=").append(value);
  };
  if (!rule.operation.empty()) add("operation", rule.operation);
  if (!rule.stream.empty()) add("stream", rule.stream);
  if (!rule.shard.empty()) add("shard", rule.shard);
  if (rule.nth != plain.nth) add("nth", std::to_string(rule.nth));
  if (rule.times != plain.times) add("times", std::to_string(rule.times));
  if (rule.probability < 1) {
    std::array<char, 32> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), rule.probability).ptr;
    add("probability", std::string(digits.data(), end));
  }
  if (rule.seed != plain.seed) add("seed", std::to_string(rule.seed));
  if (rule.latency.count() != 0 || rule.action == Action::latency)
    add("latency", std::to_string(rule.latency.count()) + "ms");
  if (rule.status != plain.status) add("status", std::to_string(rule.status));
  if (rule.code != plain.code) add("code", rule.code);
  if (rule.events != plain.events) add("events", std::to_string(rule.events));
  return out;
}

}  // namespace kinesis
