#include "simulation/fleet_plan.hpp"

#include "core/random.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace kinesis::simulation {
namespace {

using core::Random;

struct Kind {
  Act act;
  const char* name;
  /// Seconds it lasts, from and to; 0: it is a moment.
  double shortest;
  double longest;
  double least;
  double most;
  /// How often it is chosen.
  std::size_t weight;
  bool of_one;
  /// Whether it happens to fleets that poll, and to those that are subscribed.
  bool polling = true;
  bool fan_out = true;
};

constexpr std::array kinds{
    Kind{Act::crash, "crash", 0.1, 20, 0, 0, 6, true},
    Kind{Act::stop, "stop", 0.1, 15, 0, 0, 4, true},
    Kind{Act::pause, "pause", 0.5, 40, 0, 0, 7, true},
    Kind{Act::partition, "partition", 1, 35, 0, 0, 5, true},
    Kind{Act::slow_store, "slow store", 2, 30, 0.1, 6, 3, false},
    Kind{Act::throttled_store, "throttled store", 1, 25, 0.1, 1, 3, false},
    Kind{Act::lost_answers, "lost answers", 1, 25, 0.05, 0.7, 5, false},
    Kind{Act::faulty_reads, "faulty reads", 1, 25, 0.1, 1, 2, false},
    Kind{Act::expired_iterators, "expired iterators", 1, 10, 0.1, 1, 2, false, true, false},
    Kind{Act::broken_subscriptions, "broken subscriptions", 1, 25, 0.05, 1, 4, false, false, true},
    Kind{Act::ended_subscriptions, "ended subscriptions", 1, 25, 0.05, 1, 3, false, false, true},
    Kind{Act::refused_subscriptions, "refused subscriptions", 1, 20, 0.1, 1, 3, false, false, true},
    Kind{Act::deregistered, "consumer deregistered", 0, 0, 0, 0, 1, false, false, true},
    Kind{Act::split, "split", 0, 0, 0, 0, 5, false},
    Kind{Act::merge, "merge", 0, 0, 0, 0, 5, false},
    Kind{Act::resize, "resize", 0, 0, 1, 8, 2, false},
    Kind{Act::deploy, "deploy", 0.5, 6, 0, 0, 2, false},
    Kind{Act::slow_handler, "slow handler", 3, 25, 0.2, 15, 4, true},
    Kind{Act::throwing_handler, "throwing handler", 2, 20, 0.01, 0.5, 3, true},
    Kind{Act::join, "join", 0, 0, 0, 0, 3, false},
    Kind{Act::leave, "leave", 0, 0, 0, 0, 2, true},
    // Chosen apart.
    Kind{Act::hold_shard, "delivery held up", 0.5, 30, 0, 0, 0, false},
    Kind{Act::hold_worker, "delivery held up", 0.5, 30, 0, 0, 0, true},
};

const Kind& kind_of(Act act) {
  return *std::find_if(kinds.begin(), kinds.end(), [act](const Kind& kind) { return kind.act == act; });
}

const Kind& some_kind(Random& random, bool fan_out) {
  const auto weight = [fan_out](const Kind& kind) { return (fan_out ? kind.fan_out : kind.polling) ? kind.weight : 0; };
  std::size_t all = 0;
  for (const Kind& kind : kinds) all += weight(kind);
  std::size_t left = random.below(all);
  for (const Kind& kind : kinds) {
    if (left < weight(kind)) return kind;
    left -= weight(kind);
  }
  return kinds.front();
}

double between(Random& random, double least, double most) { return least + (most - least) * random.unit(); }
milliseconds seconds_between(Random& random, double least, double most) {
  return milliseconds(static_cast<std::int64_t>(between(random, least, most) * 1000));
}

Element some_element(Random& random, const Plan& plan, const Kind& kind) {
  Element element{};
  element.at = seconds_between(random, 0, static_cast<double>(plan.chaos.count()) / 1000 * 0.9);
  element.act = kind.act;
  element.who = random.below(1'000);
  element.how_long = seconds_between(random, kind.shortest, kind.longest);
  element.how_much = between(random, kind.least, kind.most);
  return element;
}

/// Most fleets are small; what goes wrong goes wrong with few.
std::size_t some_size(Random& random, std::size_t common, std::size_t most) {
  return 1 + random.below(random.chance(0.03) ? most : common);
}

/// What the application wants: where it begins, how it handles, what it does about failures. From numbers of their own,
/// so that what happens to a fleet of a seed stays as it was.
void choose_application(Plan& plan) {
  Random random(plan.seed ^ 0xab1e);
  if (random.chance(0.4)) {
    plan.start = random.chance(0.6) ? Start::latest : Start::at_timestamp;
    if (random.chance(0.7)) plan.first_start = seconds_between(random, 0, 15);
    if (plan.start == Start::at_timestamp)
      plan.start_time = seconds_between(random, 0, static_cast<double>(plan.first_start.count()) / 1000);
  }
  if (plan.start == Start::trim_horizon && random.chance(0.2)) plan.first_start = seconds_between(random, 0, 15);
  if (random.chance(0.3)) plan.handler = HandlerKind::function;
  if (random.chance(0.2) && plan.per_key == 1) plan.handler = HandlerKind::batches;
  if (random.chance(0.5)) {
    plan.policy = random.chance(0.6) ? Policy::skip : Policy::stop;
    if (random.chance(0.5)) plan.poison = between(random, 0.001, 0.03);
    // Each ends a worker.
    if (plan.policy == Policy::stop) plan.poison /= 10;
    plan.undecodable = plan.policy == Policy::skip && random.chance(0.5);
    if (plan.policy == Policy::skip && random.chance(0.3)) plan.dead_letter_faults = between(random, 0.05, 0.5);
  } else if (random.chance(0.4)) {
    plan.poison = between(random, 0.0005, 0.005);
  }
  const bool keeps_up = plan.store_latency <= milliseconds(12) && plan.aggregated == 1;
  if (random.chance(0.3) && keeps_up && plan.handler != HandlerKind::batches)
    plan.checkpoint_keys = 1 + random.below(50);
  if (random.chance(0.35)) {
    const std::size_t count = 1 + random.below(4);
    for (std::size_t i = 0; i < count; ++i) {
      const Kind& kind = kind_of(random.chance(0.5) ? Act::hold_shard : Act::hold_worker);
      plan.elements.push_back(some_element(random, plan, kind));
    }
  }
}

std::string seconds_text(milliseconds time) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3f s", static_cast<double>(time.count()) / 1000);
  return text;
}

std::string application_text(const Plan& plan) {
  std::string text;
  if (plan.start == Start::latest) text += ", from LATEST";
  if (plan.start == Start::at_timestamp) text += ", from " + seconds_text(plan.start_time) + " on";
  if (plan.first_start.count() > 0) text += ", first started at " + seconds_text(plan.first_start);
  if (plan.handler == HandlerKind::function) text += ", a function";
  if (plan.handler == HandlerKind::batches) text += ", batches";
  if (plan.policy == Policy::skip) text += ", failures are skipped";
  if (plan.policy == Policy::stop) text += ", failures end the worker";
  if (plan.poison > 0)
    text += ", " + std::to_string(plan.poison) + " fail" + (plan.undecodable ? " or are no text" : "");
  if (plan.dead_letter_faults > 0) text += ", " + std::to_string(plan.dead_letter_faults) + " of them are not kept";
  if (plan.checkpoint_keys > 0)
    text += ", checkpoints between records of a key and every " + std::to_string(plan.checkpoint_keys) + " keys";
  return text;
}

}  // namespace

