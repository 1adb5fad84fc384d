#pragma once

#include "core/async.hpp"

#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

namespace kinesis::core {

/// A bounded queue between two strands: `push` waits or `try_push` refuses when it is full, `pop` waits when it is empty. Move whole batches
/// through it, not records. Any number of pushers and poppers, from any thread; each continues on its own executor.
template <class T>
class Channel {
 public:
  /// Holds up to `capacity` items, at least one.
  explicit Channel(std::size_t capacity);

  /// False if full or closed; `item` is then left as it was.
  bool try_push(T& item);
  /// False if the channel was closed before there was room.
  awaitable<bool> push(T item);
  std::optional<T> try_pop();
  /// Empty once the channel is closed and drained.
  awaitable<std::optional<T>> pop();
  /// Refuses what comes later; what is inside can still be taken.
  void close();
  bool closed() const;
  std::size_t size() const;

 private:
  struct Waiters;
};

}  // namespace kinesis::core
