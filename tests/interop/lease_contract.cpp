// Holds dynamodb_leases to the contract of lease repositories, against any DynamoDB.
//   lease_contract ENDPOINT_URL TABLE_PREFIX
#include <kinesis/kinesis.hpp>
#include <kinesis/testing/lease_repository_contract.hpp>

#include <cstdio>
#include <exception>
#include <string>

int main(int argc, char** argv) {
  using namespace kinesis;
  if (argc != 3) return 2;
  try {
    ClientOptions options;
    options.region = "us-east-1";
    options.endpoint_url = argv[1];
    options.credentials = static_credentials("any", "thing");
    const Client client(options);
    int table = 0;
    const auto make = [&] {
      DynamoDbTableOptions how;
      if (table % 2 == 1) {
        how.read_capacity = 10;
        how.write_capacity = 10;
        how.tags = {{"application", "contract"}};
      }
      how.point_in_time_recovery = table == 2;
      how.deletion_protection = table == 3;
      return dynamodb_leases(client, argv[2] + std::to_string(table++), how);
    };
    testing::check_lease_repository(make);
    std::printf("kept, with %d tables\n", table);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
