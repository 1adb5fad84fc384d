#include "http/server_connection.hpp"

namespace kinesis::http {

awaitable<void> serve_http2(std::shared_ptr<ServerConnection> connection, Bytes) {
  connection->abort();
  co_return;
}

}  // namespace kinesis::http
