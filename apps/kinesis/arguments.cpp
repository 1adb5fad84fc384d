#include "arguments.hpp"

#include "commands.hpp"
#include "fan_out.hpp"
#include "output.hpp"
#include <kinesis/error.hpp>

#include <CLI/CLI.hpp>

#include <cstdio>
#include <exception>
#include <functional>
#include <string>
#include <vector>

namespace kinesis::tool {

CLI::App* add_command(CLI::App& parent, const std::string& name, const std::string& description,
                      const std::string& examples) {
  CLI::App* command = parent.add_subcommand(name, description);
  command->footer("Examples:\n" + examples);
  return command;
}

void add_connection(CLI::App& command, ConnectionArguments& connection) {
  command.add_option("--region", connection.region, "Region, such as us-east-1")->group("Connection");
  command.add_option("--profile", connection.profile, "Profile of ~/.aws/config and ~/.aws/credentials")
      ->group("Connection");
  command.add_option("--endpoint-url", connection.endpoint_url, "Another endpoint, such as http://127.0.0.1:4567")
      ->group("Connection");
  command.add_flag("--no-verify-ssl", connection.no_verify_ssl, "Accept any certificate")->group("Connection");
  command.add_option("--ca-bundle", connection.ca_bundle, "PEM file of the certificate authorities to trust")
      ->group("Connection");
  command.add_flag("--json-wire", connection.json_wire, "Speak JSON with the service instead of CBOR")
      ->group("Connection");
  command.add_option("--output", connection.output, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->group("Connection");
  command.add_flag("-v,--verbose", connection.verbose, "Say what happens, on stderr; -vv says more")
      ->group("Connection");
}

namespace {

/// One command line: the options of all commands, and the one that was asked for.
class CommandLine {
 public:
  CommandLine() : app_("Put, tail and consume Amazon Kinesis data streams, and emulate the service.", "kinesis") {
    app_.set_version_flag("--version", "kinesis " KINESIS_VERSION);
    app_.require_subcommand(1);
    app_.footer(
        "The region, the endpoint and the credentials come from the environment and the files in ~/.aws as in every "
        "AWS tool:\n"
        "AWS_REGION, AWS_PROFILE, AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_KINESIS, AWS_CA_BUNDLE, …\n"
        "Exit codes: 0 done, 1 failed, 2 wrong usage.\n\n"
        "Examples:\n"
        "  kinesis demo\n"
        "  kinesis emulate --streams orders:4 &\n"
        "  export AWS_ENDPOINT_URL=http://127.0.0.1:4567 AWS_REGION=us-east-1 AWS_ACCESS_KEY_ID=x "
        "AWS_SECRET_ACCESS_KEY=x\n"
        "  seq 1000 | kinesis put orders\n"
        "  kinesis tail orders --from trim-horizon --until-caught-up\n"
        "Help on a command: kinesis COMMAND --help");
    add_put();
    add_bench();
    add_tail();
    add_consume(app_, connection_, consume_, run_);
    add_leases(app_, connection_, leases_, run_);
    add_doctor(app_, connection_, doctor_, run_);
    add_streams();
    add_emulate();
    add_demo();
    add_completion();
  }

  int run(int argc, char** argv) {
    try {
      app_.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
      if (error.get_exit_code() == 0) return app_.exit(error) == 0 ? exit_done : exit_failed;
      const CLI::App* command = &app_;
      while (!command->get_subcommands().empty()) command = command->get_subcommands().front();
      std::string name;
      for (const CLI::App* app = command; app != nullptr; app = app->get_parent())
        name.insert(0, app->get_name() + (name.empty() ? "" : " "));
      std::string why = error.what();
      // What is missing is said first, and a word that is wrong is the reason why it is.
      const std::vector<std::string> unknown = command->remaining();
      if (dynamic_cast<const CLI::RequiredError*>(&error) != nullptr && !unknown.empty())
        why = "there is no \"" + unknown.front() + "\"";
      std::fprintf(stderr, "%s: %s (see %s --help)\n", name.c_str(), why.c_str(), name.c_str());
      return exit_usage;
    }
    return run_reporting_errors(app_.get_subcommands().front()->get_name(), run_);
  }

 private:
  void add_put() {
    CLI::App* command = add_command(app_, "put", "Put records, one a line, into a stream",
                                    "  seq 1000 | kinesis put orders\n"
                                    "  kinesis put flights data/flights-20k.jsonl --key-field origin --rate 2000\n"
                                    "  kinesis put events events.tsv --key-column 2 --receipts receipts.jsonl");
    command->add_option("STREAM", put_.stream, "Name or ARN of the stream")->required();
    command->add_option("FILE", put_.file, "File with a record a line; - is standard input")->default_str("-");
    auto* key =
        command->add_option_group("partition key", "Where the partition key comes from; by default it is random");
    key->add_option("--key-field", put_.key_field, "Member of the line, which is a JSON object");
    key->add_option("--key-column", put_.key_column, "Column of the line, from 1, separated by tabs")
        ->check(CLI::PositiveNumber);
    key->add_option("--key", put_.key, "The same key for all");
    key->require_option(0, 1);
    command->add_option("--rate", put_.rate, "Records a second; without it as fast as the stream takes them")
        ->check(CLI::PositiveNumber);
    command->add_option("--receipts", put_.receipts,
                        "File for a JSON line per record: line, shard, sequence_number, sub_sequence_number, attempts");
    command->add_flag("--json", put_.json, "The summary as one JSON object, as with --output json");
    add_packing(*command);
    add_connection(*command, connection_);
    command->callback([this] { run_ = [this] { return run_put(connection_, put_); }; });
  }

  void add_packing(CLI::App& command) {
    command.add_flag("--aggregate", put_.aggregate,
                     "Several records in one Kinesis record, as the KPL does; readers have to know its format");
    command.add_flag("--ordered", put_.ordered,
                     "Store the records of a key in their order, whatever has to be retried");
    command.add_option("--linger", put_.linger_ms, "Milliseconds that a record waits for company at most")
        ->check(CLI::Range(0, 60'000))
        ->capture_default_str();
    command.add_option("--ttl", put_.time_to_live_s, "Seconds after which a record that is not stored fails; 0: never")
        ->check(CLI::Range(0, 86'400))
        ->capture_default_str();
    command.add_option("--max-in-flight", put_.max_in_flight, "Calls under way at once")
        ->check(CLI::Range(1, 1'000))
        ->capture_default_str();
  }

  void add_bench() {
    CLI::App* command = add_command(app_, "bench", "Measure a producer or a consumer against an endpoint",
                                    "  kinesis bench produce orders --records 1000000 --size 100\n"
                                    "  kinesis bench consume orders --records 1000000");
    command->require_subcommand(1);
    CLI::App* produce =
        add_command(*command, "produce", "Send records as fast as they are taken, and say what each cost",
                    "  kinesis emulate --no-limits --streams orders:8 &\n"
                    "  kinesis bench produce orders --records 5000000 --endpoint-url http://127.0.0.1:4567");
    produce->add_option("STREAM", bench_.stream, "Name or ARN of the stream, which exists")->required();
    produce->add_option("--records", bench_.records, "How many")->check(CLI::PositiveNumber)->capture_default_str();
    produce->add_option("--size", bench_.size, "Bytes of each")->check(CLI::Range(0, 1'048'576))->capture_default_str();
    produce->add_option("--keys", bench_.keys, "Different partition keys")
        ->check(CLI::Range(1, 10'000'000))
        ->capture_default_str();
    produce->add_option("--in-flight", bench_.in_flight, "Calls under way at once")
        ->check(CLI::Range(1, 1'000))
        ->capture_default_str();
    produce->add_option("--buffer", bench_.buffer, "Records that wait or are under way at once")
        ->check(CLI::Range(1, 10'000'000))
        ->capture_default_str();
    produce->add_flag("--no-aggregate", bench_.no_aggregate, "Each record a Kinesis record");
    produce->add_flag("--no-rate-limit", bench_.no_rate_limit, "Do not keep to the rates of the shards");
    produce->add_flag("--json", bench_.json, "One JSON object, as with --output json");
    add_connection(*produce, connection_);
    produce->callback([this] { run_ = [this] { return run_bench_produce(connection_, bench_); }; });
    add_bench_consume(*command, connection_, bench_consume_, run_);
  }

  void add_tail() {
    CLI::App* command = add_command(app_, "tail", "Print the records of a stream, all shards, without leases",
                                    "  kinesis tail orders\n"
                                    "  kinesis tail orders --from 2026-11-24T06:00:00Z --count 10\n"
                                    "  kinesis tail orders --from trim-horizon --until-caught-up --output json\n"
                                    "  kinesis tail orders --fan-out");
    command->add_option("STREAM", tail_.stream, "Name or ARN of the stream")->required();
    command
        ->add_option("--from", tail_.from,
                     "latest, trim-horizon, a time such as 2026-11-24T06:00:00Z, or SHARD=SEQUENCE_NUMBER,...")
        ->capture_default_str();
    command->add_option("--count", tail_.count, "Stop after so many records")->check(CLI::PositiveNumber);
    command->add_flag("--until-caught-up", tail_.until_caught_up, "Stop once every shard is read to its tip");
    add_fan_out(*command, tail_.fan_out,
                "without either one of a made-up name is registered, and deregistered at the end");
    add_connection(*command, connection_);
    command->callback([this] { run_ = [this] { return run_tail(connection_, tail_); }; });
  }

  CLI::App* add_streams_action(CLI::App& streams, const std::string& name, const std::string& description,
                               const std::string& example, StreamsArguments::Action action) {
    CLI::App* command = add_command(streams, name, description, "  kinesis streams " + example);
    if (action != StreamsArguments::Action::list)
      command->add_option("STREAM", streams_.stream, "Name or ARN of the stream")->required();
    add_connection(*command, connection_);
    command->callback([this, action] {
      streams_.action = action;
      run_ = [this] { return run_streams(connection_, streams_); };
    });
    return command;
  }

  void add_streams() {
    using Action = StreamsArguments::Action;
    CLI::App* streams = add_command(app_, "streams", "List, describe, create and change streams and their consumers",
                                    "  kinesis streams list\n  kinesis streams create orders --shards 4 --wait");
    streams->require_subcommand(1);
    const std::string wait = "Return once the stream is ACTIVE";
    add_streams_action(*streams, "list", "The streams of the account in the region", "list", Action::list);
    add_streams_action(*streams, "describe", "A stream with its shards", "describe orders", Action::describe);
    CLI::App* create =
        add_streams_action(*streams, "create", "Create a stream", "create orders --shards 4 --wait", Action::create);
    create->add_option("--shards", streams_.shards, "Number of shards; without it an on-demand stream")
        ->check(CLI::PositiveNumber);
    create->add_flag("--wait", streams_.wait, wait);
    CLI::App* remove =
        add_streams_action(*streams, "delete", "Delete a stream with its records", "delete orders", Action::remove);
    remove->add_flag("--wait", streams_.wait, "Return once the stream is gone");
    CLI::App* split = add_streams_action(*streams, "split", "Split a shard in two", "split orders shardId-000000000001",
                                         Action::split);
    split->add_option("SHARD", streams_.shard, "Shard to split")->required();
    split->add_option("--at", streams_.at, "Hash key where the second half starts; the middle by default");
    split->add_flag("--wait", streams_.wait, wait);
    CLI::App* merge = add_streams_action(*streams, "merge", "Merge two adjacent shards",
                                         "merge orders shardId-000000000002 shardId-000000000003", Action::merge);
    merge->add_option("SHARD", streams_.shard, "Shard to merge")->required();
    merge->add_option("OTHER", streams_.other_shard, "Its neighbour")->required();
    merge->add_flag("--wait", streams_.wait, wait);
    CLI::App* resize =
        add_streams_action(*streams, "resize", "Change the number of shards: at most double, at least half",
                           "resize orders 8", Action::resize);
    resize->add_option("SHARDS", streams_.shards, "Number of shards")->required()->check(CLI::PositiveNumber);
    resize->add_flag("--wait", streams_.wait, wait);
    add_stream_consumers(*streams);
  }

  CLI::App* add_consumers_action(CLI::App& streams, const std::string& name, const std::string& description,
                                 const std::string& example, StreamConsumersArguments::Action action) {
    CLI::App* command = add_command(streams, name, description, "  kinesis streams " + example);
    command->add_option("STREAM", stream_consumers_.stream, "Name or ARN of the stream")->required();
    add_connection(*command, connection_);
    command->callback([this, action] {
      stream_consumers_.action = action;
      run_ = [this] { return run_stream_consumers(connection_, stream_consumers_); };
    });
    return command;
  }

  void add_stream_consumers(CLI::App& streams) {
    using Action = StreamConsumersArguments::Action;
    add_consumers_action(streams, "consumers", "The registered consumers of a stream (enhanced fan-out)",
                         "consumers orders", Action::list);
    CLI::App* add =
        add_consumers_action(streams, "register", "Register a consumer and print its ARN; AWS charges for it",
                             "register orders billing", Action::add);
    add->add_option("NAME", stream_consumers_.consumer, "Name of the consumer")->required();
    add->add_flag("--no-wait", stream_consumers_.no_wait, "Return before it is ACTIVE");
    CLI::App* remove = add_consumers_action(streams, "deregister", "Remove a consumer; its subscriptions end",
                                            "deregister orders billing", Action::remove);
    remove->add_option("NAME", stream_consumers_.consumer, "Name or ARN of the consumer")->required();
    remove->add_flag("--no-wait", stream_consumers_.no_wait, "Return before it is gone");
  }

  void add_emulate() {
    CLI::App* command = add_command(
        app_, "emulate", "Serve Kinesis from memory on this machine",
        "  kinesis emulate --streams orders:4,events:1\n"
        "  kinesis emulate --listen 127.0.0.1:0 --tls --ca-out ca.pem\n"
        "  kinesis emulate --fault operation=PutRecords,nth=3,action=reset-after\n"
        "  kinesis emulate --fault action=throttle-entry,probability=0.1,seed=7\n"
        "A line on stdout names the endpoint once it serves. Rules of faults are comma-separated name=value:\n"
        "  action       latency error throttle throttle-entry expired-iterator expired-token reset-before reset-after\n"
        "               truncate corrupt goaway; of SubscribeToShard, after so many events: stream-corrupt stream-cut\n"
        "               stream-reset stream-goaway stream-stall stream-silence stream-error\n"
        "  operation, stream, shard, nth, times, probability, seed, latency (ms), status, code, events");
    command->add_option("--listen", emulate_.listen, "Address and port; port 0 picks a free one")
        ->capture_default_str();
    command->add_flag("--tls", emulate_.tls, "Serve TLS too, with a certificate made at start");
    command->add_option("--ca-out", emulate_.ca_out, "File for the authority that signed it, for --ca-bundle");
    command->add_option("--streams", emulate_.streams, "Streams to create, NAME:SHARDS")->delimiter(',');
    command->add_flag("--no-limits", emulate_.no_limits, "Without the limits of the service");
    command->add_option("--credentials", emulate_.credentials,
                        "ID:SECRET to verify signatures with; any signature passes otherwise");
    command->add_option("--fault", emulate_.faults, "A fault to order; may be repeated");
    command->add_option("--memory", emulate_.memory, "Bytes of records to keep; the oldest go first")
        ->capture_default_str();
    command->add_option("--record-log", emulate_.record_log, "File for a JSON line per accepted record");
    command->add_option("--stream-delay", emulate_.stream_delay_ms, "Milliseconds that streams take to become ACTIVE")
        ->check(CLI::NonNegativeNumber);
    command
        ->add_option("--subscription-lifetime", emulate_.subscription_lifetime_s,
                     "Seconds after which a subscription (SubscribeToShard) ends")
        ->check(CLI::Range(1, 86'400))
        ->capture_default_str();
    command->add_option("--threads", emulate_.threads, "Threads that serve")
        ->check(CLI::Range(1, 64))
        ->capture_default_str();
    command->add_flag("-v,--verbose", connection_.verbose, "Say what happens, on stderr; -vv says more");
    command->callback([this] { run_ = [this] { return run_emulate(emulate_, connection_.verbose); }; });
  }

  void add_demo() {
    CLI::App* command =
        add_command(app_, "demo", "Show the whole system at work on real data, and prove that nothing is lost",
                    "  kinesis demo\n  kinesis demo --chaos --fan-out\n  kinesis demo my-file.jsonl --rate 3000");
    command->add_option("FILE", demo_.file, "JSON lines with a member \"origin\"; by default 20,000 flights");
    command->add_option("--rate", demo_.rate, "Records a second")->check(CLI::PositiveNumber)->capture_default_str();
    command->add_flag("--chaos", demo_.chaos, "Kill one of the workers on the way, and start another in its place");
    command->add_flag("--fan-out", demo_.fan_out, "The workers read by enhanced fan-out instead of polling");
    command->callback([this] { run_ = [this] { return run_demo(demo_); }; });
  }

  void add_completion() {
    CLI::App* command =
        add_command(app_, "completion", "Print the completion script for bash", "  source <(kinesis completion)");
    command->callback([this] {
      run_ = [] {
        print(bash_completion());
        return exit_done;
      };
    });
  }

  CLI::App app_;
  std::function<int()> run_;
  ConnectionArguments connection_;
  PutArguments put_;
  BenchProduceArguments bench_;
  TailArguments tail_;
  ConsumeArguments consume_;
  LeasesArguments leases_;
  DoctorArguments doctor_;
  BenchConsumeArguments bench_consume_;
  StreamsArguments streams_;
  StreamConsumersArguments stream_consumers_;
  EmulateArguments emulate_;
  DemoArguments demo_;
};

}  // namespace

int run_command_line(int argc, char** argv) { return CommandLine().run(argc, argv); }

}  // namespace kinesis::tool
