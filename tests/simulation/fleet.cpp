#include "simulation/fleet.hpp"

#include "core/test_loop.hpp"
#include "simulation/fleet_stream.hpp"
#include "simulation/fleet_worker.hpp"

#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>
#include <utility>
#include <vector>

namespace kinesis::simulation {
namespace {

using namespace std::chrono_literals;
/// How long a fleet may take, once all is mended, until all is handled and shared evenly: a lease expires, a shard
/// whose handler threw is left alone for up to 30 s, and the generations of a few reshards end one after the other.
constexpr milliseconds longest_settling = 150s;
/// Nothing happens for so long before a fleet counts as settled.
constexpr milliseconds quiet = 12s;

class Fleet {
 public:
  Fleet(const Plan& plan, const FleetOptions& options)
      : plan_(plan),
        options_(options),
        random_(plan.seed ^ 0x5eed),
        clock_(std::shared_ptr<Clock>(), &loop_.clock),
        stream_(plan, clock_),
        oracle_([this] { return stream_.shards(); }, promises(plan)),
        store_(loop_.executor(), loop_.clock, oracle_, plan.seed),
        world_{plan, loop_.clock, store_, oracle_, stream_.api(), random_, loop_.clock.wall_now(), options.mutant},
        origin_(loop_.clock.now()) {
    store_.latency = plan.store_latency;
    store_.mutant = options.mutant;
    if (options.trace) stream_.trace = world_.trace = [this](const std::string& line) { tell(line); };
  }
  ~Fleet() { take_down(); }

  Outcome run() {
    if (plan_.first_start == 0s) {
      start_all();
    } else {
      at(plan_.first_start, [this] { start_all(); });
    }
    for (const Element& element : plan_.elements) at(element.at, [this, &element] { act(element); });
    at(0s, [this] { put(); });
    at(1s, [this] { count_calls(); });
    run_until(plan_.chaos);
    mend();
    settle();
    if (world_.trace) tell_rows();
    Outcome outcome;
    outcome.violation = oracle_.violation();
    outcome.at = now();
    outcome.records = oracle_.records();
    outcome.handled = oracle_.handled();
    outcome.sessions = oracle_.sessions();
    outcome.digest = oracle_.digest();
    outcome.worker_time = worker_time_;
    return outcome;
  }

 private:
  static FleetPromises promises(const Plan& plan) {
    FleetPromises promises;
    promises.per_key = plan.per_key > 1;
    promises.saved_per_key = plan.checkpoint_keys > 0;
    promises.skips = plan.policy == Policy::skip;
    promises.from_the_oldest = plan.start == Start::trim_horizon;
    promises.children_from_the_oldest = plan.start == Start::at_timestamp;
    return promises;
  }
  milliseconds now() const { return std::chrono::duration_cast<milliseconds>(loop_.clock.now() - origin_); }
  void tell(const std::string& line) const {
    std::printf("%9.3f  %s\n", static_cast<double>(now().count()) / 1000, line.c_str());
  }
  void trace(const std::string& line) const {
    if (world_.trace) world_.trace(line);
  }
  void tell_rows() const {
    for (const auto& [key, row] : store_.rows)
      tell("row " + key + ": of " + row.owner.value_or("nobody") +
           (row.checkpoint_owner ? " from " + *row.checkpoint_owner : "") + ", counter " + std::to_string(row.counter) +
           ", " + row.checkpoint.value());
  }
  void at(milliseconds when, std::function<void()> what) { agenda_.emplace(origin_ + when, std::move(what)); }
  void after(milliseconds wait, std::function<void()> what) {
    agenda_.emplace(loop_.clock.now() + wait, std::move(what));
  }
  bool failed() const { return oracle_.violation().has_value(); }

  // The machine.

  void poll_all() {
    std::size_t ran = 0;
    do {
      if (loop_.context.stopped()) loop_.context.restart();
      ran = loop_.context.poll();
      const std::size_t first = random_.below(workers_.size());
      for (std::size_t i = 0; i < workers_.size(); ++i) ran += workers_[(first + i) % workers_.size()]->poll();
    } while (ran > 0);
  }
  void run_until(milliseconds when) {
    const Clock::time_point end = origin_ + when;
    for (;;) {
      poll_all();
      if (failed()) return;
      Clock::time_point next = end;
      if (!agenda_.empty()) next = std::min(next, agenda_.begin()->first);
      if (const auto timer = loop_.clock.next_deadline()) next = std::min(next, *timer);
      if (next > loop_.clock.now()) loop_.clock.advance(next - loop_.clock.now());
      while (!agenda_.empty() && agenda_.begin()->first <= loop_.clock.now()) {
        const auto what = std::move(agenda_.begin()->second);
        agenda_.erase(agenda_.begin());
        what();
      }
      if (loop_.clock.now() >= end) {
        poll_all();
        return;
      }
    }
  }

