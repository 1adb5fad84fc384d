// Rows of a lease table that other programs write: DynamoDB's answer to GetItem, in JSON.
#include "aws/dynamodb_shapes.hpp"
#include "aws/json_format.hpp"
#include "leases/lease_item.hpp"

#include <cstdlib>

using namespace kinesis;

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto answer = aws::from_json<dynamodb::GetItemResponse>(text);
  if (!answer || !answer->item) return 0;
  const auto lease = leases::lease_of(*answer->item);
  if (!lease || !*lease) return 0;
  // What is understood can be written back.
  const auto again = leases::lease_of(leases::item_of(**lease));
  if (!again || !*again || !(**again == **lease)) std::abort();
  for (const LeaseUpdate& update :
       {LeaseUpdate::renew(**lease), LeaseUpdate::take(**lease, "worker"),
        LeaseUpdate::checkpoint(**lease, (*lease)->checkpoint), LeaseUpdate::release(**lease),
        LeaseUpdate::hand_over(**lease, std::nullopt), LeaseUpdate::cancel_hand_over(**lease)}) {
    if (!update.applies_to(**lease)) std::abort();
    (void)update.apply(**lease);
    if (leases::expressions_of(update).update.empty()) std::abort();
  }
  return 0;
}
