#include "aws/json_value.hpp"
#include "aws/json_writer.hpp"
#include "commands.hpp"
#include "core/random.hpp"
#include "input_lines.hpp"
#include "output.hpp"
#include <kinesis/producer.hpp>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <future>
#include <mutex>
#include <thread>

namespace kinesis::tool {
namespace {

/// Lines beyond this fail before they are read whole; the stream's own limit may be less.
constexpr std::size_t max_line = std::size_t{10} * 1024 * 1024;
/// Records whose receipts are not there yet, and their bytes: less than a producer's buffer. The reader waits at these
/// bounds.
constexpr std::size_t max_outstanding = 50'000;
constexpr std::size_t max_outstanding_bytes = std::size_t{48} * 1024 * 1024;
/// Between two looks at how far the work is.
constexpr std::chrono::milliseconds a_moment{200};

std::atomic<bool> interrupted{false};

/// Where the partition key of a line comes from.
class KeySource {
 public:
  explicit KeySource(const PutArguments& arguments) : arguments_(arguments), random_(core::random_seed()) {}

  std::string key_of(const std::string& line, const InputLines& input) {
    if (!arguments_.key.empty()) return arguments_.key;
    if (!arguments_.key_field.empty()) return field_of(line, input);
    if (arguments_.key_column > 0) return column_of(line, input);
    return std::to_string(random_());
  }

 private:
  [[noreturn]] static void fail(const InputLines& input, const std::string& why) {
    throw Error(errc::invalid_argument, input.name() + ", line " + std::to_string(input.line()) + ": " + why);
  }
  std::string field_of(const std::string& line, const InputLines& input) const {
    const auto document = aws::JsonValue::parse(line);
    if (!document) fail(input, "--key-field needs JSON: " + document.error().message());
    if (!document->is_object()) fail(input, "--key-field needs a JSON object");
    const aws::JsonValue value = (*document)[arguments_.key_field];
    if (value.is_null()) fail(input, "no member \"" + arguments_.key_field + "\" for the partition key");
    const auto text = value.as_string();
    return text ? std::string(*text) : value.to_json();
  }
  std::string column_of(const std::string& line, const InputLines& input) const {
    std::size_t begin = 0;
    for (int column = 1; column < arguments_.key_column; ++column) {
      begin = line.find('\t', begin);
      if (begin == std::string::npos)
        fail(input, "no column " + std::to_string(arguments_.key_column) + " for the partition key");
      ++begin;
    }
    std::string key = line.substr(begin, line.find('\t', begin) - begin);
    if (key.empty()) fail(input, "column " + std::to_string(arguments_.key_column) + " is empty");
    return key;
  }

  const PutArguments& arguments_;
  core::Random random_;
};

/// Counts receipts and writes them; its functions are called by the reading thread and by the client's.
class Receipts {
 public:
  void write_to(const std::string& path) { file_.emplace(path); }

  /// Waits a moment for room. `size`: data and key of the record to be sent, for `answered`, too.
  [[nodiscard]] bool try_to_send(std::size_t size) {
    std::unique_lock lock(mutex_);
    const auto has_room = [this, size] {
      const bool room = sent_ - answered_ < max_outstanding && outstanding_bytes_ + size <= max_outstanding_bytes;
      return room || sent_ == answered_;
    };
    if (!room_.wait_for(lock, a_moment, has_room)) return false;
    ++sent_;
    outstanding_bytes_ += size;
    return true;
  }
  void answered(std::uint64_t line, std::size_t bytes, std::size_t size, const Result<Receipt>& result) {
    const std::lock_guard lock(mutex_);
    ++answered_;
    outstanding_bytes_ -= size;
    if (!result) {
      ++failed_;
      if (!first_failure_) first_failure_ = result.error().with_context("line " + std::to_string(line));
    } else {
      bytes_ += bytes;
      latency_.record(static_cast<std::uint64_t>(result->time_in_library.count()) / 1000);
      write(line, *result);
    }
    room_.notify_all();
  }
  void wait_for_all() {
    std::unique_lock lock(mutex_);
    room_.wait(lock, [this] { return answered_ == sent_; });
    if (file_ && !write_failure_) file_->flush();
  }

  std::uint64_t sent_count() const { return locked(sent_); }
  std::uint64_t stored() const {
    const std::lock_guard lock(mutex_);
    return answered_ - failed_;
  }
  std::uint64_t failed() const { return locked(failed_); }
  std::uint64_t bytes() const { return locked(bytes_); }
  std::optional<Error> failure() const { return locked(first_failure_); }
  std::optional<Error> write_failure() const { return locked(write_failure_); }
  Histogram latency() const { return locked(latency_); }

