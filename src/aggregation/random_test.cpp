// Random records through our writer and libprotobuf's reader and the other way round; random bytes judged as the KCL
// does.
#include "core/random.hpp"

#include "aggregation/aggregate_writer.hpp"
#include "aggregation/deaggregator.hpp"
#include "core/hex.hpp"
#include "kpl_oracle/kpl_oracle.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace kinesis::aggregation {
namespace {

using core::Random;
using core::Uint128;
using kpl_oracle::UserRecord;

std::string random_key(Random& random) {
  static const char* const letters[] = {"a", "Z", "0", "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x8e\x89", "\x01"};
  std::string key;
  const std::uint64_t size = random.chance(0.1) ? random.below(256) : random.below(8);
  for (std::uint64_t i = 0; i <= size; ++i) key += letters[random.below(std::size(letters))];
  return key;
}

Uint128 random_hash_key(Random& random) {
  switch (random.below(4)) {
    case 0:
      return random.below(100);
    case 1:
      return Uint128::max() - random.below(3);
    default:
      return {random(), random()};
  }
}

std::string random_data(Random& random) {
  constexpr std::size_t sizes[] = {0, 1, 30, 126, 127, 128, 129, 300, 16'383, 16'384, 20'000};
  const std::size_t most = sizes[random.below(random.chance(0.05) ? std::size(sizes) : 8)];
  std::string data(most == 0 ? 0 : random.below(most) + 1, '\0');
  for (char& c : data) c = static_cast<char>(random());
  return data;
}

/// Records that share keys now and then.
std::vector<UserRecord> random_records(Random& random, std::size_t most) {
  std::vector<UserRecord> records;
  const std::uint64_t count = 1 + random.below(most);
  const double repeat = random.unit();
  for (std::uint64_t i = 0; i < count; ++i) {
    UserRecord record;
    const bool again = i > 0 && random.chance(repeat);
    record.partition_key = again ? records[random.below(i)].partition_key : random_key(random);
    if (again && random.chance(0.5)) {
      record.explicit_hash_key = records[random.below(i)].explicit_hash_key;
    } else if (random.chance(0.3)) {
      record.explicit_hash_key = random_hash_key(random).to_string();
    }
    record.data = random_data(random);
    records.push_back(std::move(record));
  }
  return records;
}

std::optional<Uint128> number(const std::optional<std::string>& decimal) {
  return decimal ? Uint128::parse(*decimal) : std::nullopt;
}

UserRecord owned(const UserRecordView& view) {
  UserRecord record{std::string(view.partition_key), std::nullopt, std::string(as_text(view.data))};
  if (view.explicit_hash_key) record.explicit_hash_key = std::string(*view.explicit_hash_key);
  return record;
}

std::vector<UserRecord> owned(std::span<const UserRecordView> views) {
  std::vector<UserRecord> records;
  for (const UserRecordView& view : views) records.push_back(owned(view));
  return records;
}

TEST(RandomTest, LibprotobufReadsWhatWeWriteAndWritesTheSame) {
  Random random(20);
  AggregateWriter writer;  // one for all: nothing of one aggregate is left in the next
  for (int round = 0; round < 400; ++round) {
    const std::vector<UserRecord> records = random_records(random, 60);
    writer.clear();
    for (const UserRecord& record : records) {
      const std::size_t ahead =
          writer.size_with(hashed(record.partition_key), number(record.explicit_hash_key), record.data.size());
      writer.add(hashed(record.partition_key), number(record.explicit_hash_key), as_bytes(record.data));
      ASSERT_EQ(writer.size(), ahead);
    }
    Bytes out;
    writer.finish(out);
    ASSERT_EQ(out.size(), writer.size());
    ASSERT_EQ(kpl_oracle::read(out), records) << round;
    ASSERT_TRUE(as_text(out) == kpl_oracle::write(records)) << round;
  }
}

TEST(RandomTest, LimitsAreNeverExceededAndNothingIsLost) {
  Random random(21);
  for (int round = 0; round < 300; ++round) {
    const AggregateLimits limits{.bytes = 64 + random.below(5'000), .records = 1 + random.below(40)};
    AggregateWriter writer;
    std::vector<UserRecord> read;
    std::vector<UserRecord> alone;
    const auto finish = [&] {
      if (writer.empty()) return;
      Bytes out;
      writer.finish(out);
      ASSERT_LE(out.size(), limits.bytes);
      ASSERT_EQ(out.size(), writer.size());
      const auto part = kpl_oracle::read(out);
      ASSERT_TRUE(part);
      ASSERT_EQ(part->size(), writer.records());
      ASSERT_LE(part->size(), limits.records);
      read.insert(read.end(), part->begin(), part->end());
      writer.clear();
    };
    std::vector<UserRecord> wanted;
    for (const UserRecord& record : random_records(random, 100)) {
      const auto explicit_hash_key = number(record.explicit_hash_key);
      const bool fits =
          writer.records() < limits.records &&
          writer.size_with(hashed(record.partition_key), explicit_hash_key, record.data.size()) <= limits.bytes;
      ASSERT_EQ(writer.try_add(hashed(record.partition_key), explicit_hash_key, as_bytes(record.data), limits), fits);
      if (!fits) {
        finish();
        if (!writer.try_add(hashed(record.partition_key), explicit_hash_key, as_bytes(record.data), limits)) continue;
      }
      wanted.push_back(record);
    }
    finish();
    ASSERT_EQ(read, wanted);
  }
}

TEST(RandomTest, WeReadWhatLibprotobufWrites) {
  Random random(22);
  AggregateReader reader;
  for (int round = 0; round < 400; ++round) {
    const std::vector<UserRecord> records = random_records(random, 60);
    const std::string data = kpl_oracle::write(records);
    std::vector<UserRecordView> views;
    ASSERT_TRUE(checksum_matches(as_bytes(data)));
    ASSERT_EQ(reader.read(as_bytes(data), views), ReadOutcome::user_records);
    ASSERT_EQ(owned(views), records);
  }
}

/// Changes a few bytes of the message and makes the checksum right again.
std::string damaged(Random& random, const std::string& data) {
  std::string message = data.substr(4, data.size() - 20);
  for (std::uint64_t i = random.below(4); i > 0 && !message.empty(); --i) {
    const std::size_t at = random.below(message.size());
    switch (random.below(4)) {
      case 0:
        message.erase(at, 1 + random.below(3));
        break;
      case 1:
        message.insert(at, 1, static_cast<char>(random()));
        break;
      case 2:
        message[at] = static_cast<char>(random.below(8));
        break;
      default:
        message[at] = static_cast<char>(message[at] ^ (1 << random.below(8)));
    }
  }
  return kpl_oracle::envelope(message);
}

/// Whether the message has what libprotobuf for C++, the oracle, judges otherwise than Java or than we do: groups, and
/// tags or lengths of more than five bytes. Looks no further than the first thing that is wrong.
bool has_oddities(BytesView message, int depth = 0) {
  std::size_t at = 0;
  std::size_t bytes = 0;
  const auto varint = [&] {
    std::uint64_t value = 0;
    for (bytes = 0; at < message.size() && bytes < 10;) {
      const auto byte = std::to_integer<std::uint64_t>(message[at++]);
      value |= (byte & 0x7f) << (7 * bytes++);
      if (byte < 0x80) return value;
    }
    at = message.size();
    return value;
  };
  while (at < message.size()) {
    const std::uint64_t tag = varint();
    if (bytes > 5 || (tag & 7) == 3 || (tag & 7) == 4) return true;
    if ((tag & 7) == 0) varint();
    if ((tag & 7) == 1) at += 8;
    if ((tag & 7) == 5) at += 4;
    if ((tag & 7) != 2) continue;
    const std::uint64_t size = varint();
    if (bytes > 5) return true;
    if (size > message.size() - at) return false;
    const bool nested = tag == (depth == 0 ? 0x1au : 0x22u) && depth < 2;
    if (nested && has_oddities(message.subspan(at, size), depth + 1)) return true;
    at += size;
  }
  return false;
}

void expect_as_the_kcl(const kpl_oracle::KclAnswer& kcl, const ReadRecord& read,
                       std::span<const UserRecordView> records) {
  if (kcl.raw) {
    EXPECT_EQ(read.form, RecordForm::raw);
  } else if (kcl.broke_off) {
    EXPECT_EQ(read.form, RecordForm::malformed);
  } else if (kcl.dropped) {
    // A later record may be malformed, which the KCL then does not notice.
    EXPECT_TRUE(read.form == RecordForm::out_of_range || read.form == RecordForm::malformed);
  } else {
    ASSERT_EQ(read.form, RecordForm::user_records);
    EXPECT_EQ(owned(records.subspan(read.first, read.count)), kcl.records);
  }
}

TEST(RandomTest, JudgesDamagedAggregatesAsTheKclDoes) {
  Random random(23);
  Deaggregator deaggregator;
  std::array<int, 4> seen{};
  for (int round = 0; round < 600; ++round) {
    std::vector<std::string> datas;
    for (std::uint64_t i = 1 + random.below(20); i > 0; --i)
      datas.push_back(damaged(random, kpl_oracle::write(random_records(random, 4))));
    std::vector<BytesView> views;
    for (const std::string& data : datas) views.push_back(as_bytes(data));
    HashRange range;
    if (random.chance(0.7)) range = {Uint128(random() >> 2, random()), Uint128(~(random() >> 2), random())};
    const auto read = deaggregator.read(views, range);
    for (std::size_t i = 0; i < datas.size(); ++i) {
      SCOPED_TRACE(core::to_hex(message_of(views[i])));
      if (has_oddities(message_of(views[i]))) continue;
      const auto kcl = kpl_oracle::deaggregate_like_kcl(views[i], range.first.to_string(), range.last.to_string());
      expect_as_the_kcl(kcl, read[i], deaggregator.user_records());
      ++seen[static_cast<std::size_t>(read[i].form)];
      if (HasFailure()) return;
    }
  }
  for (const int count : seen) EXPECT_GT(count, 100);
}

}  // namespace
}  // namespace kinesis::aggregation
