#include "consume_display.hpp"

#include "doctor_report.hpp"
#include "output.hpp"
#include "text_table.hpp"

#include <algorithm>
#include <cstdio>
#include <exception>
#include <unistd.h>
#include <utility>

namespace kinesis::tool {
namespace {

using core::awaitable;

constexpr std::chrono::milliseconds draw_interval{500};
/// How often the lease table is read for the sake of the picture.
constexpr int draws_per_look = 10;
constexpr std::size_t rows_shown = 24;
constexpr const char* bold = "\x1b[1m";
constexpr const char* yellow = "\x1b[33m";
constexpr const char* reset = "\x1b[0m";

}  // namespace

std::shared_ptr<ConsumeDisplay> ConsumeDisplay::where_it_fits(const ConsumeArguments& arguments) {
  const bool elsewhere = !arguments.records.empty() && arguments.records != "-";
  if (!is_terminal(stderr)) return nullptr;
  if (!elsewhere && isatty(STDOUT_FILENO) == 1) return nullptr;
  return std::make_shared<ConsumeDisplay>(arguments);
}

void ConsumeDisplay::see(const DiagnosticEvent& event) {
  if (const auto* trouble = std::get_if<event::Trouble>(&event)) return note(to_string(*trouble));
  const std::lock_guard lock(mutex_);
  if (const auto* acquired = std::get_if<event::LeaseAcquired>(&event)) shards_[acquired->shard_id].ours = true;
  if (const auto* lost = std::get_if<event::LeaseLost>(&event)) shards_[lost->shard_id].ours = false;
  if (const auto* released = std::get_if<event::LeaseReleased>(&event)) shards_[released->shard_id].ours = false;
  if (const auto* ended = std::get_if<event::ShardEnded>(&event)) shards_[ended->shard_id].done = true;
  if (const auto* read = std::get_if<event::RecordsRead>(&event)) {
    ShardState& shard = shards_[read->shard_id];
    shard.records += read->records;
    shard.bytes += read->bytes;
    shard.behind_ms = read->behind_latest.count();
  }
}

void ConsumeDisplay::note(const std::string& text) {
  const std::lock_guard lock(mutex_);
  trouble_ = text;
}

awaitable<void> ConsumeDisplay::run(std::shared_ptr<LeaseRepository> leases, std::string worker,
                                    std::shared_ptr<Clock> clock) {
  const auto seconds_since = [&](Clock::time_point when) {
    return std::chrono::duration<double>(clock->now() - when).count();
  };
  const Clock::time_point began = clock->now();
  Clock::time_point drawn = began;
  for (int round = 0;; ++round) {
    co_await core::sleep_for(*clock, draw_interval);
    // Not in the first picture: the worker is still making its table.
    if (round % draws_per_look == draws_per_look / 2) co_await look_at_others(*leases);
    picture_.draw(picture(worker, seconds_since(began), seconds_since(drawn)));
    drawn = clock->now();
  }
}

awaitable<void> ConsumeDisplay::look_at_others(LeaseRepository& leases) {
  std::vector<Lease> rows;
  try {
    rows = co_await leases.list();
  } catch (const Error&) {
    co_return;  // the worker meets the same trouble, and says so
  }
  const std::lock_guard lock(mutex_);
  for (const Lease& row : rows) {
    ShardState& shard = shards_[row.key];
    shard.owner = row.owner.value_or("");
    shard.done = row.checkpoint.is_shard_end();
  }
  std::erase_if(shards_, [&](const auto& known) {
    return !known.second.ours &&
           std::none_of(rows.begin(), rows.end(), [&](const Lease& row) { return row.key == known.first; });
  });
}

std::vector<std::string> ConsumeDisplay::picture(const std::string& worker, double seconds, double since_last) {
  const std::lock_guard lock(mutex_);
  std::uint64_t records = 0;
  std::uint64_t bytes = 0;
  std::size_t ours = 0;
  std::size_t done = 0;
  double rate = 0;
  std::int64_t behind = 0;
  std::vector<std::pair<std::string, const ShardState*>> rows;
  for (auto& [id, shard] : shards_) {
    const std::uint64_t fresh = shard.records - std::exchange(shard.records_before, shard.records);
    shard.rate = since_last > 0 ? static_cast<double>(fresh) / since_last : 0;
    records += shard.records;
    bytes += shard.bytes;
    rate += shard.rate;
    if (shard.done) {
      ++done;
      continue;
    }
    if (shard.ours) {
      ++ours;
      behind = std::max(behind, shard.behind_ms);
    }
    rows.emplace_back(id, &shard);
  }
  // Ours first, and of those the ones that are most behind.
  std::stable_sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) {
    if (a.second->ours != b.second->ours) return a.second->ours;
    return a.second->ours && a.second->behind_ms > b.second->behind_ms;
  });
  TextTable table({"  SHARD", "OWNER", "READ", "PER S", "BEHIND"});
  for (std::size_t i = 0; i < rows.size() && i < rows_shown; ++i) {
    const auto& [id, shard] = rows[i];
    if (shard->ours) {
      table.add({"  " + id, worker + " (here)", with_commas(shard->records),
                 with_commas(static_cast<std::uint64_t>(shard->rate)), human_time(shard->behind_ms)});
    } else {
      table.add({"  " + id, shard->owner.empty() || shard->owner == worker ? "-" : shard->owner, "", "", ""});
    }
  }
  char head[256];
  std::snprintf(head, sizeof head, "%skinesis consume %s%s  application %s  %.0f s", bold, stream_.c_str(), reset,
                application_.c_str(), seconds);
  std::vector<std::string> lines = {head};
  std::string text = "  read " + with_commas(records) + " records (" + human_bytes(static_cast<double>(bytes)) + "), " +
                     with_commas(static_cast<std::uint64_t>(rate)) + "/s; " + std::to_string(ours) + " of " +
                     std::to_string(rows.size()) + " shards here, " + human_time(behind) + " behind";
  if (done > 0) text += "; " + std::to_string(done) + " done";
  lines.push_back(std::move(text));
  for (std::string& line : table.lines()) lines.push_back(std::move(line));
  if (rows.size() > rows_shown) lines.push_back("  and " + std::to_string(rows.size() - rows_shown) + " more");
  if (!trouble_.empty()) lines.push_back("  " + (yellow + trouble_.substr(0, 200)) + reset);
  return lines;
}

awaitable<void> run_with_display(asio::any_io_executor executor, std::shared_ptr<ConsumeDisplay> display,
                                 std::shared_ptr<LeaseRepository> leases, std::string worker,
                                 std::shared_ptr<Clock> clock, awaitable<void> work) {
  core::TaskGroup beside(executor);
  if (display) beside.spawn(display->run(std::move(leases), std::move(worker), std::move(clock)));
  std::exception_ptr failure;
  try {
    co_await std::move(work);
  } catch (...) {
    failure = std::current_exception();
  }
  beside.cancel();
  try {
    co_await beside.join();
  } catch (...) {
    if (!failure) failure = std::current_exception();
  }
  if (failure) std::rethrow_exception(failure);
}

}  // namespace kinesis::tool
