#include "simulation/fleet.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// Fleets of workers in virtual time, with everything going wrong: `simulate --help`.
namespace kinesis::simulation {
namespace {

constexpr std::string_view help =
    R"(Runs fleets of workers in virtual time while everything goes wrong, and checks what is promised of them.

  simulate --seed N [--trace]     one fleet: what is to happen, and with --trace what does
  simulate --seeds A..B           the fleets from A to B; at the end what it cost
  simulate --nightly [--from N]   one after the other until it is stopped
  simulate --mutants              fleets that do one thing wrong: each must be noticed
  simulate --repeatable A..B      each of these fleets twice: both runs must be the same

  --keep I,J,...                  with --seed: only these elements of its schedule, as it was shrunk
  --mutant NAME                   with --seed and --seeds: what the fleet does wrong

Exit code 0 if all is well, 1 if something was found, 2 for arguments that make no sense.
)";

struct Arguments {
  std::string_view command;
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  bool trace = false;
  std::string keep;
  bool shrunk = false;
  Mutant mutant = Mutant::none;
  std::string mutant_name;
};

Plan kept(Plan plan, const std::vector<std::size_t>& keep) {
  std::vector<Element> elements;
  for (const std::size_t i : keep)
    if (i < plan.elements.size()) elements.push_back(plan.elements[i]);
  plan.elements = std::move(elements);
  return plan;
}

/// Leaves out of the schedule what the same violation does not need.
std::vector<std::size_t> shrink(const Plan& plan, const FleetOptions& options, std::string_view invariant) {
  std::vector<std::size_t> keep(plan.elements.size());
  for (std::size_t i = 0; i < keep.size(); ++i) keep[i] = i;
  for (bool smaller = true; smaller;) {
    smaller = false;
    for (std::size_t i = keep.size(); i-- > 0;) {
      std::vector<std::size_t> fewer = keep;
      fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(i));
      const Outcome outcome = run_fleet(kept(plan, fewer), options);
      if (!outcome.violation || outcome.violation->invariant != invariant) continue;
      keep = std::move(fewer);
      smaller = true;
    }
  }
  return keep;
}

void report(const Plan& plan, const Outcome& outcome, const Arguments& arguments) {
  std::printf("FAILED %.*s: %s (at %.3f s)\n", static_cast<int>(outcome.violation->invariant.size()),
              outcome.violation->invariant.data(), outcome.violation->what.c_str(),
              static_cast<double>(outcome.at.count()) / 1000);
  const FleetOptions options{arguments.mutant, false};
  const auto keep = shrink(plan, options, outcome.violation->invariant);
  std::string list;
  for (const std::size_t i : keep) list += (list.empty() ? "" : ",") + std::to_string(i);
  const Plan small = kept(plan, keep);
  const Outcome again = run_fleet(small, options);
  std::printf("%s  -> %s\n", to_string(small).c_str(), again.violation ? again.violation->what.c_str() : "nothing");
  std::printf("  repeat: simulate --seed %llu --keep %s%s%s --trace\n", static_cast<unsigned long long>(plan.seed),
              list.empty() ? "none" : list.c_str(), arguments.mutant_name.empty() ? "" : " --mutant ",
              arguments.mutant_name.c_str());
  std::fflush(stdout);
}

struct Sum {
  std::chrono::steady_clock::time_point began = std::chrono::steady_clock::now();
  std::size_t fleets = 0;
  std::size_t failed = 0;
  std::size_t records = 0;
  std::size_t sessions = 0;
  double hours = 0;
  double worker_hours = 0;

  void add(const Outcome& outcome) {
    ++fleets;
    failed += outcome.violation ? 1 : 0;
    records += outcome.handled;
    sessions += outcome.sessions;
    hours += static_cast<double>(outcome.at.count()) / 3'600'000;
    worker_hours += static_cast<double>(outcome.worker_time.count()) / 3'600'000;
  }
  void print() const {
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    std::printf(
        "%zu fleets, %zu failed, in %.1f s: %.1f ms each; %zu records handled in %zu sessions; %.2f simulated "
        "fleet-hours/s, %.2f worker-hours/s\n",
        fleets, failed, seconds, seconds * 1000 / static_cast<double>(fleets), records, sessions, hours / seconds,
        worker_hours / seconds);
    std::fflush(stdout);
  }
};

