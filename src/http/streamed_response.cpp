#include "http/client.hpp"

namespace kinesis::http {

StreamedResponse& StreamedResponse::operator=(StreamedResponse&& other) noexcept {
  if (this == &other) return *this;
  cancel();
  status = other.status;
  headers = std::move(other.headers);
  source_ = std::move(other.source_);
  return *this;
}

awaitable<Result<std::optional<Blob>>> StreamedResponse::read() { return source_->read(); }

void StreamedResponse::cancel() {
  if (source_) source_->cancel();
}

}  // namespace kinesis::http
