#include "http/http2_client.hpp"

namespace kinesis::http {

Http2Slot::Http2Slot(std::shared_ptr<Http2Connection> connection) noexcept : connection_(std::move(connection)) {
  connection_->take_slot();
}

Http2Slot& Http2Slot::operator=(Http2Slot&& other) noexcept {
  if (this == &other) return *this;
  release();
  connection_ = std::move(other.connection_);
  return *this;
}

void Http2Slot::release() noexcept {
  if (const auto connection = std::move(connection_)) connection->free_slot();
}

std::shared_ptr<Http2Connection> start_http2_client(Http2ClientOptions, std::shared_ptr<Stream>) { return nullptr; }
}  // namespace kinesis::http
