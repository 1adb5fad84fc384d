#pragma once

#include <kinesis/clock.hpp>
#include <kinesis/credentials.hpp>
#include <kinesis/detail/async.hpp>
#include <kinesis/kinesis_api.hpp>
#include <kinesis/log.hpp>
#include <kinesis/retry.hpp>

#include <chrono>
#include <memory>
#include <string>

namespace kinesis {

class DynamoDbApi;
class CloudWatchApi;

/// How requests to Kinesis are written. The content type of the answer decides how it is read.
enum class WireFormat {
  cbor,  ///< application/x-amz-cbor-1.1, what Amazon's Java SDKs use: a third fewer bytes, a tenth of the CPU.
  json,  ///< application/x-amz-json-1.1
};

/// All optional. What is left empty comes from the environment and the shared configuration files, as in every AWS SDK.
struct ClientOptions {
  /// Empty: AWS_REGION, AWS_DEFAULT_REGION, the profile's region, the instance's region.
  std::string region = {};
  /// Empty: AWS_PROFILE, else "default". Naming one skips credentials in environment variables.
  std::string profile = {};
  /// Endpoint of all services, such as "http://127.0.0.1:4567". Empty: AWS_ENDPOINT_URL_<SERVICE>, AWS_ENDPOINT_URL,
  /// profile, AWS's own.
  std::string endpoint_url = {};
  /// Null: the default chain (environment, web identity, profile, container, instance).
  std::shared_ptr<CredentialsProvider> credentials = {};
  /// Off: any certificate is accepted. For tests only.
  bool verify_tls = true;
  /// PEM file of certificate authorities. Empty: AWS_CA_BUNDLE, else the system's.
  std::string ca_bundle = {};
  WireFormat wire_format = WireFormat::cbor;
  RetryPolicy retry = {};
  /// Limits of one try of one request; zero means none.
  std::chrono::milliseconds connect_timeout{3'000};
  std::chrono::milliseconds first_byte_timeout{10'000};
  std::chrono::milliseconds request_timeout{30'000};
  /// Largest answer that is accepted, in bytes.
  std::size_t max_answer_bytes = std::size_t{16} * 1024 * 1024;
  /// Connections to one host, 1 or more. HTTP/2 needs few, HTTP/1.1 one for each call in flight.
  int max_connections_per_host = 16;
  Log log = {};
  /// Null: the machine's clock.
  std::shared_ptr<Clock> clock = {};
  /// Used instead of the network: an emulator in process, a fake, another SDK. May be let go of on the client's thread,
  /// and a moment after the last consumer of it has stopped, so it must not need an executor that may be gone by then.
  std::shared_ptr<KinesisApi> kinesis = {};
};

/// The way to AWS: an executor, credentials, connections. A cheap copy of one shared thing; thread-safe. Producers and
/// consumers keep it alive.
class Client {
 public:
  /// Runs on one background thread of its own. The last copy, or the last producer or consumer made of it, waits in its
  /// destructor until what still runs on that thread is done and the thread has ended. Where that last one goes on the
  /// thread itself, in a callback for instance, the thread ends by itself, at the latest before the program does.
  explicit Client(ClientOptions options);
  Client();
  /// Runs on the caller's executor, which the caller keeps running.
  Client(asio::any_io_executor executor, ClientOptions options);
  // Not a default argument: g++ 12 destroys one twice where the executor comes from a co_await.
  explicit Client(asio::any_io_executor executor);

  Client(const Client&) = default;
  Client(Client&&) noexcept = default;
  Client& operator=(Client other) noexcept {
    thread_.swap(other.thread_);
    state_.swap(other.state_);
    return *this;
  }

  /// A copy that does not keep the client's own thread: for work on that thread, which would otherwise be what the
  /// thread's end waits for.
  Client without_thread() const;

  /// The operations of Kinesis under their AWS names, as coroutines. The reference lives as long as a copy of the
  /// client.
  KinesisApi& kinesis() const;
  /// The operations of DynamoDB that lease tables need.
  DynamoDbApi& dynamodb() const;
  CloudWatchApi& cloudwatch() const;

  /// Any operation of Kinesis, with a completion token: `co_await
  /// client.async_call(kinesis::ListShardsRequest("orders"))`.
  template <class Request, class Token = asio::use_awaitable_t<>>
  auto async_call(Request request, Token&& token = {}) const {
    return detail::async_run<typename Request::Response>(executor(), call_checked(without_thread(), std::move(request)),
                                                         std::forward<Token>(token));
  }
  /// The same as a future. Throws Error(invalid_argument) on the client's own thread, where waiting would never end.
  template <class Request>
  std::future<typename Request::Response> call(Request request) const {
    detail::refuse_to_block();
    return detail::as_future<typename Request::Response>(
        [&](auto handler) { async_call(std::move(request), std::move(handler)); });
  }

  asio::any_io_executor executor() const;
  Clock& clock() const;
  std::shared_ptr<Clock> shared_clock() const;
  const Log& log() const;
  /// The region requests are signed for, resolved at construction; empty if none was found and `kinesis` stands in for
  /// the network.
  const std::string& region() const;

 private:
  template <class Request>
  static asio::awaitable<typename Request::Response> call_checked(Client self, Request request) {
    auto answer = co_await dispatch(self.kinesis(), std::move(request));
    co_return std::move(answer).value();
  }
  void open(asio::any_io_executor executor, ClientOptions options);
  class BackgroundThread;
  struct State;
  // In this order: with the state the connections go, and then the thread runs out of work.
  std::shared_ptr<BackgroundThread> thread_;
  std::shared_ptr<State> state_;
};

}  // namespace kinesis
