#include "core/waiter.hpp"
#include <kinesis/pause_switch.hpp>

#include <atomic>
#include <mutex>
#include <set>
#include <utility>

namespace kinesis {

struct PauseSwitch::State {
  std::mutex mutex;
  bool all = false;
  std::set<std::string, std::less<>> shards;
  core::WaitQueue waiters;
  std::atomic<bool> any{false};

  bool paused(const std::string& shard_id) const { return all || shards.contains(shard_id); }
  template <class Change>
  void change(Change change) {
    const std::lock_guard lock(mutex);
    change(*this);
    any.store(all || !shards.empty());
    waiters.wake_all();
  }
};

PauseSwitch::PauseSwitch() : state_(std::make_shared<State>()) {}

void PauseSwitch::pause() {
  state_->change([](State& state) { state.all = true; });
}
void PauseSwitch::resume() {
  state_->change([](State& state) { state.all = false; });
}
void PauseSwitch::pause(const std::string& shard_id) {
  state_->change([&](State& state) { state.shards.insert(shard_id); });
}
void PauseSwitch::resume(const std::string& shard_id) {
  state_->change([&](State& state) { state.shards.erase(shard_id); });
}

bool PauseSwitch::paused(const std::string& shard_id) const {
  const std::lock_guard lock(state_->mutex);
  return state_->paused(shard_id);
}

bool PauseSwitch::any() const noexcept { return state_->any.load(); }

asio::awaitable<void> PauseSwitch::wait(std::string shard_id, std::function<bool()> given_up) const {
  const auto state = state_;
  for (;;) {
    std::unique_lock lock(state->mutex);
    if (!state->paused(shard_id) || given_up()) co_return;
    co_await state->waiters.wait(std::move(lock));
  }
}

void PauseSwitch::wake() const {
  state_->change([](State&) {});
}

}  // namespace kinesis
