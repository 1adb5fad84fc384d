#include "core/async.hpp"
#include "core/client_thread.hpp"
#include <kinesis/detail/async.hpp>

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/post.hpp>

namespace kinesis::core {
namespace {

thread_local bool on_client_thread = false;

}  // namespace

ClientThreadMark::ClientThreadMark() { on_client_thread = true; }
ClientThreadMark::~ClientThreadMark() { on_client_thread = false; }

}  // namespace kinesis::core

namespace kinesis::detail {

Error to_error(const std::exception_ptr& exception) { return core::to_error(exception); }

void refuse_to_block() {
  if (core::on_client_thread)
    throw Error(
        errc::invalid_argument,
        "a call that returns a future was made on the client's own thread, where waiting for it would never end; use "
        "the form with a callback, or async_ with co_await");
}

void start(asio::any_io_executor executor, asio::awaitable<void> task, asio::cancellation_slot slot) {
  core::spawn_cancellable(std::move(executor), std::move(task), slot);
}

void post_to(const asio::any_io_executor& executor, asio::any_completion_handler<void()> function) {
  asio::post(executor, std::move(function));
}

void complete_void(const asio::any_io_executor& fallback, Handler<void> handler, std::exception_ptr error) {
  auto executor = asio::get_associated_executor(handler, fallback);
  auto call = [handler = std::move(handler), error = std::move(error)]() mutable {
    std::move(handler)(std::move(error));
  };
  post_to(fallback, asio::bind_executor(std::move(executor), std::move(call)));
}

}  // namespace kinesis::detail