 private:
  template <class T>
  T locked(const T& value) const {
    const std::lock_guard lock(mutex_);
    return value;
  }
  void write(std::uint64_t line, const Receipt& receipt) {
    if (!file_ || write_failure_) return;
    std::string text;
    aws::JsonWriter json(text);
    json.begin_object();
    json.key("line").integer(line);
    json.key("shard").string(receipt.shard_id);
    json.key("sequence_number").plain_string(receipt.sequence_number.view());
    json.key("sub_sequence_number");
    if (receipt.sub_sequence_number) {
      json.integer(*receipt.sub_sequence_number);
    } else {
      json.null();
    }
    json.key("attempts").integer(receipt.attempts);
    json.end_object();
    text += '\n';
    try {
      file_->write(text);
    } catch (const Error& error) {
      write_failure_ = error;
    }
  }

  mutable std::mutex mutex_;
  std::condition_variable room_;
  std::optional<OutputFile> file_;
  std::uint64_t sent_ = 0;
  std::uint64_t answered_ = 0;
  std::size_t outstanding_bytes_ = 0;
  std::uint64_t failed_ = 0;
  std::uint64_t bytes_ = 0;
  std::optional<Error> first_failure_;
  std::optional<Error> write_failure_;
  Histogram latency_;
};

/// Keeps to a rate, and shows how far the work is, a few times a second.
class Pace {
 public:
  Pace(Clock& clock, double rate) : clock_(clock), rate_(rate), began_(clock.now()) {}

  void wait(std::uint64_t next_record) const {
    if (rate_ <= 0) return;
    const auto due = began_ + std::chrono::duration_cast<Clock::duration>(
                                  std::chrono::duration<double>(static_cast<double>(next_record) / rate_));
    for (auto now = clock_.now(); now < due && !interrupted; now = clock_.now())
      std::this_thread::sleep_for(std::min<Clock::duration>(due - now, std::chrono::milliseconds(50)));
  }
  double seconds() const { return std::chrono::duration<double>(clock_.now() - began_).count(); }

  void show(const Receipts& receipts, const InputLines& input, const Producer<std::string>& producer) {
    if (!line_.shown() || (!samples_.empty() && seconds() - samples_.back().seconds < 0.2)) return;
    const Sample now{seconds(), static_cast<double>(receipts.stored()), static_cast<double>(receipts.bytes())};
    // Of the last two seconds: the mean of the whole work is in the summary.
    const Sample since = samples_.empty() ? Sample{} : samples_.front();
    const double time = now.seconds - since.seconds;
    samples_.push_back(now);
    if (samples_.size() > 10) samples_.pop_front();
    const ProducerMetrics metrics = producer.metrics();
    const std::size_t shards = metrics.shards.size();
    std::string text = with_commas(receipts.stored()) + " records, " +
                       with_commas(static_cast<std::uint64_t>((now.records - since.records) / time)) + "/s, " +
                       human_bytes((now.bytes - since.bytes) / time) + "/s, " + std::to_string(shards) +
                       (shards == 1 ? " shard, " : " shards, ") + with_commas(metrics.entries_throttled) +
                       " throttled, " + with_commas(metrics.entries_retried) + " sent again";
    const auto total = input.total_bytes();
    if (total && *total > 0 && input.bytes_read() > 0) {
      const double part = static_cast<double>(input.bytes_read()) / static_cast<double>(*total);
      char eta[64];
      std::snprintf(eta, sizeof eta, ", %.0f %%, %.0f s left", part * 100, now.seconds / part - now.seconds);
      text += eta;
    }
    line_.show(text);
  }
  void clear() { line_.clear(); }

