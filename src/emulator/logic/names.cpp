#include "emulator/logic/names.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>

namespace kinesis::emulator {
namespace {

constexpr std::string_view shard_prefix = "shardId-";
constexpr std::string_view consumer_part = "/consumer/";

std::string_view partition_of(std::string_view region) noexcept {
  if (region.starts_with("cn-")) return "aws-cn";
  if (region.starts_with("us-gov-")) return "aws-us-gov";
  return "aws";
}

}  // namespace

void write_shard_id(std::uint32_t number, ShardIdText& out) noexcept {
  std::memcpy(out.data(), "shardId-000000000000", out.size());
  for (std::size_t at = out.size(); number > 0; number /= 10) out[--at] = static_cast<char>('0' + number % 10);
}

std::string shard_id(std::uint32_t number) {
  ShardIdText out;
  write_shard_id(number, out);
  return {out.data(), out.size()};
}

std::optional<std::uint32_t> parse_shard_id(std::string_view id) noexcept {
  if (id.starts_with(shard_prefix)) id.remove_prefix(shard_prefix.size());
  if (id.empty() || id.size() > 12) return std::nullopt;
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), number);
  if (error != std::errc() || end != id.data() + id.size() || number > 0x7FFFFFFF) return std::nullopt;
  return static_cast<std::uint32_t>(number);
}

bool is_name(std::string_view text) noexcept {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
           c == '-';
  });
}

ArnSpace::ArnSpace(std::string_view region, std::string_view account) {
  prefix_.append("arn:").append(partition_of(region)).append(":kinesis:");
  prefix_.append(region).append(":").append(account).append(":stream/");
}

std::string ArnSpace::stream(std::string_view name) const { return prefix_ + std::string(name); }

std::string ArnSpace::consumer(std::string_view stream, std::string_view name, std::int64_t created_seconds) const {
  std::string out = prefix_;
  out.append(stream).append(consumer_part).append(name);
  return out.append(":").append(std::to_string(created_seconds));
}

std::optional<std::string_view> ArnSpace::stream_name(std::string_view arn) const noexcept {
  if (!arn.starts_with(prefix_)) return std::nullopt;
  arn.remove_prefix(prefix_.size());
  if (!is_name(arn)) return std::nullopt;
  return arn;
}

std::optional<ArnSpace::Consumer> ArnSpace::consumer_name(std::string_view arn) const noexcept {
  if (!arn.starts_with(prefix_)) return std::nullopt;
  arn.remove_prefix(prefix_.size());
  const std::size_t middle = arn.find(consumer_part);
  const std::size_t colon = arn.rfind(':');
  if (middle == std::string_view::npos || colon == std::string_view::npos || colon < middle) return std::nullopt;
  const std::size_t name = middle + consumer_part.size();
  if (colon <= name) return std::nullopt;
  Consumer out;
  out.stream = arn.substr(0, middle);
  out.name = arn.substr(name, colon - name);
  if (!is_name(out.stream) || !is_name(out.name)) return std::nullopt;
  return out;
}

std::string_view stream_in(std::string_view name_or_arn) noexcept {
  constexpr std::string_view mark = ":stream/";
  const std::size_t at = name_or_arn.find(mark);
  if (at == std::string_view::npos) return name_or_arn;
  name_or_arn.remove_prefix(at + mark.size());
  return name_or_arn.substr(0, name_or_arn.find('/'));
}

}  // namespace kinesis::emulator
