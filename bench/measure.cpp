#include "measure.hpp"

#include "core/digest.hpp"
#include "core/md5.hpp"
#include "core/random.hpp"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <limits>
#include <time.h>

namespace kinesis::bench {

double thread_cpu_us() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_nsec) / 1e3;
}

double best_us(int rounds, int times, const std::function<void()>& work) {
  double best = std::numeric_limits<double>::max();
  for (int round = 0; round < rounds; ++round) {
    const double start = thread_cpu_us();
    for (int i = 0; i < times; ++i) work();
    best = std::min(best, (thread_cpu_us() - start) / times);
  }
  return best;
}

std::string random_bytes(std::size_t size, std::uint64_t seed) {
  core::Random random(seed);
  std::string bytes(size, '\0');
  for (char& c : bytes) c = static_cast<char>(random());
  return bytes;
}

void print_machine() {
  constexpr std::size_t mib = std::size_t{1} << 20;
  const std::string from = random_bytes(64 * mib);  // more than the caches hold
  std::string to(mib, '\0');
  std::size_t at = 0;
  volatile char sink = 0;
  const double copy = best_us(5, 256, [&] {
    std::memcpy(to.data(), from.data() + at, mib);
    at = (at + mib) % from.size();
    sink = to[at % mib];
  });
  const double sha = best_us(5, 8, [&] { sink = static_cast<char>(core::sha256(as_bytes(from).first(mib))[0]); });
  const double md5 = best_us(5, 8, [&] { sink = static_cast<char>(core::md5(as_bytes(from).first(mib))[0]); });
  const auto rate = [](double us) { return static_cast<double>(mib) / us / 1e3; };
  std::printf("machine, one core: SHA-256 %.2f GB/s, MD5 %.2f GB/s, memcpy %.1f GB/s\n\n", rate(sha), rate(md5),
              rate(copy));
}

namespace {

void print_line(const std::string& what, double value, const char* unit, double target, const char* bound, bool met) {
  std::printf("%-62s %8.*f %-10s", what.c_str(), value < 10 ? 2 : 1, value, unit);
  if (target > 0) std::printf(" %s %g: %s", bound, target, met ? "met" : "MISSED");
  std::printf("\n");
  std::fflush(stdout);
}

}  // namespace

void print_figure(const std::string& what, double value, const char* unit, double target) {
  print_line(what, value, unit, target, "at most", value <= target);
}

void print_rate(const std::string& what, double value, const char* unit, double target) {
  print_line(what, value, unit, target, "at least", value >= target);
}

}  // namespace kinesis::bench
