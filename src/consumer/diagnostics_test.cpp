#include "consumer/diagnostics.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <utility>
#include <vector>

namespace kinesis::consumer {
namespace {

using namespace std::chrono_literals;

const Checkpoint fifth = Checkpoint::at(RecordPosition{SequenceNumber("5"), 2});
const Error away(errc::connection, "away");

/// One of each kind, and its line.
const std::vector<std::pair<DiagnosticEvent, std::string>> all = {
    {event::LeaseAcquired{"s", fifth, true}, "s: lease acquired, continues after 5/2 (taken from its owner)"},
    {event::LeaseLost{"s"}, "s: lease lost"},
    {event::LeaseStolen{"s", "b"}, "s: lease taken by b"},
    {event::LeaseWanted{"s", "b"}, "s: is to be handed over to b"},
    {event::LeaseReleased{"s"}, "s: lease released"},
    {event::LeasesRenewed{3, 12ms}, "3 leases renewed in 12 ms"},
    {event::WorkerJoined{"b"}, "worker b joined"},
    {event::WorkerLeft{"b"}, "worker b left"},
    {event::Balanced{2, 10, 3, 2}, "10 leases for 2 workers: owns 3, takes 2"},
    {event::ShardStarted{"s", Checkpoint::latest()}, "s: reading starts after LATEST"},
    {event::ShardEnded{"s", {"t", "u"}}, "s: ended, goes on in t and u"},
    {event::ShardFound{"u", {"s"}}, "u: new, child of s"},
    {event::ShardBlocked{"u", {"s", "t"}}, "u: waits for s and t"},
    {event::RecordsRead{"s", 7, 700, 5ms, 2ms}, "s: 7 records, 700 bytes read in 2 ms, 5 ms behind"},
    {event::Subscribed{"s", "LATEST"}, "s: subscribed from LATEST"},
    {event::SubscriptionEnded{"s", event::SubscriptionEnded::Why::in_order, 60, 300s},
     "s: subscription ended by the service after 300000 ms and 60 events"},
    {event::SubscriptionEnded{"s", event::SubscriptionEnded::Why::shard_end, 1, 5ms},
     "s: subscription ended with the shard after 5 ms and 1 events"},
    {event::SubscriptionEnded{"s", event::SubscriptionEnded::Why::let_go, 1, 5ms},
     "s: subscription let go after 5 ms and 1 events"},
    {event::SubscriptionEnded{"s", event::SubscriptionEnded::Why::failed, 1, 5ms, away},
     std::string("s: subscription broken after 5 ms and 1 events: ") + away.what()},
    {event::ConsumerRegistered{"arn:c"}, "fan-out consumer arn:c registered"},
    {event::ConsumerDeregistered{"arn:c"}, "fan-out consumer arn:c deregistered"},
    {event::FellBack{away}, std::string("polls instead of enhanced fan-out: ") + away.what()},
    {event::AggregatesDropped{"s", 2}, "s: 2 aggregates dropped that hold records of other shards"},
    {event::RecordSkipped{"s", fifth.position(), away}, std::string("s: record 5/2 skipped: ") + away.what()},
    {event::CheckpointStored{"s", Checkpoint::shard_end()}, "s: checkpoint SHARD_END"},
    {event::CheckpointPrepared{"s", fifth}, "s: checkpoint 5/2 prepared"},
    {event::Trouble{"s", "reading", away, 40ms}, std::string("s: reading: ") + away.what() + "; tries again in 40 ms"},
    {event::Failed{"", "starting", away}, std::string("starting: ") + away.what()},
    {event::StopTimedOut{{"s", "t"}}, "stopped without the handlers of s and t"},
};

TEST(Diagnostics, EveryEventHasALine) {
  std::set<std::size_t> kinds;
  for (const auto& [event, line] : all) {
    EXPECT_EQ(to_string(event), line);
    kinds.insert(event.index());
  }
  EXPECT_EQ(kinds.size(), std::variant_size_v<DiagnosticEvent>) << "one is missing above";
}

TEST(Diagnostics, GoToTheLogAtTheirLevelAndToTheListener) {
  std::vector<std::pair<LogLevel, std::string>> logged;
  const Log log(LogLevel::info,
                [&](const LogRecord& record) { logged.emplace_back(record.level, std::string(record.message)); });
  std::size_t heard = 0;
  for (const auto& [event, line] : all) tell([&](const DiagnosticEvent&) { ++heard; }, log, event);
  tell({}, log, event::LeaseLost{"last"});
  EXPECT_EQ(heard, all.size());
  std::size_t quiet = 0;
  for (const auto& [event, line] : all) quiet += level(event) < LogLevel::info ? 1 : 0;
  EXPECT_GT(quiet, 0u);
  ASSERT_EQ(logged.size(), all.size() - quiet + 1);
  EXPECT_EQ(logged.back(), std::make_pair(LogLevel::info, std::string("last: lease lost")));
  EXPECT_EQ(level(event::RecordsRead{}), LogLevel::debug);
  EXPECT_EQ(level(event::Trouble{"", "", away}), LogLevel::warning);
  EXPECT_EQ(level(event::Failed{"", "", away}), LogLevel::error);
}

}  // namespace
}  // namespace kinesis::consumer
