#include "aws/services.hpp"
#include "core/client_thread.hpp"
#include <kinesis/client.hpp>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <openssl/ssl.h>

#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace kinesis {
namespace {

/// Threads whose client ended on them: they are joined at the end of the program, which must not end under them.
class EndingThreads {
 public:
  ~EndingThreads() {
    for (std::thread& thread : threads_) thread.join();
  }
  void add(std::thread thread) {
    const std::lock_guard lock(mutex_);
    threads_.push_back(std::move(thread));
  }

 private:
  std::mutex mutex_;
  std::vector<std::thread> threads_;
};

EndingThreads& ending_threads() {
  // OpenSSL cleans up at the end of the program, from the moment of its first use on: it must come first, so that its
  // end comes after the threads that use it.
  static EndingThreads threads = (OPENSSL_init_ssl(0, nullptr), EndingThreads());
  return threads;
}

}  // namespace

/// The thread of a client that was given no executor.
class Client::BackgroundThread {
 public:
  BackgroundThread() : context_(std::make_shared<asio::io_context>(1)), work_(context_->get_executor()) {
    ending_threads();  // made first, so that it outlives every client
    thread_ = std::thread([context = context_] {
      const core::ClientThreadMark mark;
      context->run();
    });
  }
  ~BackgroundThread() {
    work_.reset();
    // The last copy of a client may go on its own thread, in a callback.
    if (thread_.get_id() == std::this_thread::get_id()) {
      ending_threads().add(std::move(thread_));
    } else {
      thread_.join();
    }
  }
  BackgroundThread(const BackgroundThread&) = delete;
  BackgroundThread& operator=(const BackgroundThread&) = delete;
  asio::any_io_executor executor() const { return context_->get_executor(); }
  const std::shared_ptr<asio::io_context>& context() const noexcept { return context_; }

 private:
  std::shared_ptr<asio::io_context> context_;
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  std::thread thread_;
};

struct Client::State {
  /// Of the client's own thread; outlives what was made to run there.
  std::shared_ptr<asio::io_context> context;
  asio::any_io_executor executor;
  std::shared_ptr<Clock> clock;
  Log log;
  aws::Services services;
};

Client::Client(ClientOptions options)
    : thread_(std::make_shared<BackgroundThread>()), state_(std::make_shared<State>()) {
  state_->context = thread_->context();
  open(thread_->executor(), std::move(options));
}

Client::Client() : Client(ClientOptions()) {}

Client::Client(asio::any_io_executor executor) : Client(std::move(executor), ClientOptions()) {}

Client::Client(asio::any_io_executor executor, ClientOptions options) : state_(std::make_shared<State>()) {
  open(std::move(executor), std::move(options));
}

void Client::open(asio::any_io_executor executor, ClientOptions options) {
  if (!options.clock) options.clock = Clock::system();
  state_->executor = executor;
  state_->clock = options.clock;
  state_->log = options.log;
  if (options.kinesis) {
    state_->services.region = options.region;
    state_->services.kinesis = std::move(options.kinesis);
    state_->services.dynamodb = std::make_shared<DynamoDbApi>();
    state_->services.cloudwatch = std::make_shared<CloudWatchApi>();
  } else {
    state_->services = aws::connect_services(options, std::move(executor));
  }
}

Client Client::without_thread() const {
  Client copy(*this);
  copy.thread_ = nullptr;
  return copy;
}

KinesisApi& Client::kinesis() const { return *state_->services.kinesis; }
DynamoDbApi& Client::dynamodb() const { return *state_->services.dynamodb; }
CloudWatchApi& Client::cloudwatch() const { return *state_->services.cloudwatch; }
asio::any_io_executor Client::executor() const { return state_->executor; }
Clock& Client::clock() const { return *state_->clock; }
std::shared_ptr<Clock> Client::shared_clock() const { return state_->clock; }
const Log& Client::log() const { return state_->log; }
const std::string& Client::region() const { return state_->services.region; }

}  // namespace kinesis
