#include "aws/cbor_format.hpp"
#include "aws/json_format.hpp"
#include "aws/kinesis_shapes.hpp"
#include "aws/records_cbor.hpp"
#include "aws/records_json.hpp"
#include "emulator/event_writer.hpp"
#include "emulator/kinesis_service.hpp"
#include "emulator/logic/errors.hpp"
#include "emulator/records_body.hpp"

#include <array>
#include <utility>

// One kind of call for each operation: the ones that move many records by codecs of their own, the others by the
// descriptions of their types.
namespace kinesis::emulator {
namespace {

using aws::BodyFormat;

// Bodies of received requests have readable bytes behind them.
constexpr aws::Padding padding = aws::Padding::at_least_64_bytes;

Error serialization_error(const Error& error) {
  return error.service_code().empty() ? service_error("SerializationException", error.message()) : error;
}

std::optional<Error> read_body(const aws::TypeDescriptor& type, void* object, BodyFormat format, const Blob& body) {
  // The readers take these for an object without members.
  if (body.empty() || body.text() == "null") return service_error("SerializationException", "The body is empty.");
  const auto read = format == BodyFormat::cbor
                        ? aws::read_cbor(type, object, body, aws::Missing::refused)
                        : aws::read_json(type, object, body.text(), padding, aws::Missing::refused);
  if (read) return std::nullopt;
  return serialization_error(read.error());
}

http::Body write_body(const aws::TypeDescriptor& type, const void* object, BodyFormat format) {
  std::string out;
  // AWS answers nothing at all where an operation has no result.
  if (type.members.empty()) return http::Body();
  if (format == BodyFormat::cbor) {
    aws::write_cbor(type, object, out);
  } else {
    aws::write_json(type, object, out);
  }
  return http::Body(std::move(out));
}

template <class Request>
class PlainCall : public ServiceCall {
 public:
  PlainCall(const ServiceParts& parts, BodyFormat format) : region_(*parts.region), format_(format) {}

  std::optional<Error> read(const Blob& body) { return read_body(aws::type_of<Request>(), &request_, format_, body); }
  std::string_view operation() const noexcept override { return Request::operation; }
  FaultDecision faults() override { return region_.decide(request_); }
  Result<http::Body> carry_out() override {
    const auto answer = region_.call(request_);
    if (!answer) return answer.error();
    return write_body(aws::type_of<typename Request::Response>(), &*answer, format_);
  }

 protected:
  SharedRegion& region_;
  BodyFormat format_;
  Request request_;
};

class PutRecordCall final : public PlainCall<PutRecordRequest> {
 public:
  using PlainCall::PlainCall;

  std::optional<Error> read(const Blob& body) {
    if (auto error = PlainCall::read(body)) return error;
    view_ = single_put(request_);
    auto prepared = prepare_put(view_, false);
    if (!prepared) return prepared.error();
    prepared_ = *std::move(prepared);
    return std::nullopt;
  }
  FaultDecision faults() override { return region_.decide(PutRecordRequest::operation, prepared_); }
  Result<http::Body> carry_out() override {
    if (auto error = region_.check_ordering(request_)) return *error;
    const auto result = region_.put(PutRecordRequest::operation, prepared_);
    if (!result) return result.error();
    const auto answer = to_single_response(*result, region_.account());
    if (!answer) return answer.error();
    return write_body(aws::type_of<PutRecordResponse>(), &*answer, format_);
  }

 private:
  aws::PutRecordsView view_;
  PreparedPut prepared_;
};

class PutRecordsCall final : public ServiceCall {
 public:
  PutRecordsCall(const ServiceParts& parts, BodyFormat format)
      : region_(*parts.region), buffers_(*parts.buffers), format_(format) {}

  std::optional<Error> read(const Blob& body) {
    auto view = format_ == BodyFormat::cbor
                    ? aws::read_put_records_cbor(body)
                    : aws::read_put_records_json(body, padding, buffers_.get(body.size() / 4 * 3));
    if (!view) return serialization_error(view.error());
    view_ = *std::move(view);
    auto prepared = prepare_put(view_, true);
    if (!prepared) return prepared.error();
    prepared_ = *std::move(prepared);
    return std::nullopt;
  }
  std::string_view operation() const noexcept override { return PutRecordsRequest::operation; }
  FaultDecision faults() override { return region_.decide(PutRecordsRequest::operation, prepared_); }
  Result<http::Body> carry_out() override {
    const auto result = region_.put(PutRecordsRequest::operation, prepared_);
    if (!result) return result.error();
    return write(*result);
  }

