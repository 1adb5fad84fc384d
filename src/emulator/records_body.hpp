#pragma once

#include "aws/protocol.hpp"
#include "aws/records.hpp"
#include "core/buffer_pool.hpp"
#include "emulator/logic/shard_log.hpp"
#include "http/message.hpp"

namespace kinesis::emulator {

/// Head, the records' bytes where they are, tail.
http::Body write_records_cbor(const RecordSlice& slice, aws::RecordsFrame frame);
/// The same in JSON: made anew.
http::Body write_records_json(const RecordSlice& slice, const aws::RecordsFrame& frame, core::BufferPool& buffers);

}  // namespace kinesis::emulator
