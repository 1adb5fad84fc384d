// The library's subscriptions against servers of others that are not like the service; driven by subscriptions_test.py.
//   subscriptions certificate FOLDER
//     Writes ca.pem, cert.pem (a chain for localhost) and key.pem.
//   subscriptions subscribe URL json|cbor strict|lenient [CA_FILE]
//     Reads commands from stdin, all over one HTTP client (http: HTTP/2 by prior knowledge, https: what ALPN says):
//       subscribe NAME CONSUMER_ARN SHARD_ID
//       cancel NAME
//     and prints lines of words between tabs, the first of them NAME:
//       opened | event RECORDS CONTINUATION CHILD_SHARDS | record SEQUENCE_NUMBER PARTITION_KEY SHA256_OF_DATA | end
//       error CODE SERVICE_CODE MESSAGE
//     At the end of stdin it prints "connections" and how many it opened, and closes the client, whatever is open.
//   subscriptions consume URL STREAM APPLICATION [CA_FILE]
//     A whole Consumer by enhanced fan-out, lenient, in JSON; prints the partition key and the data of each record
//     until SIGTERM.
// Streams have a window that holds their largest event. Lenient: a stream may begin without an initial-response. Only
// this program says so; the service always sends one.
#include "aws/service_client.hpp"
#include "core/async.hpp"
#include "core/digest.hpp"
#include "core/hex.hpp"
#include "http/client.hpp"
#include <kinesis/kinesis.hpp>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <fstream>
#include <iostream>
#include <map>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace kinesis;
using Words = std::vector<std::string>;

void print(const Words& words) {
  std::string line;
  for (const std::string& word : words) line += (line.empty() ? "" : "\t") + word;
  std::cout << line << std::endl;
}

/// The thread that connections run on.
class Thread {
 public:
  Thread() : work_(context_.get_executor()), thread_([this] { context_.run(); }) {}
  ~Thread() {
    work_.reset();
    thread_.join();
  }
  Thread(const Thread&) = delete;
  Thread& operator=(const Thread&) = delete;
  asio::any_io_executor executor() { return context_.get_executor(); }

 private:
  asio::io_context context_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  std::thread thread_;
};

/// Kinesis at an endpoint, as `Client` makes it but for what these servers need.
class Endpoint {
 public:
  Endpoint(const std::string& url, WireFormat format, bool lenient, const std::string& ca_file) {
    http::ClientOptions options;
    options.executor = thread_.executor();
    options.tls.ca_file = ca_file;
    // They take a second for each MB.
    options.timeouts.first_byte = std::chrono::minutes(1);
    calls_ = http::make_client(options);
    options = aws::subscription_http_options(std::move(options));
    // kinesis-local never goes on with an event that is larger than the stream's first window, whoever reads it.
    options.stream_window = 32u << 20;
    options.connection_window = 64u << 20;
    const http::Url where = http::Url::parse(url).value();
    if (!where.endpoint.secure) options.version = http::VersionPolicy::http2_prior_knowledge;
    streams_ = http::make_client(std::move(options));
    aws::PipelineOptions pipeline;
    pipeline.url = where;
    pipeline.region = "us-east-1";
    pipeline.http = calls_;
    pipeline.credentials = static_credentials("any", "thing");
    pipeline.clock = Clock::system();
    aws::SubscriptionSettings settings;
    settings.executor = thread_.executor();
    settings.connect = [http = streams_] { return http; };
    settings.require_initial_response = !lenient;
    api_ = aws::make_kinesis_client(std::make_shared<aws::RequestPipeline>(std::move(pipeline)),
                                    aws::KinesisAddress("us-east-1", false, false, url), format, settings);
  }
  ~Endpoint() {
    calls_->close();
    streams_->close();
  }
  Endpoint(const Endpoint&) = delete;
  Endpoint& operator=(const Endpoint&) = delete;
  const std::shared_ptr<KinesisApi>& api() const noexcept { return api_; }
  asio::any_io_executor executor() { return thread_.executor(); }
  std::uint64_t connections_opened() const { return streams_->stats().connections_opened; }

 private:
  Thread thread_;
  std::shared_ptr<http::Client> calls_;
  std::shared_ptr<http::Client> streams_;
  std::shared_ptr<KinesisApi> api_;
};

/// What is subscribed, by name. Lives on the endpoint's thread.
class Subscriptions {
 public:
  explicit Subscriptions(std::shared_ptr<KinesisApi> api) : api_(std::move(api)) {}

