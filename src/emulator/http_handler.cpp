#include "emulator/http_handler.hpp"

#include "aws/event_stream.hpp"
#include "core/base64.hpp"
#include "core/hex.hpp"
#include "core/time_format.hpp"

#include <array>
#include <cstring>

namespace kinesis::emulator {
namespace {

using Action = FaultRule::Action;

// Numbers for ids; a generator for each thread, so that nobody waits.
core::Random& random_of_thread() {
  thread_local core::Random random(core::random_seed());
  return random;
}

template <std::size_t size>
std::array<std::byte, size> random_bytes() {
  static_assert(size % 8 == 0);
  std::array<std::byte, size> out;
  for (std::size_t at = 0; at < size; at += 8) {
    const std::uint64_t number = random_of_thread()();
    std::memcpy(out.data() + at, &number, 8);
  }
  return out;
}

// "8c2b5b5e-1f2a-4c3d-9e4f-0123456789ab"
std::string request_id() {
  auto bytes = random_bytes<16>();
  bytes[6] = (bytes[6] & std::byte{0x0F}) | std::byte{0x40};
  bytes[8] = (bytes[8] & std::byte{0x3F}) | std::byte{0x80};
  std::string out = core::to_hex(bytes);
  for (const std::size_t at : {20u, 16u, 12u, 8u}) out.insert(at, 1, '-');
  return out;
}

// What is ordered for a whole answer hits the first event of one that is streamed.
std::optional<StreamFault> stream_fault(const FaultDecision& faults) {
  if (!faults.is(Action::truncate) && !faults.is(Action::corrupt)) return std::nullopt;
  FaultRule rule = *faults.rule;
  rule.action = faults.is(Action::truncate) ? Action::stream_cut : Action::stream_corrupt;
  rule.events = 0;
  return StreamFault(std::move(rule));
}

}  // namespace

HttpHandler::HttpHandler(std::shared_ptr<SharedRegion> region, std::vector<EmulatorOptions::Key> credentials, Log log)
    : region_(region), service_(region, std::move(credentials)), admin_(region), log_(std::move(log)) {}

http::awaitable<http::ServerResponse> HttpHandler::handle(http::ServerRequest request) {
  if (Admin::is_for(request.target)) co_return admin_.answer(request);
  admin_.count_request();
  KinesisService::Opened opened = service_.open(request);
  if (!opened.call) co_return to_response(std::move(opened.refusal));
  const FaultDecision faults = opened.call->faults();
  if (faults.latency.count() > 0) co_await core::sleep_for(region_->clock(), faults.latency);
  co_return carry_out(*opened.call, faults, opened.format);
}

http::ServerResponse HttpHandler::carry_out(ServiceCall& call, const FaultDecision& faults, aws::BodyFormat format) {
  if (faults.is(Action::reset_before)) {
    http::ServerResponse response;
    response.fault = http::Fault(http::Fault::Kind::reset_connection);
    return response;
  }
  ServiceAnswer answer;
  std::optional<Error> ordered;
  if (faults.rule) ordered = fault_error(*faults.rule, call.operation());
  if (!ordered && call.is_streamed()) return open_stream(call, faults, format);
  answer = ordered ? KinesisService::answer(*ordered, format) : KinesisService::answer(call.carry_out(), format);
  log_answer(call, answer);
  http::ServerResponse response = to_response(std::move(answer));
  if (faults.rule) apply_fault(*faults.rule, response);
  return response;
}

http::ServerResponse HttpHandler::open_stream(ServiceCall& call, const FaultDecision& faults, aws::BodyFormat format) {
  auto writer = call.open_stream(stream_fault(faults));
  ServiceAnswer answer;
  if (writer) {
    answer.content_type = aws::event_stream_content_type;
  } else {
    answer = KinesisService::answer(writer.error(), format);
  }
  log_answer(call, answer);
  http::ServerResponse response = to_response(std::move(answer));
  if (writer) response.writer = *std::move(writer);
  if (faults.rule) apply_fault(*faults.rule, response);
  return response;
}

void HttpHandler::log_answer(const ServiceCall& call, const ServiceAnswer& answer) const {
  if (!log_.enabled(LogLevel::debug)) return;
  log_.write(LogLevel::debug, "emulator", call.operation(),
             {{"status", std::to_string(answer.status)}, {"error", answer.error_type}});
}

http::ServerResponse HttpHandler::to_response(ServiceAnswer answer) const {
  http::Headers headers;
  headers.reserve(6, 384);
  headers.add("content-type", answer.content_type);
  headers.add("x-amzn-requestid", request_id());
  headers.add("x-amz-id-2", core::base64_encode(random_bytes<72>()));
  headers.add("date", core::format_http_date(region_->now().wall));
  if (!answer.error_type.empty()) headers.add("x-amzn-errortype", answer.error_type);
  return http::ServerResponse(answer.status, std::move(headers), std::move(answer.body));
}

void apply_fault(const FaultRule& rule, http::ServerResponse& response) {
  using Kind = http::Fault::Kind;
  switch (rule.action) {
    case Action::reset_after:
      response.fault = http::Fault(Kind::reset_connection);
      break;
    case Action::truncate:
      if (!response.writer) response.fault = http::Fault(Kind::truncate, response.body.size() / 2, 2);
      break;
    case Action::corrupt: {
      if (response.writer) break;
      std::string garbage(std::max<std::size_t>(response.body.size(), 16), '\0');
      core::Random random(rule.seed);
      for (char& c : garbage) c = static_cast<char>(random());
      response.body = http::Body(std::move(garbage));
      break;
    }
    case Action::goaway:
      response.fault = http::Fault(Kind::goaway);
      break;
    default:
      break;
  }
}

}  // namespace kinesis::emulator
