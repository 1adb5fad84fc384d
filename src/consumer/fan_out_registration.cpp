#include "consumer/fan_out_registration.hpp"

#include "consumer/diagnostics.hpp"
#include "consumer/logic/registration_step.hpp"
#include "core/backoff.hpp"

#include <utility>

namespace kinesis::consumer {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr core::Backoff look_backoff{milliseconds(250), seconds(3), 1.5, core::Backoff::Jitter::half};
/// A consumer is active within seconds; the rest is for services that do not answer.
constexpr std::chrono::minutes longest_wait{2};
/// What one shard has found out counts for the others so long.
constexpr seconds same_look{4};
/// Whoever deregisters it again and again shall not find us registering again and again.
constexpr std::chrono::minutes between_replacements{1};

}  // namespace

/// The end of a turn, however it ends.
struct FanOutRegistration::Turn {
  explicit Turn(core::Channel<bool>& taken) : channel(taken) {}
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  ~Turn() { channel.try_pop(); }
  core::Channel<bool>& channel;
};

FanOutRegistration::FanOutRegistration(Client client, StreamId stream, const ApplicationName& application,
                                       const Which& which, std::function<void(const DiagnosticEvent&)> on_event)
    : client_(std::move(client)),
      stream_(std::move(stream)),
      on_event_(std::move(on_event)),
      turn_(1),
      random_(core::random_seed()),
      stream_arn_(stream_.arn()) {
  if (const auto* registered = std::get_if<RegisteredConsumer>(&which)) {
    name_ = registered->name.empty() ? application.text() : registered->name;
    deregister_ = registered->deregister == RegisteredConsumer::Deregister::by_last_worker;
  } else {
    found_arn_ = std::get<ExistingConsumer>(which).arn;
  }
}

std::string FanOutRegistration::arn() const {
  const std::lock_guard lock(mutex_);
  return arn_;
}

void FanOutRegistration::know(std::string arn) {
  const std::lock_guard lock(mutex_);
  arn_ = std::move(arn);
}

std::string FanOutRegistration::name() const {
  return name_.empty() ? "the fan-out consumer " + found_arn_ : "the fan-out consumer " + name_;
}

core::awaitable<void> FanOutRegistration::prepare() {
  co_await turn_.push(true);
  const Turn turn(turn_);
  std::string arn = co_await make_active();
  know(std::move(arn));
}

core::awaitable<std::string> FanOutRegistration::make_active() {
  Clock& clock = client_.clock();
  const Clock::time_point latest = clock.now() + longest_wait;
  created_ = false;
  std::string last = "it is not there yet";
  for (std::uint32_t attempt = 0;; ++attempt) {
    std::optional<Error> failure = co_await find_stream();
    RegistrationStep step = RegistrationStep::look_again;
    if (!failure) {
      const Result<ConsumerStatus> status = co_await describe();
      step = after_describe(status, !name_.empty());
      if (!status) failure = status.error();
    } else {
      step = after_error(*failure);
    }
    if (step == RegistrationStep::create) {
      const Result<ConsumerStatus> made = co_await create();
      step = after_register(made);
      failure.reset();
      if (!made) failure = made.error();
      if (made) created_ = true;
    }
    if (step == RegistrationStep::use) break;
    if (step == RegistrationStep::fail)
      throw failure ? failure->with_context(name()) : Error(errc::not_found, name() + " is being deleted");
    if (failure) last = failure->what();
    if (clock.now() >= latest)
      throw Error(errc::timeout, name() + " did not become active within two minutes: " + last);
    co_await core::sleep_for(clock, look_backoff.delay(attempt, random_));
  }
  seen_at_ = clock.now();
  if (created_) tell(on_event_, client_.log(), event::ConsumerRegistered{found_arn_});
  co_return found_arn_;
}

core::awaitable<std::optional<Error>> FanOutRegistration::find_stream() {
  if (name_.empty() || !stream_arn_.empty()) co_return std::nullopt;
  DescribeStreamSummaryRequest request(stream_);
  const auto answer = co_await client_.kinesis().describe_stream_summary(std::move(request));
  if (!answer) co_return answer.error();
  stream_arn_ = (*answer).stream_description_summary.stream_arn;
  co_return std::nullopt;
}

