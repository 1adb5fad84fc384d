#include "core/worker_thread.hpp"

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>

#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>

namespace kinesis::core {

struct WorkerThread::State {
  std::mutex mutex;
  std::condition_variable ready;
  std::deque<std::function<void()>> queue;
  bool stopping = false;
  std::thread thread;

  void push(std::function<void()> work) {
    {
      const std::lock_guard lock(mutex);
      queue.push_back(std::move(work));
      if (!thread.joinable()) thread = std::thread([this] { loop(); });
    }
    ready.notify_one();
  }

  void loop() {
    for (;;) {
      std::unique_lock lock(mutex);
      ready.wait(lock, [this] { return stopping || !queue.empty(); });
      if (queue.empty()) return;
      auto work = std::move(queue.front());
      queue.pop_front();
      lock.unlock();
      work();
    }
  }
};

WorkerThread::WorkerThread() : state_(std::make_unique<State>()) {}

WorkerThread::~WorkerThread() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  state_->ready.notify_one();
  if (state_->thread.joinable()) state_->thread.join();
}

awaitable<void> WorkerThread::run(std::function<void()> work) {
  auto begin = [this](auto handler, std::function<void()> job) {
    using Handler = std::decay_t<decltype(handler)>;
    // Tracked: an io_context does not run dry while the thread works for it.
    auto executor = asio::prefer(asio::get_associated_executor(handler), asio::execution::outstanding_work.tracked);
    auto shared = std::make_shared<Handler>(std::move(handler));
    state_->push([shared, executor, job = std::move(job)]() mutable {
      std::exception_ptr error;
      try {
        job();
      } catch (...) {
        error = std::current_exception();
      }
      job = nullptr;
      asio::post(executor, [shared = std::move(shared), error = std::move(error)]() mutable {
        Handler resume = std::move(*shared);
        shared.reset();
        std::move(resume)(std::move(error));
      });
    });
  };
  auto operation = asio::async_initiate<const asio::use_awaitable_t<>&, void(std::exception_ptr)>(
      std::move(begin), asio::use_awaitable, std::move(work));
  co_await std::move(operation);
}

}  // namespace kinesis::core
