#pragma once

#include "aws/cbor_format.hpp"
#include "aws/json_format.hpp"
#include "aws/kinesis_shapes.hpp"
#include "aws/records_cbor.hpp"
#include "http/test_server.hpp"
#include <kinesis/emulator.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kinesis::emulator {

/// How a client of a test speaks to the emulator.
enum class Wire { http1, h2c, tls_http1, tls_http2 };

/// Calls one by one, in real time.
struct Client {
  Client(const Emulator& emulator, Wire wire = Wire::http1) : port(emulator.port()) {
    secure = wire == Wire::tls_http1 || wire == Wire::tls_http2;
    http::ClientOptions options;
    options.executor = loop.executor();
    options.tls.ca_pem = emulator.ca_pem();
    if (wire == Wire::h2c) options.version = http::VersionPolicy::http2_prior_knowledge;
    if (wire == Wire::tls_http1) options.version = http::VersionPolicy::http1;
    client = http::make_client(std::move(options));
  }

  Result<http::Response> send(http::Request request) {
    std::optional<Result<http::Response>> out;
    const auto run = [&]() -> http::awaitable<void> {
      http::RequestOptions once;
      once.replay_when_stale = false;
      out = co_await client->send(http::Endpoint(secure, "127.0.0.1", port), std::move(request), once);
    };
    loop.run(run());
    return *std::move(out);
  }
  static http::Request request(std::string_view operation, std::string_view type, std::string body) {
    http::Request out("POST", "/", http::Headers(), http::Body(std::move(body)));
    out.headers.add("content-type", type);
    out.headers.add("x-amz-target", "Kinesis_20131202." + std::string(operation));
    out.headers.add("x-amz-date", "20260101T000000Z");
    out.headers.add("authorization",
                    "AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/kinesis/aws4_request, SignedHeaders=host, "
                    "Signature=ab");
    return out;
  }
  Result<http::Response> json(std::string_view operation, std::string body) {
    return send(request(operation, "application/x-amz-json-1.1", std::move(body)));
  }
  template <class Request>
  Result<http::Response> cbor(const Request& typed) {
    return send(request(Request::operation, "application/x-amz-cbor-1.1", aws::to_cbor(typed)));
  }
  http::Response admin(std::string method, std::string target, std::string body = "") {
    return send(http::Request(std::move(method), std::move(target), http::Headers(), http::Body(std::move(body))))
        .value();
  }
  /// Data of all records of the only shard of "s".
  std::vector<std::string> read_all() {
    const auto iterator = cbor(GetShardIteratorRequest("s", "0", ShardIteratorType::trim_horizon));
    const auto typed = aws::from_cbor<GetShardIteratorResponse>(iterator->body);
    const auto answer = cbor(GetRecordsRequest(typed->shard_iterator.value()));
    std::vector<std::string> out;
    const auto records = aws::read_get_records_cbor(answer->body);
    for (const KinesisRecord& record : records->records) out.emplace_back(record.data.text());
    return out;
  }
  std::string put(const std::string& data) {
    const auto answer = cbor(PutRecordRequest("s", Blob(data), "k"));
    return answer ? std::to_string(answer->status) : std::string(to_string(answer.error().code()));
  }

  http::TestContext loop;
  std::shared_ptr<http::Client> client;
  std::uint16_t port;
  bool secure = false;
};

}  // namespace kinesis::emulator
