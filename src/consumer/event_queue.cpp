#include "core/channel.hpp"
#include <kinesis/event_queue.hpp>

#include <atomic>
#include <utility>

namespace kinesis {

struct EventQueue::State {
  State(asio::any_io_executor on, std::size_t capacity) : executor(std::move(on)), events(capacity) {}
  asio::any_io_executor executor;
  core::Channel<DiagnosticEvent> events;
  std::atomic<std::uint64_t> dropped{0};
};

EventQueue::EventQueue(asio::any_io_executor executor, std::size_t capacity)
    : state_(std::make_shared<State>(std::move(executor), capacity)) {}

void EventQueue::operator()(const DiagnosticEvent& event) const {
  DiagnosticEvent copy = event;
  if (!state_->events.try_push(copy) && !state_->events.closed()) ++state_->dropped;
}

asio::awaitable<std::optional<DiagnosticEvent>> EventQueue::next() const {
  const auto state = state_;
  co_return co_await state->events.pop();
}

std::optional<DiagnosticEvent> EventQueue::try_next() const { return state_->events.try_pop(); }
std::uint64_t EventQueue::dropped() const noexcept { return state_->dropped.load(); }
std::size_t EventQueue::size() const { return state_->events.size(); }
void EventQueue::close() const { state_->events.close(); }
asio::any_io_executor EventQueue::executor() const { return state_->executor; }

}  // namespace kinesis
