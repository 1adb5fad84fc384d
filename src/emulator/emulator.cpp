#include "emulator/http_handler.hpp"
#include "http/server.hpp"
#include "http/tls.hpp"
#include <kinesis/emulator.hpp>

#include <boost/asio/io_context.hpp>

#include <atomic>
#include <charconv>
#include <utility>

namespace kinesis {
namespace {

using emulator::SharedRegion;

struct Address {
  std::string host;
  std::uint16_t port = 0;
};

// "127.0.0.1:4567", "[::1]:0", "localhost:4567".
Address parse_address(const std::string& listen) {
  const std::size_t colon = listen.rfind(':');
  Address out;
  std::uint32_t port = 0;
  bool good = colon != std::string::npos && colon > 0;
  if (good) {
    const char* const end = listen.data() + listen.size();
    const auto read = std::from_chars(listen.data() + colon + 1, end, port);
    good = read.ec == std::errc() && read.ptr == end && port <= 0xFFFF;
    out.host = listen.substr(0, colon);
  }
  if (good && out.host.front() == '[') {
    good = out.host.size() > 2 && out.host.back() == ']';
    if (good) out.host = out.host.substr(1, out.host.size() - 2);
  }
  if (!good)
    throw Error(errc::invalid_argument, "\"" + listen + "\" is no address to listen on; one is 127.0.0.1:4567");
  if (out.host == "localhost") out.host = "127.0.0.1";
  out.port = static_cast<std::uint16_t>(port);
  return out;
}

void check(const EmulatorOptions& options) {
  const auto require = [](bool good, const char* what) {
    if (!good) throw Error(errc::invalid_argument, what);
  };
  require(options.threads >= 1 && options.threads <= 256, "an emulator has 1 to 256 threads");
  require(options.memory_bytes >= std::size_t{1} << 20, "an emulator needs at least 1 MiB for records");
  require(options.stream_delay.count() >= 0, "the delay of streams is not below 0");
  require(options.iterator_lifetime.count() > 0, "the lifetime of iterators is above 0");
  require(options.subscription_lifetime.count() > 0, "the lifetime of subscriptions is above 0");
  require(!options.region.empty(), "the region is empty");
  require(options.account.size() == 12 && options.account.find_first_not_of("0123456789") == std::string::npos,
          "an account has 12 digits");
  for (const EmulatorOptions::Key& key : options.credentials) {
    require(!key.access_key_id.empty() && !key.secret_access_key.empty(), "credentials have an id and a secret");
  }
}

SharedRegion::Options region_options(const EmulatorOptions& options, std::shared_ptr<Clock> clock) {
  SharedRegion::Options out;
  out.region.region = options.region;
  out.region.account = options.account;
  out.region.limits = options.limits;
  out.region.stream_delay = options.stream_delay;
  out.region.iterator_lifetime = options.iterator_lifetime;
  out.region.subscription_lifetime = options.subscription_lifetime;
  out.region.memory_bytes = options.memory_bytes;
  out.clock = std::move(clock);
  out.log = options.log;
  out.faults = options.faults;
  out.on_accepted = options.on_accepted;
  return out;
}

}  // namespace

struct Emulator::State {
  std::shared_ptr<SharedRegion> region;
  /// Where `stop` waits. Outlives the server's threads: the one that says that all is over may still be about to wake
  /// the waiting thread when that has gone on already.
  asio::io_context waiting;
  std::shared_ptr<http::Server> server;
  std::string host;
  std::string ca_pem;
  bool tls = false;
  std::atomic<bool> stopped{false};
};

Emulator::Emulator(EmulatorOptions options) : state_(std::make_unique<State>()) {
  check(options);
  const Address address = parse_address(options.listen);
  auto clock = options.clock ? options.clock : Clock::system();
  state_->host = address.host;
  state_->tls = options.tls;
  state_->region = std::make_shared<SharedRegion>(region_options(options, clock));

  http::ServerOptions server;
  server.address = address.host;
  server.port = address.port;
  server.threads = static_cast<std::size_t>(options.threads);
  server.clock = clock;
  server.log = options.log;
  if (options.tls) {
    http::SelfSignedOptions names;
    names.names.push_back(address.host);
    const http::SelfSigned made = http::make_self_signed(names);
    state_->ca_pem = made.ca_certificate;
    server.tls = http::TlsContext::for_server(made.certificate_chain, made.private_key);
  }
  auto handler = std::make_shared<emulator::HttpHandler>(state_->region, options.credentials, options.log);
  state_->server = http::make_server(std::move(server), std::move(handler));
}

Emulator::~Emulator() = default;
Emulator::Emulator(Emulator&&) noexcept = default;
Emulator& Emulator::operator=(Emulator&&) noexcept = default;

std::string Emulator::endpoint_url() const {
  const bool any = state_->host == "0.0.0.0" || state_->host == "::";
  const bool ip6 = state_->host.find(':') != std::string::npos;
  const std::string host = any ? "127.0.0.1" : ip6 ? "[" + state_->host + "]" : state_->host;
  return (state_->tls ? "https://" : "http://") + host + ":" + std::to_string(port());
}

std::uint16_t Emulator::port() const { return state_->server->port(); }
std::string Emulator::ca_pem() const { return state_->ca_pem; }

void Emulator::create_stream(const std::string& name, int shards) {
  state_->region
      ->with_region(
          [&](emulator::Region& region, emulator::Moment now) { return region.create_active(name, shards, now); })
      .value();
}

void Emulator::split(const std::string& stream, const std::string& shard) {
  state_->region
      ->with_region(
          [&](emulator::Region& region, emulator::Moment now) { return region.split_in_half(stream, shard, now); })
      .value();
}

void Emulator::add_fault(FaultRule rule) { state_->region->add_fault(std::move(rule)); }
void Emulator::clear_faults() { state_->region->clear_faults(); }

void Emulator::stop(std::chrono::milliseconds grace) {
  if (state_->stopped.exchange(true)) return;
  core::spawn(state_->waiting.get_executor(), state_->server->stop(grace));
  state_->waiting.run();
}

}  // namespace kinesis
