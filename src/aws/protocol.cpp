#include "aws/protocol.hpp"

#include "aws/cbor.hpp"
#include "aws/json_value.hpp"
#include "aws/json_writer.hpp"
#include "aws/xml.hpp"

#include <algorithm>
#include <optional>

namespace kinesis::aws {
namespace {

struct ServiceFacts {
  std::string_view target_prefix;
  std::string_view json_content_type;
  std::string_view error_prefix;  // of __type
  std::string_view query_version;
  std::string_view query_namespace;
};

const ServiceFacts& facts(Service service) noexcept {
  static constexpr ServiceFacts kinesis{"Kinesis_20131202.", "application/x-amz-json-1.1", "", "", ""};
  static constexpr ServiceFacts dynamodb{"DynamoDB_20120810.", "application/x-amz-json-1.0",
                                         "com.amazonaws.dynamodb.v20120810#", "", ""};
  static constexpr ServiceFacts cloudwatch{"GraniteServiceVersion20100801.", "application/x-amz-json-1.0",
                                           "com.amazonaws.cloudwatch#", "2010-08-01",
                                           "http://monitoring.amazonaws.com/doc/2010-08-01/"};
  static constexpr ServiceFacts sts{"", "application/x-amz-json-1.1", "", "2011-06-15",
                                    "https://sts.amazonaws.com/doc/2011-06-15/"};
  switch (service) {
    case Service::kinesis:
      return kinesis;
    case Service::dynamodb:
      return dynamodb;
    case Service::cloudwatch:
      return cloudwatch;
    case Service::sts:
    case Service::sso_portal:  // has no targets and no queries
      break;
  }
  return sts;
}

char lowered(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool contains(std::string_view text, std::string_view lower_part) noexcept {
  return std::search(text.begin(), text.end(), lower_part.begin(), lower_part.end(),
                     [](char left, char right) { return lowered(left) == right; }) != text.end();
}

}  // namespace

std::string_view query_version(Service service) noexcept { return facts(service).query_version; }
std::string_view query_namespace(Service service) noexcept { return facts(service).query_namespace; }

std::string target(Service service, std::string_view operation) {
  return std::string(facts(service).target_prefix) + std::string(operation);
}

std::string_view operation_of(Service service, std::string_view target) noexcept {
  const std::string_view prefix = facts(service).target_prefix;
  return !prefix.empty() && target.starts_with(prefix) ? target.substr(prefix.size()) : std::string_view();
}

std::string_view content_type(Service service, BodyFormat format) noexcept {
  switch (format) {
    case BodyFormat::cbor:
      return "application/x-amz-cbor-1.1";
    case BodyFormat::xml:
      return "text/xml";
    default:
      return facts(service).json_content_type;
  }
}

BodyFormat format_of(std::string_view content_type) noexcept {
  const std::string_view type = content_type.substr(0, content_type.find(';'));
  if (contains(type, "cbor")) return BodyFormat::cbor;
  if (contains(type, "json")) return BodyFormat::json;
  if (contains(type, "xml")) return BodyFormat::xml;
  return BodyFormat::unknown;
}

namespace {

struct Meaning {
  std::string_view service_code;  // without a trailing "Exception"
  errc code;
};

// In the order of the enum; the search is linear and errors are rare.
constexpr Meaning meanings[] = {
    {"Validation", errc::invalid_argument},
    {"ValidationError", errc::invalid_argument},
    {"InvalidArgument", errc::invalid_argument},
    {"InvalidParameterValue", errc::invalid_argument},
    {"InvalidParameterCombination", errc::invalid_argument},
    {"MissingParameter", errc::invalid_argument},
    {"MissingRequiredParameter", errc::invalid_argument},
    {"MissingAction", errc::invalid_argument},
    {"Serialization", errc::invalid_argument},
    {"MalformedQueryString", errc::invalid_argument},
    {"MalformedPolicyDocument", errc::invalid_argument},
    {"IdempotentParameterMismatch", errc::invalid_argument},
    {"ResourceNotFound", errc::not_found},
    {"TableNotFound", errc::not_found},
    {"IndexNotFound", errc::not_found},
    {"PolicyNotFound", errc::not_found},
    {"ResourceInUse", errc::already_exists},
    {"TableInUse", errc::already_exists},
    {"TableAlreadyExists", errc::already_exists},
    {"ContinuousBackupsUnavailable", errc::already_exists},
    {"AccessDenied", errc::access_denied},
    {"UnrecognizedClient", errc::access_denied},
    {"InvalidSignature", errc::access_denied},
    {"SignatureDoesNotMatch", errc::access_denied},
    {"IncompleteSignature", errc::access_denied},
    {"MissingAuthenticationToken", errc::access_denied},
    {"InvalidClientTokenId", errc::access_denied},
    {"InvalidAccessKeyId", errc::access_denied},
    {"AuthFailure", errc::access_denied},
    {"NotAuthorized", errc::access_denied},
    {"OptInRequired", errc::access_denied},
    {"RegionDisabled", errc::access_denied},
    {"RequestExpired", errc::access_denied},  // a wrong clock
    {"RequestInTheFuture", errc::access_denied},
    {"RequestTimeTooSkewed", errc::access_denied},
    {"InvalidIdentityToken", errc::access_denied},
    {"IDPRejectedClaim", errc::access_denied},
    {"ExpiredToken", errc::expired_credentials},
    {"Throttling", errc::throttled},
    {"Throttled", errc::throttled},
    {"RequestThrottled", errc::throttled},
    {"TooManyRequests", errc::throttled},
    {"ProvisionedThroughputExceeded", errc::throttled},
    {"RequestLimitExceeded", errc::throttled},
    {"BandwidthLimitExceeded", errc::throttled},
    {"SlowDown", errc::throttled},
    {"EC2Throttled", errc::throttled},
    {"PriorRequestNotComplete", errc::throttled},
    {"TransactionInProgress", errc::throttled},
    {"TransactionConflict", errc::throttled},
    {"ReplicatedWriteConflict", errc::throttled},
    {"KMSThrottling", errc::throttled},
    {"LimitExceeded", errc::limit_exceeded},
    {"ItemCollectionSizeLimitExceeded", errc::limit_exceeded},
    {"ExpiredIterator", errc::expired_iterator},
    {"ExpiredNextToken", errc::expired_iterator},
    {"ConditionalCheckFailed", errc::condition_failed},
    {"TransactionCanceled", errc::condition_failed},
    {"KMSDisabled", errc::kms},
    {"KMSInvalidState", errc::kms},
    {"KMSAccessDenied", errc::kms},
    {"KMSNotFound", errc::kms},
    {"KMSOptInRequired", errc::kms},
    {"InternalFailure", errc::service},
    {"InternalServerError", errc::service},
    {"InternalServiceError", errc::service},
    {"InternalServiceFault", errc::service},
    {"InternalError", errc::service},
    {"ServiceUnavailable", errc::service},
    {"IDPCommunicationError", errc::service},
    {"UnknownOperation", errc::unsupported},
    {"UnsupportedOperation", errc::unsupported},
    {"InvalidAction", errc::unsupported},
    {"RequestTimeout", errc::timeout},
    {"RequestEntityTooLarge", errc::too_large},
    {"RequestTooLarge", errc::too_large},
};

errc errc_of_status(int status) noexcept {
  switch (status) {
    case 401:
    case 403:
      return errc::access_denied;
    case 404:
    case 405:
      return errc::unsupported;  // these services have one path, and errors for what they do not find
    case 408:
      return errc::timeout;
    case 413:
      return errc::too_large;
    case 429:
      return errc::throttled;
    default:
      break;
  }
  if (status >= 500) return errc::service;
  return status >= 400 ? errc::invalid_argument : errc::protocol;
}

}  // namespace

errc errc_of(std::string_view service_code, int status) noexcept {
  constexpr std::string_view suffix = "Exception";
  std::string_view name = service_code;
  if (name.ends_with(suffix)) name.remove_suffix(suffix.size());
  for (const Meaning& meaning : meanings) {
    if (meaning.service_code == name) return meaning.code;
  }
  return errc_of_status(status);
}

namespace {

constexpr std::size_t most_message_bytes = 1'000;

// Messages are the peer's text: cut, and without what would break a line of a log.
std::string tidy(std::string message) {
  if (message.size() > most_message_bytes) {
    std::size_t size = most_message_bytes;
    while (size > 0 && (static_cast<unsigned char>(message[size]) & 0xC0) == 0x80) --size;
    message.resize(size);
    message += "...";
  }
  for (char& c : message) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';
  }
  return message;
}

// "ns#Name:http://…" to "Name".
std::string_view bare_code(std::string_view code) noexcept {
  const auto hash = code.rfind('#', code.find(':'));
  if (hash != std::string_view::npos) code.remove_prefix(hash + 1);
  code = code.substr(0, code.find(':'));
  // A name is what may stand in a log and be compared; anything else is none.
  const bool is_name = !code.empty() && code.size() <= 128 && std::all_of(code.begin(), code.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
           c == '-';
  });
  return is_name ? code : std::string_view();
}

struct Found {
  std::string code;
  std::string message;
  std::string request_id;
};

void take(std::string_view name, std::string_view value, Found& found) {
  const bool is_code = name == "code" || name == "Code";
  if (name == "__type" || (is_code && found.code.empty())) {
    found.code = bare_code(value);
  } else if ((name == "message" || name == "Message" || name == "errorMessage") && found.message.empty()) {
    found.message = value;
  } else if (name == "RequestId" || name == "RequestID") {
    found.request_id = bare_code(value);
  }
}

Found find_in_json(std::string_view body) {
  Found found;
  const auto document = JsonValue::parse(body);
  if (!document) return found;
  for (const auto& [name, value] : document->members()) {
    if (const auto text = value.as_string()) take(name, *text, found);
  }
  return found;
}

Found find_in_cbor(BytesView body) {
  Found found;
  cbor::Reader in(body);
  cbor::Head head;
  cbor::Items members;
  if (!in.head(head) || head.major != cbor::Major::map || !in.begin(head, members)) return found;
  while (in.next(members)) {
    std::string joined_name;
    std::string joined;
    std::string_view name;
    std::string_view value;
    if (!in.key(name, joined_name) || !in.head(head)) break;
    if (head.is_string()) {
      if (!in.string(head, value, joined)) break;
      take(name, value, found);
    } else if (!in.skip(head)) {
      break;
    }
  }
  return found;
}

// <ErrorResponse><Error><Code>…</Code><Message>…</Message></Error><RequestId>…</RequestId></ErrorResponse>, or an
// element of the error's name with a message or nothing in it.
Found find_in_xml(std::string_view body) {
  Found found;
  std::string root;
  XmlScanner in(body);
  for (;;) {
    const auto event = in.next();
    if (event == XmlScanner::Event::start && root.empty()) root = in.name();
    if (event == XmlScanner::Event::end) take(in.name(), in.text(), found);
    if (event == XmlScanner::Event::done || event == XmlScanner::Event::error) break;
  }
  const std::string_view name = bare_code(root);
  if (found.code.empty() && (name.ends_with("Exception") || name.ends_with("Error"))) found.code = name;
  return found;
}

Found find_in(BodyFormat format, const Blob& body) {
  // Not everything that answers keeps to its content type.
  const unsigned first = body.empty() ? 0 : std::to_integer<unsigned>(body.bytes()[0]);
  const bool is_map = first >> 5 == static_cast<unsigned>(cbor::Major::map);
  if (first == '{') return find_in_json(body.text());
  if (is_map) return find_in_cbor(body.bytes());
  if (first == '<' || format == BodyFormat::xml) return find_in_xml(body.text());
  return format == BodyFormat::json ? find_in_json(body.text()) : Found();
}

}  // namespace

