#include "http/watched_response.hpp"

#include "core/strand.hpp"

#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>

#include <atomic>
#include <utility>

namespace kinesis::http {

/// Readers and the timer meet in atomic numbers alone: a read that finds its bytes costs neither a hop to the strand
/// nor a timer that is set.
struct WatchedResponse::State : std::enable_shared_from_this<State> {
  using Rep = Clock::time_point::rep;
  static constexpr Rep nobody = Clock::time_point::min().time_since_epoch().count();

  State(StreamedResponse response, const asio::any_io_executor& executor, std::shared_ptr<Clock> clock,
        Clock::duration limit)
      : response(std::move(response)),
        strand(core::make_strand(executor)),
        clock(std::move(clock)),
        limit(limit),
        timer(this->clock->make_timer(strand)) {}

  /// A read waits from now on.
  void begin() {
    if (limit <= Clock::duration::zero()) return;
    waiting_since = clock->now().time_since_epoch().count();
    if (!armed.exchange(true)) asio::post(strand, [self = shared_from_this()] { self->look(); });
  }

  void look() {
    if (released) return;
    Rep since = waiting_since;
    if (since == nobody) {
      armed = false;
      // Unless one has begun to wait meanwhile, and saw that the timer was armed.
      since = waiting_since;
      if (since == nobody || armed.exchange(true)) return;
    }
    const auto deadline = Clock::time_point(Clock::duration(since)) + limit;
    if (clock->now() >= deadline) {
      expired = true;
      return response.cancel();
    }
    timer->async_wait(deadline, [weak = weak_from_this()](bool due) {
      const auto self = weak.lock();
      if (self && due) self->look();
    });
  }

  StreamedResponse response;
  const asio::any_io_executor strand;
  const std::shared_ptr<Clock> clock;
  const Clock::duration limit;
  std::atomic<Rep> waiting_since = nobody;
  /// The timer is set, or about to be.
  std::atomic<bool> armed = false;
  std::atomic<bool> expired = false;
  // Of the strand.
  std::unique_ptr<Timer> timer;
  bool released = false;
};

namespace {

/// Tells on every way out, a thrown cancellation's too, that nobody waits.
class Waiting {
 public:
  explicit Waiting(std::atomic<Clock::time_point::rep>& since, Clock::time_point::rep nobody)
      : since_(since), nobody_(nobody) {}
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;
  ~Waiting() { since_ = nobody_; }

 private:
  std::atomic<Clock::time_point::rep>& since_;
  const Clock::time_point::rep nobody_;
};

}  // namespace

WatchedResponse::WatchedResponse(StreamedResponse response, const asio::any_io_executor& executor,
                                 std::shared_ptr<Clock> clock, Clock::duration limit)
    : state_(std::make_shared<State>(std::move(response), executor, std::move(clock), limit)) {}

WatchedResponse::~WatchedResponse() {
  state_->response.cancel();
  const asio::any_io_executor strand = state_->strand;
  asio::dispatch(strand, [state = std::move(state_)] {
    state->released = true;
    state->timer->cancel();
  });
}

awaitable<Result<std::optional<Blob>>> WatchedResponse::read() {
  const auto state = state_;
  state->begin();
  const Waiting waiting(state->waiting_since, State::nobody);
  auto piece = co_await state->response.read();
  if (!piece && state->expired) co_return Error(errc::timeout, "the stream fell silent").with_retryable(true);
  co_return piece;
}

void WatchedResponse::cancel() { state_->response.cancel(); }

}  // namespace kinesis::http
