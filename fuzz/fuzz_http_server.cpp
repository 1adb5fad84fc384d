// A server's connection, HTTP/1.1 or, behind its preface, HTTP/2, from the first byte to the end of what it serves, in
// virtual time. The first byte says how many bytes a read brings.
#include "core/test_loop.hpp"
#include "http/server_connection.hpp"
#include "scripted_stream.hpp"

#include <cstdlib>

using namespace kinesis;
using namespace kinesis::http;

namespace {

constexpr std::size_t most_body = 2000;

class Echo final : public Handler {
 public:
  awaitable<ServerResponse> handle(ServerRequest request) override {
    if (request.body.size() > most_body || request.method.empty()) std::abort();
    if (request.target == "/throw") throw Error(errc::internal, "on purpose");
    ServerResponse response(200, std::move(request.headers), Body(std::move(request.body)));
    // What came in may not stand in an answer.
    for (const char* name : {"host", "content-length", "transfer-encoding", "connection"}) response.headers.erase(name);
    co_return response;
  }
};

}  // namespace

namespace kinesis::http {
// The targets offer no TLS.
awaitable<Result<std::shared_ptr<Stream>>> start_tls_server(std::shared_ptr<Stream>, std::shared_ptr<const TlsContext>,
                                                            Bytes) {
  std::abort();
}
}  // namespace kinesis::http

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  if (size < 2) return 0;
  static const auto handler = std::make_shared<Echo>();
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  core::TestLoop loop;
  const auto shared = std::make_shared<ServerShared>();
  shared->handler = handler;
  shared->options.executor = loop.executor();
  shared->options.clock = std::shared_ptr<Clock>(std::shared_ptr<void>(), &loop.clock);
  shared->options.max_header_bytes = 1000;
  shared->options.max_body = most_body;
  const auto stream = std::make_shared<ScriptedStream>(text, 1 + data[0] * 4u);
  // Throws if it does not come to an end.
  loop.run(std::make_shared<ServerConnection>(shared, loop.executor(), stream)->run());
  if (stream->is_open()) std::abort();
  return 0;
}
