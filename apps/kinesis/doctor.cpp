#include "aws/paginators.hpp"
#include "commands.hpp"
#include "consumer/logic/shard_graph.hpp"
#include "doctor_access.hpp"
#include "doctor_leases.hpp"
#include "doctor_report.hpp"
#include "output.hpp"
#include "run_loop.hpp"

#include <string>
#include <utility>

namespace kinesis::tool {
namespace {

using core::awaitable;

/// The stream itself, before anybody's leases.
class StreamCheck {
 public:
  StreamCheck(Client client, const DoctorArguments& arguments, DoctorReport& report)
      : client_(std::move(client)), api_(client_.kinesis()), arguments_(arguments), report_(report) {}

  /// False if the stream cannot be read at all.
  awaitable<bool> run() {
    auto answer = co_await api_.describe_stream_summary(DescribeStreamSummaryRequest(arguments_.stream));
    if (!answer) {
      say_failure("stream", answer.error(), "DescribeStreamSummary");
      co_return false;
    }
    const StreamDescriptionSummary summary = std::move(answer->stream_description_summary);
    stream_.retention_hours = summary.retention_period_hours;
    const bool listed = judge(summary);
    if (!listed) co_return false;
    co_await check_limits(summary);
    const bool shards = co_await check_shards();
    if (!shards) co_return false;
    const bool readable = co_await check_reading();
    report_.add(Health::not_checked, "writing", "it cannot be tried without a record; kinesis put sends one", "");
    co_return readable;
  }
  const DoctorStream& stream() const noexcept { return stream_; }

 private:
  void say_failure(const char* check, const Error& error, const std::string& operation) {
    std::string advice = "try again; if it stays, the message names what to ask the endpoint's owner for";
    if (error.code() == errc::unsupported) advice = "see whether the endpoint is one of Kinesis";
    if (error.code() == errc::not_found)
      advice = "kinesis streams list shows those of this account and region: is it the right one?";
    if (error.code() == errc::access_denied)
      advice = "allow kinesis:" + operation + " for this identity; if the signature was refused, the keys are wrong";
    if (error.code() == errc::expired_credentials) advice = "log in again";
    report_.add(Health::problem, check, error.what(), advice);
  }

  /// False if the stream has no shards to look at.
  bool judge(const StreamDescriptionSummary& summary) {
    const bool on_demand =
        summary.stream_mode_details && summary.stream_mode_details->stream_mode == StreamMode::on_demand;
    std::string text = summary.stream_name + " is " + std::string(to_string(summary.stream_status)) + ", " +
                       (on_demand ? "on demand" : "provisioned") + ", " + std::to_string(summary.open_shard_count) +
                       " open shards, keeps records for " + std::to_string(summary.retention_period_hours) + " h";
    if (summary.max_record_size_in_kib)
      text += ", records up to " + std::to_string(*summary.max_record_size_in_kib) + " KiB";
    switch (summary.stream_status) {
      case StreamStatus::active:
        report_.ok("stream", text);
        return true;
      case StreamStatus::updating:
        report_.add(Health::warning, "stream", text, "it is being resharded or changed; reading and writing go on");
        return true;
      case StreamStatus::creating:
        report_.add(Health::problem, "stream", text, "wait until it is ACTIVE");
        return false;
      default:
        report_.add(Health::problem, "stream", text, "it is being deleted: create it again once it is gone");
        return false;
    }
  }

  awaitable<void> check_limits(const StreamDescriptionSummary& summary) {
    auto answer = co_await api_.describe_limits(DescribeLimitsRequest());
    if (!answer) {
      report_.add(Health::not_checked, "limits", answer.error().what(), "");
      co_return;
    }
    const std::string text = "the account has " + std::to_string(answer->open_shard_count) + " of " +
                             std::to_string(answer->shard_limit) + " shards open in this region";
    const bool near = answer->open_shard_count * 10 >= answer->shard_limit * 9;
    if (near) {
      report_.add(Health::warning, "limits", text, "ask AWS for a higher quota before the next split or stream");
    } else {
      report_.ok("limits", text);
    }
    if (summary.consumer_count.value_or(0) > 0)
      report_.ok("fan-out", std::to_string(*summary.consumer_count) + " registered consumers");
  }

  awaitable<bool> check_shards() {
    auto listed = co_await aws::list_all_shards(api_, ListShardsRequest(arguments_.stream));
    if (!listed) {
      say_failure("shards", listed.error(), "ListShards");
      co_return false;
    }
    stream_.shards = std::move(*listed);
    std::vector<KinesisShard> open;
    for (const KinesisShard& shard : stream_.shards)
      if (!shard.sequence_number_range.ending_sequence_number) open.push_back(shard);
    const auto covered = consumer::check_coverage(open);
    if (!covered) {
      report_.add(Health::warning, "shards", covered.error().message(), "a reshard may be under way: look again");
    } else {
      report_.ok("shards", std::to_string(open.size()) + " open, which cover all hash keys, and " +
                               std::to_string(stream_.shards.size() - open.size()) + " closed");
    }
    co_return !stream_.shards.empty();
  }

  awaitable<bool> check_reading() {
    GetShardIteratorRequest request(arguments_.stream, stream_.shards.back().shard_id, ShardIteratorType::trim_horizon);
    auto iterator = co_await api_.get_shard_iterator(std::move(request));
    if (!iterator) {
      say_failure("reading", iterator.error(), "GetShardIterator");
      co_return false;
    }
    GetRecordsRequest get(iterator->shard_iterator.value_or(""));
    get.limit = 1;
    auto records = co_await api_.get_records(std::move(get));
    if (!records && records.error().code() == errc::throttled) {
      report_.add(Health::warning, "reading", records.error().what(),
                  "all readers of a shard share 5 calls and 2 MB a second: too many of them, or too eager ones");
      co_return true;
    }
    if (!records) {
      say_failure("reading", records.error(), "GetRecords");
      co_return false;
    }
    report_.ok("reading", "GetShardIterator and GetRecords are allowed");
    co_return true;
  }

  Client client_;
  KinesisApi& api_;
  const DoctorArguments& arguments_;
  DoctorReport& report_;
  DoctorStream stream_;
};

awaitable<void> examine(asio::any_io_executor executor, const ConnectionArguments& connection,
                        const DoctorArguments& arguments, DoctorReport& report) {
  const StreamId checked(arguments.stream);
  auto provider = co_await check_access(executor, connection, report);
  if (!provider) co_return;
  ClientOptions options = connection.client_options();
  options.credentials = std::move(provider);
  Client client(executor, std::move(options));
  StreamCheck stream(client, arguments, report);
  const bool there = co_await stream.run();
  if (!there) co_return;
  if (arguments.application.empty() && arguments.leases.empty()) {
    report.add(Health::not_checked, "leases", "no application was named", "add --application NAME");
    co_return;
  }
  co_await check_leases(client, arguments, stream.stream(), report);
}

}  // namespace

int run_doctor(const ConnectionArguments& connection, const DoctorArguments& arguments) {
  DoctorReport report;
  const bool interrupted = run_loop([&](asio::any_io_executor executor) -> awaitable<void> {
    co_await examine(executor, connection, arguments, report);
  });
  print(connection.json() || arguments.json ? report.json() : report.text());
  return interrupted || report.count(Health::problem) > 0 ? exit_failed : exit_done;
}

}  // namespace kinesis::tool
