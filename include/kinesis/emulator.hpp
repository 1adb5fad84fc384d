#pragma once

#include <kinesis/clock.hpp>
#include <kinesis/error.hpp>
#include <kinesis/log.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kinesis {

/// A fault to order: which requests it hits, and what happens to them. Written as text, for the tool: comma-separated
/// `name=value`, such as `operation=PutRecords,nth=3,action=reset-after` or
/// `action=throttle-entry,probability=0.1,seed=7`. Names are those of the members, actions have dashes; a time is
/// `250ms` or `2s`, and alone it means the action latency.
struct FaultRule {
  enum class Action {
    latency,           ///< Waits `latency` before the operation. Several such rules add up.
    error,             ///< Answers `status` with `code` instead of the operation.
    throttle,          ///< Answers ProvisionedThroughputExceededException (control plane: LimitExceededException).
    throttle_entry,    ///< PutRecords: each entry is throttled by itself, with the rule's probability.
    expired_iterator,  ///< Answers ExpiredIteratorException (ListShards: ExpiredNextTokenException).
    expired_token,     ///< Answers ExpiredTokenException.
    reset_before,      ///< Resets the connection before the operation is carried out.
    reset_after,       ///< Carries it out, then resets the connection.
    truncate,          ///< Carries it out, then sends half of the answer's body.
    corrupt,           ///< Carries it out, then sends garbage as the answer's body.
    goaway,            ///< HTTP/2: answers, with a GOAWAY; HTTP/1.1: closes the connection after the answer.
    // SubscribeToShard, once `events` events have been sent:
    stream_corrupt,  ///< Sends the next event with a wrong checksum.
    stream_cut,      ///< Ends the stream in the middle of the next event.
    stream_reset,    ///< HTTP/2: RST_STREAM; HTTP/1.1: closes the connection.
    stream_goaway,   ///< HTTP/2: GOAWAY, and the subscription goes on; HTTP/1.1: nothing.
    stream_stall,    ///< Sends nothing more, for ever; the connection lives.
    stream_silence,  ///< Sends no heartbeats any more.
    stream_error,    ///< Sends an exception with `code`.
  };
  Action action = Action::error;
  /// Empty: any.
  std::string operation = {};
  std::string stream = {};
  std::string shard = {};
  /// Only the nth matching request, from 1; 0: every one.
  std::uint64_t nth = 0;
  /// At most so many times; 0: without end.
  std::uint64_t times = 0;
  double probability = 1.0;
  std::uint64_t seed = 1;
  std::chrono::milliseconds latency{0};
  int status = 500;
  /// Of stream_error it is "InternalFailureException" unless something else is said.
  std::string code = "InternalFailure";
  /// Heartbeats count.
  std::uint64_t events = 2;

  /// Error(invalid_argument) names the word that is wrong.
  static Result<FaultRule> parse(std::string_view text);
};
/// Text that `FaultRule::parse` reads as the same rule.
std::string to_string(const FaultRule& rule);
/// As it stands in a rule: "reset-after".
std::string to_string(FaultRule::Action action);

/// A record the emulator accepted, for proofs.
struct AcceptedRecord {
  std::string_view stream;
  std::string_view shard_id;
  std::string_view sequence_number;
  std::string_view partition_key;
  std::string_view explicit_hash_key;  ///< Empty if there was none.
  std::string_view data;
  Clock::wall_time_point accepted;
};

struct EmulatorOptions {
  /// Host and port to listen on; port 0 picks a free one.
  std::string listen = "127.0.0.1:0";
  /// Serve TLS, with a certificate for localhost and 127.0.0.1 signed by an authority made at start
  /// (`Emulator::ca_pem`). Plain connections are served on the same port as well.
  bool tls = false;
  /// The service limits of AWS: shard rates, control-plane rates, quotas.
  bool limits = true;
  struct Key {
    std::string access_key_id;
    std::string secret_access_key;
  };
  /// Given: signatures are verified with these. Empty: an Authorization header only has to have the right form.
  std::vector<Key> credentials = {};
  std::vector<FaultRule> faults = {};
  /// Record bytes kept; beyond, the oldest go first, and the log says so.
  std::size_t memory_bytes = std::size_t{1} << 30;
  std::string region = "us-east-1";
  std::string account = "123456789012";
  /// How long streams stay in CREATING, UPDATING and DELETING.
  std::chrono::milliseconds stream_delay{0};
  /// An iterator and a pagination token expire after this time.
  std::chrono::seconds iterator_lifetime{300};
  /// The service ends a subscription (SubscribeToShard) after this time.
  std::chrono::milliseconds subscription_lifetime{std::chrono::minutes(5)};
  /// Threads that serve connections, 1 or more.
  int threads = 1;
  /// Called for each accepted record, once it can be read, on the thread that serves its request: calls of several
  /// threads overlap. Must not throw.
  std::function<void(const AcceptedRecord&)> on_accepted = {};
  Log log = {};
  /// Null: the machine's clock.
  std::shared_ptr<Clock> clock = {};
};

/// Kinesis in this process: a server on a loopback port, with everything in memory. Thread-safe. The destructor stops
/// it.
class Emulator {
 public:
  /// Serves once constructed. Throws Error(connection) if the port is taken, Error(invalid_argument) for options that
  /// make no sense.
  explicit Emulator(EmulatorOptions options = {});
  ~Emulator();
  Emulator(Emulator&&) noexcept;
  Emulator& operator=(Emulator&&) noexcept;

  /// Such as "http://127.0.0.1:40123", or "https://…" with TLS.
  std::string endpoint_url() const;
  std::uint16_t port() const;
  /// PEM of the authority to trust; empty without TLS.
  std::string ca_pem() const;
  /// Creates a stream that is ACTIVE at once. Error(already_exists), Error(invalid_argument).
  void create_stream(const std::string& name, int shards);
  /// SplitShard in the middle of the shard's hash keys; also of on-demand streams, which refuse the operation itself.
  /// Error(not_found), Error(already_exists) while the stream is being changed, Error(invalid_argument).
  void split(const std::string& stream, const std::string& shard);
  void add_fault(FaultRule rule);
  void clear_faults();
  /// Stops taking requests, finishes those under way within `grace`.
  void stop(std::chrono::milliseconds grace = std::chrono::milliseconds(1'000));

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace kinesis
