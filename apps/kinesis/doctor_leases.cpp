#include "doctor_leases.hpp"

#include "consumer/in_parallel.hpp"
#include "consumer/logic/lease_book.hpp"
#include "consumer/logic/lease_cleanup.hpp"
#include "consumer/logic/shard_graph.hpp"
#include "doctor_progress.hpp"
#include "lease_store.hpp"
#include "lease_watch.hpp"

#include <algorithm>
#include <chrono>
#include <map>
#include <set>
#include <utility>

namespace kinesis::tool {
namespace {

using core::awaitable;
using std::chrono::duration_cast;
using std::chrono::milliseconds;

/// Shards that are asked at the same time.
constexpr std::size_t width = 8;
/// Answers without a record that are read on over, as a shard may have gaps.
constexpr int patience = 5;

class LeaseCheck {
 public:
  LeaseCheck(Client client, const DoctorArguments& arguments, const DoctorStream& stream, DoctorReport& report)
      : client_(std::move(client)),
        arguments_(arguments),
        stream_(stream),
        report_(report),
        book_(std::chrono::seconds(10)) {}

  awaitable<void> run() {
    const std::string where = arguments_.leases.empty() ? "dynamodb" : arguments_.leases;
    const std::string place = lease_place(where, arguments_.application);
    const bool read = co_await read_leases(where, place);
    if (!read) co_return;
    if (rows_.empty()) {
      report_.add(Health::warning, "leases", place + " has no leases of this application",
                  "start a worker, or check --application and --leases");
      co_return;
    }
    std::vector<Lease> leases;
    for (const WatchedLease& row : rows_) leases.push_back(row.lease);
    book_.observe_all(std::move(leases), client_.clock().now());
    report_.ok("leases", std::to_string(rows_.size()) + " in " + place + ", " + std::to_string(count_finished()) +
                             " of them finished");
    if (stream_replaced()) co_return;
    check_owners();
    check_coverage();
    co_await check_lags();
  }

 private:
  awaitable<bool> read_leases(std::string where, std::string place) {
    std::optional<Error> failure;
    try {
      auto leases = co_await open_existing_leases(where, arguments_.application, client_);
      rows_ = co_await watch_leases(std::move(leases), client_.clock(), arguments_.watch_s);
    } catch (const Error& error) {
      if (error.code() == errc::invalid_argument) throw;
      failure = error;
    }
    if (!failure) co_return true;
    if (failure->code() == errc::unsupported) {
      report_.add(Health::not_checked, "leases", failure->message(), "");
    } else if (failure->code() == errc::not_found) {
      report_.add(Health::warning, "leases", failure->message(), "start a worker, or check --application and --leases");
    } else {
      report_.add(Health::problem, "leases", std::string("cannot read ") + place + ": " + failure->what(),
                  failure->code() == errc::access_denied
                      ? "allow dynamodb:DescribeTable, Scan, GetItem, PutItem, UpdateItem and DeleteItem on it"
                      : "workers cannot share the stream without it");
    }
    co_return false;
  }

  std::size_t count_finished() const {
    return static_cast<std::size_t>(std::count_if(
        rows_.begin(), rows_.end(), [](const WatchedLease& row) { return row.lease.checkpoint.is_shard_end(); }));
  }

  bool stream_replaced() {
    const auto shard = consumer::from_another_stream(book_, stream_.shards);
    if (!shard) return false;
    report_.add(Health::problem, "leases",
                "the checkpoint of " + *shard +
                    " lies before the shard began: these are leases of another stream, or "
                    "the stream was deleted and created again",
                "delete them with kinesis leases delete --all, or use another application");
    return true;
  }

  void check_owners() {
    std::map<std::string, std::size_t> alive;
    std::vector<std::string> stale;
    std::vector<std::string> free;
    for (const WatchedLease& row : rows_) {
      if (row.lease.checkpoint.is_shard_end()) continue;
      if (!row.lease.owner) {
        free.push_back(row.lease.key);
      } else if (row.alive()) {
        ++alive[*row.lease.owner];
      } else {
        stale.push_back(row.lease.key + " (" + *row.lease.owner + ")");
      }
    }
    std::string workers;
    for (const auto& [worker, leases] : alive)
      workers += (workers.empty() ? "" : ", ") + worker + " with " + std::to_string(leases);
    if (!alive.empty()) report_.ok("workers", std::to_string(alive.size()) + " alive: " + workers);
    if (alive.empty() && stale.empty())
      report_.add(Health::warning, "workers", "none: nobody owns a lease", "start a worker");
    if (!stale.empty() && arguments_.watch_s == 0)
      report_.add(Health::not_checked, "workers", "whether owners are alive was not watched: " + some_of(stale), "");
    if (!stale.empty() && arguments_.watch_s > 0) {
      char watched[32];
      std::snprintf(watched, sizeof watched, "%g s", arguments_.watch_s);
      report_.add(
          Health::warning, "workers", "did not renew their leases for " + std::string(watched) + ": " + some_of(stale),
          "where that goes on for 10 s, the worker is dead or cut off, and a living one takes the lease; if none "
          "does, start one");
    }
    if (!free.empty() && !alive.empty())
      report_.add(
          Health::warning, "workers", "nobody owns " + some_of(free),
          "workers take it within seconds unless its parents are not done or their assignment does not want it");
    if (alive.size() > 1) check_balance(alive);
  }