  // Workers.

  std::string new_name() { return "w" + std::to_string(next_name_++); }
  void start_all() {
    for (std::size_t i = 0; i < plan_.workers; ++i) start(new_name());
  }
  FleetWorker* start(const std::string& name) {
    double rate = 1 + plan_.drift * (2 * random_.unit() - 1);
    if (options_.mutant == Mutant::clocks_run_away) rate = random_.chance(0.5) ? 0.4 : 1.6;
    trace(name + " starts");
    workers_.push_back(std::make_unique<FleetWorker>(world_, name, rate));
    return workers_.back().get();
  }
  std::vector<FleetWorker*> serving() const {
    std::vector<FleetWorker*> all;
    for (const auto& worker : workers_)
      if (worker->serves()) all.push_back(worker.get());
    return all;
  }
  FleetWorker* some_serving(std::size_t who) const {
    const auto all = serving();
    return all.empty() ? nullptr : all[who % all.size()];
  }
  void stop(FleetWorker* worker) {
    trace(worker->name() + " is stopped");
    worker->stop();
    check_stopped(worker, now());
  }
  /// A stop takes 10 s, but for a worker that stands still meanwhile, and what it waits for then.
  void check_stopped(FleetWorker* worker, milliseconds since) {
    if (worker->gone()) return;
    if (worker->ended()) {
      trace(worker->name() + " has stopped");
      worker->crash();
      return;
    }
    if (worker->frozen()) since = now();
    if (now() - since > 60s)
      return oracle_.violate(invariant::stops,
                             worker->name() + " was stopped " + std::to_string((now() - since).count()) + " ms ago");
    after(100ms, [this, worker, since] { check_stopped(worker, since); });
  }
  /// Whoever ended because it could not begin is started again, as whatever runs the workers would.
  void watch() {
    for (std::size_t i = 0; i < workers_.size(); ++i) {
      FleetWorker& worker = *workers_[i];
      if (worker.gone() || worker.stopping() || !worker.ended()) continue;
      worker.crash();
      after(2s, [this, name = worker.name()] { start(name); });
    }
  }

  // What happens.

