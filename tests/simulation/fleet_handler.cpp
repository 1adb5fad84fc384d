#include "simulation/fleet_worker.hpp"

#include <charconv>
#include <stdexcept>
#include <string_view>
#include <utility>

// What the application of a simulated worker does with its records.
namespace kinesis::simulation {
namespace {

std::size_t number_of(std::string_view text) {
  std::size_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

/// What a handler throws.
class Disliked : public std::runtime_error {
 public:
  explicit Disliked(std::size_t number)
      : std::runtime_error("the handler does not like record " + std::to_string(number)), number(number) {}
  std::size_t number;
};

/// The records that a handler has in hand together, of a batch as many as take time.
constexpr std::size_t slow_records_of_a_batch = 8;

class FleetCodec {
 public:
  explicit FleetCodec(const Plan& plan) : plan_(&plan) {}
  void encode(const std::string& value, Bytes& out) const { text.encode(value, out); }
  Result<std::string> decode(BytesView in) const {
    if (is_undecodable(*plan_, number_of(as_text(in)))) return Error(errc::protocol, "no text");
    return std::string(as_text(in));
  }

 private:
  const Plan* plan_;
};

}  // namespace

bool is_handlers(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const Disliked&) {
    return true;
  } catch (...) {
    return false;
  }
}

Codec<std::string> FleetWorker::codec() { return FleetCodec(world_.plan); }

ConsumeOptions FleetWorker::consume_options() {
  const Plan& plan = world_.plan;
  ConsumeOptions how(CheckpointEvery{plan.checkpoint_records, plan.checkpoint_interval});
  if (plan.checkpoint_keys > 0 && world_.mutant != Mutant::saves_seldom)
    how.checkpoint = CheckpointPerKey{plan.checkpoint_keys, plan.checkpoint_interval};
  if (plan.per_key > 1) how.concurrency = per_key(plan.per_key);
  if (plan.policy == Policy::stop && world_.mutant != Mutant::goes_on_after_failure) how.on_failure = StopAll{};
  if (plan.policy == Policy::skip)
    how.on_failure = SkipRecord([this](const DeadLetter& letter) { return keep(letter); });
  return how;
}

Clock::duration FleetWorker::some_work() { return world_.store.some_latency(world_.plan.work) + more_work; }

std::size_t FleetWorker::begin(const Record<std::string>& record) {
  const std::size_t number = number_of(record.data);
  if (held_up_ > 0 || world_.held_up.contains(record.shard_id))
    world_.oracle.violate(invariant::held_up, name_ + " handles record " + std::to_string(number) + " of " +
                                                  record.shard_id + ", whose delivery is held up");
  world_.oracle.handler_began(name_, record.shard_id, number);
  return number;
}

bool FleetWorker::dislikes(std::size_t number) {
  if (world_.random.chance(throws)) return true;
  if (!is_poison(world_.plan, number)) return false;
  if (world_.plan.policy == Policy::skip) return true;
  return !world_.mended && world_.disliked.insert(number).second;
}

void FleetWorker::fail_or_complete(const Record<std::string>& record) {
  const std::size_t number = number_of(record.data);
  if (!dislikes(number)) return world_.oracle.handler_completed(number);
  world_.oracle.handler_failed(name_, record.shard_id, number);
  if (world_.mutant == Mutant::swallows_failures) return;
  failed_ = world_.plan.policy == Policy::stop;
  throw Disliked(number);
}

core::awaitable<void> FleetWorker::handle(const Record<std::string>& record) {
  const std::size_t number = begin(record);
  if (world_.mutant == Mutant::completes_early) {
    core::spawn(context_.get_executor(), complete_later(number));
    co_return;
  }
  const Clock::duration work = some_work();
  if (work > Clock::duration::zero()) co_await core::sleep_for(*clock_, work);
  fail_or_complete(record);
}

void FleetWorker::handle_at_once(const Record<std::string>& record) {
  begin(record);
  fail_or_complete(record);
}

/// A batch fails as a whole, before anything of it is done.
core::awaitable<void> FleetWorker::handle_batch(std::span<const Record<std::string>> records) {
  for (const Record<std::string>& record : records) begin(record);
  for (std::size_t i = 0; i < records.size() && i < slow_records_of_a_batch; ++i) {
    const Clock::duration work = some_work();
    if (work > Clock::duration::zero()) co_await core::sleep_for(*clock_, work);
  }
  for (const Record<std::string>& record : records) {
    const std::size_t number = number_of(record.data);
    if (!dislikes(number)) continue;
    for (const Record<std::string>& one : records)
      world_.oracle.handler_failed(name_, one.shard_id, number_of(one.data));
    if (world_.mutant == Mutant::swallows_failures) co_return;
    failed_ = world_.plan.policy == Policy::stop;
    throw Disliked(number);
  }
  for (const Record<std::string>& record : records) world_.oracle.handler_completed(number_of(record.data));
}

core::awaitable<void> FleetWorker::keep(const DeadLetter& letter) {
  if (world_.mutant == Mutant::loses_dead_letters) co_return;
  std::size_t number = number_of(as_text(letter.record.data.bytes()));
  if (world_.mutant == Mutant::keeps_another_letter) ++number;
  const bool decodable = !is_undecodable(world_.plan, number);
  if (decodable && !is_handlers(letter.failure))
    world_.oracle.violate(invariant::failures, name_ + " keeps record " + std::to_string(number) +
                                                   " for another failure than that of its handler");
  world_.oracle.handed_over(name_, letter.shard_id, number, decodable);
  if (!world_.mended && world_.random.chance(world_.plan.dead_letter_faults))
    throw std::runtime_error("there is no place for record " + std::to_string(number));
  const Clock::duration work = some_work();
  if (decodable && work > Clock::duration::zero()) co_await core::sleep_for(*clock_, work);
  world_.oracle.kept(name_, number);
}

core::awaitable<void> FleetWorker::complete_later(std::size_t number) {
  co_await core::sleep_for(*clock_, std::chrono::seconds(8));
  world_.oracle.handler_completed(number);
}

}  // namespace kinesis::simulation
