#include "emulator/admin.hpp"

#include "aws/json_writer.hpp"

#include <algorithm>
#include <vector>

namespace kinesis::emulator {
namespace {

constexpr std::string_view prefix = "/_admin";

http::ServerResponse respond(int status, std::string_view type, std::string body) {
  http::Headers headers;
  headers.add("content-type", type).add("cache-control", "no-store");
  return http::ServerResponse(status, std::move(headers), http::Body(std::move(body)));
}

http::ServerResponse say(int status, std::string_view text) {
  return respond(status, "text/plain; charset=utf-8", std::string(text) + "\n");
}

// Browsers name the page a request comes from; only our own may change anything.
bool is_foreign(const http::Headers& headers) {
  const auto origin = headers.find("origin");
  if (!origin) return false;
  const std::size_t scheme = origin->find("://");
  const std::string_view from = scheme == std::string_view::npos ? *origin : origin->substr(scheme + 3);
  return from != headers.find("host").value_or("");
}

// The value of a query parameter. Names of streams and shards need no escapes.
std::string parameter(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const std::size_t end = query.find('&');
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(end == std::string_view::npos ? query.size() : end + 1);
    const std::size_t equals = pair.find('=');
    if (pair.substr(0, equals) == name && equals != std::string_view::npos) {
      return std::string(pair.substr(equals + 1));
    }
  }
  return "";
}

void write_shard(aws::JsonWriter& json, const Shard& shard) {
  json.begin_object().key("id").plain_string(shard.id).key("open").boolean(shard.is_open());
  json.key("records").integer(shard.log.records()).key("bytes").integer(shard.log.memory());
  json.key("first_hash_key").plain_string(shard.range.first.to_string());
  json.key("last_hash_key").plain_string(shard.range.last.to_string());
  json.key("parents").begin_array();
  for (const std::uint32_t parent : shard.parents) json.plain_string(shard_id(parent));
  json.end_array().key("last_arrival_ms");
  if (shard.log.records() > 0) {
    json.integer(shard.log.last_arrival());
  } else {
    json.null();
  }
  json.end_object();
}

void write_stream(aws::JsonWriter& json, const Stream& stream) {
  json.begin_object().key("name").string(stream.name()).key("arn").string(stream.arn());
  json.key("status").plain_string(to_string(stream.status())).key("mode").plain_string(to_string(stream.mode));
  json.key("retention_hours").integer(stream.retention_hours).key("consumers").integer(stream.consumers.size());
  json.key("open_shards").integer(stream.open_shards()).key("records").integer(stream.records());
  json.key("bytes").integer(stream.memory()).key("shards").begin_array();
  for (const Shard& shard : stream.shards()) {
    if (!shard.expired) write_shard(json, shard);
  }
  json.end_array().end_object();
}

}  // namespace

bool Admin::is_for(std::string_view target) noexcept {
  if (!target.starts_with(prefix)) return false;
  target.remove_prefix(prefix.size());
  return target.empty() || target[0] == '/' || target[0] == '?';
}

http::ServerResponse Admin::answer(const http::ServerRequest& request) {
  std::string_view path = request.target;
  std::string_view query;
  if (const std::size_t question = path.find('?'); question != std::string_view::npos) {
    query = path.substr(question + 1);
    path = path.substr(0, question);
  }
  path.remove_prefix(prefix.size());
  while (path.ends_with('/')) path.remove_suffix(1);
  const bool get = request.method == "GET" || request.method == "HEAD";
  if (get && path.empty()) return respond(200, "text/html; charset=utf-8", std::string(admin_page()));
  if (get && path == "/health") return say(200, "ok");
  if (get && path == "/state") return state();
  if (get) return say(404, "There is /_admin, /_admin/state and /_admin/health.");
  if (is_foreign(request.headers)) return say(403, "Requests of other pages are refused.");
  if (path == "/faults" && request.method == "POST") return add_faults(request.body.text());
  if (path == "/faults" && request.method == "DELETE") {
    region_->clear_faults();
    return say(200, "All fault rules are removed.");
  }
  if (path == "/split" && request.method == "POST") return split(query);
  return say(path == "/faults" || path == "/split" ? 405 : 404,
             "There is POST and DELETE /_admin/faults, and POST /_admin/split.");
}

namespace {

std::uint64_t subscriptions_of(const Region& region) {
  std::uint64_t count = 0;
  for (const auto& [name, stream] : region.streams()) {
    for (const auto& [consumer_name, consumer] : stream.consumers) {
      for (const auto& [number, fan_out] : consumer.shards) count += fan_out.active != 0 ? 1 : 0;
    }
  }
  return count;
}

}  // namespace

http::ServerResponse Admin::state() {
  std::string out;
  aws::JsonWriter json(out);
  const auto faults = region_->faults();
  region_->with_region([&](Region& region, Moment now) {
    region.advance(now);
    json.begin_object().key("region").string(region.options().region).key("account").string(region.options().account);
    json.key("limits").boolean(region.options().limits).key("now_ms").integer(now.millis());
    json.key("requests").integer(requests_.load(std::memory_order_relaxed));
    json.key("memory_bytes").integer(region.memory()).key("memory_bound").integer(region.options().memory_bytes);
    json.key("streams").begin_array();
    for (const auto& [name, stream] : region.streams()) write_stream(json, stream);
    json.end_array().key("subscriptions").integer(subscriptions_of(region));
  });
  json.key("faults").begin_array();
  for (const Faults::Entry& entry : faults) {
    json.begin_object().key("rule").string(to_string(entry.rule)).key("matched").integer(entry.matched);
    json.key("fired").integer(entry.fired).end_object();
  }
  json.end_array().end_object();
  return respond(200, "application/json", std::move(out));
}

http::ServerResponse Admin::add_faults(std::string_view body) {
  std::vector<FaultRule> rules;
  while (!body.empty()) {
    const std::size_t end = body.find('\n');
    const std::string_view line = body.substr(0, end);
    body.remove_prefix(end == std::string_view::npos ? body.size() : end + 1);
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    auto rule = FaultRule::parse(line);
    if (!rule) return say(400, rule.error().message());
    rules.push_back(*std::move(rule));
  }
  if (rules.empty()) return say(400, "The body holds no fault rule; one is action=throttle,operation=PutRecords,nth=3");
  std::string added;
  for (FaultRule& rule : rules) {
    added += to_string(rule) + "\n";
    region_->add_fault(std::move(rule));
  }
  return respond(200, "text/plain; charset=utf-8", std::move(added));
}

http::ServerResponse Admin::split(std::string_view query) {
  const std::string stream = parameter(query, "stream");
  const std::string shard = parameter(query, "shard");
  const auto done =
      region_->with_region([&](Region& region, Moment now) { return region.split_in_half(stream, shard, now); });
  if (!done) return say(400, done.error().message());
  return say(200, "The shard is being split.");
}

}  // namespace kinesis::emulator
