// Our aggregates for libraries of others, and theirs for ours; driven by aggregation_test.py. Lines on stdin and
// stdout, their words in base64, "-" for none.
//   aggregates write   PARTITION_KEY EXPLICIT_HASH_KEY DATA a user record; an empty line ends an aggregate. Prints
//   each. aggregates read    an aggregate a line. Prints its user records as above, and an empty line.
#include "aggregation/aggregate_writer.hpp"
#include "aggregation/deaggregator.hpp"
#include "core/base64.hpp"

#include <iostream>
#include <sstream>
#include <string>

namespace {

using namespace kinesis;
using namespace kinesis::aggregation;

std::string decoded(const std::string& word) {
  if (word == "-") return {};
  return std::string(as_text(core::base64_decode(word).value()));
}

std::string encoded(BytesView bytes) { return bytes.empty() ? "-" : core::base64_encode(bytes); }

void write() {
  AggregateWriter writer;
  for (std::string line; std::getline(std::cin, line);) {
    if (line.empty()) {
      Bytes out;
      writer.finish(out);
      std::cout << core::base64_encode(out) << "\n";
      writer.clear();
      continue;
    }
    std::istringstream words(line);
    std::string key;
    std::string explicit_hash_key;
    std::string data;
    words >> key >> explicit_hash_key >> data;
    std::optional<core::Uint128> number;
    if (explicit_hash_key != "-") number = core::Uint128::parse(decoded(explicit_hash_key)).value();
    writer.add(hashed(decoded(key)), number, as_bytes(decoded(data)));
  }
}

int read() {
  Deaggregator deaggregator;
  for (std::string line; std::getline(std::cin, line);) {
    const std::string data = decoded(line);
    const BytesView view = as_bytes(data);
    if (deaggregator.read({&view, 1}, {})[0].form != RecordForm::user_records) return 1;
    for (const UserRecordView& record : deaggregator.user_records()) {
      std::cout << encoded(as_bytes(record.partition_key)) << " "
                << (record.explicit_hash_key ? encoded(as_bytes(*record.explicit_hash_key)) : "-") << " "
                << encoded(record.data) << "\n";
    }
    std::cout << "\n";
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string mode = argc > 1 ? argv[1] : "";
  if (mode == "read") return read();
  if (mode == "write") return write(), 0;
  std::cerr << "usage: aggregates write|read\n";
  return 2;
}
