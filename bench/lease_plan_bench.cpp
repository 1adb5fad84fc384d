// What a refresh costs a worker beside the calls: taking in a listing of the lease table, looking for holes, and
// planning who should have what.
//   lease_plan_bench [LEASES [WORKERS]]
#include "consumer/logic/balanced.hpp"
#include "consumer/logic/lease_book.hpp"
#include "consumer/logic/lease_cleanup.hpp"
#include "core/uint128.hpp"
#include "measure.hpp"

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

using namespace kinesis;
using consumer::LeaseBook;

constexpr Clock::time_point now{std::chrono::hours(1)};

std::string name(const char* prefix, std::size_t number) {
  char text[40];
  std::snprintf(text, sizeof text, "%s%012zu", prefix, number);
  return text;
}

/// A fleet that a worker has just joined: all leases are with the others, one is its own.
std::vector<Lease> table(std::size_t leases, std::size_t workers) {
  std::vector<Lease> rows;
  for (std::size_t i = 0; i < leases; ++i) {
    Lease lease(name("shardId-", i));
    lease.owner = name("worker-", i == 0 ? 0 : 1 + i % (workers - 1));
    lease.counter = static_cast<std::int64_t>(i);
    lease.checkpoint =
        Checkpoint::at(RecordPosition{SequenceNumber("49590338271490256608559692538361571095921575989136588898"), 0});
    const core::Uint128 width = core::Uint128::max() / leases;
    lease.starting_hash_key = (width * std::uint64_t{i}).to_string();
    lease.ending_hash_key =
        (i + 1 == leases ? core::Uint128::max() : width * std::uint64_t{i + 1} - core::Uint128(1)).to_string();
    if (i % 2 == 1) lease.parent_shard_ids = {name("shardId-", i + leases)};
    rows.push_back(std::move(lease));
  }
  return rows;
}

}  // namespace

int main(int argc, char** argv) {
  const std::size_t leases = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 10'000;
  const std::size_t workers = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 100;
  const std::string me = name("worker-", 0);
  const std::vector<Lease> rows = table(leases, workers);
  LeaseBook book(std::chrono::seconds(10));
  book.observe_all(rows, now);
  const auto nobody = [](const std::string&) { return false; };
  const auto everything = [](const std::string&) { return true; };
  AssignmentView view = consumer::assignment_view(book, me, now, everything, nobody);
  std::size_t takes = 0;

  bench::print_machine();
  std::printf("%zu leases, %zu workers\n", leases, workers);
  std::vector<std::vector<Lease>> listings(20, rows);
  std::size_t next = 0;
  const double observe = bench::best_us(20, 1, [&] { book.observe_all(std::move(listings[next++ % 20]), now); });
  const double look =
      bench::best_us(20, 1, [&] { view = consumer::assignment_view(book, me, now, everything, nobody); });
  const double plan = bench::best_us(20, 1, [&] { takes = consumer::balanced_takes(view).size(); });
  const double hole = bench::best_us(20, 1, [&] { takes += consumer::find_hole(book) ? 1 : 0; });
  bench::print_figure("take in a listing", observe / 1000, "ms");
  bench::print_figure("what can be worked on", look / 1000, "ms");
  bench::print_figure("plan", plan / 1000, "ms");
  bench::print_figure("look for holes", hole / 1000, "ms");
  bench::print_figure("lease_plan: all of it", (observe + look + plan + hole) / 1000, "ms", 20);
  std::printf("%zu leases to take\n", takes);
  return 0;
}
