#pragma once

#include <kinesis/kinesis_api.hpp>

#include <string_view>

namespace kinesis::emulator {

/// What a request is about, as its sender wrote it: a stream by name or ARN, and a shard. Either may be empty.
struct Subject {
  std::string_view stream;
  std::string_view shard;
};

namespace detail {
inline std::string_view either(const std::optional<std::string>& name, const std::optional<std::string>& arn) {
  if (name) return *name;
  return arn ? std::string_view(*arn) : std::string_view();
}
}  // namespace detail

/// Of GetRecords the iterator tells; it is not looked into here.
template <class Request>
Subject subject_of(const Request& request) {
  Subject out;
  if constexpr (requires {
                  request.stream_name;
                  request.stream_arn;
                }) {
    out.stream = detail::either(request.stream_name, request.stream_arn);
  } else if constexpr (requires { std::string_view(request.consumer_arn); }) {
    out.stream = request.consumer_arn;
  } else if constexpr (requires { request.consumer_arn; }) {
    out.stream = detail::either(request.stream_arn, request.consumer_arn);
  } else if constexpr (requires { request.stream_name; }) {
    out.stream = request.stream_name;
  } else if constexpr (requires { request.resource_arn; }) {
    out.stream = request.resource_arn;
  } else if constexpr (requires { std::string_view(request.stream_arn); }) {
    out.stream = request.stream_arn;
  } else if constexpr (requires { request.stream_arn; }) {
    if (request.stream_arn) out.stream = *request.stream_arn;
  }
  if constexpr (requires { request.shard_id; }) out.shard = request.shard_id;
  if constexpr (requires { request.shard_to_split; }) out.shard = request.shard_to_split;
  if constexpr (requires { request.shard_to_merge; }) out.shard = request.shard_to_merge;
  return out;
}

}  // namespace kinesis::emulator
