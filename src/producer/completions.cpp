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
    for (; group_ < answers_.size(); ++group_, next_ = 0) {
      Answered& answered = answers_[group_];
      while (next_ < answered.records.size()) {
        const std::size_t index = next_++;
        core::prefetch_ahead<3>(answered.records, index);
        // Those that complete elsewhere are not here any more.
        if (answered.records[index]) complete(std::move(answered.records[index]), answered, index);
      }
      answered.records = std::vector<PendingPtr>();
    }
    pipeline_->recycle(used_);
  }

 private:
  /// So many at a time are given back.
  static constexpr std::size_t many = 256;

  void complete(PendingPtr record, const Answered& answered, std::size_t index) {
    used_.push_back(std::move(record));
    PendingRecord& completed = *used_.back();
    completed.drop_data();
    producer::complete(completed, answered, index);
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
  std::size_t group_ = 0;
  std::size_t next_ = 0;
};

/// Completes each on its own executor: those of the client's all in one go there.
void Pipeline::post_receipts(Answers answers) {
  if (answers.empty()) return;
  const asio::any_io_executor ours = client_.executor();
  const asio::any_completion_executor erased(ours);
  for (Answered& answered : answers) {
    if (answered.sums.unbound) continue;
    for (std::size_t index = 0; index < answered.records.size(); ++index) {
      PendingPtr& record = answered.records[index];
      if (record->unbound) continue;
      auto executor = asio::get_associated_executor(record->done, ours);
      if (executor == erased) continue;
      auto call = [record = std::move(record), fate = Answered({}, {}, answered.fate), index]() mutable {
        complete(*record, fate, index);
      };
      detail::post_to(ours, asio::bind_executor(std::move(executor), std::move(call)));
    }
  }
  detail::post_to(ours, Completions(shared_from_this(), std::move(answers)));
}

/// Under the mutex.
PendingPtr Pipeline::new_record() {
  if (spare_.empty()) return std::make_unique<PendingRecord>();
  PendingPtr record = std::move(spare_.back());
  spare_.pop_back();
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
