#pragma once

namespace kinesis::core {

/// Marks the current thread, for its lifetime, as one that runs a Client: a blocking wait there would never end, and is
/// refused.
class ClientThreadMark {
 public:
  ClientThreadMark();
  ~ClientThreadMark();
  ClientThreadMark(const ClientThreadMark&) = delete;
  ClientThreadMark& operator=(const ClientThreadMark&) = delete;
};

}  // namespace kinesis::core
