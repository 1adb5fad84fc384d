#pragma once

#include "consumer/logic/byte_budget.hpp"
#include "core/async.hpp"
#include "core/waiter.hpp"

#include <map>
#include <memory>
#include <mutex>
#include <set>

namespace kinesis::consumer {

/// The byte budget of a consumer, which its shards wait for. From any thread.
class ReadBudget : public std::enable_shared_from_this<ReadBudget> {
 public:
  explicit ReadBudget(std::size_t limit) : budget_(limit) {}

  class Place;
  /// Bytes held, given back at the end.
  class Hold {
   public:
    Hold(std::shared_ptr<Place> place, std::size_t bytes) : place_(std::move(place)), bytes_(bytes) {}
    Hold(Hold&& other) noexcept = default;
    Hold& operator=(Hold&&) = delete;
    ~Hold();
    /// So many they turned out to be.
    void settle(std::size_t real);

   private:
    std::shared_ptr<Place> place_;
    std::size_t bytes_;
  };
  /// One shard's.
  class Place : public std::enable_shared_from_this<Place> {
   public:
    explicit Place(std::shared_ptr<ReadBudget> budget);
    ~Place();
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    /// Waits until it may hold so many bytes. One call at a time. Throws Error(cancelled) if the coroutine is.
    core::awaitable<Hold> take(std::size_t bytes);

   private:
    friend class Hold;
    std::shared_ptr<ReadBudget> budget_;
    ByteBudget::Member member_;
  };
  std::shared_ptr<Place> place() { return std::make_shared<Place>(shared_from_this()); }

 private:
  void hand_out();

  std::mutex mutex_;
  ByteBudget budget_;
  std::map<ByteBudget::Member, std::shared_ptr<core::Waiter>> waiting_;
  std::set<ByteBudget::Member> granted_;
};

}  // namespace kinesis::consumer
