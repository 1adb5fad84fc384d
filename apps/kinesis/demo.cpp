#include "aws/json_value.hpp"
#include "aws/paginators.hpp"
#include "commands.hpp"
#include "core/base64.hpp"
#include "core/uint128.hpp"
#include "demo_display.hpp"
#include "demo_ledger.hpp"
#include "demo_worker.hpp"
#include "input_lines.hpp"
#include "output.hpp"
#include "run_loop.hpp"
#include <kinesis/emulator.hpp>
#include <kinesis/lease_repositories.hpp>
#include <kinesis/producer.hpp>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <unistd.h>

namespace kinesis::tool {
namespace {

using core::awaitable;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr const char* stream_name = "demo";
constexpr int shard_count = 4;
constexpr std::size_t max_line = std::size_t{1024} * 1024 - 256;
/// No new record for so long means that the rest is lost.
constexpr seconds patience{30};
/// From the death of a worker to the next one.
constexpr seconds restart_after{2};

/// A folder that goes with its owner.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "kinesis-demo-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr)
      throw Error(errc::storage, "cannot make a folder in " + std::filesystem::temp_directory_path().string());
    path_ = name;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  std::string file(const char* name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

std::filesystem::path own_program() { return std::filesystem::read_symlink("/proc/self/exe"); }

/// The flights: installed beside the tool, or in the source tree the tool was built in.
std::string default_input() {
  const std::filesystem::path folder = own_program().parent_path();
  for (const char* place :
       {"../share/kinesis/flights-20k.jsonl", "../../../data/flights-20k.jsonl", "../../data/flights-20k.jsonl"}) {
    const std::filesystem::path path = folder / place;
    if (std::filesystem::exists(path)) return std::filesystem::weakly_canonical(path).string();
  }
  throw Error(errc::not_found,
              "the flights file is not where it was installed; name a file of JSON lines with a member \"origin\"");
}

std::vector<DemoLedger::Line> read_lines(const std::string& path) {
  InputLines input(path, max_line);
  std::vector<DemoLedger::Line> lines;
  std::map<std::string, std::uint64_t, std::less<>> seen;
  while (auto text = input.next()) {
    const std::string where = path + ", line " + std::to_string(input.line());
    const auto document = aws::JsonValue::parse(*text);
    if (!document) throw Error(errc::invalid_argument, where + ": " + document.error().message());
    const auto key = (*document)["origin"].as_string();
    if (!key || key->empty())
      throw Error(errc::invalid_argument, where + ": no text member \"origin\", which is the partition key");
    const auto [other, fresh] = seen.try_emplace(*text, input.line());
    if (!fresh)
      throw Error(errc::invalid_argument, where + ": the same as line " + std::to_string(other->second) +
                                              "; the demo counts lines, so they must differ");
    lines.push_back(DemoLedger::Line{*text, std::string(*key)});
  }
  if (lines.empty()) throw Error(errc::invalid_argument, path + " is empty");
  return lines;
}

std::int64_t epoch_ms(Clock& clock) {
  return std::chrono::duration_cast<milliseconds>(clock.wall_now().time_since_epoch()).count();
}

class Demo {
 public:
  Demo(asio::any_io_executor executor, Client client, Emulator& emulator, DemoLedger& ledger,
       const DemoArguments& arguments, const TemporaryFolder& folder)
      : executor_(executor),
        client_(client),
        clock_(client.clock()),
        emulator_(emulator),
        ledger_(ledger),
        arguments_(arguments),
        folder_(folder),
        leases_(sqlite_leases(folder.file("leases.db"), "demo")),
        began_(clock_.now()),
        producer_(std::move(client), ProducerOptions{.stream = stream_name, .linger = milliseconds(20)}, text),
        tasks_(executor) {}

  awaitable<int> run() {
    co_await leases_->prepare();
    for (const char* name : {"worker-1", "worker-2"}) start_worker(name);
    tasks_.spawn(put_all());
    tasks_.spawn(reshard_half_way());
    if (arguments_.chaos) tasks_.spawn(kill_a_worker());
    co_await watch();
    co_await stop_workers();
    tasks_.cancel();
    std::exception_ptr failure;
    try {
      co_await tasks_.join();
    } catch (...) {
      failure = std::current_exception();
    }
    if (failure) std::rethrow_exception(failure);
    co_return co_await report();
  }

 private:
  void start_worker(const std::string& name) {
    std::vector<std::string> arguments = {own_program().string(),
                                          "consume",
                                          stream_name,
                                          "--application",
                                          "demo",
                                          "--leases",
                                          "sqlite:" + folder_.file("leases.db"),
                                          "--worker",
                                          name,
                                          "--endpoint-url",
                                          emulator_.endpoint_url(),
                                          "--ca-bundle",
                                          folder_.file("ca.pem"),
                                          "--records",
                                          "-"};
    if (arguments_.fan_out) {
      arguments.emplace_back("--fan-out");
    } else {
      arguments.insert(arguments.end(), {"--poll-interval", "200"});
    }
    std::vector<std::pair<std::string, std::string>> environment = {
        {"AWS_REGION", "us-east-1"}, {"AWS_ACCESS_KEY_ID", "demo"}, {"AWS_SECRET_ACCESS_KEY", "demo"}};
    auto worker = std::make_unique<DemoWorker>(executor_, name, std::move(arguments), std::move(environment),
                                               folder_.file((name + ".log").c_str()));
    tasks_.spawn(worker->read_lines([this](std::string_view line) { take(line); }));
    workers_.push_back(std::move(worker));
  }

  void take(std::string_view line) {
    const auto record = aws::JsonValue::parse(line);
    if (!record) throw Error(errc::protocol, "a worker printed a line that is no JSON");
    Handled handled;
    handled.shard_id = (*record)["shard"].as_string().value_or("");
    handled.sequence_number = (*record)["sequence_number"].as_string().value_or("0");
    handled.sub_sequence_number = static_cast<std::uint64_t>((*record)["sub_sequence_number"].as_integer().value_or(0));
    const auto data = core::base64_decode((*record)["data_base64"].as_string().value_or(""));
    if (data) handled.data = as_text(*data);
    handled.handled_ms = (*record)["handled_ms"].as_integer().value_or(0);
    handled.worker = (*record)["worker"].as_string().value_or("");
    ledger_.handled(std::move(handled));
    last_progress_ = clock_.now();
  }

  awaitable<void> put_all() {
    const auto& lines = ledger_.lines();
    const auto began = clock_.now();
    for (std::size_t i = 0; i < lines.size(); ++i) {
      const auto due = began + std::chrono::duration_cast<Clock::duration>(
                                   std::chrono::duration<double>(static_cast<double>(i) / arguments_.rate));
      if (due > clock_.now() + milliseconds(5)) co_await core::sleep_until(clock_, due);
      ledger_.sent(i, epoch_ms(clock_));
      producer_.send(lines[i].key, lines[i].data, [this](Result<Receipt> result) {
        if (result) return ledger_.acknowledged();
        if (!put_failure_) put_failure_ = result.error();
      });
    }
    co_await producer_.async_flush();
  }

  awaitable<void> reshard_half_way() {
    while (ledger_.sent_count() < ledger_.lines().size() / 2) co_await core::sleep_for(clock_, milliseconds(50));
    auto listed = co_await aws::list_all_shards(client_.kinesis(), ListShardsRequest(stream_name));
    const std::vector<KinesisShard> shards = std::move(listed).value();
    shards_before_ = shards.size();
    const auto low = core::Uint128::parse(shards.at(0).hash_key_range.starting_hash_key);
    const auto high = core::Uint128::parse(shards.at(0).hash_key_range.ending_hash_key);
    const std::string middle = (core::midpoint(low.value(), high.value()) + core::Uint128(1)).to_string();
    auto split = co_await client_.kinesis().split_shard(SplitShardRequest(stream_name, shards.at(0).shard_id, middle));
    std::move(split).value();
    tell("split " + shards.at(0).shard_id + " in two");
    co_await until_active();
    auto merge = co_await client_.kinesis().merge_shards(
        MergeShardsRequest(stream_name, shards.at(2).shard_id, shards.at(3).shard_id));
    std::move(merge).value();
    tell("merged " + shards.at(2).shard_id + " and " + shards.at(3).shard_id);
  }

  /// As a machine that loses its power: nothing is handed back. A new worker comes in its place, as one does where
  /// programs are supervised.
  awaitable<void> kill_a_worker() {
    const std::string victim = workers_.front()->name();
    while (ledger_.sent_count() < ledger_.lines().size() * 2 / 5 || ledger_.handled_by(victim) == 0)
      co_await core::sleep_for(clock_, milliseconds(50));
    workers_.front()->kill();
    tell("killed " + victim + " (SIGKILL); its leases are free in 10 s");
    co_await core::sleep_for(clock_, restart_after);
    start_worker(victim + "-again");
    tell("started " + victim + "-again in its place");
  }

  awaitable<void> until_active() {
    for (;;) {
      auto summary = co_await client_.kinesis().describe_stream_summary(DescribeStreamSummaryRequest(stream_name));
      if (std::move(summary).value().stream_description_summary.stream_status == StreamStatus::active) co_return;
      co_await core::sleep_for(clock_, milliseconds(100));
    }
  }

  void tell(const std::string& text) {
    char stamp[32];
    std::snprintf(stamp, sizeof stamp, "%5.1f s  ", seconds_since_start());
    news_.push_back(stamp + text);
  }
  double seconds_since_start() const { return std::chrono::duration<double>(clock_.now() - began_).count(); }

  /// Shows how things are until everything has come out, or nothing comes any more.
  awaitable<void> watch() {
    last_progress_ = clock_.now();
    while (!ledger_.complete() && !put_failure_ && clock_.now() - last_progress_ < patience) {
      co_await refresh_shards();
      display_.show(view());
      co_await core::sleep_for(clock_, milliseconds(250));
    }
    finished_ = seconds_since_start();
    co_await refresh_shards();
  }

  awaitable<void> refresh_shards() {
    auto listed = co_await aws::list_all_shards(client_.kinesis(), ListShardsRequest(stream_name));
    if (listed) shards_ = std::move(*listed);
    for (Lease& lease : co_await leases_->list()) {
      const auto known = owners_.find(lease.key);
      const std::string owner = lease.owner.value_or("");
      if (!owner.empty() && (known == owners_.end() || known->second.owner.value_or("") != owner))
        tell(owner + " took " + lease.key);
      if (lease.checkpoint.is_shard_end() && (known == owners_.end() || !known->second.checkpoint.is_shard_end()))
        tell(lease.key + " is done");
      owners_.insert_or_assign(lease.key, std::move(lease));
    }
  }

  DemoView view() {
    DemoView view;
    view.endpoint = emulator_.endpoint_url();
    view.total = ledger_.lines().size();
    view.acknowledged = ledger_.acknowledged_count();
    view.handled = ledger_.received_count();
    view.kinesis_records = producer_.metrics().entries_delivered;
    view.seconds = seconds_since_start();
    const double since = view.seconds - last_shown_;
    if (since > 0) {
      view.put_rate = static_cast<double>(view.acknowledged - last_acknowledged_) / since;
      view.handle_rate = static_cast<double>(view.handled - last_handled_) / since;
    }
    last_shown_ = view.seconds;
    last_acknowledged_ = view.acknowledged;
    last_handled_ = view.handled;
    view.p50_ms = ledger_.latency().percentile(50);
    view.p99_ms = ledger_.latency().percentile(99);
    for (const KinesisShard& shard : shards_) {
      DemoView::ShardRow row;
      row.id = shard.shard_id;
      row.open = !shard.sequence_number_range.ending_sequence_number;
      const auto lease = owners_.find(shard.shard_id);
      row.owner = lease == owners_.end() ? "-" : lease->second.owner.value_or("-");
      row.state = lease == owners_.end()                    ? ""
                  : lease->second.checkpoint.is_shard_end() ? "done"
                  : lease->second.checkpoint.is_record()    ? "reading"
                                                            : "starting";
      row.handled = ledger_.handled_of(shard.shard_id);
      view.shards.push_back(std::move(row));
    }
    view.news = news_;
    return view;
  }

  awaitable<void> stop_workers() {
    for (const auto& worker : workers_) worker->terminate();
    for (const auto& worker : workers_) {
      const int code = co_await worker->wait(clock_, seconds(15));
      if (code != 0 && !worker->killed())
        worker_failure_ =
            worker->name() + " ended with exit code " + std::to_string(code) + ": " + worker->last_words();
    }
    co_await refresh_shards();
    display_.show(view(), true);
  }

  awaitable<int> report() {
    std::map<std::string, std::vector<std::string>> parents;
    std::size_t open = 0;
    for (const KinesisShard& shard : shards_) {
      auto& list = parents[shard.shard_id];
      if (shard.parent_shard_id) list.push_back(*shard.parent_shard_id);
      if (shard.adjacent_parent_shard_id) list.push_back(*shard.adjacent_parent_shard_id);
      if (!shard.sequence_number_range.ending_sequence_number) ++open;
    }
    const DemoLedger::Verdict verdict = ledger_.judge(parents);
    const double elapsed = finished_;
    std::string out = "\n";
    const auto row = [&](const char* name, const std::string& value) {
      out += "  ";
      out += name;
      out.append(22 - std::string_view(name).size(), ' ');
      out += value + "\n";
    };
    char text[128];
    const std::uint64_t kinesis_records = producer_.metrics().entries_delivered;
    std::snprintf(text, sizeof text, "%s, aggregated: %.1f records in each", with_commas(kinesis_records).c_str(),
                  static_cast<double>(verdict.sent) / static_cast<double>(std::max<std::uint64_t>(1, kinesis_records)));
    row("records sent", with_commas(verdict.sent));
    row("Kinesis records", text);
    row("received once", with_commas(verdict.received_once));
    row("duplicates", with_commas(verdict.duplicates));
    row("lost", with_commas(verdict.lost));
    row("out of order", with_commas(verdict.out_of_order));
    row("shards", std::to_string(shards_before_) + " before, " + std::to_string(open) + " open and " +
                      std::to_string(shards_.size() - open) + " closed after");
    for (const auto& worker : workers_)
      row(worker->name().c_str(),
          with_commas(ledger_.handled_by(worker->name())) + " records" + (worker->killed() ? ", then killed" : ""));
    std::snprintf(text, sizeof text, "%.0f records/s over %.1f s",
                  static_cast<double>(ledger_.received_count()) / elapsed, elapsed);
    row("throughput", text);
    std::snprintf(text, sizeof text, "p50 %llu ms, p99 %llu ms",
                  static_cast<unsigned long long>(ledger_.latency().percentile(50)),
                  static_cast<unsigned long long>(ledger_.latency().percentile(99)));
    row("put to handler", text + std::string(arguments_.fan_out ? ", enhanced fan-out" : ""));
    print(out);
    if (put_failure_) throw put_failure_->with_context("a record could not be put");
    if (!worker_failure_.empty()) throw Error(errc::internal, worker_failure_);
    if (verdict.unknown > 0)
      throw Error(errc::internal, with_commas(verdict.unknown) + " records came out that nobody sent");
    if (!verdict.good()) throw Error(errc::internal, "records were lost or out of order");
    print(arguments_.chaos
              ? "\n  Nothing was lost though a worker was killed, and every key was handled in order. What it "
                "had handled\n  and not checkpointed came again: the duplicates.\n"
              : "\n  Nothing was lost, and every key was handled in order.\n");
    co_return exit_done;
  }

  asio::any_io_executor executor_;
  Client client_;
  Clock& clock_;
  Emulator& emulator_;
  DemoLedger& ledger_;
  const DemoArguments& arguments_;
  const TemporaryFolder& folder_;
  std::shared_ptr<LeaseRepository> leases_;
  Clock::time_point began_;
  Producer<std::string> producer_;
  core::TaskGroup tasks_;
  std::vector<std::unique_ptr<DemoWorker>> workers_;
  std::vector<KinesisShard> shards_;
  std::map<std::string, Lease> owners_;
  std::vector<std::string> news_;
  std::size_t shards_before_ = 0;
  Clock::time_point last_progress_{};
  std::optional<Error> put_failure_;
  std::string worker_failure_;
  double finished_ = 0;
  double last_shown_ = 0;
  std::uint64_t last_acknowledged_ = 0;
  std::uint64_t last_handled_ = 0;
  DemoDisplay display_;
};

}  // namespace

int run_demo(const DemoArguments& arguments) {
  DemoLedger ledger(read_lines(arguments.file.empty() ? default_input() : arguments.file));
  const TemporaryFolder folder;
  EmulatorOptions options;
  options.tls = true;
  Emulator emulator(options);
  std::ofstream(folder.file("ca.pem")) << emulator.ca_pem();
  emulator.create_stream(stream_name, shard_count);
  int code = exit_failed;
  run_loop([&](asio::any_io_executor executor) -> awaitable<void> {
    ClientOptions client;
    client.region = "us-east-1";
    client.endpoint_url = emulator.endpoint_url();
    client.ca_bundle = folder.file("ca.pem");
    client.credentials = static_credentials("demo", "demo");
    Demo demo(executor, Client(executor, client), emulator, ledger, arguments, folder);
    code = co_await demo.run();
  });
  return code;
}

}  // namespace kinesis::tool
