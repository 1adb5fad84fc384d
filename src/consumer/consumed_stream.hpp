#pragma once

#include "core/async.hpp"
#include <kinesis/client.hpp>
#include <kinesis/lease.hpp>
#include <kinesis/streams.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace kinesis::consumer {

/// A stream of a consumer, and how its leases are named.
struct ConsumedStream {
  StreamId id;
  StartPosition start;
  /// Of several streams: "account:name:creation time in s:". Empty where there is one.
  std::string prefix;

  std::string key_of(std::string_view shard_id) const { return std::string(prefix).append(shard_id); }
  bool has(const Lease& lease) const noexcept {
    if (prefix.empty()) return lease.stream().empty();
    return lease.key.size() > prefix.size() && lease.key.starts_with(prefix) &&
           lease.stream().size() + 1 == prefix.size();
  }
};

/// Asks the service for what the names of leases need, if there are several streams. Throws Error, also if two names
/// are one stream.
core::awaitable<std::vector<ConsumedStream>> consumed_streams(Client client, Streams streams, StartPosition start);

}  // namespace kinesis::consumer
