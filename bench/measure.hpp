#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

// What the programs of bench/ share: a clock of a thread's own work, the rates of the machine, and the table.
namespace kinesis::bench {

/// CPU time of this thread, in microseconds: what other threads and processes do is not in it.
double thread_cpu_us();

/// `thread_cpu_us` of one call of `work`: the best of `rounds` of `times` calls, for others disturb and nobody helps.
double best_us(int rounds, int times, const std::function<void()>& work);

/// Reproducible.
std::string random_bytes(std::size_t size, std::uint64_t seed = 1);

/// Measures and prints the rates that bound everything here: figures of two machines can be compared beside them only.
void print_machine();

/// One line of the table: a cost, and whether it is at most its target (0: there is none).
void print_figure(const std::string& what, double value, const char* unit, double target = 0);
/// The same of a rate, which is to be at least its target.
void print_rate(const std::string& what, double value, const char* unit, double target = 0);

}  // namespace kinesis::bench
