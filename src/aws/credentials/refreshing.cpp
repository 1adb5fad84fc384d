#include "aws/credentials/refreshing.hpp"

#include "aws/credentials/refresh_rules.hpp"
#include "core/strand.hpp"
#include "core/time_format.hpp"
#include "core/waiter.hpp"

#include <boost/asio/post.hpp>

#include <mutex>
#include <utility>

namespace kinesis::aws {
namespace {

/// A fetch under way, and who waits for it. Guarded by the core's mutex.
struct Flight {
  std::optional<Result<CredentialsPtr>> result;
  core::WaitQueue waiters;
};

class Core : public std::enable_shared_from_this<Core> {
 public:
  Core(SourceContextPtr context, std::unique_ptr<CredentialsSource> source)
      : context_(std::move(context)),
        source_(std::move(source)),
        strand_(core::make_strand(context_->options.executor)),
        fetches_(strand_),
        rules_(core::random_seed()) {}

  static core::awaitable<Result<CredentialsPtr>> get(std::shared_ptr<Core> self) {
    std::unique_lock lock(self->mutex_);
    switch (self->rules_.ask(self->now())) {
      case RefreshRules::Verdict::serve:
        co_return self->current_;
      case RefreshRules::Verdict::serve_and_refresh:
        self->start();
        co_return self->current_;
      case RefreshRules::Verdict::fail:
        co_return *self->failure_;
      case RefreshRules::Verdict::wait:
        break;
    }
    const std::shared_ptr<Flight> flight = self->start();
    while (!flight->result) {
      co_await flight->waiters.wait(std::move(lock));
      lock = std::unique_lock(self->mutex_);
    }
    co_return *flight->result;
  }

  void refused(const CredentialsPtr& used) {
    const std::lock_guard lock(mutex_);
    if (used == current_) rules_.refused(now());
  }

  /// Ends the fetch under way and all waits for it.
  void close() {
    context_->closing = true;
    asio::post(strand_, [self = shared_from_this()] { self->fetches_.cancel(); });
  }

 private:
  Moment now() const { return Moment{context_->options.clock->wall_now(), context_->options.clock->now()}; }

  /// With the mutex held.
  std::shared_ptr<Flight> start() {
    if (flight_) return flight_;
    flight_ = std::make_shared<Flight>();
    core::spawn(strand_, run(shared_from_this()));
    return flight_;
  }

  static core::awaitable<void> run(std::shared_ptr<Core> self) {
    self->fetched_.reset();
    self->fetches_.spawn(self->fetch());
    try {
      co_await self->fetches_.join();
    } catch (...) {
      self->fetched_ = core::to_error(std::current_exception());
    }
    if (!self->fetched_) self->fetched_ = SourceAnswer(Error(errc::closed, "the client was closed"));
    self->land(std::move(*self->fetched_));
  }

  core::awaitable<void> fetch() {
    SourceAnswer answer = co_await source_->fetch();
    fetched_ = std::move(answer);
  }

  void land(SourceAnswer answer) {
    const std::lock_guard lock(mutex_);
    const std::shared_ptr<Flight> flight = std::exchange(flight_, nullptr);
    if (auto* found = std::get_if<CredentialsPtr>(&answer)) {
      take(std::move(*found));
      flight->result = current_;
    } else {
      const auto* error = std::get_if<Error>(&answer);
      failure_ = error != nullptr ? *error : Error(errc::no_credentials, std::get<NotConfigured>(answer).why);
      rules_.failed(now());
      flight->result = Result<CredentialsPtr>(*failure_);
      if (rules_.usable(now())) {
        flight->result = current_;
        context_->log(LogLevel::warning,
                      "the credentials of " + current_->source + " could not be renewed: " + failure_->message());
      }
    }
    flight->waiters.wake_all();
  }

  void take(CredentialsPtr found) {
    const bool same = current_ && current_->access_key_id == found->access_key_id &&
                      current_->secret_access_key == found->secret_access_key &&
                      current_->session_token == found->session_token;
    rules_.fetched(*found, same, now());
    current_ = std::move(found);
    std::string until;
    if (current_->expiration) until = ", valid until " + core::format_iso8601(*current_->expiration);
    context_->log(LogLevel::info, "credentials of " + current_->source + until);
  }

  const SourceContextPtr context_;
  const std::unique_ptr<CredentialsSource> source_;  // on the strand, as are the next three
  const asio::any_io_executor strand_;
  core::TaskGroup fetches_;
  std::optional<SourceAnswer> fetched_;
  std::mutex mutex_;  // guards what follows: callers come from any executor
  RefreshRules rules_;
  CredentialsPtr current_;
  std::optional<Error> failure_;
  std::shared_ptr<Flight> flight_;
};

/// What users hold; the core lives on until its fetch has ended.
class Front final : public CredentialsProvider {
 public:
  explicit Front(std::shared_ptr<Core> core) : core_(std::move(core)) {}
  ~Front() override { core_->close(); }
  asio::awaitable<Result<CredentialsPtr>> get() override { return Core::get(core_); }
  void refused(const CredentialsPtr& used) override { core_->refused(used); }

 private:
  const std::shared_ptr<Core> core_;
};

}  // namespace

std::shared_ptr<CredentialsProvider> refreshing_credentials(SourceContextPtr context,
                                                            std::unique_ptr<CredentialsSource> source) {
  return std::make_shared<Front>(std::make_shared<Core>(std::move(context), std::move(source)));
}

}  // namespace kinesis::aws
