#pragma once

#include <kinesis/error.hpp>

#include <cstddef>
#include <optional>
#include <string>

namespace kinesis::aws {

/// The text of a small file; nothing if there is no such file. Error(storage) if it cannot be read, is no file, or is
/// larger than `most_bytes`; it names the file and never repeats what is in it. Blocks on the disk.
Result<std::optional<std::string>> read_text_file(const std::string& path, std::size_t most_bytes);

}  // namespace kinesis::aws
