#include "core/prefetch.hpp"
#include "producer/logic/batch_bisector.hpp"
#include "producer/pipeline.hpp"

#include <algorithm>
#include <utility>

// Calls of PutRecords and what becomes of their entries.
namespace kinesis::producer {
namespace {

/// Null for what was stored.
Error* error_of(Verdict& verdict) {
  if (auto* again = std::get_if<TryAgain>(&verdict)) return &again->error;
  if (auto* failed = std::get_if<Failed>(&verdict)) return &failed->error;
  return nullptr;
}

/// The entry a few turns later, and the record of one that is nearer.
void prefetch_entry(std::span<const EntryPtr> entries, std::size_t index) {
  core::prefetch_ahead<3>(entries, index, 8);
  if (index + 4 >= entries.size()) return;
  const Entry* const soon = entries[index + 4].get();
  if (soon != nullptr && !soon->records().empty()) core::prefetch_lines<3>(soon->records().front().get());
}

}  // namespace

core::awaitable<void> Pipeline::call(Batches::iterator batch) {
  const auto self = shared_from_this();
  const Clock::time_point began = client_.clock().now();
  std::span<EntryPtr> entries = batch->entries;
  Result<PutRecordsResponse> answer = co_await put(entries);
  if (!answer && entries.size() > 1 && may_be_one_entry(answer.error())) {
    Error error = answer.error();
    co_await find_bad_entries(entries, std::move(error));
  } else {
    judge(entries, std::move(answer), began);
  }
  lanes_.answered(batch->lanes);
  bytes_in_flight_ -= batch->bytes;
  in_flight_.erase(batch);
  wake_.wake();
}

/// One call. A cancelled one is answered with Error(closed).
core::awaitable<Result<PutRecordsResponse>> Pipeline::put(std::span<EntryPtr> entries) {
  const Clock::time_point began = client_.clock().now();
  CallLoad load;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    core::prefetch_ahead<3>(entries, i);
    const EntryPtr& entry = entries[i];
    entry->sent();
    meter_.entry_sent(load, entry->records().size(), entry->bytes(), began - entry->waits_since());
  }
  meter_.call_began(load);
  PutRecordsRequest request(options_.stream, to_request(entries));
  Result<PutRecordsResponse> answer = Error(errc::internal, "");
  std::exception_ptr failure;
  try {
    answer = co_await client_.kinesis().put_records(std::move(request));
  } catch (...) {
    failure = std::current_exception();
  }
  if (failure) answer = core::is_cancellation(failure) ? Error(errc::closed, "") : core::to_error(failure);
  if (answer && answer->records.size() != entries.size())
    answer = Error(errc::protocol, "the answer of PutRecords has another number of entries than the request")
                 .with_retryable(true);
  meter_.call_ended(load, answer ? nullptr : &answer.error(), client_.clock().now() - began);
  co_return answer;
}

/// A call was refused as a whole, perhaps for one of its entries: the others are sent without it.
core::awaitable<void> Pipeline::find_bad_entries(std::span<EntryPtr> entries, Error error) {
  BatchBisector bisector(entries.size());
  while (const auto part = bisector.next()) {
    const std::span<EntryPtr> some = entries.subspan(part->first, part->count);
    const Clock::time_point began = client_.clock().now();
    Result<PutRecordsResponse> answer = co_await put(some);
    if (answer) {
      bisector.accepted();
      judge(some, std::move(answer), began);
    } else if (may_be_one_entry(answer.error())) {
      error = answer.error();
      for (const BatchPart& bad : bisector.refused()) judge(entries.subspan(bad.first, bad.count), error, began);
    } else {
      judge(some, answer, began);
      for (const BatchPart& left : bisector.stop()) judge(entries.subspan(left.first, left.count), answer, began);
    }
  }
}

/// Empty if nobody knows.
std::string_view Pipeline::shard_name(const Entry& entry) const {
  return entry.slot() ? std::string_view(book_.shard_id(*entry.slot())) : std::string_view();
}

void Pipeline::judge(std::span<EntryPtr> entries, Result<PutRecordsResponse> answer, Clock::time_point began) {
  const Clock::time_point now = client_.clock().now();
  for (std::size_t i = 0; i < entries.size(); ++i) {
    prefetch_entry(entries, i);
    if (!entries[i]) continue;
    SentEntry sent;
    sent.raw_single = !entries[i]->aggregated();
    sent.low = entries[i]->low();
    sent.high = entries[i]->high();
    sent.predicted = entries[i]->slot();
    sent.began = began;
    sent.answered = now;
    Verdict verdict =
        answer ? judge_entry(std::move(answer->records[i]), answer->request_id) : judge_call(answer.error());
    if (Error* const error = error_of(verdict)) {
      const EntryFacts facts = facts_of(*entries[i], sent);
      // An entry's error says which shard it was for.
      if (answer && !facts.shard_id.empty()) *error = error->with_context(facts.shard_id);
      meter_.entry_refused(facts, *error, answer.has_value());
    }
    judge_one(std::move(entries[i]), std::move(verdict), sent);
  }
}

