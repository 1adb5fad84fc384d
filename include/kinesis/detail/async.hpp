#pragma once

#include <kinesis/detail/block_memory.hpp>
#include <kinesis/error.hpp>

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/associator.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_allocator.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <exception>
#include <future>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace kinesis {

namespace asio = boost::asio;

/// Completion token: the awaited operation gives a `Result<T>` instead of throwing.
/// `auto sent = co_await producer.async_send("key", data, kinesis::as_result);`
struct as_result_t {};
inline constexpr as_result_t as_result{};

namespace detail {

template <class T>
struct CompletionSignature {
  using type = void(std::exception_ptr, T);
};
template <>
struct CompletionSignature<void> {
  using type = void(std::exception_ptr);
};
/// What an asynchronous operation with a result of type T completes with.
template <class T>
using Signature = typename CompletionSignature<T>::type;

/// The handler of any completion token, erased: what the compiled cores keep. Never assign one: in Boost 1.81 its move
/// assignment recurses for ever. Construct, swap or splice.
template <class T>
using Handler = asio::any_completion_handler<Signature<T>>;

/// What an escaped exception says, as an Error.
Error to_error(const std::exception_ptr& exception);
/// Throws Error(invalid_argument) on a thread that a Client runs: waiting there for a future would never end.
void refuse_to_block();

/// Runs a task on an executor; exceptions must not escape it. What `slot` is told cancels it.
void start(asio::any_io_executor executor, asio::awaitable<void> task, asio::cancellation_slot slot = {});

/// Completes a handler on its own executor, never inline. `fallback` is used where the token has none.
void complete_void(const asio::any_io_executor& fallback, Handler<void> handler, std::exception_ptr error);
/// Runs a function by way of `executor`, on the executor it is bound to if it is.
void post_to(const asio::any_io_executor& executor, asio::any_completion_handler<void()> function);

/// Turns the handler of `void(Result<T>)` into one of `void(exception_ptr, T)`.
template <class T, class Inner>
struct ResultHandler {
  Inner inner;
  void operator()(std::exception_ptr error, T value) {
    if (error) {
      std::move(inner)(Result<T>(to_error(error)));
    } else {
      std::move(inner)(Result<T>(std::move(value)));
    }
  }
};
template <class Inner>
struct ResultHandler<void, Inner> {
  Inner inner;
  void operator()(std::exception_ptr error) {
    if (error) {
      std::move(inner)(Result<void>(to_error(error)));
    } else {
      std::move(inner)(Result<void>());
    }
  }
};

/// The body of every asynchronous operation that is a coroutine inside: runs it, then completes the handler.
template <class T>
asio::awaitable<void> run_into(asio::awaitable<T> task, asio::any_io_executor executor, Handler<T> handler) {
  std::exception_ptr error;
  if constexpr (std::is_void_v<T>) {
    try {
      co_await asio::this_coro::throw_if_cancelled(true);
      co_await std::move(task);
    } catch (...) {
      error = std::current_exception();
    }
    complete_void(executor, std::move(handler), std::move(error));
  } else {
    std::optional<T> value;
    try {
      co_await asio::this_coro::throw_if_cancelled(true);
      value.emplace(co_await std::move(task));
    } catch (...) {
      error = std::current_exception();
    }
    auto completion_executor = asio::get_associated_executor(handler, executor);
    auto call = [handler = std::move(handler), error = std::move(error), value = std::move(value)]() mutable {
      std::move(handler)(std::move(error), value ? std::move(*value) : T{});
    };
    post_to(executor, asio::bind_executor(std::move(completion_executor), std::move(call)));
  }
}

/// Starts `task` on `executor` and completes `token` with what it returns or throws. The token's cancellation slot, if
/// it has one, cancels what the task waits for: it then completes with Error(cancelled), or with what it had already.
template <class T, class Token>
auto async_run(asio::any_io_executor executor, asio::awaitable<T> task, Token&& token) {
  return asio::async_initiate<Token, Signature<T>>(
      [](auto handler, asio::any_io_executor on, asio::awaitable<T> body) {
        Handler<T> erased(std::move(handler));
        const asio::cancellation_slot slot = asio::get_associated_cancellation_slot(erased);
        start(on, run_into<T>(std::move(body), on, std::move(erased)), slot);
      },
      token, std::move(executor), std::move(task));
}

/// The handler, with memory from the pool unless it brings its own.
template <class T, class F>
Handler<T> pooled(F handler) {
  if constexpr (has_own_allocator<F>) {
    return Handler<T>(std::move(handler));
  } else {
    return Handler<T>(asio::bind_allocator(BlockAllocator<void>(), std::move(handler)));
  }
}

/// The future form of an operation: `begin(handler)` starts it.
template <class T, class Begin>
std::future<T> as_future(Begin begin) {
  auto promise = std::make_shared<std::promise<T>>();
  std::future<T> future = promise->get_future();
  if constexpr (std::is_void_v<T>) {
    begin(pooled<T>([promise](std::exception_ptr error) {
      if (error) return promise->set_exception(std::move(error));
      promise->set_value();
    }));
  } else {
    begin(pooled<T>([promise](std::exception_ptr error, T value) {
      if (error) return promise->set_exception(std::move(error));
      promise->set_value(std::move(value));
    }));
  }
  return future;
}

/// The callback form: `callback(Result<T>)`.
template <class T, class Callback>
Handler<T> as_callback(Callback callback) {
  return pooled<T>(ResultHandler<T, Callback>{std::move(callback)});
}

}  // namespace detail
}  // namespace kinesis

namespace boost::asio {

template <template <class, class> class Associator, class T, class Inner, class Default>
struct associator<Associator, kinesis::detail::ResultHandler<T, Inner>, Default> : Associator<Inner, Default> {
  static auto get(const kinesis::detail::ResultHandler<T, Inner>& handler) noexcept {
    return Associator<Inner, Default>::get(handler.inner);
  }
  static auto get(const kinesis::detail::ResultHandler<T, Inner>& handler, const Default& fallback) noexcept {
    return Associator<Inner, Default>::get(handler.inner, fallback);
  }
};

template <class T>
struct async_result<kinesis::as_result_t, void(std::exception_ptr, T)> {
  template <class Initiation, class... Args>
  static auto initiate(Initiation initiation, kinesis::as_result_t, Args... args) {
    return async_initiate<const use_awaitable_t<>&, void(kinesis::Result<T>)>(
        [](auto inner, Initiation begin, Args... rest) {
          std::move(begin)(kinesis::detail::ResultHandler<T, decltype(inner)>{std::move(inner)}, std::move(rest)...);
        },
        use_awaitable, std::move(initiation), std::move(args)...);
  }
};

template <>
struct async_result<kinesis::as_result_t, void(std::exception_ptr)> {
  template <class Initiation, class... Args>
  static auto initiate(Initiation initiation, kinesis::as_result_t, Args... args) {
    return async_initiate<const use_awaitable_t<>&, void(kinesis::Result<void>)>(
        [](auto inner, Initiation begin, Args... rest) {
          std::move(begin)(kinesis::detail::ResultHandler<void, decltype(inner)>{std::move(inner)}, std::move(rest)...);
        },
        use_awaitable, std::move(initiation), std::move(args)...);
  }
};

}  // namespace boost::asio
