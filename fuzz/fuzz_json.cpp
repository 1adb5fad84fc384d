// JSON from the network: described types, ad-hoc documents, and the fast readers against the generic one.
#include "aws/cloudwatch_shapes.hpp"
#include "aws/dynamodb_shapes.hpp"
#include "aws/json_format.hpp"
#include "aws/json_value.hpp"
#include "aws/kinesis_shapes.hpp"
#include "aws/records_json.hpp"

#include <cstdlib>
#include <vector>

using namespace kinesis;
using namespace kinesis::aws;

namespace {

// What was read can be written, and reads as the same again.
template <class T>
void read_and_write(std::string_view input) {
  const auto value = from_json<T>(input);
  if (!value) return;
  const std::string written = to_json(*value);
  const auto again = from_json<T>(written);
  if (!again || to_json(*again) != written) std::abort();
}

// The fast readers do not look into what they skip, so they may accept more; what both accept is the same.
template <class T>
void expect_same(const Result<T>& fast, const Result<T>& generic) {
  if (generic && (!fast || to_json(*fast) != to_json(*generic))) std::abort();
}

void walk(const JsonValue& value, int depth) {
  (void)value.as_string();
  (void)value.as_integer();
  (void)value.as_number();
  (void)value.as_bool();
  if (depth > 20) return;
  for (const auto& element : value.elements()) walk(element, depth + 1);
  for (const auto& [name, member] : value.members()) walk(member, depth + 1);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto document = JsonValue::parse(input);
  if (document) {
    walk(*document, 0);
    if (!JsonValue::parse(document->to_json())) std::abort();
  }

  read_and_write<GetRecordsResponse>(input);
  read_and_write<PutRecordsRequest>(input);
  read_and_write<DescribeStreamResponse>(input);
  read_and_write<dynamodb::UpdateItemRequest>(input);
  read_and_write<dynamodb::ScanResponse>(input);
  read_and_write<cloudwatch::PutMetricDataRequest>(input);

  for (const Padding padding : {Padding::none, Padding::at_least_64_bytes}) {
    auto owner = std::make_shared<std::vector<char>>(input.begin(), input.end());
    owner->resize(input.size() + (padding == Padding::none ? 0 : 64), '"');
    const Blob body(as_bytes(std::string_view(owner->data(), input.size())), owner);
    expect_same(read_get_records_json(body, padding), from_json<GetRecordsResponse>(input));
    expect_same(read_subscribe_event_json(body, padding), from_json<SubscribeToShardEvent>(input));
    expect_same(read_put_records_answer_json(body, padding), from_json<PutRecordsResponse>(input));
    const auto view = read_put_records_json(body, padding);
    const auto request = from_json<PutRecordsRequest>(input, Padding::none, Missing::refused);
    if (request && !view && request->records.size() <= max_put_records) std::abort();
    for (std::size_t i = 0; request && view && i < view->records.size(); ++i) {
      const auto& entry = request->records[i];
      if (as_text(view->records[i].data) != entry.data.text() || view->records[i].partition_key != entry.partition_key)
        std::abort();
    }
  }
  return 0;
}
