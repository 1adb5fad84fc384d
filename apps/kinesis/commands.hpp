#pragma once

#include <kinesis/client.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

// What each command of the tool takes, and the functions that run them. arguments.cpp fills these in.
namespace kinesis::tool {

/// Exit codes, as awscli has them.
inline constexpr int exit_done = 0;
inline constexpr int exit_failed = 1;
inline constexpr int exit_usage = 2;

/// Options of every command that talks to a service.
struct ConnectionArguments {
  std::string region;
  std::string profile;
  std::string endpoint_url;
  bool no_verify_ssl = false;
  std::string ca_bundle;
  /// "text" or "json".
  std::string output = "text";
  bool json_wire = false;
  /// Off, or the level of the messages on stderr: 1 warnings, 2 debug.
  int verbose = 0;

  bool json() const { return output == "json"; }
  ClientOptions client_options() const;
};

struct StreamsArguments {
  enum class Action { list, describe, create, remove, split, merge, resize };
  Action action = Action::list;
  std::string stream;
  int shards = 0;
  bool wait = false;
  std::string shard;
  std::string other_shard;
  /// Of a split; empty: the middle of the shard.
  std::string at;
};

/// The fan-out consumers of a stream.
struct StreamConsumersArguments {
  enum class Action { list, add, remove };
  Action action = Action::list;
  std::string stream;
  /// A name; to remove, also an ARN.
  std::string consumer;
  bool no_wait = false;
};

struct PutArguments {
  std::string stream;
  /// "-": standard input.
  std::string file = "-";
  std::string key_field;
  int key_column = 0;
  std::string key;
  double rate = 0;
  std::string receipts;
  bool aggregate = false;
  bool ordered = false;
  int linger_ms = 10;
  int time_to_live_s = 30;
  int max_in_flight = 8;
  bool json = false;
};

struct BenchProduceArguments {
  std::string stream;
  std::uint64_t records = 1'000'000;
  std::size_t size = 100;
  int keys = 65'536;
  int in_flight = 8;
  std::size_t buffer = 10'000;
  bool no_aggregate = false;
  bool no_rate_limit = false;
  bool json = false;
};

/// `--fan-out [NAME|ARN]`.
struct FanOutArguments {
  bool given = false;
  /// Empty: the command's own.
  std::string consumer;
};

struct TailArguments {
  std::string stream;
  FanOutArguments fan_out;
  std::string from = "latest";
  std::uint64_t count = 0;
  bool until_caught_up = false;
};

struct ConsumeArguments {
  std::string stream;
  std::string application;
  std::string leases = "dynamodb";
  std::string worker;
  std::string from = "trim-horizon";
  std::string records;
  FanOutArguments fan_out;
  int poll_interval_ms = 1000;
  /// A command for the shell that gets the records.
  std::string exec;
  bool exec_keep = false;
  /// "raw" or "json"; empty: as --exec-keep needs it.
  std::string format;
  std::size_t batch = 0;
  std::size_t per_key = 1;
};

struct LeasesArguments {
  enum class Action { list, release, remove, reset, set_checkpoint };
  Action action = Action::list;
  /// Empty where `leases` names a DynamoDB table, or --application was forgotten.
  std::string application;
  std::string leases = "dynamodb";
  /// Empty with `all`.
  std::string shard;
  bool all = false;
  /// Of a reset, or of set-checkpoint: the text of a checkpoint.
  std::string position;
  bool yes = false;
  bool force = false;
  bool hash_keys = false;
  bool json = false;
  /// Seconds to watch whether owners renew their leases. Negative: not given.
  double watch_s = -1;
};

struct DoctorArguments {
  std::string stream;
  std::string application;
  /// Empty: leases are looked at where `application` is given, in its DynamoDB table.
  std::string leases;
  double watch_s = 4;
  bool json = false;
};

struct BenchConsumeArguments {
  std::string stream;
  FanOutArguments fan_out;
  std::uint64_t records = 1'000'000;
  std::string application = "bench";
  std::string leases = "memory";
  std::string from = "trim-horizon";
  bool until_caught_up = false;
  bool json = false;
};

struct EmulateArguments {
  std::string listen = "127.0.0.1:4567";
  bool tls = false;
  std::string ca_out;
  std::vector<std::string> streams;
  bool no_limits = false;
  std::vector<std::string> credentials;
  std::vector<std::string> faults;
  std::string memory = "1GiB";
  std::string record_log;
  int stream_delay_ms = 0;
  int subscription_lifetime_s = 300;
  int threads = 1;
};

struct DemoArguments {
  /// Empty: the flights file.
  std::string file;
  double rate = 1500;
  /// One worker is killed and replaced on the way.
  bool chaos = false;
  /// The workers are subscribed instead of polling.
  bool fan_out = false;
};

int run_streams(const ConnectionArguments& connection, const StreamsArguments& arguments);
int run_stream_consumers(const ConnectionArguments& connection, const StreamConsumersArguments& arguments);
int run_put(const ConnectionArguments& connection, const PutArguments& arguments);
int run_bench_produce(const ConnectionArguments& connection, const BenchProduceArguments& arguments);
int run_bench_consume(const ConnectionArguments& connection, const BenchConsumeArguments& arguments);
int run_leases(const ConnectionArguments& connection, const LeasesArguments& arguments);
int run_doctor(const ConnectionArguments& connection, const DoctorArguments& arguments);
int run_tail(const ConnectionArguments& connection, const TailArguments& arguments);
int run_consume(const ConnectionArguments& connection, const ConsumeArguments& arguments);
int run_emulate(const EmulateArguments& arguments, int verbose);
int run_demo(const DemoArguments& arguments);
/// The script bash sources for completion.
std::string bash_completion();

/// Reads the command line and runs what it asks for; returns the exit code.
int run_command_line(int argc, char** argv);

}  // namespace kinesis::tool
