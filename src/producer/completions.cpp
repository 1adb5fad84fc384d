#include "core/prefetch.hpp"
#include "producer/pipeline.hpp"

#include <boost/asio/any_completion_executor.hpp>
#include <boost/asio/associated_executor.hpp>

#include <algorithm>
#include <exception>
#include <utility>

// The way out: handlers are called, and records are used again.
namespace kinesis::producer {
namespace {

/// Records kept to be used again.
constexpr std::size_t most_spare = 32'768;

}  // namespace

void Pipeline::post_error(detail::Handler<Receipt> done, Error error) const {
  auto executor = asio::get_associated_executor(done, client_.executor());
  auto call = [done = std::move(done), error = std::move(error)]() mutable {
    std::move(done)(std::make_exception_ptr(std::move(error)), Receipt{});
  };
  detail::post_to(client_.executor(), asio::bind_executor(std::move(executor), std::move(call)));
}

/// Calls handlers one after the other, and gives the records back to be used again. If one throws, the others are
/// called all the same, later.
class Pipeline::Completions {
 public:
  Completions(std::shared_ptr<Pipeline> pipeline, Answers answers)
      : pipeline_(std::move(pipeline)), answers_(std::move(answers)) {}

  void operator()() {
    const Rest rest{*this};
    std::vector<PendingPtr>& records = answers_.records();
    for (; fate_ < answers_.fates().size(); ++fate_, in_fate_ = 0) {
      const Fate& fate = answers_.fates()[fate_];
      const auto* const stored = std::get_if<Stored>(&fate.what);
      const bool with_data = stored == nullptr || !stored->aggregated;
      while (in_fate_ < fate.records) {
        const std::size_t index = in_fate_++;
        prefetch(records, with_data);
        // Those that complete elsewhere are not here any more.
        if (PendingPtr record = std::move(records[next_++])) complete(std::move(record), fate, index);
      }
    }
    pipeline_->recycle(used_);
  }

 private:
  /// So many at a time are given back.
  static constexpr std::size_t many = 256;

  /// A record soon to come, and what a nearer one points to. Those of aggregates have no data of their own.
  void prefetch(const std::vector<PendingPtr>& records, bool with_data) const noexcept {
    if (const PendingRecord* const later = at(records, next_ + 12)) {
      later->prefetch();
      if (with_data) core::prefetch_lines<1>(&later->record);
    }
    if (const PendingRecord* const soon = at(records, next_ + 6)) {
      core::prefetch_behind(soon->done);
      if (with_data) core::prefetch_behind(soon->record.data.owner());
    }
  }
  static const PendingRecord* at(const std::vector<PendingPtr>& records, std::size_t index) noexcept {
    return index < records.size() ? records[index].get() : nullptr;
  }

  void complete(PendingPtr record, const Fate& fate, std::size_t index) {
    used_.push_back(std::move(record));
    PendingRecord& completed = *used_.back();
    completed.drop_data();
    producer::complete(completed, fate, index);
    if (used_.size() >= many) pipeline_->recycle(used_);
  }

  struct Rest {
    Completions& all;
    int exceptions = std::uncaught_exceptions();
    ~Rest() {
      if (std::uncaught_exceptions() == exceptions) return;
      auto pipeline = all.pipeline_;
      detail::post_to(pipeline->executor(), std::move(all));
    }
  };
  std::shared_ptr<Pipeline> pipeline_;
  Answers answers_;
  std::vector<PendingPtr> used_;
  std::size_t fate_ = 0;
  std::size_t in_fate_ = 0;
  std::size_t next_ = 0;  ///< Of all records.
};

/// Completes each on its own executor: those of the client's all in one go there.
void Pipeline::post_receipts(Answers answers) {
  if (answers.empty()) return;
  const asio::any_io_executor ours = client_.executor();
  const asio::any_completion_executor erased(ours);
  answers.for_each_fate([&](const Fate& fate, std::span<PendingPtr> records) {
    if (fate.sums.unbound) return;
    for (std::size_t index = 0; index < records.size(); ++index) {
      if (records[index]->unbound) continue;
      auto executor = asio::get_associated_executor(records[index]->done, ours);
      if (executor == erased) continue;
      auto call = [record = std::move(records[index]), fate, index]() mutable { complete(*record, fate, index); };
      detail::post_to(ours, asio::bind_executor(std::move(executor), std::move(call)));
    }
  });
  detail::post_to(ours, Completions(shared_from_this(), std::move(answers)));
}

/// Under the mutex.
PendingPtr Pipeline::new_record() {
  if (spare_.empty()) return std::make_unique<PendingRecord>();
  PendingPtr record = std::move(spare_.back());
  spare_.pop_back();
  // The one for a send that comes soon.
  if (spare_.size() >= 4) core::prefetch_lines<3>(spare_[spare_.size() - 4].get());
  return record;
}

/// Leaves `records` empty.
void Pipeline::recycle(std::vector<PendingPtr>& records) {
  {
    const std::lock_guard lock(mutex_);
    const std::size_t room = most_spare - std::min(most_spare, spare_.size());
    for (std::size_t i = 0; i < std::min(room, records.size()); ++i) spare_.push_back(std::move(records[i]));
  }
  records.clear();
}

}  // namespace kinesis::producer