core::awaitable<Result<ConsumerStatus>> FanOutRegistration::describe() {
  DescribeStreamConsumerRequest request;
  if (name_.empty()) {
    request.consumer_arn = found_arn_;
  } else {
    request.stream_arn = stream_arn_;
    request.consumer_name = name_;
  }
  const auto answer = co_await client_.kinesis().describe_stream_consumer(std::move(request));
  if (!answer) co_return answer.error();
  const KinesisConsumerDescription& consumer = (*answer).consumer_description;
  found_arn_ = consumer.consumer_arn;
  co_return consumer.consumer_status;
}

core::awaitable<Result<ConsumerStatus>> FanOutRegistration::create() {
  RegisterStreamConsumerRequest request(stream_arn_, name_);
  const auto answer = co_await client_.kinesis().register_stream_consumer(std::move(request));
  if (answer) co_return (*answer).consumer.consumer_status;
  if (answer.error().code() != errc::limit_exceeded) co_return answer.error();
  co_return co_await judge_limit(answer.error());
}

core::awaitable<Error> FanOutRegistration::judge_limit(Error limit) {
  ListStreamConsumersRequest request(stream_arn_);
  const auto answer = co_await client_.kinesis().list_stream_consumers(std::move(request));
  if (!answer || after_limit((*answer).consumers) == RegistrationStep::look_again) co_return limit;
  // As something else than a limit that passes.
  co_return Error(errc::invalid_argument, "the stream has " + std::to_string((*answer).consumers.size()) +
                                              " fan-out consumers, which is all that it may have");
}

core::awaitable<bool> FanOutRegistration::replaced(std::string arn) {
  co_await turn_.push(true);
  const Turn turn(turn_);
  if (arn != this->arn()) co_return true;
  const Clock::time_point now = client_.clock().now();
  if (failure_ && now - failed_at_ < same_look) throw *failure_;
  if (seen_at_ && now - *seen_at_ < same_look) co_return false;
  std::exception_ptr failure;
  bool replaced = false;
  try {
    replaced = co_await replace(std::move(arn));
  } catch (...) {
    failure = std::current_exception();
  }
  failure_.reset();
  if (!failure) co_return replaced;
  if (!core::is_cancellation(failure)) {
    failure_ = core::to_error(failure);
    failed_at_ = client_.clock().now();
  }
  std::rethrow_exception(failure);
}

core::awaitable<bool> FanOutRegistration::replace(std::string arn) {
  const Result<ConsumerStatus> status = co_await describe();
  const Clock::time_point now = client_.clock().now();
  if (status && *status == ConsumerStatus::active) {
    seen_at_ = now;
    if (found_arn_ == arn) co_return false;
    know(found_arn_);  // another worker was faster
    co_return true;
  }
  const bool gone =
      (status && *status == ConsumerStatus::deleting) || (!status && status.error().code() == errc::not_found);
  if (!status && !gone) throw status.error().with_context(name());
  if (gone && name_.empty()) throw Error(errc::not_found, name() + " does not exist any more");
  if (gone && replaced_at_ && now - *replaced_at_ < between_replacements)
    throw Error(errc::not_found, name() + " was deregistered again within a minute");
  if (gone) replaced_at_ = now;
  std::string active = co_await make_active();
  know(std::move(active));
  co_return true;
}

core::awaitable<void> FanOutRegistration::deregister() {
  co_await turn_.push(true);
  const Turn turn(turn_);
  const std::string arn = this->arn();
  if (arn.empty()) co_return;
  DeregisterStreamConsumerRequest request(arn);
  const auto answer = co_await client_.kinesis().deregister_stream_consumer(std::move(request));
  if (!answer) throw answer.error();
  know("");
  tell(on_event_, client_.log(), event::ConsumerDeregistered{arn});
}

}  // namespace kinesis::consumer
