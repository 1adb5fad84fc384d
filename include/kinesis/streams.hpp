#pragma once

#include <kinesis/fetch_mode.hpp>
#include <kinesis/identifiers.hpp>

#include <concepts>
#include <optional>
#include <utility>
#include <vector>

namespace kinesis {

/// One of several streams of a consumer: `"orders"`, or `{"orders", Latest{}}`.
class StreamWithStart {
 public:
  template <class Name>
    requires std::convertible_to<Name, StreamId>
  StreamWithStart(Name&& name, std::optional<StartPosition> start = std::nullopt)
      : stream(std::forward<Name>(name)), start(std::move(start)) {}

  /// Name or ARN.
  StreamId stream;
  /// For shards that have no checkpoint yet. Absent: `ConsumerOptions::start`.
  std::optional<StartPosition> start;
};

/// What a consumer reads: one stream, which converts from its name or ARN, or `several`.
class Streams {
 public:
  template <class Name>
    requires std::convertible_to<Name, StreamId>
  Streams(Name&& one) {
    all_.emplace_back(StreamId(std::forward<Name>(one)));
  }

  /// Several streams whose leases are in one table and are balanced together. Their keys are the KCL's for several
  /// streams, "account:stream:creation time:shard", so a table is of one kind or the other: an application must not
  /// change between one stream and `several`, not even `several` with one element. All workers must name the same
  /// streams. Leases of streams that are not named any more stay in the table and are left alone. Throws
  /// Error(invalid_argument) if there is none, or one twice.
  static Streams several(std::vector<StreamWithStart> streams);

  bool are_several() const noexcept { return several_; }
  const std::vector<StreamWithStart>& all() const noexcept { return all_; }
  /// The stream, or the first.
  const StreamId& front() const noexcept { return all_.front().stream; }

 private:
  Streams() = default;

  std::vector<StreamWithStart> all_;
  bool several_ = false;
};

}  // namespace kinesis
