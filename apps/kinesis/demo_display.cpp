#include "demo_display.hpp"

#include "output.hpp"

#include <algorithm>
#include <cstdarg>
#include <cstdio>

namespace kinesis::tool {
namespace {

constexpr const char* bold = "\x1b[1m";
constexpr const char* dim = "\x1b[2m";
constexpr const char* green = "\x1b[32m";
constexpr const char* yellow = "\x1b[33m";
constexpr const char* reset = "\x1b[0m";
constexpr std::size_t bar_width = 32;
constexpr std::size_t news_shown = 5;

[[gnu::format(printf, 1, 2)]] std::string format(const char* pattern, ...) {
  char text[512];
  va_list arguments;
  va_start(arguments, pattern);
  std::vsnprintf(text, sizeof text, pattern, arguments);
  va_end(arguments);
  return text;
}

std::string bar(std::uint64_t part, std::uint64_t whole) {
  const std::size_t full = whole == 0 ? 0 : std::min<std::size_t>(bar_width, part * bar_width / whole);
  std::string text;
  for (std::size_t i = 0; i < bar_width; ++i) text += i < full ? "█" : "░";
  return text;
}

double records_in_each(const DemoView& view) {
  if (view.kinesis_records == 0) return 0;
  return static_cast<double>(view.acknowledged) / static_cast<double>(view.kinesis_records);
}

}  // namespace

DemoDisplay::DemoDisplay() : terminal_(is_terminal(stdout)) {}

void DemoDisplay::show(const DemoView& view, bool last) {
  if (terminal_) {
    draw(view);
  } else {
    print_line(view, last);
  }
}

void DemoDisplay::draw(const DemoView& view) {
  std::vector<std::string> lines;
  lines.push_back(format("%skinesis demo%s  %s%s  TLS, HTTP/2, service limits on%s", bold, reset, dim,
                         view.endpoint.c_str(), reset));
  lines.emplace_back();
  lines.push_back(format("  put      %s%s%s %7s / %s  %6.0f/s", green, bar(view.acknowledged, view.total).c_str(),
                         reset, with_commas(view.acknowledged).c_str(), with_commas(view.total).c_str(),
                         view.put_rate));
  lines.push_back(format("  handled  %s%s%s %7s / %s  %6.0f/s  put to handler p50 %llu ms, p99 %llu ms", green,
                         bar(view.handled, view.total).c_str(), reset, with_commas(view.handled).c_str(),
                         with_commas(view.total).c_str(), view.handle_rate,
                         static_cast<unsigned long long>(view.p50_ms), static_cast<unsigned long long>(view.p99_ms)));
  lines.push_back(format("  sent     aggregated: %s records in %s Kinesis records, %.1f in each",
                         with_commas(view.acknowledged).c_str(), with_commas(view.kinesis_records).c_str(),
                         records_in_each(view)));
  lines.emplace_back();
  lines.push_back(
      format("  %s%-22s %-7s %-10s %-10s %8s%s", bold, "SHARD", "STATE", "OWNER", "PROGRESS", "HANDLED", reset));
  for (const DemoView::ShardRow& shard : view.shards)
    lines.push_back(format("  %s%-22s %-7s %-10s %-10s %8s%s", shard.open ? "" : dim, shard.id.c_str(),
                           shard.open ? "open" : "closed", shard.owner.c_str(), shard.state.c_str(),
                           with_commas(shard.handled).c_str(), reset));
  lines.emplace_back();
  const std::size_t first = view.news.size() > news_shown ? view.news.size() - news_shown : 0;
  for (std::size_t i = first; i < view.news.size(); ++i)
    lines.push_back(format("  %s%s%s", yellow, view.news[i].c_str(), reset));

  picture_.draw(lines);
}

void DemoDisplay::print_line(const DemoView& view, bool last) {
  if (printed_at_ < 0)
    std::printf("kinesis demo: %s, TLS, HTTP/2, service limits on, records aggregated\n", view.endpoint.c_str());
  for (; news_printed_ < view.news.size(); ++news_printed_) std::printf("  %s\n", view.news[news_printed_].c_str());
  if (last || view.seconds - printed_at_ >= 2) {
    printed_at_ = view.seconds;
    std::size_t open = 0;
    for (const auto& shard : view.shards) open += shard.open ? 1 : 0;
    std::printf("  %5.1f s  put %s (%.0f/s) in %s Kinesis records  handled %s of %s (%.0f/s)  %zu open shards\n",
                view.seconds, with_commas(view.acknowledged).c_str(), view.put_rate,
                with_commas(view.kinesis_records).c_str(), with_commas(view.handled).c_str(),
                with_commas(view.total).c_str(), view.handle_rate, open);
  }
  std::fflush(stdout);
}

}  // namespace kinesis::tool
