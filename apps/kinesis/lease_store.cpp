#include "lease_store.hpp"

#include <kinesis/dynamodb.hpp>
#include <kinesis/lease_repositories.hpp>

#include <filesystem>
#include <string_view>

namespace kinesis::tool {
namespace {

constexpr std::string_view sqlite_prefix = "sqlite:";
constexpr std::string_view dynamodb_prefix = "dynamodb:";

bool names_file(const std::string& where) {
  return where.starts_with(sqlite_prefix) && where.size() > sqlite_prefix.size();
}
bool names_table(const std::string& where) {
  return where.starts_with(dynamodb_prefix) && where.size() > dynamodb_prefix.size();
}
std::string file_of(const std::string& where) { return where.substr(sqlite_prefix.size()); }
std::string table_of(const std::string& where, const std::string& application) {
  return names_table(where) ? where.substr(dynamodb_prefix.size()) : application;
}

}  // namespace

std::shared_ptr<LeaseRepository> open_leases(const std::string& where, const std::string& application,
                                             const Client& client) {
  if (where == "memory") return memory_leases();
  if (names_file(where)) return sqlite_leases(file_of(where), application);
  if (where == "dynamodb" || names_table(where)) return dynamodb_leases(client, table_of(where, application));
  throw Error(errc::invalid_argument, "--leases \"" + where + "\": write sqlite:FILE, memory, or dynamodb:TABLE");
}

std::string lease_place(const std::string& where, const std::string& application) {
  return names_file(where) ? file_of(where) : "the table " + table_of(where, application);
}

core::awaitable<std::shared_ptr<LeaseRepository>> open_existing_leases(std::string where, std::string application,
                                                                       Client client) {
  if (where == "memory")
    throw Error(errc::invalid_argument, "--leases memory: those of another process cannot be seen");
  if (application.empty() && !names_table(where))
    throw Error(errc::invalid_argument, "--application is missing: whose leases?");
  if (!application.empty()) const ApplicationName checked(application);
  std::shared_ptr<LeaseRepository> leases = open_leases(where, application, client);
  if (names_file(where)) {
    if (!std::filesystem::exists(file_of(where)))
      throw Error(errc::not_found, "there is no file " + file_of(where) + " with leases");
    co_await leases->prepare();
    co_return leases;
  }
  // Never prepared: that would create the table.
  dynamodb::DescribeTableRequest request(table_of(where, application));
  auto described = co_await client.dynamodb().describe_table(std::move(request));
  if (!described && described.error().code() == errc::not_found)
    throw Error(errc::not_found, "there is no lease table " + table_of(where, application) +
                                     " in DynamoDB: no worker has started yet, or it has another name");
  if (!described && described.error().code() == errc::unsupported)
    throw Error(errc::unsupported, "the endpoint has no DynamoDB; name other leases with --leases sqlite:FILE");
  if (!described) throw described.error().with_context("describing the lease table " + table_of(where, application));
  co_return leases;
}

}  // namespace kinesis::tool
