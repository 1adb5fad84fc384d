#pragma once

#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace kinesis {

/// What went wrong, in terms a caller can act on. `Error::service_code()` keeps AWS's own name beside it.
enum class errc {
  invalid_argument,     ///< The caller passed something the library or the service refuses for ever.
  not_found,            ///< Stream, shard, consumer, table or item does not exist.
  already_exists,       ///< The resource exists, or is not in a state that allows the operation.
  access_denied,        ///< The credentials are valid and not allowed to do this, or the signature was refused.
  no_credentials,       ///< No source of credentials had any. The message says what was tried.
  expired_credentials,  ///< The service says that the security token has expired.
  throttled,            ///< A rate limit, of a shard, a table or the control plane.
  limit_exceeded,       ///< A quota of the account, not a rate.
  expired_iterator,     ///< A shard iterator or a pagination token is too old.
  condition_failed,     ///< A conditional write found another state than it asked for.
  kms,                  ///< The key of the stream is disabled, missing or not accessible.
  service,              ///< The service answered with a fault of its own (HTTP 5xx).
  unsupported,          ///< The endpoint does not know the operation.
  connection,           ///< No connection, or it broke. The request may have been carried out.
  timeout,              ///< A deadline passed. The request may have been carried out.
  tls,                  ///< The certificate or the handshake was refused.
  protocol,             ///< The peer sent bytes that are not what the protocol allows.
  too_large,            ///< A record, request or answer is over its limit.
  full,                 ///< A bounded buffer has no room and the caller chose not to wait.
  closed,               ///< The object was closed before or during the call.
  cancelled,            ///< The caller cancelled the operation.
  storage,              ///< A local file or database failed: disk full, not a database, no permission.
  internal,             ///< A defect in this library; please report it.
};

/// The name of `code` as it stands in the enum, for logs and messages.
std::string_view to_string(errc code) noexcept;

/// The one exception this library throws, and the error half of `Result`. Copies share their details, so copying is
/// cheap and does not throw; moving copies, so that no error is ever empty. Immutable; safe to read from any thread.
class Error : public std::exception {
 public:
  /// Retryable if `code` is throttled, service, connection, timeout or full.
  Error(errc code, std::string message);
  Error(const Error&) noexcept = default;
  Error& operator=(const Error&) noexcept = default;

  /// Message with code, service code, attempts and request id, in one line.
  const char* what() const noexcept override;

  errc code() const noexcept;
  /// What happened, without code and ids. Never holds a secret.
  const std::string& message() const noexcept;
  /// AWS's name of the error, such as "ResourceNotFoundException". Empty where no service spoke.
  const std::string& service_code() const noexcept;
  /// The service's id of the request, for a support case. Empty if there was none.
  const std::string& request_id() const noexcept;
  /// HTTP status of the answer, 0 if there was none.
  int http_status() const noexcept;
  /// How often the request was sent, 0 if it never was.
  int attempts() const noexcept;
  /// True if the same call may succeed later, unchanged.
  bool retryable() const noexcept;

  /// These return a copy with one detail changed.
  Error with_service(std::string service_code, int http_status, std::string request_id) const;
  Error with_attempts(int attempts) const;
  Error with_retryable(bool retryable) const;
  /// "context: message".
  Error with_context(std::string_view context) const;

 private:
  struct Details;
  explicit Error(std::shared_ptr<const Details> details) noexcept;
  std::shared_ptr<const Details> details_;
};

/// A value or an `Error`. One type in every language mode (std::expected is not in C++20).
///
/// Accessing the value of a failed result throws its error; accessing the error of a successful one is undefined.
template <class T>
class [[nodiscard]] Result {
 public:
  using value_type = T;

  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool has_value() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return has_value(); }

  T& value() & { return check(), std::get<0>(state_); }
  const T& value() const& { return check(), std::get<0>(state_); }
  T&& value() && { return check(), std::get<0>(std::move(state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  const Error& error() const& noexcept { return *std::get_if<1>(&state_); }

 private:
  void check() const {
    if (const Error* error = std::get_if<1>(&state_)) throw *error;
  }
  std::variant<T, Error> state_;
};

/// Success or an `Error`.
template <>
class [[nodiscard]] Result<void> {
 public:
  using value_type = void;

  Result() = default;
  Result(Error error) : error_(std::move(error)) {}

  bool has_value() const noexcept { return !error_; }
  explicit operator bool() const noexcept { return has_value(); }
  void value() const {
    if (error_) throw *error_;
  }
  const Error& error() const& noexcept { return *error_; }

 private:
  std::optional<Error> error_;
};

}  // namespace kinesis
