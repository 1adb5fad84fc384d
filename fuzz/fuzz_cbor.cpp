// CBOR from the network: every described type, and the fast readers against the generic one.
#include "aws/cbor.hpp"
#include "aws/cbor_format.hpp"
#include "aws/dynamodb_shapes.hpp"
#include "aws/kinesis_shapes.hpp"
#include "aws/records_cbor.hpp"

#include <cstdlib>

using namespace kinesis;
using namespace kinesis::aws;

namespace {

// What was read can be written, and reads as the same again.
template <class T>
void read_and_write(const Blob& input) {
  const auto value = from_cbor<T>(input);
  if (!value) return;
  const std::string written = to_cbor(*value);
  const auto again = from_cbor<T>(Blob(written));
  if (!again || to_cbor(*again) != written) std::abort();
}

template <class T>
void expect_same(const Result<T>& fast, const Result<T>& generic) {
  if (fast.has_value() != generic.has_value()) std::abort();
  if (fast && to_cbor(*fast) != to_cbor(*generic)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const Blob input = Blob::copy_of(BytesView(reinterpret_cast<const std::byte*>(data), size));
  cbor::Reader reader(input.bytes());
  reader.skip_next();

  read_and_write<GetRecordsResponse>(input);
  read_and_write<PutRecordsRequest>(input);
  read_and_write<DescribeStreamResponse>(input);
  read_and_write<ListTagsForStreamResponse>(input);
  read_and_write<AddTagsToStreamRequest>(input);
  read_and_write<dynamodb::UpdateItemRequest>(input);

  expect_same(read_get_records_cbor(input), from_cbor<GetRecordsResponse>(input));
  expect_same(read_subscribe_event_cbor(input), from_cbor<SubscribeToShardEvent>(input));
  expect_same(read_put_records_answer_cbor(input), from_cbor<PutRecordsResponse>(input));

  const auto view = read_put_records_cbor(input);
  const auto request = from_cbor<PutRecordsRequest>(input, Missing::refused);
  if (view && (!request || view->records.size() != request->records.size())) std::abort();
  for (std::size_t i = 0; view && i < view->records.size(); ++i) {
    const auto& entry = request->records[i];
    if (as_text(view->records[i].data) != entry.data.text() || view->records[i].partition_key != entry.partition_key)
      std::abort();
  }

  BytesView fragments = input.bytes();
  StoredRecordView record;
  while (read_record_cbor(fragments, record)) {
  }
  return 0;
}
