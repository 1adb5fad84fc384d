#pragma once

#include <kinesis/lease.hpp>

#include <memory>
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

/// Leases in a DynamoDB table with the KCL's attributes; the table is created on demand (pay per request).
std::shared_ptr<LeaseRepository> dynamodb_leases(Client client, std::string table);

}  // namespace kinesis