  void check_balance(const std::map<std::string, std::size_t>& alive) {
    std::size_t least = rows_.size();
    std::size_t most = 0;
    for (const auto& [worker, leases] : alive) {
      least = std::min(least, leases);
      most = std::max(most, leases);
    }
    if (most - least > 1)
      report_.add(Health::warning, "workers",
                  "unequal shares: " + std::to_string(least) + " to " + std::to_string(most),
                  "it evens out within seconds, unless the workers have an assignment of their own");
  }

  void check_coverage() {
    const consumer::FindLease find = [&](const std::string& key) { return book_.lease(key); };
    std::vector<std::string> missing;
    for (const Lease& lease : consumer::missing_leases(stream_.shards, find, Latest{})) missing.push_back(lease.key);
    if (!missing.empty())
      report_.add(Health::warning, "coverage", "shards without a lease: " + some_of(missing),
                  "a running worker makes them within 30 s; nobody reads them until then");
    const auto hole = consumer::find_hole(book_);
    if (hole)
      report_.add(
          Health::problem, "coverage", "no lease covers hash key " + *hole + ": records with it are not read",
          "a running worker makes the missing leases; if it does not, kinesis leases list --hash-keys shows what "
          "is there");
    std::vector<std::string> outlived;
    for (const Lease& lease : consumer::outlived(book_, stream_.shards)) outlived.push_back(lease.key);
    if (!outlived.empty())
      report_.add(Health::warning, "coverage", "leases of shards the stream has no more: " + some_of(outlived),
                  "a running worker deletes them; if they were not done, their records are lost to retention");
    if (missing.empty() && !hole && outlived.empty()) report_.ok("coverage", "leases cover all hash keys");
  }

  awaitable<void> check_lags() {
    std::vector<const Lease*> unfinished;
    const consumer::FindLease find = [&](const std::string& key) { return book_.lease(key); };
    for (const WatchedLease& row : rows_)
      if (!row.lease.checkpoint.is_shard_end() && consumer::parents_done(row.lease, find))
        unfinished.push_back(&row.lease);
    lags_.resize(unfinished.size());
    failures_.resize(unfinished.size());
    const std::function<awaitable<void>(std::size_t)> measure = [&](std::size_t i) {
      return measure_lag(*unfinished[i], lags_[i], failures_[i]);
    };
    co_await consumer::in_parallel(client_.executor(), unfinished.size(), width, measure);
    judge_lags();
  }

  awaitable<void> measure_lag(const Lease& lease, ShardLag& lag, std::optional<Error>& failure) {
    lag.shard_id = lease.key;
    lag.owner = lease.owner.value_or("");
    lag.checkpoint = lease.checkpoint.value();
    GetShardIteratorRequest request(arguments_.stream, lease.key, ShardIteratorType::trim_horizon);
    if (lease.checkpoint.is_record()) {
      request.shard_iterator_type = ShardIteratorType::after_sequence_number;
      request.starting_sequence_number = lease.checkpoint.position().sequence_number;
    } else if (lease.checkpoint.kind() != Checkpoint::Kind::trim_horizon) {
      co_return;  // LATEST, AT_TIMESTAMP: where that is only the workers know
    }
    auto found = co_await client_.kinesis().get_shard_iterator(std::move(request));
    if (!found) {
      failure = found.error();
      co_return;
    }
    std::string iterator = found->shard_iterator.value_or("");
    for (int i = 0; i < patience && !iterator.empty(); ++i) {
      GetRecordsRequest get(iterator);
      get.limit = 1;
      auto answer = co_await client_.kinesis().get_records(std::move(get));
      if (!answer) {
        failure = answer.error();
        co_return;
      }
      lag.behind_ms = answer->millis_behind_latest.value_or(0);
      if (!answer->records.empty()) {
        const auto arrived = answer->records.front().approximate_arrival_timestamp;
        if (arrived != Timestamp{})
          lag.oldest_ms = duration_cast<milliseconds>(client_.clock().wall_now() - arrived).count();
        co_return;
      }
      if (*lag.behind_ms == 0) co_return;
      iterator = answer->next_shard_iterator.value_or("");
    }
  }

  void judge_lags() {
    Progress progress;
    progress.retention_hours = stream_.retention_hours;
    progress.lags = lags_;
    for (std::size_t i = 0; i < lags_.size(); ++i) {
      if (failures_[i]) progress.failed.push_back(lags_[i].shard_id + ": " + failures_[i]->message());
      report_.add_lag(lags_[i]);
    }
    for (Finding& finding : judge(progress)) report_.add(std::move(finding));
  }

  Client client_;
  const DoctorArguments& arguments_;
  const DoctorStream& stream_;
  DoctorReport& report_;
  consumer::LeaseBook book_;
  std::vector<WatchedLease> rows_;
  std::vector<ShardLag> lags_;
  std::vector<std::optional<Error>> failures_;
};

}  // namespace

core::awaitable<void> check_leases(Client client, const DoctorArguments& arguments, const DoctorStream& stream,
                                   DoctorReport& report) {
  LeaseCheck check(std::move(client), arguments, stream, report);
  co_await check.run();
}

}  // namespace kinesis::tool