void Pipeline::judge_one(EntryPtr entry, Verdict verdict, SentEntry sent) {
  if (auto* delivered = std::get_if<Delivered>(&verdict))
    return judge_stored(std::move(entry), std::move(*delivered), sent, sent.answered);
  if (const auto* failed = std::get_if<Failed>(&verdict))
    return fail(std::move(entry), failed->error, ProducerOutcome::refused);
  const auto& again = std::get<TryAgain>(verdict);
  if (again.trouble == Trouble::throttled) lanes_.throttled(entry->slot(), entry->bytes(), sent.answered);
  retry_or_fail(std::move(entry), again.error);
}

/// Stored; but whoever reads an aggregate drops it if a record inside does not belong to the shard.
void Pipeline::judge_stored(EntryPtr entry, Delivered delivered, SentEntry sent, Clock::time_point now) {
  lanes_.delivered(entry->slot(), entry->bytes(), now);
  if (was_mispredicted(sent, delivered.shard_id, book_)) book_.mispredicted(sent.began, now);
  switch (judge_placement(sent, delivered.shard_id, book_)) {
    case Placement::delivered:
      return deliver(std::move(entry), std::move(delivered), sent, now);
    case Placement::unknown_shard:
      book_.ask_about(delivered.shard_id, now);
      unjudged_.push_back(Unjudged{std::move(entry), std::move(delivered), sent});
      return;
    case Placement::wrong_shard:
      break;
  }
  EntryFacts facts = facts_of(*entry, sent);
  facts.shard_id = delivered.shard_id;
  meter_.entry_misplaced(facts);
  meter_.entry_sent_again();
  // It belongs where it was sent, as far as is known, and yet is elsewhere: the stream does not go by hash keys, and
  // another aggregate would fare no better.
  if (still_fits(*entry))
    for (const PendingPtr& record : entry->records()) record->alone = true;
  place_anew(std::move(entry), now);
}

void Pipeline::deliver(EntryPtr entry, Delivered delivered, const SentEntry& sent, Clock::time_point now) {
  EntryFacts facts = facts_of(*entry, sent);
  facts.shard_id = delivered.shard_id;
  Stored stored{delivered.shard_id, delivered.sequence_number, entry->aggregated(), now};
  std::vector<PendingPtr>& records = entry->records_without_data();
  meter_.entry_delivered(facts, records, now);
  release(entry.get(), records, now);
  finished_.add(records, entry->sums(), std::move(stored));
  lanes_.give_back(std::move(entry));
}

void Pipeline::retry_or_fail(EntryPtr entry, const Error& error) {
  const Clock::time_point now = client_.clock().now();
  const Clock::time_point when = now + backoff_.delay(static_cast<std::uint32_t>(entry->attempts() - 1), random_);
  bool all = true;
  bool any = false;
  for (const PendingPtr& record : entry->records()) {
    record->last_error = std::make_unique<Error>(error);
    const bool again = may_retry(options_, entry->attempts_of(*record), record->accepted, when);
    all = all && again;
    any = any || again;
  }
  if (!any) return fail(std::move(entry), error, ProducerOutcome::expired);
  meter_.entry_sent_again();
  entry->answered(now);
  if (!all) entry = without_given_up(std::move(entry), when);
  if (!still_fits(*entry)) return place_anew(std::move(entry), now);
  lanes_.add_again(std::move(entry), when);
}

/// Those of its records that may not be sent again at `when` fail; the others are in the new one, which keeps the
/// delay.
EntryPtr Pipeline::without_given_up(EntryPtr entry, Clock::time_point when) {
  const bool ordered = options_.ordering == Ordering::per_key;
  std::vector<PendingPtr> records = entry->take_records();
  if (ordered) order_.release(entry.get(), records);
  auto left = std::make_unique<Entry>(entry->slot(), Packing::of(options_.aggregation));
  for (PendingPtr& record : records) {
    if (may_retry(options_, record->attempts, record->accepted, when) && left->add(record)) continue;
    give_up_on(std::move(record));
  }
  left->answered(client_.clock().now());
  if (ordered) {
    for (const PendingPtr& record : left->records()) order_.hold(record->record.partition_key, left.get());
    place_waiting(client_.clock().now());
  }
  return left;
}

void Pipeline::fail(EntryPtr entry, const Error& error, ProducerOutcome outcome) {
  const std::string shard_id(shard_name(*entry));
  if (error.code() == errc::closed) outcome = ProducerOutcome::closed;
  std::vector<PendingPtr>& records = entry->records_without_data();
  release(entry.get(), records, client_.clock().now());
  for (PendingPtr& record : records) {
    Error last = error.code() == errc::closed ? closed_error(*record) : error.with_attempts(record->attempts);
    finish(std::move(record), std::move(last), outcome, shard_id);
  }
}

/// What the meter wants to know of an entry that was sent; its shard is the one it was meant for.
EntryFacts Pipeline::facts_of(const Entry& entry, const SentEntry& sent) const {
  EntryFacts facts;
  facts.records = entry.records().size();
  facts.bytes = entry.bytes();
  facts.slot = entry.slot();
  facts.shard_id = shard_name(entry);
  facts.waited = sent.began - entry.waits_since();
  return facts;
}

}  // namespace kinesis::producer
