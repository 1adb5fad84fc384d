#include "doctor_report.hpp"

#include "aws/json_writer.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

namespace kinesis::tool {
namespace {

const char* name_of(Health health) {
  switch (health) {
    case Health::ok:
      return "ok";
    case Health::warning:
      return "warning";
    case Health::problem:
      return "problem";
    case Health::not_checked:
      return "not checked";
  }
  return "";
}

void number_or_null(aws::JsonWriter& json, const char* key, const std::optional<std::int64_t>& value) {
  json.key(key);
  if (value) {
    json.integer(*value);
  } else {
    json.null();
  }
}

}  // namespace

void DoctorReport::add(Health health, std::string check, std::string what, std::string advice) {
  findings_.push_back(Finding{std::move(check), health, std::move(what), std::move(advice)});
}

std::size_t DoctorReport::count(Health health) const {
  return static_cast<std::size_t>(std::count_if(findings_.begin(), findings_.end(),
                                                [&](const Finding& finding) { return finding.health == health; }));
}

std::string DoctorReport::text() const {
  std::string out;
  for (const Finding& finding : findings_) {
    char head[64];
    std::snprintf(head, sizeof head, "%-11s  %-11s  ", name_of(finding.health), finding.check.c_str());
    out += head + finding.what + "\n";
    if (!finding.advice.empty()) out += std::string(26, ' ') + "-> " + finding.advice + "\n";
  }
  out += std::to_string(count(Health::problem)) + " problems, " + std::to_string(count(Health::warning)) +
         " warnings, " + std::to_string(count(Health::not_checked)) + " not checked\n";
  return out;
}

std::string DoctorReport::json() const {
  std::string out;
  aws::JsonWriter json(out);
  json.begin_object().key("problems").integer(count(Health::problem));
  json.key("warnings").integer(count(Health::warning)).key("findings").begin_array();
  for (const Finding& finding : findings_) {
    std::string health = name_of(finding.health);
    std::replace(health.begin(), health.end(), ' ', '_');
    json.begin_object().key("check").string(finding.check).key("health").string(health);
    json.key("what").string(finding.what).key("advice").string(finding.advice).end_object();
  }
  json.end_array().key("shards").begin_array();
  for (const ShardLag& lag : lags_) {
    json.begin_object().key("shard").string(lag.shard_id).key("owner");
    if (lag.owner.empty()) {
      json.null();
    } else {
      json.string(lag.owner);
    }
    json.key("checkpoint").string(lag.checkpoint);
    number_or_null(json, "behind_ms", lag.behind_ms);
    number_or_null(json, "oldest_unread_ms", lag.oldest_ms);
    json.end_object();
  }
  json.end_array().end_object();
  return out + "\n";
}

std::string human_time(std::int64_t milliseconds) {
  struct Unit {
    double from;
    double size;
    const char* name;
  };
  static constexpr std::array<Unit, 4> units = {
      {{172'800'000, 86'400'000, "days"}, {7'200'000, 3'600'000, "h"}, {120'000, 60'000, "min"}, {1'000, 1'000, "s"}}};
  const auto value = static_cast<double>(milliseconds);
  char text[32];
  for (const Unit& unit : units) {
    if (value < unit.from) continue;
    std::snprintf(text, sizeof text, "%.1f %s", value / unit.size, unit.name);
    return text;
  }
  std::snprintf(text, sizeof text, "%lld ms", static_cast<long long>(milliseconds));
  return text;
}

std::string some_of(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size() && i < 5; ++i) text += (i == 0 ? "" : ", ") + names[i];
  if (names.size() > 5) text += " and " + std::to_string(names.size() - 5) + " more";
  return text;
}

}  // namespace kinesis::tool