  void act(const Element& element) {
    trace(to_string(element));
    FleetWorker* worker = some_serving(element.who);
    switch (element.act) {
      case Act::crash:
        if (worker == nullptr) return;
        trace(worker->name() + " crashes");
        worker->crash();
        replace(worker->name(), element);
        return;
      case Act::stop:
        if (worker == nullptr) return;
        stop(worker);
        after(element.how_long, [this] { start(new_name()); });
        return;
      case Act::leave:
        if (serving().size() > 1) stop(worker);
        return;
      case Act::join:
        if (serving().size() < 20 && now() >= plan_.first_start) start(new_name());
        return;
      case Act::deploy:
        deploy(serving(), 0, element.how_long);
        return;
      case Act::pause:
        if (worker == nullptr) return;
        trace(worker->name() + " stands still");
        worker->freeze(true);
        after(element.how_long, [this, worker] {
          trace(worker->name() + " goes on");
          worker->freeze(false);
        });
        return;
      case Act::partition:
        if (worker == nullptr) return;
        trace(worker->name() + " is cut off");
        store_.cut_off.insert(worker->name());
        after(element.how_long, [this, name = worker->name()] { store_.cut_off.erase(name); });
        return;
      case Act::slow_handler:
        if (worker == nullptr) return;
        worker->more_work = milliseconds(static_cast<std::int64_t>(element.how_much * 1000));
        after(element.how_long, [worker] { worker->more_work = 0ms; });
        return;
      case Act::throwing_handler:
        if (worker == nullptr) return;
        worker->throws = element.how_much;
        after(element.how_long, [worker] { worker->throws = 0; });
        return;
      case Act::hold_worker:
        if (worker == nullptr) return;
        trace(worker->name() + " holds up delivery");
        worker->hold_up(true);
        after(element.how_long, [this, worker] {
          trace(worker->name() + " holds up delivery no more");
          worker->hold_up(false);
        });
        return;
      case Act::hold_shard:
        hold_up(element);
        return;
      default:
        act_on_services(element);
    }
  }
  void hold_up(const Element& element) {
    const auto open = stream_.open_shards();
    const std::string shard_id = open[element.who % open.size()].shard_id;
    trace("delivery of " + shard_id + " is held up");
    if (++world_.held_up[shard_id] == 1)
      for (const auto& worker : workers_) worker->hold_up(shard_id, true);
    after(element.how_long, [this, shard_id] { release(shard_id); });
  }
  void release(const std::string& shard_id) {
    const auto held = world_.held_up.find(shard_id);
    if (held == world_.held_up.end() || --held->second > 0) return;
    world_.held_up.erase(held);
    trace("delivery of " + shard_id + " goes on");
    for (const auto& worker : workers_) worker->hold_up(shard_id, false);
  }
  void act_on_services(const Element& element) {
    switch (element.act) {
      case Act::slow_store:
        store_.latency = milliseconds(static_cast<std::int64_t>(element.how_much * 1000));
        after(element.how_long, [this] { store_.latency = plan_.store_latency; });
        return;
      case Act::throttled_store:
        store_.throttled = element.how_much;
        after(element.how_long, [this] { store_.throttled = 0; });
        return;
      case Act::lost_answers:
        store_.lost_answers = element.how_much;
        after(element.how_long, [this] { store_.lost_answers = 0; });
        return;
      case Act::faulty_reads:
        world_.faulty_reads = element.how_much;
        after(element.how_long, [this] { world_.faulty_reads = 0; });
        return;
      case Act::expired_iterators:
        world_.expired_iterators = element.how_much;
        after(element.how_long, [this] { world_.expired_iterators = 0; });
        return;
      case Act::broken_subscriptions:
        world_.broken_subscriptions = element.how_much;
        after(element.how_long, [this] { world_.broken_subscriptions = 0; });
        return;
      case Act::ended_subscriptions:
        world_.ended_subscriptions = element.how_much;
        after(element.how_long, [this] { world_.ended_subscriptions = 0; });
        return;
      case Act::refused_subscriptions:
        world_.refused_subscriptions = element.how_much;
        after(element.how_long, [this] { world_.refused_subscriptions = 0; });
        return;
      case Act::deregistered:
        core::spawn(loop_.executor(), stream_.deregister());
        return;
      case Act::resize:
        core::spawn(loop_.executor(), stream_.resize(static_cast<int>(element.how_much)));
        return;
      default:
        stream_.reshard(element);
    }
  }
  /// With the same name, as a process that is given one is restarted, or with another, as by default.
  void replace(const std::string& name, const Element& element) {
    const bool same = element.who % 3 == 0;
    after(element.how_long, [this, name, same] { start(same ? name : new_name()); });
  }
  void deploy(std::vector<FleetWorker*> old, std::size_t next, milliseconds pause) {
    while (next < old.size() && !old[next]->serves()) ++next;
    if (next == old.size()) return;
    stop(old[next]);
    start(new_name());
    after(pause, [this, old, next, pause] { deploy(old, next + 1, pause); });
  }
  /// No more faults; whoever is to come back does so as planned.
  void mend() {
    trace("all is mended");
    store_.cut_off.clear();
    store_.latency = plan_.store_latency;
    store_.throttled = store_.lost_answers = 0;
    world_.faulty_reads = world_.expired_iterators = 0;
    world_.broken_subscriptions = world_.ended_subscriptions = world_.refused_subscriptions = 0;
    for (const auto& worker : workers_) {
      worker->freeze(false);
      worker->more_work = 0ms;
      worker->throws = 0;
    }
    go_on_all();
    mended_ = world_.mended = true;
    if (serving().empty()) start(new_name());
  }

  /// Delivery is held up nowhere.
  void go_on_all() {
    for (const auto& worker : workers_)
      while (worker->held_up()) worker->hold_up(false);
    while (!world_.held_up.empty()) {
      const auto held = world_.held_up.begin();
      held->second = 1;
      release(std::string(held->first));
    }
  }

  // Records.

  void put() {
    if (mended_ && !failed() && now() > plan_.chaos + 15s) return;
    core::spawn(loop_.executor(), stream_.put(&oracle_, &random_, [this] { return counts(); }));
    after(1s, [this] { put(); });
  }
  Counts counts() const {
    switch (plan_.start) {
      case Start::at_timestamp:
        return now() < plan_.start_time ? Counts::must_not : Counts::must;
      case Start::latest:
        if (now() < plan_.first_start) return Counts::must_not;
        return oracle_.started() ? Counts::must : Counts::may;
      case Start::trim_horizon:
        break;
    }
    return Counts::must;
  }

  // What is looked at.

