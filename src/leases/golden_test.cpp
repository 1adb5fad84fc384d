#include "aws/dynamodb_shapes.hpp"
#include "aws/json_format.hpp"
#include "leases/lease_item.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

// Rows that real KCL workers wrote, in tests/golden/kcl.
namespace kinesis::leases {
namespace {

using dynamodb::AttributeMap;
using dynamodb::AttributeValue;

std::vector<AttributeMap> rows_of(const std::filesystem::path& file) {
  std::vector<AttributeMap> rows;
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    auto answer = aws::from_json<dynamodb::GetItemResponse>("{\"Item\": " + line + "}");
    EXPECT_TRUE(answer) << file << ": " << line;
    if (answer && answer->item) rows.push_back(std::move(*answer->item));
  }
  return rows;
}

std::map<std::string, std::vector<AttributeMap>> all_rows() {
  std::map<std::string, std::vector<AttributeMap>> rows;
  const std::filesystem::path folder = std::string(KINESIS_GOLDEN_KCL) + "/rows";
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
    if (entry.path().extension() == ".jsonl")
      rows[std::filesystem::relative(entry.path(), folder).string()] = rows_of(entry.path());
  return rows;
}

std::string text_of(const AttributeMap& row, const char* name) {
  const auto it = row.find(name);
  return it == row.end() || it->second.as_string() == nullptr ? "" : *it->second.as_string();
}

TEST(KclRows, AreReadAndThoseThatAreNoLeasesAreLeftAlone) {
  std::size_t leases = 0;
  std::set<std::string> others;
  for (const auto& [file, rows] : all_rows()) {
    for (const AttributeMap& row : rows) {
      const auto lease = lease_of(row);
      const std::string type = text_of(row, "entityType");
      ASSERT_TRUE(lease) << file << ": " << lease.error().what();
      EXPECT_EQ(lease->has_value(), type.empty() || type == "LEASE") << file;
      if (*lease) ++leases;
      if (!*lease) others.insert(type);
    }
  }
  EXPECT_GT(leases, 100u);
  EXPECT_THAT(others, ::testing::IsSupersetOf({"LEADER", "CLIENT_VERSION_MIGRATION", "WORKER_METRIC_STATS"}));
}

TEST(KclRows, TellWhatTheyTold) {
  const auto files = all_rows();
  const auto lease = [&](const std::string& file, std::size_t i) {
    std::vector<Lease> leases;
    for (const AttributeMap& row : files.at(file))
      if (auto read = lease_of(row); read && *read) leases.push_back(**read);
    return leases.at(i);
  };
  const Lease parent = lease("3.5.1/4-split.jsonl", 0);
  EXPECT_TRUE(parent.checkpoint.is_shard_end());
  EXPECT_THAT(parent.child_shard_ids, ::testing::UnorderedElementsAre("shardId-000000000002", "shardId-000000000003"));
  bool within_an_aggregate = false;
  for (const AttributeMap& row : files.at("2.7.2/3-aggregated.jsonl"))
    within_an_aggregate = within_an_aggregate || (*lease_of(row))->checkpoint.sub_sequence_number() == 9;
  EXPECT_TRUE(within_an_aggregate);
  bool prepared = false;
  for (const AttributeMap& row : files.at("3.5.1/latest-prepared.jsonl")) {
    const auto read = lease_of(row);
    prepared = prepared || (*read && (*read)->pending_checkpoint && (*read)->pending_checkpoint_state);
  }
  EXPECT_TRUE(prepared);
}

TEST(KclRows, OfSeveralStreamsAreWrittenAsTheKclDoes) {
  const auto files = all_rows();
  std::size_t rows = 0;
  for (const char* file : {"2.7.2/multistream.jsonl", "3.5.1/multistream.jsonl"}) {
    for (const AttributeMap& row : files.at(file)) {
      const auto read = lease_of(row);
      if (!read || !*read) continue;
      ++rows;
      const AttributeMap written = item_of(**read);
      for (const char* name : {"leaseKey", "streamName", "shardId"})
        EXPECT_EQ(written.at(name), row.at(name)) << file << ' ' << name;
      EXPECT_EQ((*read)->key_of_sibling((*read)->shard_id()), (*read)->key);
    }
  }
  EXPECT_GE(rows, 6u);
}

/// What a table does with an UpdateExpression of ours.
AttributeMap carried_out(AttributeMap row, const UpdateExpressions& update) {
  std::istringstream words(update.update);
  std::string verb;
  for (std::string word; words >> word;) {
    if (word == "SET" || word == "ADD" || word == "REMOVE") {
      verb = word;
      continue;
    }
    std::string name = word;
    if (verb == "REMOVE") {
      if (name.back() == ',') name.pop_back();
      row.erase(name);
      continue;
    }
    std::string value;
    if (verb == "SET") words >> value;  // the equals sign
    words >> value;
    if (value.back() == ',') value.pop_back();
    const AttributeValue& operand = update.values.find(value)->second;
    if (verb == "SET") {
      row.insert_or_assign(name, operand);
    } else {
      const auto before = row.find(name);
      const std::int64_t sum =
          (before == row.end() ? 0 : *before->second.as_number()->to_int64()) + *operand.as_number()->to_int64();
      row.insert_or_assign(name, AttributeValue(sum));
    }
  }
  return row;
}

std::vector<LeaseUpdate> updates_of(const Lease& lease) {
  const Checkpoint checkpoint = Checkpoint::at(RecordPosition{SequenceNumber("7"), 3});
  return {LeaseUpdate::renew(lease),
          LeaseUpdate::renew(lease, 0.25),
          LeaseUpdate::take(lease, "me"),
          LeaseUpdate::ask_hand_over(lease, "me"),
          LeaseUpdate::hand_over(lease, checkpoint),
          LeaseUpdate::hand_over(lease, std::nullopt),
          LeaseUpdate::checkpoint(lease, checkpoint),
          LeaseUpdate::prepare_checkpoint(lease, checkpoint, Blob("state")),
          LeaseUpdate::release(lease),
          LeaseUpdate::checkpoint_and_release(lease, checkpoint),
          LeaseUpdate::child_shards(lease, {"c1", "c2"}),
          LeaseUpdate::hash_key_range(lease, "1", "2")};
}

TEST(KclRows, KeepEveryAttributeThatAnUpdateDoesNotName) {
  // Of the KCL's attributes of a lease; what is not among them must never change.
  const std::set<std::string> ours = {"leaseOwner",        "leaseCounter",
                                      "checkpoint",        "checkpointSubSequenceNumber",
                                      "pendingCheckpoint", "pendingCheckpointSubSequenceNumber",
                                      "checkpointOwner",   "ownerSwitchesSinceCheckpoint",
                                      "throughputKBps",    "pendingCheckpointState",
                                      "childShardIds",     "startingHashKey",
                                      "endingHashKey"};
  for (const auto& [file, rows] : all_rows()) {
    for (AttributeMap row : rows) {
      const auto lease = lease_of(row);
      if (!lease || !*lease) continue;
      row.emplace("ofAnotherVersion", "kept");
      for (const LeaseUpdate& update : updates_of(**lease)) {
        const AttributeMap after = carried_out(row, expressions_of(update));
        const auto read = lease_of(after);
        ASSERT_TRUE(read && *read) << file;
        EXPECT_EQ(**read, update.apply(**lease)) << file << ": the expression does what the update says";
        for (const auto& [name, value] : row) {
          if (ours.contains(name)) continue;
          const auto kept = after.find(name);
          ASSERT_NE(kept, after.end()) << file << " lost " << name;
          EXPECT_EQ(kept->second, value) << file << ": " << name;
        }
      }
    }
  }
}

TEST(KclRows, AreHalfWrittenWithoutHarmToOthers) {
  for (const auto& [file, rows] : all_rows()) {
    for (const AttributeMap& row : rows) {
      for (const auto& [name, value] : row) {
        AttributeMap half = row;
        half.erase(name);
        (void)lease_of(half);  // a value or an Error, whatever is missing
        half.emplace(name, AttributeValue(std::int64_t{5}));
        (void)lease_of(half);
      }
    }
  }
}

}  // namespace
}  // namespace kinesis::leases
