// A client's connection against any server at all, in virtual time. The first byte chooses: bit 0 HTTP/2, bit 1 a body
// that is read in pieces, bit 2 to HEAD, the other bits how many bytes a read brings.
#include "core/test_loop.hpp"
#include "http/http1_client.hpp"
#include "http/http2_client.hpp"
#include "scripted_stream.hpp"

#include <cstdlib>

using namespace kinesis;
using namespace kinesis::http;

namespace {

constexpr std::size_t most_body = 2000;

void check(const Attempt<Response>& attempt) {
  const auto* response = std::get_if<Response>(&attempt);
  if (response == nullptr) return;
  if (response->body.size() > most_body || response->status < 100 || response->status > 999) std::abort();
}

awaitable<void> read_all(Attempt<StreamedResponse> attempt) {
  auto* response = std::get_if<StreamedResponse>(&attempt);
  if (response == nullptr) co_return;
  while (true) {
    const auto piece = co_await response->read();
    if (!piece || !*piece) co_return;
    if ((*piece)->empty()) std::abort();
  }
}

awaitable<void> use_http1(std::shared_ptr<Http1Connection> connection, const Call* call, bool streamed) {
  while (connection->usable()) {
    Http1Lease lease(connection);
    if (streamed) {
      auto attempt = co_await connection->open(*call, std::move(lease));
      if (!std::holds_alternative<StreamedResponse>(attempt)) co_return;
      co_await read_all(std::move(attempt));
    } else {
      const auto attempt = co_await connection->send(*call, std::move(lease));
      check(attempt);
      if (!std::holds_alternative<Response>(attempt)) co_return;
    }
  }
}

awaitable<void> use_http2(std::shared_ptr<Http2Connection> connection, const Call* call, bool streamed) {
  while (connection->usable() && connection->capacity() > 0) {
    Http2Slot slot(connection);
    if (streamed) {
      auto attempt = co_await connection->open(*call, std::move(slot));
      if (!std::holds_alternative<StreamedResponse>(attempt)) break;
      co_await read_all(std::move(attempt));
    } else {
      const auto attempt = co_await connection->send(*call, std::move(slot));
      check(attempt);
      if (!std::holds_alternative<Response>(attempt)) break;
    }
  }
  connection->close(Error(errc::closed, "done"));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  if (size < 2) return 0;
  const bool http2 = (data[0] & 1) != 0;
  const bool streamed = (data[0] & 2) != 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  core::TestLoop loop;
  const std::shared_ptr<Clock> clock(std::shared_ptr<void>(), &loop.clock);
  static const auto buffers = core::BufferPool::create();
  const auto stream = std::make_shared<ScriptedStream>(text, 1 + (data[0] >> 3) * 32u);
  Call call;
  call.endpoint = Endpoint(false, "example.com", 80);
  call.request = Request((data[0] & 4) != 0 ? "HEAD" : "POST", "/", Headers(), Body("hello"));
  call.max_body = most_body;
  call.first_byte = std::chrono::seconds(30);
  call.deadline = clock->now() + std::chrono::seconds(60);
  if (http2) {
    Http2ClientOptions options;
    options.strand = loop.executor();
    options.clock = clock;
    options.buffers = buffers;
    options.max_header_bytes = 1000;
    options.on_change = [] {};
    const auto connection = start_http2_client(std::move(options), stream);
    loop.run(use_http2(connection, &call, streamed));
  } else {
    const auto connection =
        std::make_shared<Http1Connection>(loop.executor(), clock, stream, buffers, 1000, [](const auto&) {});
    loop.run(use_http1(connection, &call, streamed));
  }
  loop.run_for(std::chrono::hours(1));
  return 0;
}