 private:
  Clock& clock_;
  double rate_;
  Clock::time_point began_;
  struct Sample {
    double seconds = 0;
    double records = 0;
    double bytes = 0;
  };
  std::deque<Sample> samples_;
  ProgressLine line_;
};

std::string summary(const Receipts& receipts, const ProducerMetrics& metrics, double seconds, bool json) {
  const Histogram latency = receipts.latency();
  const double rate = seconds > 0 ? static_cast<double>(receipts.stored()) / seconds : 0;
  const auto ms = [&](double percent) { return static_cast<double>(latency.percentile(percent)) / 1000; };
  if (json) {
    std::string text;
    aws::JsonWriter writer(text);
    writer.begin_object().key("records").integer(receipts.stored()).key("failed").integer(receipts.failed());
    writer.key("bytes").integer(receipts.bytes()).key("seconds").number(seconds).key("records_per_second").number(rate);
    writer.key("p50_ms").number(ms(50)).key("p99_ms").number(ms(99));
    writer.key("p90_ms").number(ms(90)).key("max_ms").number(ms(100));
    writer.key("calls").integer(metrics.calls).key("kinesis_records").integer(metrics.entries_sent);
    writer.key("throttled").integer(metrics.entries_throttled).key("sent_again").integer(metrics.entries_retried);
    writer.key("latency_histogram").begin_array();
    for (const LatencyStep& step : latency_steps(latency)) {
      writer.begin_object().key("below_ms").number(static_cast<double>(step.below_us) / 1000);
      writer.key("records").integer(step.times).end_object();
    }
    writer.end_array().key("shards").integer(metrics.shards.size());
    writer.key("producer").raw(to_json(metrics)).end_object();
    return text + "\n";
  }
  char text[256];
  std::snprintf(text, sizeof text, "%s records (%s) in %.1f s, %s/s; latency p50 %.1f ms, p99 %.1f ms\n",
                with_commas(receipts.stored()).c_str(), human_bytes(static_cast<double>(receipts.bytes())).c_str(),
                seconds, with_commas(static_cast<std::uint64_t>(rate)).c_str(), ms(50), ms(99));
  std::string lines = text;
  std::snprintf(text, sizeof text, "%s calls, %s Kinesis records, %zu %s, %s throttled, %s sent again, %s failed\n",
                with_commas(metrics.calls).c_str(), with_commas(metrics.entries_sent).c_str(), metrics.shards.size(),
                metrics.shards.size() == 1 ? "shard" : "shards", with_commas(metrics.entries_throttled).c_str(),
                with_commas(metrics.entries_retried).c_str(), with_commas(receipts.failed()).c_str());
  lines += text;
  if (latency.empty()) return lines;
  std::snprintf(text, sizeof text, "latency p50 %.1f ms, p90 %.1f ms, p99 %.1f ms, max %.1f ms\n", ms(50), ms(90),
                ms(99), ms(100));
  return lines + text + latency_bars(latency);
}

/// The command was right, a line or the service was not: never wrong usage.
int failed(const Error& error) {
  std::fprintf(stderr, "kinesis put: %s\n", error.what());
  return exit_failed;
}

}  // namespace

int run_put(const ConnectionArguments& connection, const PutArguments& arguments) {
  InputLines input(arguments.file, max_line);
  Receipts receipts;  // before the client, whose thread reports to it
  KeySource keys(arguments);
  Client client(connection.client_options());
  // Fails at once, and by name, where the stream is not there.
  const StreamDescriptionSummary stream =
      client.call(DescribeStreamSummaryRequest(arguments.stream)).get().stream_description_summary;
  if (!arguments.receipts.empty()) receipts.write_to(arguments.receipts);
  ProducerOptions options{.stream = arguments.stream};
  // A record over the stream's limit would take all others of its call along.
  const auto limit_in_kib =
      static_cast<std::size_t>(std::clamp(stream.max_record_size_in_kib.value_or(1024), 1, 10240));
  options.max_record_bytes = limit_in_kib * 1024;
  if (!arguments.aggregate) options.aggregation = NoAggregation{};
  if (arguments.ordered) options.ordering = Ordering::per_key;
  options.linger = std::chrono::milliseconds(arguments.linger_ms);
  options.time_to_live = std::chrono::seconds(arguments.time_to_live_s);
  options.max_in_flight = static_cast<std::size_t>(arguments.max_in_flight);
  options.max_in_flight_per_shard = options.max_in_flight;
  Producer<std::string> producer(client, options, text);

  struct sigaction action{};
  // The first one stops reading and finishes what was read; a second one does not wait for that.
  action.sa_handler = [](int signal) {
    if (interrupted.exchange(true)) std::_Exit(128 + signal);
  };
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);

  Pace pace(client.clock(), arguments.rate);
  std::optional<Error> input_failure;
  try {
    while (!interrupted && !receipts.failure() && !receipts.write_failure()) {
      std::optional<std::string> line = input.next();
      if (!line) break;
      const std::string key = keys.key_of(*line, input);
      pace.wait(input.line() - 1);
      if (interrupted) break;
      const std::uint64_t number = input.line();
      const std::size_t bytes = line->size();
      const std::size_t size = bytes + key.size();
      while (!receipts.try_to_send(size)) pace.show(receipts, input, producer);
      producer.send(key, *line, [&receipts, number, bytes, size](Result<Receipt> result) {
        receipts.answered(number, bytes, size, result);
      });
      pace.show(receipts, input, producer);
    }
  } catch (const Error& error) {
    if (!interrupted) input_failure = error;
  }
  // What was read before is sent, whatever went wrong with the input.
  std::future<void> closed = producer.close();
  while (closed.wait_for(a_moment) != std::future_status::ready) pace.show(receipts, input, producer);
  closed.get();
  receipts.wait_for_all();
  const double seconds = pace.seconds();
  pace.clear();
  print(summary(receipts, producer.metrics(), seconds, connection.json() || arguments.json));
  if (input_failure) return failed(*input_failure);
  if (receipts.write_failure()) return failed(*receipts.write_failure());
  if (receipts.failure())
    return failed(receipts.failure()->with_context(with_commas(receipts.failed()) + " records failed; the first"));
  return interrupted ? exit_failed : exit_done;
}

}  // namespace kinesis::tool