int run_one(const Arguments& arguments) {
  Plan plan = make_plan(arguments.first);
  if (arguments.shrunk) {
    std::vector<std::size_t> keep;
    for (const char* at = arguments.keep.c_str(); *at >= '0' && *at <= '9';) {
      char* end = nullptr;
      keep.push_back(std::strtoull(at, &end, 10));
      at = *end == ',' ? end + 1 : end;
    }
    plan = kept(std::move(plan), keep);
  }
  std::printf("%s", to_string(plan).c_str());
  const FleetOptions options{arguments.mutant, arguments.trace};
  const Outcome outcome = run_fleet(plan, options);
  if (!outcome.violation) {
    std::printf("fine after %.3f s: %zu records, handled %zu times, in %zu sessions\n",
                static_cast<double>(outcome.at.count()) / 1000, outcome.records, outcome.handled, outcome.sessions);
    return 0;
  }
  std::printf("FAILED %.*s: %s (at %.3f s)\n", static_cast<int>(outcome.violation->invariant.size()),
              outcome.violation->invariant.data(), outcome.violation->what.c_str(),
              static_cast<double>(outcome.at.count()) / 1000);
  return 1;
}

int run_many(const Arguments& arguments, bool for_ever) {
  Sum sum;
  for (std::uint64_t seed = arguments.first; for_ever || seed <= arguments.last; ++seed) {
    const Plan plan = make_plan(seed);
    const FleetOptions options{arguments.mutant, false};
    const Outcome outcome = run_fleet(plan, options);
    sum.add(outcome);
    if (outcome.violation) report(plan, outcome, arguments);
    if (for_ever && sum.fleets % 1'000 == 0) sum.print();
  }
  sum.print();
  return sum.failed == 0 ? 0 : 1;
}

/// How many fleets each of the wrong kinds may take to be noticed.
constexpr std::uint64_t seeds_a_mutant = 60;

int run_mutants() {
  int missed = 0;
  for (const MutantKind& kind : mutants()) {
    std::uint64_t seed = 1;
    std::optional<Violation> violation;
    for (; seed <= seeds_a_mutant && !violation; ++seed)
      violation = run_fleet(make_plan(seed), FleetOptions{kind.mutant, false}).violation;
    const bool right =
        violation && std::find(kind.breaks.begin(), kind.breaks.end(), violation->invariant) != kind.breaks.end();
    missed += right ? 0 : 1;
    std::printf("%s %-22s after %llu fleets: %s\n", right ? "caught" : "MISSED", std::string(kind.name).c_str(),
                static_cast<unsigned long long>(seed - 1),
                violation ? (std::string(violation->invariant) + ": " + violation->what).c_str() : "nothing");
    std::fflush(stdout);
  }
  return missed == 0 ? 0 : 1;
}

int run_twice(const Arguments& arguments) {
  int different = 0;
  for (std::uint64_t seed = arguments.first; seed <= arguments.last; ++seed) {
    const Plan plan = make_plan(seed);
    const Outcome first = run_fleet(plan);
    const Outcome second = run_fleet(plan);
    if (first.digest == second.digest && first.at == second.at && first.handled > 0) continue;
    std::printf("seed %llu is not repeatable\n", static_cast<unsigned long long>(seed));
    ++different;
  }
  return different == 0 ? 0 : 1;
}

bool parse_range(const char* text, Arguments& arguments) {
  char* end = nullptr;
  arguments.first = arguments.last = std::strtoull(text, &end, 10);
  if (std::string_view(end).substr(0, 2) == "..") arguments.last = std::strtoull(end + 2, &end, 10);
  return end != text && *end == '\0';
}

bool parse(int argc, char** argv, Arguments& arguments) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view name = argv[i];
    if (name == "--trace") {
      arguments.trace = true;
    } else if (name == "--nightly" || name == "--mutants" || name == "--help") {
      arguments.command = name;
    } else if (++i == argc) {
      return false;
    } else if (name == "--seed" || name == "--seeds" || name == "--repeatable") {
      arguments.command = name;
      if (!parse_range(argv[i], arguments)) return false;
    } else if (name == "--from") {
      if (!parse_range(argv[i], arguments)) return false;
    } else if (name == "--keep") {
      arguments.keep = argv[i];
      arguments.shrunk = true;
    } else if (name == "--mutant") {
      for (const MutantKind& kind : mutants())
        if (kind.name == argv[i]) arguments.mutant = kind.mutant;
      if (arguments.mutant == Mutant::none) return false;
      arguments.mutant_name = argv[i];
    } else {
      return false;
    }
  }
  return true;
}

int run(int argc, char** argv) {
  Arguments arguments;
  const bool understood = parse(argc, argv, arguments);
  if (understood && arguments.command == "--seed") return run_one(arguments);
  if (understood && arguments.command == "--seeds") return run_many(arguments, false);
  if (understood && arguments.command == "--nightly") return run_many(arguments, true);
  if (understood && arguments.command == "--mutants") return run_mutants();
  if (understood && arguments.command == "--repeatable") return run_twice(arguments);
  std::printf("%s", std::string(help).c_str());
  return understood && arguments.command == "--help" ? 0 : 2;
}

}  // namespace
}  // namespace kinesis::simulation

int main(int argc, char** argv) { return kinesis::simulation::run(argc, argv); }