  void count_calls() {
    watch();
    for (const auto& worker : workers_) {
      if (worker->serves()) worker_time_ += 1s;
      if (worker->goes_on_after_failure())
        oracle_.violate(invariant::failures, worker->name() + " goes on a minute after its handler has failed");
      // Reading: 5 calls a second and shard, 10 after a rest, and an iterator for each where all of them expire.
      const std::size_t shards = store_.rows.size();
      const std::size_t reads = 10 + 22 * shards;
      // The table is read 4 times a second at most, beside what is planned anew; each lease is written a few times.
      const std::size_t writes = 20 + 12 * shards;
      if (worker->kinesis_calls > reads)
        oracle_.violate(invariant::calls, worker->name() + " asks the service " +
                                              std::to_string(worker->kinesis_calls) + " times in a second");
      if (worker->store_calls > writes)
        oracle_.violate(invariant::calls, worker->name() + " asks the lease store " +
                                              std::to_string(worker->store_calls) + " times in a second");
      worker->kinesis_calls = worker->store_calls = 0;
    }
    after(1s, [this] { count_calls(); });
  }
  /// Why the fleet has not settled; empty if it has.
  Violation unsettled() {
    const auto unfinished = oracle_.unfinished(store_.rows);
    // Before what its children have not read for its sake.
    if (!unfinished.empty()) return {invariant::finished, unfinished.front() + " is not finished"};
    if (!oracle_.all_handled()) return {invariant::at_least_once, oracle_.missing()};
    if (!oracle_.all_checkpointed(store_.rows)) return {invariant::at_least_once, "a last checkpoint is missing"};
    std::map<std::string, std::size_t> share;
    for (const FleetWorker* worker : serving()) share[worker->name()] = 0;
    std::string owners;
    bool strange = false;
    for (const auto& [key, row] : store_.rows) {
      if (row.checkpoint.is_shard_end()) continue;
      const std::string owner = row.owner.value_or("nobody");
      owners += " " + key + ":" + owner;
      if (row.checkpoint_owner) owners += "(from " + *row.checkpoint_owner + ")";
      const auto worker = share.find(owner);
      strange = strange || row.checkpoint_owner || worker == share.end();
      if (worker != share.end()) ++worker->second;
    }
    const auto [least, most] = std::minmax_element(share.begin(), share.end(),
                                                   [](const auto& a, const auto& b) { return a.second < b.second; });
    if (strange || most->second > least->second + 1)
      return {invariant::share, std::to_string(share.size()) + " workers," + owners};
    return {};
  }
  void settle() {
    const milliseconds latest = now() + 15s + longest_settling;
    milliseconds settled_since = now();
    std::size_t sessions = oracle_.sessions();
    Violation why;
    while (!failed() && now() < latest) {
      run_until(now() + 1s);
      why = unsettled();
      const bool moved = std::exchange(sessions, oracle_.sessions()) != oracle_.sessions();
      if (moved && why.invariant.empty()) why = {invariant::share, "leases still move"};
      if (!why.invariant.empty() || now() < plan_.chaos + 17s) settled_since = now();
      if (now() - settled_since >= quiet) return;
    }
    if (why.invariant.empty()) why = {invariant::share, "leases moved not long ago"};
    oracle_.violate(why.invariant,
                    why.what + ", " + std::to_string((now() - plan_.chaos).count() / 1000) + " s after all was mended");
  }

  /// Lets every worker, the crashed ones too, end in peace: coroutines are not torn apart.
  void take_down() {
    agenda_.clear();
    world_.trace = nullptr;
    go_on_all();
    world_.mutant = store_.mutant = Mutant::none;
    for (const auto& worker : workers_) {
      worker->haunt();
      worker->more_work = 0ms;
      worker->stop();
    }
    store_.latency = Clock::duration::zero();
    // Until nobody is left, and then until no request is under way, whose answer would find nobody.
    milliseconds end = now() + 90s;
    bool down = false;
    while (now() < end) {
      poll_all();
      const bool ended =
          std::all_of(workers_.begin(), workers_.end(), [](const auto& worker) { return worker->ended(); });
      if (ended && !std::exchange(down, true)) end = now() + 61s;
      const auto next = loop_.clock.next_deadline();
      if (!next) break;
      if (*next > loop_.clock.now()) loop_.clock.advance(*next - loop_.clock.now());
    }
    poll_all();
  }

  const Plan& plan_;
  const FleetOptions options_;
  core::TestLoop loop_;
  core::Random random_;
  std::shared_ptr<Clock> clock_;
  FleetStream stream_;
  FleetOracle oracle_;
  FleetStore store_;
  FleetWorld world_;
  const Clock::time_point origin_;
  std::multimap<Clock::time_point, std::function<void()>> agenda_;
  std::vector<std::unique_ptr<FleetWorker>> workers_;
  std::size_t next_name_ = 0;
  bool mended_ = false;
  milliseconds worker_time_{0};
};

}  // namespace

Outcome run_fleet(const Plan& plan, const FleetOptions& options) {
  core::repeat_random_seeds(plan.seed);
  Fleet fleet(plan, options);
  return fleet.run();
}

}  // namespace kinesis::simulation
