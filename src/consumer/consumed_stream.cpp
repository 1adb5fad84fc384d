#include "consumer/consumed_stream.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace kinesis::consumer {
namespace {

core::awaitable<std::string> prefix_of(Client client, StreamId id) {
  DescribeStreamSummaryRequest request(id);
  auto answer = co_await client.kinesis().describe_stream_summary(std::move(request));
  if (!answer) throw answer.error().with_context("looking for the stream " + id.text());
  const auto& summary = answer->stream_description_summary;
  const StreamId found(summary.stream_arn);
  const auto created =
      std::chrono::floor<std::chrono::seconds>(summary.stream_creation_timestamp.time_since_epoch()).count();
  // The KCL takes the time only as a positive number, and an account only as digits.
  if (found.account().empty() || created <= 0)
    throw Error(errc::protocol, "the description of the stream " + id.text() + " has no account or no creation time");
  co_return std::string(found.account()) + ':' + std::string(found.name()) + ':' + std::to_string(created) + ':';
}

}  // namespace

core::awaitable<std::vector<ConsumedStream>> consumed_streams(Client client, Streams streams, StartPosition start) {
  std::vector<ConsumedStream> found;
  for (const StreamWithStart& one : streams.all()) {
    std::string prefix;
    if (streams.are_several()) prefix = co_await prefix_of(client, one.stream);
    const auto same = [&](const ConsumedStream& other) { return other.prefix == prefix; };
    if (std::any_of(found.begin(), found.end(), same))
      throw Error(errc::invalid_argument, "Streams::several names the stream " + one.stream.text() + " twice");
    ConsumedStream stream{one.stream, one.start.value_or(start), std::move(prefix)};
    found.push_back(std::move(stream));
  }
  co_return found;
}

}  // namespace kinesis::consumer