 private:
  http::Body write(const PutResult& result) {
    const std::size_t count = result.outcomes.size();
    std::vector<aws::PutRecordsResultView> entries(count);
    std::vector<ShardIdText> shards(count);
    std::vector<std::string> messages;
    messages.reserve(result.failed);
    for (std::size_t i = 0; i < count; ++i) {
      const PutOutcome& outcome = result.outcomes[i];
      if (outcome.kind == PutOutcome::Kind::stored) {
        write_shard_id(outcome.shard, shards[i]);
        entries[i].shard_id = {shards[i].data(), shards[i].size()};
        entries[i].sequence_number = view(outcome.sequence_number);
      } else {
        messages.push_back(throttled_message(result.stream_name, outcome.shard, region_.account()));
        entries[i].error_code = "ProvisionedThroughputExceededException";
        entries[i].error_message = messages.back();
      }
    }
    core::Buffer out = buffers_.get(count * 160 + 128);
    if (format_ == BodyFormat::cbor) {
      aws::write_put_records_answer_cbor(entries, result.encryption, out);
    } else {
      aws::write_put_records_answer_json(entries, result.encryption, out);
    }
    return http::Body(std::move(out).freeze());
  }

  SharedRegion& region_;
  core::BufferPool& buffers_;
  BodyFormat format_;
  aws::PutRecordsView view_;
  PreparedPut prepared_;
};

class GetRecordsCall final : public PlainCall<GetRecordsRequest> {
 public:
  GetRecordsCall(const ServiceParts& parts, BodyFormat format) : PlainCall(parts, format), buffers_(*parts.buffers) {}

  Result<http::Body> carry_out() override {
    auto result = region_.read(request_);
    if (!result) return result.error();
    aws::RecordsEnd end;
    if (result->next_iterator) end.next = *result->next_iterator;
    end.millis_behind_latest = result->millis_behind_latest;
    end.child_shards = result->child_shards;
    if (format_ == BodyFormat::cbor) {
      return write_records_cbor(result->slice, aws::get_records_frame_cbor(result->slice.records, end));
    }
    return write_records_json(result->slice, aws::get_records_frame_json(end), buffers_);
  }

 private:
  core::BufferPool& buffers_;
};

class SubscribeToShardCall final : public ServiceCall {
 public:
  SubscribeToShardCall(const ServiceParts& parts, BodyFormat format) : parts_(parts), format_(format) {}

  std::optional<Error> read(const Blob& body) {
    return read_body(aws::type_of<SubscribeToShardRequest>(), &request_, format_, body);
  }
  std::string_view operation() const noexcept override { return SubscribeToShardRequest::operation; }
  FaultDecision faults() override { return parts_.region->decide(request_); }
  bool is_streamed() const noexcept override { return true; }
  Result<http::ServerResponse::Writer> open_stream(std::optional<StreamFault> fault) override {
    auto subscription = LiveSubscription::open(parts_.region, request_);
    if (!subscription) return subscription.error();
    if (!fault) fault = parts_.region->decide_stream(request_);
    return write_events(*std::move(subscription), *std::move(fault), format_, parts_.buffers);
  }

 private:
  ServiceParts parts_;
  BodyFormat format_;
  SubscribeToShardRequest request_;
};

template <class Call>
ReadCall make(const ServiceParts& parts, BodyFormat format, const Blob& body) {
  auto call = std::make_unique<Call>(parts, format);
  ReadCall out;
  out.error = call->read(body);
  if (!out.error) out.call = std::move(call);
  return out;
}

template <class Request>
struct CallOf {
  using type = PlainCall<Request>;
};
template <>
struct CallOf<PutRecordRequest> {
  using type = PutRecordCall;
};
template <>
struct CallOf<PutRecordsRequest> {
  using type = PutRecordsCall;
};
template <>
struct CallOf<GetRecordsRequest> {
  using type = GetRecordsCall;
};

struct Maker {
  std::string_view operation;
  ReadCall (*make)(const ServiceParts&, BodyFormat, const Blob&);
};
constexpr Maker makers[] = {
#define X(Operation, function) {#Operation, &make<CallOf<Operation##Request>::type>},
    KINESIS_OPERATIONS(X)
#undef X
        {SubscribeToShardRequest::operation, &make<SubscribeToShardCall>},
};

}  // namespace

ReadCall read_call(const ServiceParts& parts, std::string_view operation, BodyFormat format, const Blob& body) {
  for (const Maker& maker : makers) {
    if (maker.operation == operation) return maker.make(parts, format, body);
  }
  return {};
}

}  // namespace kinesis::emulator