  static core::awaitable<void> read(std::shared_ptr<Subscriptions> self, std::string name,
                                    SubscribeToShardRequest request) {
    auto opened = co_await self->api_->subscribe_to_shard(std::move(request));
    if (!opened) {
      print_error(name, opened.error());
      co_return;
    }
    const auto subscription = std::make_shared<ShardSubscription>(std::move(*opened));
    self->open_[name] = subscription;
    print_word(name, "opened");
    while (true) {
      const auto event = co_await subscription->next();
      if (!event) {
        print_error(name, event.error());
        break;
      }
      if (!*event) {
        print_word(name, "end");
        break;
      }
      print_event(name, **event);
    }
    self->open_.erase(name);
  }
  void cancel(const std::string& name) {
    if (const auto found = open_.find(name); found != open_.end()) found->second->cancel();
  }

 private:
  static void print_event(const std::string& name, const SubscribeToShardEvent& event) {
    for (const KinesisRecord& record : event.records) {
      const auto digest = core::sha256(record.data.bytes());
      print({name, "record", record.sequence_number.to_string(), record.partition_key, core::to_hex(digest)});
    }
    const auto& continuation = event.continuation_sequence_number;
    print({name, "event", std::to_string(event.records.size()), continuation ? continuation->to_string() : "-",
           std::to_string(event.child_shards.size())});
  }
  static void print_word(const std::string& name, const std::string& word) { print({name, word}); }
  static void print_error(const std::string& name, const Error& error) {
    print({name, "error", std::string(to_string(error.code())), error.service_code(), error.message()});
  }

  std::shared_ptr<KinesisApi> api_;
  std::map<std::string, std::shared_ptr<ShardSubscription>> open_;
};

void write_file(const std::string& path, std::string_view text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  if (!file.flush()) throw Error(errc::storage, "cannot write " + path);
}

int certificate(const std::string& folder) {
  const http::SelfSigned identity = http::make_self_signed();
  write_file(folder + "/ca.pem", identity.ca_certificate);
  write_file(folder + "/cert.pem", identity.certificate_chain);
  write_file(folder + "/key.pem", identity.private_key);
  return 0;
}

int subscribe(Endpoint& endpoint) {
  const auto subscriptions = std::make_shared<Subscriptions>(endpoint.api());
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    std::string command;
    std::string name;
    std::string consumer;
    std::string shard;
    words >> command >> name >> consumer >> shard;
    if (command == "subscribe") {
      SubscribeToShardRequest request(consumer, ShardId(shard), StartingPosition(ShardIteratorType::trim_horizon));
      core::spawn(endpoint.executor(), Subscriptions::read(subscriptions, name, std::move(request)));
    } else if (command == "cancel") {
      asio::post(endpoint.executor(), [subscriptions, name] { subscriptions->cancel(name); });
    } else {
      throw Error(errc::invalid_argument, "no command: " + line);
    }
  }
  print({"connections", std::to_string(endpoint.connections_opened())});
  return 0;
}

int consume_all(Endpoint& endpoint, const std::string& stream, const std::string& application) {
  ClientOptions client_options;
  client_options.region = "us-east-1";
  client_options.kinesis = endpoint.api();
  // On the thread of its connections, as a client of its own making would be.
  const Client client(endpoint.executor(), std::move(client_options));
  ConsumerOptions options{.stream = stream, .application = application};
  options.leases = memory_leases();
  options.fetch = EnhancedFanOut{};
  consume(client, options, text, [](const Record<std::string>& record) { print({record.partition_key, record.data}); });
  return 0;
}

int run(const Words& words) {
  const std::string command = words.empty() ? "" : words[0];
  const auto optional = [&](std::size_t place) { return words.size() > place ? words[place] : std::string(); };
  if (command == "certificate" && words.size() == 2) return certificate(words[1]);
  if (command == "subscribe" && words.size() >= 4) {
    const WireFormat format = words[2] == "json" ? WireFormat::json : WireFormat::cbor;
    Endpoint endpoint(words[1], format, words[3] == "lenient", optional(4));
    return subscribe(endpoint);
  }
  if (command == "consume" && words.size() >= 4) {
    Endpoint endpoint(words[1], WireFormat::json, true, optional(4));
    return consume_all(endpoint, words[2], words[3]);
  }
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(Words(argv + 1, argv + argc));
  } catch (const std::exception& error) {
    std::cerr << error.what() << "\n";
    return 1;
  }
}
