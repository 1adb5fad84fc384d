#include <kinesis/error.hpp>

namespace kinesis {
namespace {

bool retryable_by_default(errc code) noexcept {
  switch (code) {
    case errc::throttled:
    case errc::service:
    case errc::connection:
    case errc::timeout:
    case errc::full:
      return true;
    default:
      return false;
  }
}

/// A message from a peer may hold line breaks; what() is one line.
void append_one_line(std::string& out, std::string_view text) {
  for (const char c : text) out.push_back(static_cast<unsigned char>(c) < 0x20 ? ' ' : c);
}

}  // namespace

std::string_view to_string(errc code) noexcept {
  switch (code) {
    case errc::invalid_argument:
      return "invalid_argument";
    case errc::not_found:
      return "not_found";
    case errc::already_exists:
      return "already_exists";
    case errc::access_denied:
      return "access_denied";
    case errc::no_credentials:
      return "no_credentials";
    case errc::expired_credentials:
      return "expired_credentials";
    case errc::throttled:
      return "throttled";
    case errc::limit_exceeded:
      return "limit_exceeded";
    case errc::expired_iterator:
      return "expired_iterator";
    case errc::condition_failed:
      return "condition_failed";
    case errc::kms:
      return "kms";
    case errc::service:
      return "service";
    case errc::unsupported:
      return "unsupported";
    case errc::connection:
      return "connection";
    case errc::timeout:
      return "timeout";
    case errc::tls:
      return "tls";
    case errc::protocol:
      return "protocol";
    case errc::too_large:
      return "too_large";
    case errc::full:
      return "full";
    case errc::closed:
      return "closed";
    case errc::cancelled:
      return "cancelled";
    case errc::storage:
      return "storage";
    case errc::internal:
      return "internal";
  }
  return "unknown";
}

struct Error::Details {
  errc code = errc::internal;
  bool retryable = false;
  int http_status = 0;
  int attempts = 0;
  std::string message;
  std::string service_code;
  std::string request_id;
  std::string what;

  std::shared_ptr<const Details> finish() && {
    what.clear();
    what += to_string(code);
    what += ": ";
    append_one_line(what, message);
    std::string more;
    const auto add = [&more](std::string_view label, std::string_view value) {
      if (value.empty()) return;
      more += more.empty() ? " (" : ", ";
      more += label;
      append_one_line(more, value);
    };
    add("", service_code);
    if (http_status != 0) add("HTTP ", std::to_string(http_status));
    if (attempts > 1) add("attempts ", std::to_string(attempts));
    add("request ", request_id);
    if (!more.empty()) what += more + ")";
    return std::make_shared<const Details>(std::move(*this));
  }
};

Error::Error(errc code, std::string message) {
  Details details;
  details.code = code;
  details.retryable = retryable_by_default(code);
  details.message = std::move(message);
  details_ = std::move(details).finish();
}

Error::Error(std::shared_ptr<const Details> details) noexcept : details_(std::move(details)) {}

const char* Error::what() const noexcept { return details_->what.c_str(); }
errc Error::code() const noexcept { return details_->code; }
const std::string& Error::message() const noexcept { return details_->message; }
const std::string& Error::service_code() const noexcept { return details_->service_code; }
const std::string& Error::request_id() const noexcept { return details_->request_id; }
int Error::http_status() const noexcept { return details_->http_status; }
int Error::attempts() const noexcept { return details_->attempts; }
bool Error::retryable() const noexcept { return details_->retryable; }

Error Error::with_service(std::string service_code, int http_status, std::string request_id) const {
  Details details = *details_;
  details.service_code = std::move(service_code);
  details.http_status = http_status;
  details.request_id = std::move(request_id);
  return Error(std::move(details).finish());
}

Error Error::with_attempts(int attempts) const {
  Details details = *details_;
  details.attempts = attempts;
  return Error(std::move(details).finish());
}

Error Error::with_retryable(bool retryable) const {
  Details details = *details_;
  details.retryable = retryable;
  return Error(std::move(details).finish());
}

Error Error::with_context(std::string_view context) const {
  Details details = *details_;
  details.message = std::string(context) + ": " + details.message;
  return Error(std::move(details).finish());
}

}  // namespace kinesis
