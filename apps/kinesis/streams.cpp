#include "aws/json_writer.hpp"
#include "aws/paginators.hpp"
#include "commands.hpp"
#include "core/time_format.hpp"
#include "core/uint128.hpp"
#include "output.hpp"
#include "run_loop.hpp"
#include "state_wait.hpp"
#include <kinesis/client.hpp>

#include <algorithm>
#include <functional>
#include <utility>

namespace kinesis::tool {
namespace {

using core::awaitable;

class Streams {
 public:
  Streams(Client client, const ConnectionArguments& connection, const StreamsArguments& arguments)
      : client_(std::move(client)), api_(client_.kinesis()), connection_(connection), arguments_(arguments) {}

  awaitable<void> run() {
    using Action = StreamsArguments::Action;
    switch (arguments_.action) {
      case Action::list:
        co_await list();
        break;
      case Action::describe:
        co_await describe();
        break;
      case Action::create:
        co_await create();
        break;
      case Action::remove:
        co_await remove();
        break;
      case Action::split:
        co_await split();
        break;
      case Action::merge:
        co_await merge();
        break;
      case Action::resize:
        co_await resize();
        break;
    }
  }

 private:
  awaitable<void> list() {
    auto listed = co_await aws::list_all_streams(api_, ListStreamsRequest());
    const std::vector<std::string> names = std::move(listed).value();
    std::string out;
    if (connection_.json()) {
      aws::JsonWriter json(out);
      json.begin_array();
      for (const std::string& name : names) json.string(name);
      json.end_array();
      out += '\n';
    } else {
      for (const std::string& name : names) out += name + "\n";
    }
    print(out);
  }

  awaitable<void> describe() {
    auto answer = co_await api_.describe_stream_summary(DescribeStreamSummaryRequest(arguments_.stream));
    const StreamDescriptionSummary summary = std::move(answer).value().stream_description_summary;
    auto listed = co_await aws::list_all_shards(api_, ListShardsRequest(arguments_.stream));
    // A stream that is being created or deleted has no shards to list.
    const bool too_early_or_late = !listed && listed.error().service_code() == "ResourceInUseException";
    const std::vector<KinesisShard> shards =
        too_early_or_late ? std::vector<KinesisShard>() : std::move(listed).value();
    print(connection_.json() ? as_json(summary, shards) : as_text(summary, shards));
  }

  static std::string mode_of(const StreamDescriptionSummary& summary) {
    return summary.stream_mode_details ? std::string(to_string(summary.stream_mode_details->stream_mode))
                                       : "PROVISIONED";
  }

  static std::string as_text(const StreamDescriptionSummary& summary, const std::vector<KinesisShard>& shards) {
    std::string out;
    const auto row = [&](const char* name, const std::string& value) {
      out += name;
      out.append(std::max<std::size_t>(1, 14 - std::string_view(name).size()), ' ');
      out += value + "\n";
    };
    row("name", summary.stream_name);
    row("arn", summary.stream_arn);
    row("status", std::string(to_string(summary.stream_status)));
    row("mode", mode_of(summary));
    row("created", core::format_iso8601(summary.stream_creation_timestamp));
    row("retention", std::to_string(summary.retention_period_hours) + " h");
    row("open shards", std::to_string(summary.open_shard_count));
    out += "\nSHARD                 STATE   PARENTS                                     HASH KEYS\n";
    for (const KinesisShard& shard : shards) {
      std::string parents = shard.parent_shard_id.value_or("-");
      if (shard.adjacent_parent_shard_id) parents += " " + *shard.adjacent_parent_shard_id;
      const bool open = !shard.sequence_number_range.ending_sequence_number;
      char line[256];
      std::snprintf(line, sizeof line, "%-21s %-7s %-43s %s - %s\n", shard.shard_id.c_str(), open ? "open" : "closed",
                    parents.c_str(), shard.hash_key_range.starting_hash_key.c_str(),
                    shard.hash_key_range.ending_hash_key.c_str());
      out += line;
    }
    return out;
  }

