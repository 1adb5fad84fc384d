#include "arguments.hpp"
#include "fan_out.hpp"

#include <CLI/CLI.hpp>

#include <string>

namespace kinesis::tool {
namespace {

constexpr const char* existing_leases = "sqlite:FILE, or dynamodb:TABLE (default: the application's name)";

CLI::App* add_leases_action(CLI::App& leases, ConnectionArguments& connection, LeasesArguments& arguments,
                            std::function<int()>& run, const std::string& name, const std::string& description,
                            const std::string& examples, LeasesArguments::Action action) {
  CLI::App* command = add_command(leases, name, description, examples);
  const bool changes = action != LeasesArguments::Action::list;
  if (changes) command->add_option("SHARD", arguments.shard, "The shard whose lease it is");
  command->add_option("--application", arguments.application, "Whose leases");
  command->add_option("--leases", arguments.leases, existing_leases)->capture_default_str();
  if (changes) {
    command->add_flag("--all", arguments.all, "All leases of the application");
    command->add_flag("--yes", arguments.yes, "Do it; without this it is only said what would happen");
    command->add_flag("--force", arguments.force, "Even if the owner is alive");
  }
  command
      ->add_option("--watch", arguments.watch_s,
                   changes ? "Seconds to watch whether the owner renews the lease, which tells that it is alive; 5 by "
                             "default"
                           : "Seconds to watch which owners renew their leases, and show it")
      ->check(CLI::Range(0.0, 600.0));
  command->add_flag("--json", arguments.json, "JSON, as with --output json");
  add_connection(*command, connection);
  command->callback([&connection, &arguments, &run, action] {
    arguments.action = action;
    run = [&connection, &arguments] { return run_leases(connection, arguments); };
  });
  return command;
}

}  // namespace

void add_consume(CLI::App& app, ConnectionArguments& connection, ConsumeArguments& arguments,
                 std::function<int()>& run) {
  CLI::App* command = add_command(
      app, "consume", "Consume a stream as a worker that shares its shards with others",
      "  kinesis consume orders --application billing\n"
      "  kinesis consume orders --application billing --leases sqlite:leases.db --records records.jsonl\n"
      "  kinesis consume orders --application billing --fan-out\n"
      "  kinesis consume orders --application billing --exec './bill.sh' --batch 100\n"
      "  kinesis consume orders --application billing --exec './bill.py' --exec-keep\n"
      "SIGINT and SIGTERM stop it: what was handled is checkpointed, the leases are given back.\n"
      "--exec: for each batch of a shard CMD is started, reads the records from its standard input, one a "
      "line, and ends.\n"
      "Exit code 0 checkpoints the batch. Any other has it come again, here or at another worker, after 1 "
      "to 30 s.\n"
      "--exec-keep: CMD is started once a shard and gets a JSON line per record; it acknowledges by printing "
      "the last\n"
      "sequence_number it has done (or sequence_number/sub_sequence_number), a line each. At the end of its "
      "input it\n"
      "acknowledges the rest and ends with exit code 0. If it ends before, what it has not acknowledged "
      "comes again.\n"
      "CMD is run by /bin/sh, with KINESIS_STREAM, KINESIS_SHARD and KINESIS_WORKER in its environment.");
  command->add_option("STREAM", arguments.stream, "Name or ARN of the stream")->required();
  command->add_option("--application", arguments.application, "Workers of one name share the work")->required();
  command
      ->add_option("--leases", arguments.leases,
                   "sqlite:FILE, memory, or dynamodb:TABLE (default: the application's name)")
      ->capture_default_str();
  command->add_option("--worker", arguments.worker, "Id of this worker, unique among them; made up by default");
  command
      ->add_option(
          "--from", arguments.from,
          "Where shards without a checkpoint begin: trim-horizon, latest, a time, or SHARD=SEQUENCE_NUMBER,...")
      ->capture_default_str();
  command->add_option("--records", arguments.records,
                      "File to append a JSON line per record to, instead of its data on stdout; - is stdout");
  auto* fan_out = add_fan_out(*command, arguments.fan_out,
                              "without either it has the application's name. It stays "
                              "registered");
  command
      ->add_option("--poll-interval", arguments.poll_interval_ms,
                   "Milliseconds between reads of a shard that has nothing new")
      ->check(CLI::Range(0, 60'000))
      ->excludes(fan_out)
      ->capture_default_str();
  auto* exec = command->add_option("--exec", arguments.exec, "Command that gets the records, instead of stdout");
  exec->check([](const std::string& text) { return text.empty() ? "the command is empty" : ""; });
  command
      ->add_flag("--exec-keep", arguments.exec_keep, "It stays, one process a shard, and acknowledges what it has done")
      ->needs(exec);
  command
      ->add_option("--format", arguments.format,
                   "raw: the data of a record and a newline (default); json: as --records writes it (default with "
                   "--exec-keep)")
      ->check(CLI::IsMember({"raw", "json"}))
      ->needs(exec);
  command->add_option("--batch", arguments.batch, "Records a process gets at most; without it what one read brought")
      ->check(CLI::Range(1, 10'000))
      ->needs(exec);
  command
      ->add_option("--per-key", arguments.per_key,
                   "Processes that share a batch: all records of a partition key go to the same one, in order")
      ->check(CLI::Range(1, 1'000))
      ->needs(exec);
  add_connection(*command, connection);
  command->callback([&] { run = [&] { return run_consume(connection, arguments); }; });
}

void add_leases(CLI::App& app, ConnectionArguments& connection, LeasesArguments& arguments, std::function<int()>& run) {
  using Action = LeasesArguments::Action;
  CLI::App* leases = add_command(app, "leases", "List, release, delete and reset the leases of an application",
                                 "  kinesis leases list --application billing\n"
                                 "  kinesis leases list --application billing --leases sqlite:leases.db --watch 5\n"
                                 "  kinesis leases reset --all --to trim-horizon --application billing --yes");
  leases->require_subcommand(1);
  const auto add = [&](const char* name, const char* description, const char* examples, Action action) {
    return add_leases_action(*leases, connection, arguments, run, name, description, examples, action);
  };
  CLI::App* list = add("list", "Who has which shard, and how far it is done",
                       "  kinesis leases list --application billing\n"
                       "  kinesis leases list --application billing --watch 5 --json",
                       Action::list);
  list->add_flag("--hash-keys", arguments.hash_keys, "The hash keys of each shard, too");
  add("release", "Take a lease from its owner: the next worker that looks takes it, and goes on after its checkpoint",
      "  kinesis leases release shardId-000000000001 --application billing --yes", Action::release);
  add("delete",
      "Delete a lease with its checkpoint: if the stream still has the shard and it is needed, a worker makes it anew "
      "and begins where its --from says",
      "  kinesis leases delete shardId-000000000001 --application billing --yes\n"
      "  kinesis leases delete --all --application billing --leases sqlite:leases.db --yes",
      Action::remove);
  CLI::App* reset = add("reset", "Have a shard, or all, worked on again from one end",
                        "  kinesis leases reset --all --to trim-horizon --application billing --yes\n"
                        "  kinesis leases reset shardId-000000000001 --to latest --application billing --yes",
                        Action::reset);
  reset
      ->add_option("--to", arguments.position,
                   "trim-horizon: the oldest record; latest: what arrives once a worker has taken the lease; "
                   "at-timestamp: the time workers are started with (--from TIME)")
      ->required()
      ->check(CLI::IsMember({"trim-horizon", "latest", "at-timestamp"}));
  CLI::App* set = add("set-checkpoint", "Say how far a shard is done: up to and including a record",
                      "  kinesis leases set-checkpoint shardId-000000000001 SHARD_END --application billing --yes\n"
                      "  kinesis leases set-checkpoint shardId-000000000001 "
                      "49590338271490256608559692538361571095921575989136588898/3 --application billing --yes",
                      Action::set_checkpoint);
  set->add_option("POSITION", arguments.position,
                  "TRIM_HORIZON, LATEST, AT_TIMESTAMP, SHARD_END, or SEQUENCE or SEQUENCE/SUB of the last record that "
                  "is done")
      ->required();
}

void add_doctor(CLI::App& app, ConnectionArguments& connection, DoctorArguments& arguments, std::function<int()>& run) {
  CLI::App* command =
      add_command(app, "doctor", "Find out what is wrong with a stream and its application, and what to do about it",
                  "  kinesis doctor orders\n"
                  "  kinesis doctor orders --application billing\n"
                  "  kinesis doctor orders --application billing --leases sqlite:leases.db --json\n"
                  "It changes nothing and writes no record. Exit code 1 if there is a problem.");
  command->add_option("STREAM", arguments.stream, "Name or ARN of the stream")->required();
  command->add_option("--application", arguments.application, "Look at the leases of this application, too");
  command->add_option("--leases", arguments.leases, existing_leases);
  command->add_option("--watch", arguments.watch_s, "Seconds to watch whether owners renew their leases")
      ->check(CLI::Range(0.0, 600.0))
      ->capture_default_str();
  command->add_flag("--json", arguments.json, "JSON, as with --output json");
  add_connection(*command, connection);
  command->callback([&] { run = [&] { return run_doctor(connection, arguments); }; });
}

void add_bench_consume(CLI::App& bench, ConnectionArguments& connection, BenchConsumeArguments& arguments,
                       std::function<int()>& run) {
  CLI::App* command =
      add_command(bench, "consume", "Read records as fast as they come, as one worker, and say what each cost",
                  "  kinesis bench consume orders --records 1000000\n"
                  "  kinesis bench consume orders --records 1000000 --leases sqlite:bench.db --json");
  command->add_option("STREAM", arguments.stream, "Name or ARN of the stream")->required();
  command->add_option("--records", arguments.records, "Stop after so many; waits for them")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->add_flag("--until-caught-up", arguments.until_caught_up,
                    "Stop as well once every shard is read to its tip, which is a failure");
  add_fan_out(*command, arguments.fan_out,
              "without either one of a made-up name is registered, and deregistered at the end");
  command->add_option("--application", arguments.application, "Whose leases")->capture_default_str();
  command->add_option("--leases", arguments.leases, "sqlite:FILE, memory, dynamodb or dynamodb:TABLE")
      ->capture_default_str();
  command
      ->add_option(
          "--from", arguments.from,
          "Where shards without a checkpoint begin: trim-horizon, latest, a time, or SHARD=SEQUENCE_NUMBER,...")
      ->capture_default_str();
  command->add_flag("--json", arguments.json,
                    "One JSON object: records, seconds, cpu_ns_per_record, rss_mb, threads, first_record_ms, stop_ms");
  add_connection(*command, connection);
  command->callback([&] { run = [&] { return run_bench_consume(connection, arguments); }; });
}

}  // namespace kinesis::tool
