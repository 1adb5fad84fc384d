#include "commands.hpp"
#include "emulator/record_log.hpp"
#include "output.hpp"
#include <kinesis/emulator.hpp>

#include <charconv>
#include <csignal>
#include <fstream>
#include <memory>
#include <optional>

namespace kinesis::tool {
namespace {

struct StreamToCreate {
  std::string name;
  int shards = 0;
};

StreamToCreate parse_stream(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  StreamToCreate stream;
  if (colon != std::string::npos) {
    stream.name = text.substr(0, colon);
    const char* const end = text.data() + text.size();
    if (std::from_chars(text.data() + colon + 1, end, stream.shards).ptr != end) stream.shards = 0;
  }
  if (stream.name.empty() || stream.shards < 1)
    throw Error(errc::invalid_argument, "--streams \"" + text + "\": write NAME:SHARDS");
  return stream;
}

EmulatorOptions::Key parse_key(const std::string& text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string::npos || colon == 0 || colon + 1 == text.size())
    throw Error(errc::invalid_argument, "--credentials: write ID:SECRET");  // without the text: it is a secret
  return EmulatorOptions::Key{text.substr(0, colon), text.substr(colon + 1)};
}

/// Waits for SIGINT or SIGTERM, which must be blocked.
void wait_for_stop(const sigset_t& signals) {
  int signal = 0;
  sigwait(&signals, &signal);
}

}  // namespace

int run_emulate(const EmulateArguments& arguments, int verbose) {
  EmulatorOptions options;
  options.listen = arguments.listen;
  options.tls = arguments.tls;
  options.limits = !arguments.no_limits;
  options.memory_bytes = parse_size(arguments.memory);
  options.stream_delay = std::chrono::milliseconds(arguments.stream_delay_ms);
  options.subscription_lifetime = std::chrono::seconds(arguments.subscription_lifetime_s);
  options.threads = arguments.threads;
  options.log = stderr_log(verbose + 1);  // a server says what goes wrong without being asked
  for (const std::string& text : arguments.credentials) options.credentials.push_back(parse_key(text));
  for (const std::string& text : arguments.faults) options.faults.push_back(FaultRule::parse(text).value());
  std::vector<StreamToCreate> streams;
  for (const std::string& text : arguments.streams) streams.push_back(parse_stream(text));
  if (!arguments.ca_out.empty() && !arguments.tls) throw Error(errc::invalid_argument, "--ca-out goes with --tls");
  // Blocked before any thread starts, the log's or the server's, so that the signal comes here.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  std::unique_ptr<emulator::RecordLog> log;
  if (!arguments.record_log.empty()) {
    log = std::make_unique<emulator::RecordLog>(arguments.record_log, options.log);
    options.on_accepted = [&log](const AcceptedRecord& record) { log->add(record); };
  }
  Emulator emulator(options);
  for (const StreamToCreate& stream : streams) emulator.create_stream(stream.name, stream.shards);
  if (!arguments.ca_out.empty()) {
    OutputFile file(arguments.ca_out);
    file.write(emulator.ca_pem());
    file.flush();
  }
  print("kinesis emulator ready at " + emulator.endpoint_url() + "\n");
  wait_for_stop(signals);
  emulator.stop();
  if (log) log->flush().value();
  return exit_done;
}

}  // namespace kinesis::tool
