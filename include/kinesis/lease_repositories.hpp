#pragma once

#include <kinesis/lease.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace kinesis {

class Client;

/// Leases in this process: for tests, and for programs that are the only worker. Forgotten when the last copy of the
/// pointer goes.
std::shared_ptr<LeaseRepository> memory_leases();

/// Leases in a SQLite file, shared by any number of processes of one machine (not over a network file system). The file
/// is created if it is missing; Error(storage) if it is not a database, belongs to another application of SQLite, or
/// cannot be written. `application` names the table within the file, so that several applications can share one.
std::shared_ptr<LeaseRepository> sqlite_leases(std::string path, std::string application);

/// How `dynamodb_leases` creates its table where there is none. A table that exists is used as it is, except for
/// `point_in_time_recovery`, which is turned on there as well, as the KCL does.
struct DynamoDbTableOptions {
  /// Capacity units a second; both or neither. Absent: pay per request. The KCL's provisioned default is 10 and 10.
  std::optional<std::int64_t> read_capacity = std::nullopt;
  std::optional<std::int64_t> write_capacity = std::nullopt;
  /// Key and value of each tag.
  std::map<std::string, std::string> tags = {};
  /// The table cannot be deleted until this is turned off.
  bool deletion_protection = false;
  /// Continuous backups. An endpoint that does not know them is used without.
  bool point_in_time_recovery = false;
};

/// Leases in a DynamoDB table with the KCL's attributes, which both can share; the table is created on demand.
/// Attributes it does not know stay as they are, and rows of another `entityType` are not touched. Throws
/// Error(invalid_argument) if one capacity is set and not the other, or not positive.
std::shared_ptr<LeaseRepository> dynamodb_leases(Client client, std::string table, DynamoDbTableOptions options = {});

}  // namespace kinesis
