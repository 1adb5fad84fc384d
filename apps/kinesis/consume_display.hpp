#pragma once

#include "commands.hpp"
#include "core/async.hpp"
#include "live_picture.hpp"
#include <kinesis/consumer.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace kinesis::tool {

/// The live picture of a consuming worker: its shards and those of others, rates, how far behind. Drawn on stderr.
class ConsumeDisplay {
 public:
  /// Null unless stderr is a terminal that the records do not go to as well.
  static std::shared_ptr<ConsumeDisplay> where_it_fits(const ConsumeArguments& arguments);
  explicit ConsumeDisplay(const ConsumeArguments& arguments)
      : stream_(arguments.stream), application_(arguments.application), picture_(stderr) {}

  /// From any thread.
  void see(const DiagnosticEvent& event);
  /// Shows a line of its own, the last thing that went wrong. From any thread.
  void note(const std::string& text);
  /// Draws until it is cancelled.
  core::awaitable<void> run(std::shared_ptr<LeaseRepository> leases, std::string worker, std::shared_ptr<Clock> clock);

 private:
  struct ShardState {
    bool ours = false;
    bool done = false;
    std::string owner;
    std::uint64_t records = 0;
    std::uint64_t bytes = 0;
    std::int64_t behind_ms = 0;
    std::uint64_t records_before = 0;  ///< At the last picture.
    double rate = 0;
  };
  core::awaitable<void> look_at_others(LeaseRepository& leases);
  std::vector<std::string> picture(const std::string& worker, double seconds, double since_last);

  const std::string stream_;
  const std::string application_;
  LivePicture picture_;
  std::mutex mutex_;  // guards what follows: events come from several strands
  std::map<std::string, ShardState> shards_;
  std::string trouble_;
};

/// Runs `work`, with the picture beside it if `display` is there.
core::awaitable<void> run_with_display(asio::any_io_executor executor, std::shared_ptr<ConsumeDisplay> display,
                                       std::shared_ptr<LeaseRepository> leases, std::string worker,
                                       std::shared_ptr<Clock> clock, core::awaitable<void> work);

}  // namespace kinesis::tool
