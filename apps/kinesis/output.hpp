#pragma once

#include <kinesis/clock.hpp>
#include <kinesis/fetch_mode.hpp>
#include <kinesis/histogram.hpp>
#include <kinesis/log.hpp>

#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

// What the commands share: errors in one line, files that notice failed writes, terminals, progress.
namespace kinesis::tool {

/// Runs a command; an Error becomes one line on stderr and exit code 1 (2 for an invalid argument).
int run_reporting_errors(const std::string& command, const std::function<int()>& run);

/// Text on standard output. Throws Error(storage) if it cannot be written.
void print(std::string_view text);

/// A file that is written line by line; every failed write throws Error(storage) with the name of the file. "-" is
/// standard output.
class OutputFile {
 public:
  enum class Mode {
    replace,  ///< What the file had is gone.
    append,   ///< What the file had stays, but for a last line that has no newline: its writer was killed.
  };
  explicit OutputFile(const std::string& path, Mode mode = Mode::replace);
  ~OutputFile();
  OutputFile(OutputFile&& other) noexcept;
  OutputFile& operator=(OutputFile&&) = delete;

  void write(std::string_view text);
  /// Hands everything to the operating system.
  void flush();

 private:
  [[noreturn]] void fail() const;
  void cut_unfinished_line() const;
  std::string name_;
  std::FILE* file_ = nullptr;
};

/// Colours and moving cursors are for people: a terminal, without NO_COLOR and not TERM=dumb.
bool is_terminal(std::FILE* file);

/// A line on stderr that is written over while long work goes on; nothing where stderr is no terminal. Not thread-safe.
class ProgressLine {
 public:
  ProgressLine() : shown_(is_terminal(stderr)) {}
  ~ProgressLine() { clear(); }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;
  bool shown() const noexcept { return shown_; }
  void show(const std::string& text);
  void clear();

 private:
  bool shown_;
  bool dirty_ = false;
};

/// "1,234,567"
std::string with_commas(std::uint64_t number);
/// "12.3 MB"
std::string human_bytes(double bytes);
/// How often times were below `below_us` microseconds, and not below the step before.
struct LatencyStep {
  std::uint64_t below_us;
  std::uint64_t times;
};
/// How times are distributed over the steps 1, 2, 5, 10, ... from the first to the last that occurs.
std::vector<LatencyStep> latency_steps(const Histogram& microseconds);
/// The same as lines of text, with a bar for each step. Empty if there are none.
std::string latency_bars(const Histogram& microseconds);
/// "64MiB", "1GB", "4096"; throws Error(invalid_argument).
std::size_t parse_size(const std::string& text);
/// "trim-horizon", "latest", an ISO 8601 time, or "SHARD=SEQUENCE_NUMBER,..."; throws Error(invalid_argument).
StartPosition parse_start(const std::string& text);
/// Messages of the library on stderr, through spdlog: 0 none, 1 warnings, 2 everything.
Log stderr_log(int verbose);

}  // namespace kinesis::tool
