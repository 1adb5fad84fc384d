#include "producer/logic/batch_bisector.hpp"

#include <utility>

namespace kinesis::producer {
namespace {

/// So many entries refused alone, and nothing taken: more are not worth a call each.
constexpr std::size_t enough_alone = 3;

}  // namespace

bool may_be_one_entry(const Error& error) noexcept {
  // Without a status nobody but this library has refused it, and would again.
  if (error.http_status() == 0) return false;
  return error.code() == errc::invalid_argument || error.code() == errc::too_large;
}

BatchBisector::BatchBisector(std::size_t entries) {
  if (entries > 1) push_halves({0, entries});
  if (entries == 1) waiting_.push_back({{0, 1}});
}

void BatchBisector::push_halves(BatchPart part) {
  const std::size_t half = part.count / 2;
  const BatchPart first = {part.first, half};
  waiting_.push_back({{part.first + half, part.count - half}, first});
  waiting_.push_back({first});
}

std::optional<BatchPart> BatchBisector::next() {
  while (!waiting_.empty()) {
    const Waiting top = waiting_.back();
    waiting_.pop_back();
    if (top.bad && top.part.count > 1) {
      push_halves(top.part);
      continue;
    }
    sent_ = top.part;
    return sent_;
  }
  return std::nullopt;
}

void BatchBisector::accepted() {
  if (!sent_) return;
  any_accepted_ = true;
  if (!waiting_.empty() && waiting_.back().first_half == *sent_) waiting_.back().bad = true;
  sent_.reset();
}

std::vector<BatchPart> BatchBisector::refused() {
  std::vector<BatchPart> failed;
  if (!sent_) return failed;
  const BatchPart part = *std::exchange(sent_, std::nullopt);
  if (part.count > 1) {
    push_halves(part);
    return failed;
  }
  failed.push_back(part);
  if (++alone_ < enough_alone || any_accepted_) return failed;
  const std::vector<BatchPart> rest = stop();
  failed.insert(failed.end(), rest.begin(), rest.end());
  return failed;
}

std::vector<BatchPart> BatchBisector::stop() {
  std::vector<BatchPart> left;
  for (; !waiting_.empty(); waiting_.pop_back()) left.push_back(waiting_.back().part);
  sent_.reset();
  return left;
}

}  // namespace kinesis::producer
