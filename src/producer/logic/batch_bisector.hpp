#pragma once

#include <kinesis/error.hpp>

#include <cstddef>
#include <optional>
#include <vector>

namespace kinesis::producer {

/// Whether one bad entry can be the reason that a whole call was refused: the service says that the request is not
/// valid, or too large. What it says about the stream, the key or the caller's rights concerns all entries alike.
bool may_be_one_entry(const Error& error) noexcept;

/// Consecutive entries of a batch.
struct BatchPart {
  std::size_t first = 0;
  std::size_t count = 0;
  friend bool operator==(const BatchPart&, const BatchPart&) = default;
};

/// Finds the entries for which a batch was refused as a whole, so that the others are sent: tries halves, one call at
/// a time, the first half first.
///
/// One bad entry in 500 costs about ten calls. If the first entries that fail alone are not balanced by a single part
/// that was taken, it is the request that is bad, and everything left fails with them: then it is about thirteen.
///
///     BatchBisector bisector(batch.size());
///     while (const auto part = bisector.next()) {
///       // send it; taken (whatever became of its entries): bisector.accepted();
///       // refused, and may_be_one_entry: bisector.refused() says which entries fail with the error
///       // another error: the entries of *part and of bisector.stop() are judged by it
///     }
class BatchBisector {
 public:
  /// A call with all `entries` was refused. A batch of one needs no search: it fails with the error.
  explicit BatchBisector(std::size_t entries);

  /// What to send now; nothing when all entries are settled. Each part must be answered before the next is asked for.
  std::optional<BatchPart> next();
  /// The part was taken.
  void accepted();
  /// The part was refused, too. Gives the entries that fail for good with this error: none, the one, or all that are
  /// left.
  std::vector<BatchPart> refused();
  /// Gives up the search: `next` has nothing any more. Returns what was not sent since the batch was refused.
  std::vector<BatchPart> stop();

 private:
  struct Waiting {
    BatchPart part;
    /// The first half, if this is the second.
    BatchPart first_half = {};
    /// A bad entry must be in it: both together were refused, and the first half was taken.
    bool bad = false;
  };

  void push_halves(BatchPart part);

  std::vector<Waiting> waiting_;  ///< A stack.
  std::optional<BatchPart> sent_;
  std::size_t alone_ = 0;
  bool any_accepted_ = false;
};

}  // namespace kinesis::producer
