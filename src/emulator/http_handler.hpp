#pragma once

#include "core/random.hpp"
#include "emulator/admin.hpp"
#include "emulator/kinesis_service.hpp"
#include "http/server.hpp"
#include <kinesis/log.hpp>

#include <memory>
#include <mutex>
#include <vector>

namespace kinesis::emulator {

/// Answers the requests of an emulator's server: those of the service with the faults that were ordered, and those of
/// its administration. Thread-safe.
class HttpHandler final : public http::Handler {
 public:
  HttpHandler(std::shared_ptr<SharedRegion> region, std::vector<EmulatorOptions::Key> credentials, Log log);

  http::awaitable<http::ServerResponse> handle(http::ServerRequest request) override;

 private:
  http::ServerResponse carry_out(ServiceCall& call, const FaultDecision& faults, aws::BodyFormat format);
  http::ServerResponse open_stream(ServiceCall& call, const FaultDecision& faults, aws::BodyFormat format);
  void log_answer(const ServiceCall& call, const ServiceAnswer& answer) const;
  http::ServerResponse to_response(ServiceAnswer answer) const;

  std::shared_ptr<SharedRegion> region_;
  KinesisService service_;
  Admin admin_;
  Log log_;
};

/// What an answer becomes by a fault that is about connections and bodies; others leave it as it is.
void apply_fault(const FaultRule& rule, http::ServerResponse& response);

}  // namespace kinesis::emulator
