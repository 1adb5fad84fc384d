#pragma once

#include "core/async.hpp"
#include <kinesis/credentials.hpp>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace kinesis::aws {

using CredentialsPtr = std::shared_ptr<const Credentials>;

/// The user has not set this source up; `why` says what is missing, in half a sentence without secrets.
class NotConfigured {
 public:
  explicit NotConfigured(std::string why) : why(std::move(why)) {}
  std::string why;
};

/// What a source of credentials has: credentials; nothing because it is not set up, so that the next one is asked; or
/// an error because what is set up does not work, which ends the search: going on would act under an identity the user
/// did not ask for.
using SourceAnswer = std::variant<CredentialsPtr, NotConfigured, Error>;

/// One place credentials may come from. Looks anew each time it is asked; keeps nothing but what saves it a question.
/// Asked from one strand, one question at a time.
class CredentialsSource {
 public:
  virtual ~CredentialsSource() = default;
  /// For messages: "environment", "profile default".
  virtual std::string name() const = 0;
  virtual core::awaitable<SourceAnswer> fetch() = 0;
};

}  // namespace kinesis::aws