Error error_of(int status, const ErrorHeaders& headers, const Blob& body) {
  Found found = find_in(format_of(headers.content_type), body);
  if (found.code.empty()) found.code = bare_code(headers.error_type);
  if (!headers.request_id.empty()) found.request_id = bare_code(headers.request_id);
  if (found.message.empty()) {
    found.message = found.code.empty() ? "HTTP status " + std::to_string(status) + " without an error of the service"
                                       : "the service gave no message";
  }
  return service_error(found.code, std::move(found.message), status, found.request_id);
}

Error service_error(std::string_view service_code, std::string message, int status, std::string_view request_id) {
  errc code = errc_of(service_code, status);
  // Kinesis has one name for a rate that was exceeded and for a quota that is used up.
  if (code == errc::limit_exceeded && contains(message, "rate exceeded")) code = errc::throttled;
  Error error(code, tidy(std::move(message)));
  error = error.with_service(std::string(service_code), status, std::string(request_id));
  if (code == errc::limit_exceeded) error = error.with_retryable(true);
  return error;
}

std::string_view default_service_code(errc code, Service service) noexcept {
  switch (code) {
    case errc::invalid_argument:
      return service == Service::kinesis ? "InvalidArgumentException" : "ValidationException";
    case errc::not_found:
      return "ResourceNotFoundException";
    case errc::already_exists:
      return "ResourceInUseException";
    case errc::access_denied:
    case errc::no_credentials:
      return "AccessDeniedException";
    case errc::expired_credentials:
      return "ExpiredTokenException";
    case errc::throttled:
      return "ProvisionedThroughputExceededException";
    case errc::limit_exceeded:
      return "LimitExceededException";
    case errc::expired_iterator:
      return "ExpiredIteratorException";
    case errc::condition_failed:
      return "ConditionalCheckFailedException";
    case errc::kms:
      return "KMSDisabledException";
    case errc::unsupported:
      return "UnknownOperationException";
    case errc::protocol:
      return "SerializationException";
    case errc::too_large:
      return "RequestEntityTooLarge";
    default:
      return service == Service::dynamodb ? "InternalServerError" : "InternalFailure";
  }
}

