#pragma once

#include "core/async.hpp"
#include "core/waiter.hpp"

#include <algorithm>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

namespace kinesis::core {

/// A bounded queue between two strands: `push` waits or `try_push` refuses when it is full, `pop` waits when it is
/// empty. Move whole batches through it, not records. Any number of pushers and poppers, from any thread; each
/// continues on its own executor.
///
/// A cancelled `push` or `pop` throws Error(cancelled) and has moved nothing. Nobody may wait when the channel is
/// destroyed.
template <class T>
class Channel {
 public:
  /// Holds up to `capacity` items, at least one.
  explicit Channel(std::size_t capacity) : capacity_(std::max<std::size_t>(capacity, 1)) {}

  /// False if full or closed; `item` is then left as it was.
  bool try_push(T& item) {
    const std::lock_guard lock(mutex_);
    if (closed_ || items_.size() >= capacity_) return false;
    put(item);
    return true;
  }

  /// False if the channel was closed before there was room.
  awaitable<bool> push(T item) {
    for (;;) {
      std::unique_lock lock(mutex_);
      if (closed_) co_return false;
      if (items_.size() < capacity_) {
        put(item);
        co_return true;
      }
      co_await pushers_.wait(std::move(lock));
    }
  }

  /// Waits until there is room, so that a single pusher need not hold an item before; it finds the room it was told of.
  /// False if the channel is closed.
  awaitable<bool> wait_for_room() {
    for (;;) {
      std::unique_lock lock(mutex_);
      if (closed_) co_return false;
      if (items_.size() < capacity_) co_return true;
      co_await pushers_.wait(std::move(lock));
    }
  }

  std::optional<T> try_pop() {
    const std::lock_guard lock(mutex_);
    return take();
  }

  /// Empty once the channel is closed and drained.
  awaitable<std::optional<T>> pop() {
    for (;;) {
      std::unique_lock lock(mutex_);
      std::optional<T> item = take();
      if (item || closed_) co_return item;
      co_await poppers_.wait(std::move(lock));
    }
  }

  /// Refuses what comes later; what is inside can still be taken.
  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    pushers_.wake_all();
    poppers_.wake_all();
  }

  bool closed() const {
    const std::lock_guard lock(mutex_);
    return closed_;
  }
  std::size_t size() const {
    const std::lock_guard lock(mutex_);
    return items_.size();
  }

 private:
  void put(T& item) {
    items_.push_back(std::move(item));
    poppers_.wake_one();
  }

  std::optional<T> take() {
    if (items_.empty()) return std::nullopt;
    std::optional<T> item(std::move(items_.front()));
    items_.pop_front();
    pushers_.wake_one();
    return item;
  }

  const std::size_t capacity_;
  mutable std::mutex mutex_;
  bool closed_ = false;
  std::deque<T> items_;
  WaitQueue pushers_;
  WaitQueue poppers_;
};

}  // namespace kinesis::core
