#pragma once

#include "aws/service.hpp"
#include <kinesis/bytes.hpp>
#include <kinesis/error.hpp>

#include <string>
#include <string_view>

// What is around a body: targets, content types, and errors in both directions. All of it pure.
namespace kinesis::aws {

/// What a body is written in.
enum class BodyFormat {
  json,
  cbor,  ///< Kinesis only.
  xml,   ///< Answers of the query protocol; their requests are forms.
  unknown,
};

/// The version of the query protocol: "2010-08-01", "2011-06-15"; empty for services that do not speak it.
std::string_view query_version(Service service) noexcept;
/// The name space of its answers.
std::string_view query_namespace(Service service) noexcept;

/// X-Amz-Target, such as "Kinesis_20131202.PutRecords".
std::string target(Service service, std::string_view operation);
/// The operation in an X-Amz-Target of this service; empty if it is another service's or none.
std::string_view operation_of(Service service, std::string_view target) noexcept;

/// Content-Type of requests and answers, such as "application/x-amz-cbor-1.1"; for xml, that of answers.
std::string_view content_type(Service service, BodyFormat format) noexcept;
/// Content-Type of a form.
inline constexpr std::string_view form_content_type = "application/x-www-form-urlencoded";
/// The format a Content-Type names, whatever its version, case and parameters.
BodyFormat format_of(std::string_view content_type) noexcept;

/// The headers of an answer that say something about its error. Those that are not there are empty.
struct ErrorHeaders {
  ErrorHeaders() {}

  std::string_view content_type;
  /// x-amzn-errortype
  std::string_view error_type;
  /// x-amzn-requestid or x-amz-request-id
  std::string_view request_id;
};

/// The error in an answer with a status that is no success. Takes what it finds: service codes in body or header, with
/// name spaces and URIs around them or not, in JSON, CBOR or XML, whatever the content type says. What it does not find
/// it judges by the status.
Error error_of(int status, const ErrorHeaders& headers, const Blob& body);

/// The error of a service code: of an answer, or of an exception in an event stream (status 400 or 500 then).
Error service_error(std::string_view service_code, std::string message, int status, std::string_view request_id);
/// What a service code means. `status` decides for codes this library does not know.
errc errc_of(std::string_view service_code, int status) noexcept;

// The server's half.

/// An answer that says an error.
struct ErrorAnswer {
  ErrorAnswer() {}

  int status = 400;
  /// AWS's name of the error; for x-amzn-errortype.
  std::string error_type;
  std::string content_type;
  std::string body;
};

/// What a service answers for `error`: with its service code and status, or those AWS has for its errc. `format` is
/// that of the request.
ErrorAnswer error_answer(const Error& error, Service service, BodyFormat format, std::string_view request_id = {});
/// The service code a server gives for an errc: "ResourceNotFoundException".
std::string_view default_service_code(errc code, Service service) noexcept;

}  // namespace kinesis::aws
