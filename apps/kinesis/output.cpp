#include "output.hpp"

#include "commands.hpp"
#include "core/time_format.hpp"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <limits>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace kinesis::tool {

int run_reporting_errors(const std::string& command, const std::function<int()>& run) {
  try {
    return run();
  } catch (const Error& error) {
    std::fprintf(stderr, "kinesis %s: %s\n", command.c_str(), error.what());
    return error.code() == errc::invalid_argument && error.http_status() == 0 ? exit_usage : exit_failed;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "kinesis %s: %s\n", command.c_str(), error.what());
    return exit_failed;
  }
}

void print(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0)
    throw Error(errc::storage, std::string("cannot write to standard output: ") + std::strerror(errno));
}

OutputFile::OutputFile(const std::string& path, Mode mode) : name_(path == "-" ? "standard output" : path) {
  file_ = path == "-" ? stdout : std::fopen(path.c_str(), mode == Mode::append ? "ab" : "wb");
  if (file_ == nullptr) fail();
  if (file_ != stdout && mode == Mode::append) cut_unfinished_line();
}
void OutputFile::cut_unfinished_line() const {
  struct stat status{};
  if (fstat(fileno(file_), &status) != 0 || !S_ISREG(status.st_mode)) return;
  std::ifstream written(name_, std::ios::binary);
  off_t end = status.st_size;
  for (; end > 0; --end) {
    written.seekg(end - 1);
    if (written.get() == '\n') break;
  }
  if (end != status.st_size && ftruncate(fileno(file_), end) != 0) fail();
}
OutputFile::OutputFile(OutputFile&& other) noexcept
    : name_(std::move(other.name_)), file_(std::exchange(other.file_, nullptr)) {}
OutputFile::~OutputFile() {
  if (file_ == nullptr) return;
  if (file_ == stdout) {
    std::fflush(file_);
  } else {
    std::fclose(file_);
  }
}
void OutputFile::write(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), file_) != text.size()) fail();
}
void OutputFile::flush() {
  if (std::fflush(file_) != 0) fail();
}
void OutputFile::fail() const { throw Error(errc::storage, "cannot write to " + name_ + ": " + std::strerror(errno)); }

bool is_terminal(std::FILE* file) {
  const char* term = std::getenv("TERM");
  const char* no_color = std::getenv("NO_COLOR");
  if (no_color != nullptr && *no_color != '\0') return false;
  return isatty(fileno(file)) == 1 && term != nullptr && std::strcmp(term, "dumb") != 0;
}

void ProgressLine::show(const std::string& text) {
  if (!shown_) return;
  std::fprintf(stderr, "\r\x1b[K%s", text.c_str());
  std::fflush(stderr);
  dirty_ = true;
}
void ProgressLine::clear() {
  if (dirty_) std::fprintf(stderr, "\r\x1b[K");
  dirty_ = false;
}

std::string with_commas(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t i = digits.size(); i > 3; i -= 3) digits.insert(i - 3, ",");
  return digits;
}

std::string human_bytes(double bytes) {
  static constexpr const char* units[] = {"B", "KB", "MB", "GB", "TB"};
  std::size_t unit = 0;
  while (bytes >= 1000 && unit + 1 < std::size(units)) {
    bytes /= 1000;
    ++unit;
  }
  char text[32];
  std::snprintf(text, sizeof text, unit == 0 ? "%.0f %s" : "%.1f %s", bytes, units[unit]);
  return text;
}

std::vector<LatencyStep> latency_steps(const Histogram& microseconds) {
  std::vector<LatencyStep> steps;
  // A bucket belongs to the step that has its highest value.
  std::uint64_t below = 100;
  std::uint64_t times = 0;
  const auto close_step = [&] {
    if (times > 0 || !steps.empty()) steps.push_back({below, times});
    times = 0;
    below = std::to_string(below).front() == '2' ? below / 2 * 5 : below * 2;
  };
  for (const Histogram::Bucket& bucket : microseconds.buckets()) {
    while (bucket.highest >= below) close_step();
    times += bucket.count;
  }
  if (times > 0) close_step();
  return steps;
}

