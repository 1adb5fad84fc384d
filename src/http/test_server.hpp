#pragma once

#include "http/client.hpp"
#include "http/server.hpp"

#include <boost/asio/io_context.hpp>

#include <functional>
#include <stdexcept>
#include <string>

// What the tests of this folder share: a server and clients on one context, real sockets on loopback.
namespace kinesis::http {

/// One thread, real time. Tasks are run until they end.
class TestContext {
 public:
  asio::io_context context{1};
  asio::any_io_executor executor() { return context.get_executor(); }

  /// Runs until `task` has ended, and rethrows what it throws.
  void run(awaitable<void> task) {
    bool ended = false;
    std::exception_ptr failure;
    core::spawn(executor(), note_end(std::move(task), &ended), [&](std::exception_ptr thrown) {
      failure = std::move(thrown);
      ended = true;
    });
    context.restart();
    while (!ended && context.run_one() > 0) continue;
    if (failure) std::rethrow_exception(failure);
    if (!ended) throw std::logic_error("the task did not end");
  }

 private:
  static awaitable<void> note_end(awaitable<void> task, bool* ended) {
    co_await std::move(task);
    *ended = true;
  }
};

/// A handler from a function.
class FunctionHandler final : public Handler {
 public:
  using Function = std::function<awaitable<ServerResponse>(ServerRequest)>;
  explicit FunctionHandler(Function function) : function_(std::move(function)) {}
  awaitable<ServerResponse> handle(ServerRequest request) override { return function_(std::move(request)); }

 private:
  Function function_;
};

inline std::shared_ptr<Handler> handler(FunctionHandler::Function function) {
  return std::make_shared<FunctionHandler>(std::move(function));
}

/// Answers with the body it got, and headers that tell what else it saw.
inline awaitable<ServerResponse> echo(ServerRequest request) {
  Headers headers;
  headers.add("x-method", request.method).add("x-target", request.target);
  headers.add("x-secure", request.secure ? "yes" : "no");
  headers.add("x-version", request.version == Version::http2     ? "2"
                           : request.version == Version::http1_1 ? "1.1"
                                                                 : "1.0");
  headers.add("x-host", request.headers.find("host").value_or(""));
  if (const auto type = request.headers.find("content-type")) headers.add("content-type", *type);
  co_return ServerResponse(200, std::move(headers), std::move(request.body));
}

inline std::string pattern(std::size_t size) {
  std::string text(size, '\0');
  std::uint32_t state = 1;
  for (char& c : text) {
    state = state * 1664525u + 1013904223u;
    c = static_cast<char>(state >> 24);
  }
  return text;
}

}  // namespace kinesis::http
