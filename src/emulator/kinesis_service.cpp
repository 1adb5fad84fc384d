#include "emulator/kinesis_service.hpp"

#include "emulator/logic/errors.hpp"

namespace kinesis::emulator {
namespace {

using aws::BodyFormat;

// What AWS's front end answers to what is no request for a service at all.
KinesisService::Opened refuse_as_xml(int status, std::string body) {
  KinesisService::Opened out;
  out.refusal.status = status;
  out.refusal.content_type = "application/xml";
  out.refusal.body = http::Body(std::move(body));
  return out;
}

KinesisService::Opened refuse(const Error& error, BodyFormat format) {
  KinesisService::Opened out;
  out.format = format;
  out.refusal = KinesisService::answer(error, format);
  return out;
}

Error unknown_operation() { return service_error("UnknownOperationException", ""); }

}  // namespace

KinesisService::KinesisService(std::shared_ptr<SharedRegion> region, std::vector<EmulatorOptions::Key> credentials)
    : authorization_(std::move(credentials), region->region_name()) {
  parts_.region = std::move(region);
  parts_.buffers = core::BufferPool::create();
}

// The order and the forms of refusals are those that kinesalite (index.js) recorded from the service.
KinesisService::Opened KinesisService::open(const http::ServerRequest& request) {
  if (request.method != "POST") {
    return refuse_as_xml(403,
                         "<AccessDeniedException>\n  <Message>Unable to determine service/operation name to be "
                         "authorized</Message>\n</AccessDeniedException>\n");
  }
  const std::string_view target = request.headers.find("x-amz-target").value_or("");
  const BodyFormat format = aws::format_of(request.headers.find("content-type").value_or(""));
  if (format != BodyFormat::json && format != BodyFormat::cbor) {
    return refuse_as_xml(404, "<UnknownOperationException/>\n");
  }
  const std::string_view operation = aws::operation_of(aws::Service::kinesis, target);
  if (operation.empty()) return refuse(unknown_operation(), format);
  if (auto error = authorization_.refuse(request, parts_.region->now().wall)) return refuse(*error, format);

  ReadCall read = read_call(parts_, operation, format, request.body);
  if (read.error) return refuse(*read.error, format);
  if (!read.call) return refuse(unknown_operation(), format);
  Opened out;
  out.format = format;
  out.call = std::move(read.call);
  return out;
}

ServiceAnswer KinesisService::answer(Result<http::Body> body, BodyFormat format) {
  if (!body) return answer(body.error(), format);
  ServiceAnswer out;
  out.content_type = aws::content_type(aws::Service::kinesis, format);
  out.body = *std::move(body);
  return out;
}

ServiceAnswer KinesisService::answer(const Error& error, BodyFormat format) {
  aws::ErrorAnswer said = aws::error_answer(error, aws::Service::kinesis, format);
  ServiceAnswer out;
  out.status = said.status;
  out.error_type = std::move(said.error_type);
  out.content_type = std::move(said.content_type);
  out.body = http::Body(std::move(said.body));
  return out;
}

}  // namespace kinesis::emulator
