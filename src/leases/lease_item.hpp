#pragma once

#include <kinesis/dynamodb.hpp>
#include <kinesis/lease.hpp>

#include <optional>
#include <string>

namespace kinesis::leases {

/// A row of the KCL's lease table as a lease. Empty if it is another kind of row (`entityType` is there and not LEASE);
/// Error(protocol) if what every lease has is missing or of a wrong type.
Result<std::optional<Lease>> lease_of(const dynamodb::AttributeMap& item);

/// The row of a new lease. The attributes and their types are the KCL's; empty ones are left out, as its readers
/// demand.
dynamodb::AttributeMap item_of(const Lease& lease);

/// A lease update as DynamoDB's expressions.
struct UpdateExpressions {
  std::string update;
  std::string condition;
  dynamodb::AttributeMap values;
};
UpdateExpressions expressions_of(const LeaseUpdate& update);

}  // namespace kinesis::leases
