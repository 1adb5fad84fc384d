#pragma once

#include "aws/protocol.hpp"
#include "core/buffer_pool.hpp"
#include "emulator/authorization.hpp"
#include "emulator/shared_region.hpp"
#include "http/message.hpp"
#include "http/server.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace kinesis::emulator {

/// What the service says to one request.
struct ServiceAnswer {
  int status = 200;
  /// AWS's name of the error; empty if it is none.
  std::string error_type;
  std::string content_type;
  http::Body body;
};

/// A request that was read and can be carried out, once. Used by one thread at a time.
class ServiceCall {
 public:
  virtual ~ServiceCall() = default;
  virtual std::string_view operation() const noexcept = 0;
  /// What the fault rules say. Counts as one request for them.
  virtual FaultDecision faults() = 0;
  /// The body of the answer, or the service's error.
  virtual Result<http::Body> carry_out() { return http::Body(); }
  /// Whether the answer is a stream of events: then `open_stream` carries the request out.
  virtual bool is_streamed() const noexcept { return false; }
  /// What writes the body of the answer. Without a fault the rules are asked for one, once it is accepted.
  virtual Result<http::ServerResponse::Writer> open_stream(std::optional<StreamFault>) {
    return http::ServerResponse::Writer();
  }
};

/// What calls need. Lives as long as the service.
struct ServiceParts {
  std::shared_ptr<SharedRegion> region;
  std::shared_ptr<core::BufferPool> buffers;
};

/// Kinesis as requests and answers in JSON and CBOR. Bodies are read and written outside the lock of the region.
/// Thread-safe.
class KinesisService {
 public:
  KinesisService(std::shared_ptr<SharedRegion> region, std::vector<EmulatorOptions::Key> credentials);

  /// A request that is refused before it is one of the service: `call` is null then.
  struct Opened {
    std::unique_ptr<ServiceCall> call;
    aws::BodyFormat format = aws::BodyFormat::json;
    ServiceAnswer refusal;
  };
  /// Finds out which operation a request is for, judges its signature, reads its body.
  Opened open(const http::ServerRequest& request);

  static ServiceAnswer answer(Result<http::Body> body, aws::BodyFormat format);
  static ServiceAnswer answer(const Error& error, aws::BodyFormat format);

 private:
  ServiceParts parts_;
  Authorization authorization_;
};

/// Reads the body of a request for `operation`. Null with an error if it is none; nothing and no error if there is no
/// such operation.
struct ReadCall {
  std::unique_ptr<ServiceCall> call;
  std::optional<Error> error;
};
ReadCall read_call(const ServiceParts& parts, std::string_view operation, aws::BodyFormat format, const Blob& body);

}  // namespace kinesis::emulator
