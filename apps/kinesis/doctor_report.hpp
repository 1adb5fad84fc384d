#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace kinesis::tool {

/// How a check ended.
enum class Health { ok, warning, problem, not_checked };

/// One thing that was looked at.
struct Finding {
  std::string check;
  Health health = Health::ok;
  std::string what;
  /// What to do about it; empty if nothing.
  std::string advice;
};

/// How far one shard of an application is.
struct ShardLag {
  std::string shard_id;
  std::string owner;  ///< Empty: nobody.
  std::string checkpoint;
  /// Milliseconds behind the tip; absent if it could not be told, as at LATEST.
  std::optional<std::int64_t> behind_ms;
  /// Age of the oldest record that is not done; absent if there is none or it could not be told.
  std::optional<std::int64_t> oldest_ms;
};

/// What a doctor found out, in the order of the checks.
class DoctorReport {
 public:
  void ok(std::string check, std::string what) { add(Health::ok, std::move(check), std::move(what), ""); }
  void add(Health health, std::string check, std::string what, std::string advice);
  void add(Finding finding) { findings_.push_back(std::move(finding)); }
  void add_lag(ShardLag lag) { lags_.push_back(std::move(lag)); }

  std::size_t count(Health health) const;
  const std::vector<ShardLag>& lags() const noexcept { return lags_; }
  std::string text() const;
  std::string json() const;

 private:
  std::vector<Finding> findings_;
  std::vector<ShardLag> lags_;
};

/// "340 ms", "12.0 s", "5 min", "3.2 h", "2.1 days".
std::string human_time(std::int64_t milliseconds);

/// The first five of them, and how many more there are.
std::string some_of(const std::vector<std::string>& names);

}  // namespace kinesis::tool
