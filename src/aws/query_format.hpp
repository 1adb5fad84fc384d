#pragma once

#include "aws/shape.hpp"
#include <kinesis/error.hpp>

#include <string>
#include <string_view>
#include <type_traits>

// The query protocol of STS and CloudWatch: form-encoded requests, answers in XML. Lists are "Name.member.N", times are
// ISO 8601.
namespace kinesis::aws {

/// "Action=…&Version=…" and the members of `object`, absent ones left out.
std::string write_form(const TypeDescriptor& type, const void* object, std::string_view action,
                       std::string_view version);
/// The server's half: reads the members from a form; what is not described is skipped. `Action` is the caller's to look
/// at.
Result<void> read_form(const TypeDescriptor& type, void* object, std::string_view form,
                       Missing missing = Missing::accepted);
/// The value of a field of a form, decoded; empty if it is not there.
std::string form_value(std::string_view form, std::string_view name);

/// "<{action}Response><{action}Result>…</…>" with the members of `object`.
std::string write_xml(const TypeDescriptor& type, const void* object, std::string_view action,
                      std::string_view xml_namespace, std::string_view request_id);
/// Reads such an answer into `object`, which is a new one. Error(protocol) if it is not such an answer.
Result<void> read_xml(const TypeDescriptor& type, void* object, std::string_view xml, std::string_view action);

template <class T>
std::string to_form(const T& request, std::string_view version) {
  return write_form(type_of<T>(), &request, T::operation, version);
}
template <class Request>
Result<typename Request::Response> response_from_xml(std::string_view xml) {
  typename Request::Response response;
  auto read = read_xml(type_of<typename Request::Response>(), &response, xml, Request::operation);
  if (!read) return read.error();
  return response;
}

}  // namespace kinesis::aws