std::string latency_bars(const Histogram& microseconds) {
  constexpr std::size_t width = 40;
  const std::vector<LatencyStep> steps = latency_steps(microseconds);
  std::uint64_t most = 1;
  for (const LatencyStep& step : steps) most = std::max(most, step.times);
  std::string text;
  for (const LatencyStep& step : steps) {
    char line[64];
    const std::string count = with_commas(step.times);
    std::snprintf(line, sizeof line, "  < %6g ms  %12s  ", static_cast<double>(step.below_us) / 1000, count.c_str());
    text += line;
    const auto full = static_cast<double>(step.times) / static_cast<double>(most) * static_cast<double>(width);
    text.append(static_cast<std::size_t>(std::lround(full)), '#');
    while (text.back() == ' ') text.pop_back();
    text += '\n';
  }
  return text;
}

std::size_t parse_size(const std::string& text) {
  std::size_t digits = 0;
  std::uint64_t value = 0;
  try {
    value = std::stoull(text, &digits);
  } catch (const std::exception&) {
    digits = 0;
  }
  const std::string unit = text.substr(digits);
  std::uint64_t factor = 0;
  if (unit.empty() || unit == "B") factor = 1;
  if (unit == "KB") factor = 1000;
  if (unit == "MB") factor = 1'000'000;
  if (unit == "GB") factor = 1'000'000'000;
  if (unit == "KiB") factor = 1024;
  if (unit == "MiB") factor = std::uint64_t{1} << 20;
  if (unit == "GiB") factor = std::uint64_t{1} << 30;
  if (digits == 0 || factor == 0 || text[0] == '-' || value > std::numeric_limits<std::size_t>::max() / factor)
    throw Error(errc::invalid_argument, "\"" + text + "\" is no size; write 64MiB, 1GB or a number of bytes");
  return value * factor;
}

namespace {

/// "shardId-000000000000=49..., shardId-...=..."
std::optional<AtSequenceNumbers> parse_numbers(std::string_view text) {
  AtSequenceNumbers at;
  while (!text.empty()) {
    const std::string_view pair = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), pair.size() + 1));
    const std::size_t equals = pair.find('=');
    if (equals == 0 || equals == std::string_view::npos) return std::nullopt;
    const auto number = SequenceNumber::parse(pair.substr(equals + 1));
    if (!number || !at.shards.emplace(pair.substr(0, equals), *number).second) return std::nullopt;
  }
  return at;
}

}  // namespace

StartPosition parse_start(const std::string& text) {
  if (text == "trim-horizon") return TrimHorizon{};
  if (text == "latest") return Latest{};
  if (const auto time = core::parse_iso8601(text)) return AtTimestamp{*time};
  if (const auto numbers = text.empty() ? std::nullopt : parse_numbers(text)) return *numbers;
  throw Error(errc::invalid_argument,
              "\"" + text +
                  "\" is no position; write trim-horizon, latest, a time such as 2026-11-24T06:00:00Z, or "
                  "SHARD=SEQUENCE_NUMBER for each shard, with commas between them");
}

Log stderr_log(int verbose) {
  if (verbose <= 0) return Log();
  auto logger = spdlog::stderr_color_mt("kinesis");
  logger->set_level(spdlog::level::trace);
  logger->set_pattern("%H:%M:%S.%e %^%l%$ %v");
  return Log(verbose == 1 ? LogLevel::warning : LogLevel::debug, [logger](const LogRecord& record) {
    std::string line(record.component);
    line += ": ";
    line += record.message;
    for (const LogField& field : record.fields) line.append(" ").append(field.name).append("=").append(field.value);
    switch (record.level) {
      case LogLevel::error:
        logger->error(line);
        break;
      case LogLevel::warning:
        logger->warn(line);
        break;
      case LogLevel::info:
        logger->info(line);
        break;
      default:
        logger->debug(line);
        break;
    }
  });
}

ClientOptions ConnectionArguments::client_options() const {
  ClientOptions options;
  options.region = region;
  options.profile = profile;
  options.endpoint_url = endpoint_url;
  options.verify_tls = !no_verify_ssl;
  options.ca_bundle = ca_bundle;
  options.wire_format = json_wire ? WireFormat::json : WireFormat::cbor;
  options.log = stderr_log(verbose);
  return options;
}

}  // namespace kinesis::tool