  static std::string as_json(const StreamDescriptionSummary& summary, const std::vector<KinesisShard>& shards) {
    std::string out;
    aws::JsonWriter json(out);
    json.begin_object().key("name").string(summary.stream_name).key("arn").string(summary.stream_arn);
    json.key("status").string(to_string(summary.stream_status)).key("mode").string(mode_of(summary));
    json.key("created").string(core::format_iso8601(summary.stream_creation_timestamp));
    json.key("retention_hours")
        .integer(summary.retention_period_hours)
        .key("open_shards")
        .integer(summary.open_shard_count);
    json.key("shards").begin_array();
    for (const KinesisShard& shard : shards) {
      json.begin_object().key("shard").string(shard.shard_id);
      json.key("open").boolean(!shard.sequence_number_range.ending_sequence_number);
      json.key("parents").begin_array();
      if (shard.parent_shard_id) json.string(*shard.parent_shard_id);
      if (shard.adjacent_parent_shard_id) json.string(*shard.adjacent_parent_shard_id);
      json.end_array();
      json.key("starting_hash_key").string(shard.hash_key_range.starting_hash_key);
      json.key("ending_hash_key").string(shard.hash_key_range.ending_hash_key).end_object();
    }
    json.end_array().end_object();
    return out + "\n";
  }

  awaitable<void> create() {
    CreateStreamRequest request(arguments_.stream, arguments_.shards);
    if (arguments_.shards == 0) {
      request.shard_count.reset();
      request.stream_mode_details = StreamModeDetails(StreamMode::on_demand);
    }
    auto answer = co_await api_.create_stream(std::move(request));
    std::move(answer).value();
    co_await wait_until_active();
  }

  awaitable<void> remove() {
    auto answer = co_await api_.delete_stream(DeleteStreamRequest(arguments_.stream));
    std::move(answer).value();
    if (!arguments_.wait) co_return;
    std::function<awaitable<bool>()> gone = [this] { return is_gone(); };
    co_await wait_for_state(client_, arguments_.stream + " is still there", std::move(gone));
  }

  awaitable<bool> is_gone() {
    auto summary = co_await api_.describe_stream_summary(DescribeStreamSummaryRequest(arguments_.stream));
    co_return !summary && summary.error().code() == errc::not_found;
  }

  awaitable<void> split() {
    std::string at = arguments_.at;
    if (at.empty()) at = co_await middle_of(arguments_.shard);
    auto answer = co_await api_.split_shard(SplitShardRequest(arguments_.stream, arguments_.shard, at));
    std::move(answer).value();
    co_await wait_until_active();
  }

  awaitable<std::string> middle_of(std::string shard_id) {
    auto listed = co_await aws::list_all_shards(api_, ListShardsRequest(arguments_.stream));
    for (const KinesisShard& shard : std::move(listed).value()) {
      if (shard.shard_id != shard_id) continue;
      const auto low = core::Uint128::parse(shard.hash_key_range.starting_hash_key);
      const auto high = core::Uint128::parse(shard.hash_key_range.ending_hash_key);
      if (!low || !high) throw Error(errc::protocol, shard_id + " has no valid hash key range");
      co_return (core::midpoint(*low, *high) + core::Uint128(1)).to_string();
    }
    throw Error(errc::not_found, arguments_.stream + " has no shard " + shard_id + "; see kinesis streams describe " +
                                     arguments_.stream);
  }

  awaitable<void> merge() {
    auto answer =
        co_await api_.merge_shards(MergeShardsRequest(arguments_.stream, arguments_.shard, arguments_.other_shard));
    std::move(answer).value();
    co_await wait_until_active();
  }

  awaitable<void> resize() {
    auto answer = co_await api_.update_shard_count(UpdateShardCountRequest(arguments_.stream, arguments_.shards));
    std::move(answer).value();
    co_await wait_until_active();
  }

  awaitable<void> wait_until_active() {
    if (!arguments_.wait) co_return;
    std::function<awaitable<bool>()> active = [this] { return is_active(); };
    co_await wait_for_state(client_, arguments_.stream + " is not ACTIVE", std::move(active));
  }

  awaitable<bool> is_active() {
    auto summary = co_await api_.describe_stream_summary(DescribeStreamSummaryRequest(arguments_.stream));
    co_return std::move(summary).value().stream_description_summary.stream_status == StreamStatus::active;
  }

  Client client_;
  KinesisApi& api_;
  const ConnectionArguments& connection_;
  const StreamsArguments& arguments_;
};

}  // namespace

int run_streams(const ConnectionArguments& connection, const StreamsArguments& arguments) {
  const bool interrupted = run_loop([&](asio::any_io_executor executor) -> awaitable<void> {
    Streams streams(Client(executor, connection.client_options()), connection, arguments);
    co_await streams.run();
  });
  return interrupted ? exit_failed : exit_done;
}

}  // namespace kinesis::tool