namespace {

int default_status(errc code) noexcept {
  switch (code) {
    case errc::too_large:
      return 413;
    case errc::service:
    case errc::internal:
    case errc::connection:
    case errc::timeout:
    case errc::tls:
    case errc::full:
    case errc::closed:
    case errc::cancelled:
    case errc::storage:
      return 500;
    default:
      return 400;
  }
}

void write_xml_error(ErrorAnswer& answer, const Error& error, Service service, std::string_view request_id) {
  std::string& out = answer.body;
  out = "<ErrorResponse xmlns=\"" + std::string(query_namespace(service)) + "\"><Error><Type>";
  out += answer.status < 500 ? "Sender" : "Receiver";
  out += "</Type><Code>";
  append_xml_text(out, answer.error_type);
  out += "</Code><Message>";
  append_xml_text(out, error.message());
  out += "</Message></Error><RequestId>";
  append_xml_text(out, request_id);
  out += "</RequestId></ErrorResponse>";
}

}  // namespace

ErrorAnswer error_answer(const Error& error, Service service, BodyFormat format, std::string_view request_id) {
  ErrorAnswer answer;
  answer.error_type = error.service_code().empty() ? default_service_code(error.code(), service) : error.service_code();
  answer.status = error.http_status() != 0 ? error.http_status() : default_status(error.code());
  answer.content_type = content_type(service, format);
  if (format == BodyFormat::xml) {
    write_xml_error(answer, error, service, request_id);
    return answer;
  }
  const std::string type = std::string(facts(service).error_prefix) + answer.error_type;
  if (format == BodyFormat::cbor) {
    cbor::Writer out(answer.body);
    out.map(2);
    out.text("__type");
    out.text(type);
    out.text("message");
    out.text(error.message());
  } else {
    JsonWriter(answer.body)
        .begin_object()
        .key("__type")
        .string(type)
        .key("message")
        .string(error.message())
        .end_object();
  }
  return answer;
}

}  // namespace kinesis::aws
