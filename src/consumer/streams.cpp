#include <kinesis/streams.hpp>

#include <set>
#include <string>

namespace kinesis {

Streams Streams::several(std::vector<StreamWithStart> streams) {
  if (streams.empty()) throw Error(errc::invalid_argument, "Streams::several needs at least one stream");
  // An ARN and a name may be the same stream: its keys would tell, but only once the service was asked.
  std::set<std::string> seen;
  for (const StreamWithStart& one : streams)
    if (!seen.insert(one.stream.text()).second)
      throw Error(errc::invalid_argument, "Streams::several names " + one.stream.text() + " twice");
  Streams out;
  out.all_ = std::move(streams);
  out.several_ = true;
  return out;
}

}  // namespace kinesis
