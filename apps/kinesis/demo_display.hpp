#pragma once

#include "live_picture.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace kinesis::tool {

/// What the demo shows while it runs.
struct DemoView {
  struct ShardRow {
    std::string id;
    bool open = true;
    std::string owner;
    std::string state;
    std::uint64_t handled = 0;
  };
  std::string endpoint;
  std::uint64_t total = 0;
  std::uint64_t acknowledged = 0;
  std::uint64_t handled = 0;
  /// What the acknowledged records are in: aggregates, most of them.
  std::uint64_t kinesis_records = 0;
  double put_rate = 0;
  double handle_rate = 0;
  std::uint64_t p50_ms = 0;
  std::uint64_t p99_ms = 0;
  std::vector<ShardRow> shards;
  double seconds = 0;
  std::vector<std::string> news;
};

/// Draws a view over the one before on a terminal; elsewhere prints a plain line now and then, and each piece of news
/// once.
class DemoDisplay {
 public:
  DemoDisplay();
  /// Leaves the last picture on the screen.
  void show(const DemoView& view, bool last = false);

 private:
  void draw(const DemoView& view);
  void print_line(const DemoView& view, bool last);

  bool terminal_;
  LivePicture picture_{stdout};
  std::size_t news_printed_ = 0;
  double printed_at_ = -10;
};

}  // namespace kinesis::tool
