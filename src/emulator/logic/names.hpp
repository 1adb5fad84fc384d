#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// Names and ARNs of AWS's form, and what they stand for.
namespace kinesis::emulator {

/// "shardId-000000000007".
using ShardIdText = std::array<char, 20>;
void write_shard_id(std::uint32_t number, ShardIdText& out) noexcept;
std::string shard_id(std::uint32_t number);
/// The shard a client means: AWS takes "shardId-7" and "7" as well.
std::optional<std::uint32_t> parse_shard_id(std::string_view id) noexcept;

/// [a-zA-Z0-9_.-]+, what AWS allows in names of streams, shards and consumers.
bool is_name(std::string_view text) noexcept;

/// Where the resources of an ARN are: "arn:PARTITION:kinesis:REGION:ACCOUNT:".
class ArnSpace {
 public:
  ArnSpace(std::string_view region, std::string_view account);

  std::string stream(std::string_view name) const;
  /// `created_seconds` tells registrations of one name apart.
  std::string consumer(std::string_view stream, std::string_view name, std::int64_t created_seconds) const;

  /// The name of the stream, if `arn` is of a stream here.
  std::optional<std::string_view> stream_name(std::string_view arn) const noexcept;
  struct Consumer {
    std::string_view stream;
    std::string_view name;
  };
  /// What `arn` is of, if it is of a consumer here.
  std::optional<Consumer> consumer_name(std::string_view arn) const noexcept;

 private:
  std::string prefix_;
};

/// The last part of what may be a name or any ARN of a stream; for rules, which take either.
std::string_view stream_in(std::string_view name_or_arn) noexcept;

}  // namespace kinesis::emulator
