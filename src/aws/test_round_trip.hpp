#pragma once

#include "aws/cbor_format.hpp"
#include "aws/json_format.hpp"
#include "aws/kinesis_shapes.hpp"
#include "aws/shape_samples.hpp"
#include "aws/test_service_clients.hpp"

#include <random>

namespace kinesis::aws {

inline const DescribedType& described(const std::string& name) {
  for (const DescribedType& type : described_types())
    if (type.name == name) return type;
  throw std::logic_error("no type " + name);
}

inline std::string write(BodyFormat format, const TypeDescriptor& type, const void* object) {
  std::string body;
  if (format == BodyFormat::cbor) {
    write_cbor(type, object, body);
  } else {
    write_json(type, object, body);
  }
  return body;
}

/// Calls every operation with a sample, and answers with a sample.
class RoundTrip {
 public:
  RoundTrip(BodyFormat request_format, BodyFormat answer_format, std::uint64_t seed)
      : request_format_(request_format), answer_format_(answer_format), random_(seed) {}

  template <class Request>
  Request sample_request() {
    Request request;
    fill_sample(type_of<Request>(), &request, random_, 60);
    if constexpr (std::is_same_v<Request, PutRecordsRequest>) records_ = request.records.size();
    request_type_ = &type_of<Request>();
    sent_ = write(BodyFormat::json, *request_type_, &request);
    return request;
  }
  template <class Response>
  void sample_answer(Service service) {
    Response response;
    fill_sample(type_of<Response>(), &response, random_, 60);
    if constexpr (std::is_same_v<Response, PutRecordsResponse>) response.records.resize(records_);
    answer_ = write(answer_format_, type_of<Response>(), &response);
    expected_ = write(BodyFormat::json, type_of<Response>(), &response);
    answer_type_ = content_type(service, answer_format_);
  }
  /// The server's half: checks the request.
  http::ServerResponse serve(const http::ServerRequest& request, Service service, std::string_view operation) const {
    EXPECT_EQ(request.headers.find("x-amz-target"), target(service, operation));
    EXPECT_EQ(request.headers.find("content-type"), content_type(service, request_format_));
    const DescribedType& type = described(std::string(operation) + "Request");
    AnyObject read(type);
    const auto outcome = request_format_ == BodyFormat::cbor
                             ? read_cbor(type.type, read.get(), request.body, Missing::refused)
                             : read_json(type.type, read.get(), request.body.text(), Padding::none, Missing::refused);
    EXPECT_TRUE(outcome) << operation << ": " << outcome.error().what();
    EXPECT_EQ(write(BodyFormat::json, type.type, read.get()), sent_) << operation;
    return answer();
  }
  http::ServerResponse answer() const {
    return http::ServerResponse(200, http::Headers{{"content-type", answer_type_}}, http::Body(answer_));
  }
  template <class Response>
  void check(const Result<Response>& got, std::string_view operation) const {
    ASSERT_TRUE(got) << operation << ": " << got.error().what();
    EXPECT_EQ(write(BodyFormat::json, type_of<Response>(), &*got), expected_) << operation;
  }

 private:
  BodyFormat request_format_;
  BodyFormat answer_format_;
  std::mt19937_64 random_;
  const TypeDescriptor* request_type_ = nullptr;
  std::string sent_;
  std::string answer_;
  std::string answer_type_;
  std::string expected_;
  std::size_t records_ = 0;
};

/// Answers `call` with a sample, and checks what comes of it. A template beside each operation, not a coroutine in
/// each: those cost the compiler a minute and 1 GB.
template <class Response>
awaitable<void> complete(RoundTrip& trip, Service service, awaitable<Result<Response>> call,
                         std::string_view operation) {
  trip.sample_answer<Response>(service);
  const auto got = co_await std::move(call);
  trip.check(got, operation);
}

}  // namespace kinesis::aws