bool is_poison(const Plan& plan, std::size_t number) {
  if (plan.poison <= 0) return false;
  Random random(plan.seed * 1'000'003 + number);
  return random.chance(plan.poison);
}

bool is_undecodable(const Plan& plan, std::size_t number) {
  return plan.undecodable && number % 2 == 0 && is_poison(plan, number);
}

Plan make_plan(std::uint64_t seed) {
  Random random(seed);
  Plan plan;
  plan.seed = seed;
  plan.workers = some_size(random, 5, 20);
  plan.shards = static_cast<int>(some_size(random, 6, 24));
  plan.chaos = seconds_between(random, 30, 90);
  if (random.chance(0.3)) {
    plan.timing.failover = milliseconds(4'000);
    plan.timing.renew_interval = milliseconds(1'300);
    plan.timing.refresh_interval = milliseconds(1'000);
  }
  if (random.chance(0.3)) plan.timing.shard_refresh_interval = milliseconds(5'000);
  if (random.chance(0.1)) plan.timing.hand_over = milliseconds(0);
  if (random.chance(0.1)) plan.timing.parallel_writes = 1;
  plan.idle_interval = milliseconds(random.chance(0.3) ? 300 : 1'000);
  plan.checkpoint_records = random.chance(0.3) ? 1 + random.below(10) : 1'000;
  if (random.chance(0.3)) plan.checkpoint_interval = milliseconds(500);
  if (random.chance(0.5)) plan.work = milliseconds(random.below(80));
  plan.store_latency = milliseconds(random.chance(0.2) ? random.below(300) : random.below(12));
  // No worker could keep up with a slow checkpoint for each record.
  if (plan.store_latency > milliseconds(12))
    plan.checkpoint_records = std::max<std::size_t>(plan.checkpoint_records, 50);
  plan.rate = 1 + random.below(6);
  plan.aggregated = random.chance(0.3) ? 2 + random.below(6) : 1;
  // Two workers may differ by a twentieth: that is what the library allows for.
  plan.drift = random.chance(0.5) ? 0.025 : 0;
  plan.limits = random.chance(0.2);
  plan.fan_out = seed % 2 == 0;
  if (plan.fan_out) {
    plan.deregisters = random.chance(0.3);
    if (random.chance(0.5)) plan.subscription_lifetime = seconds_between(random, 3, 30);
  }
  const std::size_t count = random.below(random.chance(0.1) ? 30 : 12);
  for (std::size_t i = 0; i < count; ++i) {
    const Kind& kind = some_kind(random, plan.fan_out);
    plan.elements.push_back(some_element(random, plan, kind));
  }
  if (random.chance(0.3)) {
    plan.per_key = 2 + random.below(4);
    plan.keys = 1 + random.below(12);  // few, so that records wait for others of their key
  }
  choose_application(plan);
  std::stable_sort(plan.elements.begin(), plan.elements.end(),
                   [](const Element& a, const Element& b) { return a.at < b.at; });
  return plan;
}

std::string to_string(const Element& element) {
  const Kind& kind = kind_of(element.act);
  std::string line = "at " + seconds_text(element.at) + ": " + kind.name;
  if (kind.of_one) line += " of worker " + std::to_string(element.who);
  if (element.act == Act::split || element.act == Act::merge || element.act == Act::hold_shard)
    line += " of shard " + std::to_string(element.who);
  if (kind.longest > 0) line += ", " + seconds_text(element.how_long);
  if (kind.most > 0) line += ", " + std::to_string(element.how_much);
  return line;
}

std::string to_string(const Plan& plan) {
  std::string text = "seed " + std::to_string(plan.seed) + ": " + std::to_string(plan.workers) + " workers, " +
                     std::to_string(plan.shards) + " shards, " + std::to_string(plan.rate) + " x " +
                     std::to_string(plan.aggregated) + " records/s of up to " + std::to_string(plan.work.count()) +
                     " ms, " + seconds_text(plan.chaos) + " of chaos, failover " + seconds_text(plan.timing.failover) +
                     ", store latency up to " + std::to_string(plan.store_latency.count()) + " ms, checkpoint every " +
                     std::to_string(plan.checkpoint_records) + " records or " + seconds_text(plan.checkpoint_interval);
  if (plan.drift > 0) text += ", clocks drift";
  if (plan.limits) text += ", with limits";
  if (plan.per_key > 1)
    text += ", " + std::to_string(plan.per_key) + " at a time of " + std::to_string(plan.keys) + " keys";
  if (plan.fan_out)
    text += ", fan-out with subscriptions of " + seconds_text(plan.subscription_lifetime) +
            (plan.deregisters ? ", deregistered by the last worker" : "");
  text += application_text(plan) + "\n";
  for (std::size_t i = 0; i < plan.elements.size(); ++i)
    text += "  " + std::to_string(i) + ": " + to_string(plan.elements[i]) + "\n";
  return text;
}

}  // namespace kinesis::simulation
