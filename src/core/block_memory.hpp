#pragma once

#include <kinesis/bytes.hpp>
#include <kinesis/detail/block_memory.hpp>

namespace kinesis::core {

/// A copy of `bytes` in a block.
Blob copy_to_block(BytesView bytes);

}  // namespace kinesis::core
