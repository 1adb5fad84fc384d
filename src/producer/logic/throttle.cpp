#include "producer/logic/throttle.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

// The law. Answers are counted in rounds of a tenth of a second or more. With p the share of a round that was refused:
//
//   down   factor *= exp(-(loss * s * p + steep * q^2) * time)
//   up     factor += gain * s * calm * time
//
// All producers of a shard see the same p. Down in proportion and up by the same amount for everybody is what makes
// their factors equal (AIMD, as in TCP), and where both balance p is small: gain / (loss * factor), which is 2 % for
// three producers and grows with their number. The service's bucket of a second evens out what they do meanwhile.
//
//   s     is less than 1 where entries are so large that few go in a second: chance decides then who is refused, and
//         each refusal must not count for much.
//   q     is p where many entries say so. Far too much at once (a producer starts or joins) is corrected in a fraction
//         of a second.
//   calm  grows with the number of entries, and the time, since the last refusal: somebody has left, or the shard is
//         larger than thought, and small steps would take minutes.
//
// Above the default rate steps are a tenth as large for a while after a refusal: a lone producer that is faster than
// its shard would otherwise see 1 % refused for ever.
namespace kinesis::producer {
namespace {

using namespace std::chrono_literals;

constexpr double shortest_round = 0.1;  // seconds
constexpr double most_round = 1;
constexpr double loss = 4;     // a second
constexpr double steep = 20;   // a second
constexpr double gain = 0.03;  // a second
constexpr double gain_at_start = 0.25;
/// Entries: of a round, so that it says something; a second, so that s is 1; in a row, so that they count as calm.
constexpr double telling_entries = 20;
constexpr double many_entries = 70;
constexpr double calm_entries = 300;
/// Or so many seconds without a refusal: what was throttled to a crawl would wait long for the entries.
constexpr double calm_seconds = 30;
constexpr double most_calm = 8;
constexpr double least_s = 0.1;
/// Of the average size of an entry, for each one.
constexpr double forgetting = 0.02;

constexpr double cautious_gain = 0.1;
constexpr Clock::duration cautious_for = 10s;
/// A factor above 1 that is not used falls back to it by two thirds in that many seconds.
constexpr double unused_for = 60;

/// New producers begin with half of the default rate and part of its burst, and are at the default in two seconds if
/// nothing is refused: many may begin at once. Of large entries fewer may go at once, because whoever of the many comes
/// last has them all refused, and is slow to recover.
constexpr double factor_at_start = 0.5;
constexpr double records_at_start = 500;
constexpr double bytes_at_start = 256 * 1024;
/// A bucket with less than this share left holds somebody up.
constexpr double nearly_empty = 0.1;

double seconds(Clock::duration time) noexcept { return std::chrono::duration<double>(time).count(); }

/// In seconds of a default shard: of records or of bytes, whatever is more.
double cost(std::uint64_t records, std::uint64_t bytes) noexcept {
  return std::max(static_cast<double>(records) / ShardThrottle::default_records_per_second,
                  static_cast<double>(bytes) / ShardThrottle::default_bytes_per_second);
}

bool is_nearly_empty(const core::TokenBucket& bucket, Clock::time_point now) noexcept {
  return bucket.available(now) < nearly_empty * bucket.capacity();
}

}  // namespace

ShardThrottle::ShardThrottle(Clock::time_point now) noexcept
    : records_(default_records_per_second, default_records_per_second, now),
      bytes_(default_bytes_per_second, default_bytes_per_second, now),
      round_began_(now) {
  records_.drain(now);
  bytes_.drain(now);
  records_.put_back(records_at_start, now);
  bytes_.put_back(bytes_at_start, now);
  set_factor(factor_at_start, now);
}

bool ShardThrottle::try_take(std::uint64_t records, std::uint64_t bytes, Clock::time_point now) noexcept {
  // Before the rates change: what ready_at has promised is kept.
  bool taken = records_.try_take(static_cast<double>(records), now);
  if (taken && !bytes_.try_take(static_cast<double>(bytes), now)) {
    records_.put_back(static_cast<double>(records), now);
    taken = false;
  }
  limited_ = limited_ || !taken || is_nearly_empty(records_, now) || is_nearly_empty(bytes_, now);
  end_round(now);
  return taken;
}

Clock::time_point ShardThrottle::ready_at(std::uint64_t records, std::uint64_t bytes,
                                          Clock::time_point now) const noexcept {
  // Rates are never 0, so both have a value unless the wait is longer than time can tell.
  const auto never = Clock::time_point::max();
  return std::max(records_.when_available(static_cast<double>(records), now).value_or(never),
                  bytes_.when_available(static_cast<double>(bytes), now).value_or(never));
}

void ShardThrottle::on_delivered(std::uint64_t records, std::uint64_t bytes, Clock::time_point now) noexcept {
  round_.delivered += cost(records, bytes);
  round_.entries += static_cast<double>(records);
  calm_ += static_cast<double>(records);
  end_round(now);
}

void ShardThrottle::on_throttled(std::uint64_t records, std::uint64_t bytes, Clock::time_point now) noexcept {
  round_.throttled += cost(records, bytes);
  round_.entries += static_cast<double>(records);
  calm_ = 0;
  starting_ = false;
  last_throttled_ = now;
  // The shard has no tokens left, so a burst would be refused: go on at an even pace.
  records_.drain(now);
  bytes_.drain(now);
  end_round(now);
}

void ShardThrottle::end_round(Clock::time_point now) noexcept {
  const double time = seconds(now - round_began_);
  if (time < shortest_round) return;
  const double all = round_.delivered + round_.throttled;
  if (round_.entries > 0) {
    const double weight = mean_cost_ > 0 ? 1 - std::pow(1 - forgetting, round_.entries) : 1;
    mean_cost_ += weight * (all / round_.entries - mean_cost_);
  }
  double factor = factor_;
  if (all > 0) factor *= std::exp(-decline(round_.throttled / all) * std::min(time, most_round));
  set_factor(grown(factor, time, now), now);
  round_began_ = now;
  round_ = {};
  limited_ = false;
}

double ShardThrottle::step() const noexcept {
  return mean_cost_ > 0 ? std::clamp(factor_ / mean_cost_ / many_entries, least_s, 1.0) : 1;
}

double ShardThrottle::decline(double refused) const noexcept {
  const double told = refused * round_.entries / (round_.entries + telling_entries);
  return loss * step() * refused + steep * told * told;
}

double ShardThrottle::grown(double factor, double time, Clock::time_point now) const noexcept {
  if (factor < 1 && starting_) return std::min(1.0, factor + gain_at_start * time);
  const double quiet = last_throttled_ ? seconds(now - *last_throttled_) : 0;
  const double calm = std::max(calm_ / calm_entries, quiet / calm_seconds);
  const double growth = gain * step() * std::min(most_calm, 1 + calm * calm);
  // The default is every shard's, so it comes back by itself. More has to be asked for.
  if (factor < 1) return std::min(1.0, factor + growth * time);
  if (!limited_) return 1 + (factor - 1) * std::exp(-time / unused_for);
  const bool cautious = last_throttled_ && now - *last_throttled_ < cautious_for;
  return factor + growth * (cautious ? cautious_gain : 1) * std::min(time, most_round);
}

void ShardThrottle::set_factor(double factor, Clock::time_point now) noexcept {
  factor_ = std::clamp(factor, least_factor, most_factor);
  // A burst of a second.
  records_.set_rate(records_per_second(), now);
  records_.set_capacity(records_per_second(), now);
  bytes_.set_rate(bytes_per_second(), now);
  bytes_.set_capacity(bytes_per_second(), now);
}

}  // namespace kinesis::producer
