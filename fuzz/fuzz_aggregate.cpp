// Data of Kinesis records, which anybody may have written: aggregates, broken ones, and what only begins like one.
#include "aggregation/aggregate_writer.hpp"
#include "aggregation/deaggregator.hpp"
#include "core/md5.hpp"

#include <cstdlib>

using namespace kinesis;
using namespace kinesis::aggregation;

namespace {

// What was read is inside of the bytes it was read from.
void expect_inside(BytesView whole, BytesView part) {
  if (part.empty()) return;
  if (part.data() < whole.data() || part.data() + part.size() > whole.data() + whole.size()) std::abort();
}

// What was read can be written, and reads as the same again.
void rewrite(std::span<const UserRecordView> records) {
  AggregateWriter writer;
  for (const UserRecordView& record : records) {
    std::optional<core::Uint128> explicit_hash_key;
    if (record.explicit_hash_key) {
      explicit_hash_key = core::Uint128::parse(*record.explicit_hash_key);
      if (!explicit_hash_key) return;  // such as "007", which is written in another way
    }
    const HashedKey key = hashed(record.partition_key);
    const std::size_t ahead = writer.size_with(key, explicit_hash_key, record.data.size());
    writer.add(key, explicit_hash_key, record.data);
    if (writer.size() != ahead) std::abort();
  }
  Bytes written;
  writer.finish(written);
  if (written.size() != writer.size() || !checksum_matches(written)) std::abort();
  AggregateReader reader;
  std::vector<UserRecordView> again;
  if (reader.read(written, again) != ReadOutcome::user_records || again.size() != records.size()) std::abort();
  for (std::size_t i = 0; i < again.size(); ++i) {
    if (again[i].partition_key != records[i].partition_key ||
        again[i].explicit_hash_key != records[i].explicit_hash_key ||
        as_text(again[i].data) != as_text(records[i].data))
      std::abort();
  }
}

void judge(BytesView data) {
  static constexpr HashRange half{0, core::Uint128(std::uint64_t{1} << 63, 0)};
  Deaggregator deaggregator;
  const std::array<BytesView, 2> twice = {data, data};
  for (const HashRange& range : {HashRange{}, half}) {
    const auto read = deaggregator.read(twice, range);
    if (read[0].form != read[1].form || read[0].count != read[1].count) std::abort();
    const auto records = deaggregator.user_records().subspan(read[0].first, read[0].count);
    for (const UserRecordView& record : records) {
      expect_inside(data, as_bytes(record.partition_key));
      if (record.explicit_hash_key) expect_inside(data, as_bytes(*record.explicit_hash_key));
      expect_inside(data, record.data);
    }
    const bool kept = read[0].form == RecordForm::user_records;
    if ((kept || read[0].form == RecordForm::out_of_range) && all_within(records, range) != kept) std::abort();
    if (kept && !records.empty()) rewrite(records);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const BytesView input(reinterpret_cast<const std::byte*>(data), size);
  judge(input);
  // The checksum nobody guesses: the same as the message of an aggregate.
  Bytes whole(magic.begin(), magic.end());
  const BytesView message = is_candidate(input) ? message_of(input) : input;
  append(whole, message);
  append(whole, core::md5(message));
  judge(whole);
  return 0;
}
