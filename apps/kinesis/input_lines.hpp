#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <vector>

namespace kinesis::tool {

/// The lines of a file, or of standard input for "-", without their newline; a last line without one counts. Blocks.
/// Throws Error: storage if it cannot be read, too_large for a line over `max_line` bytes, naming file and line; no
/// more than that is read of it.
class InputLines {
 public:
  InputLines(const std::string& path, std::size_t max_line);
  ~InputLines();
  InputLines(const InputLines&) = delete;
  InputLines& operator=(const InputLines&) = delete;

  /// Empty at the end.
  std::optional<std::string> next();
  /// Of the line `next` gave, from 1.
  std::uint64_t line() const noexcept { return line_; }
  std::uint64_t bytes_read() const noexcept { return bytes_; }
  /// Size of the file; empty if it has none, such as a pipe.
  std::optional<std::uint64_t> total_bytes() const;
  const std::string& name() const noexcept { return name_; }

 private:
  /// Reads on; false at the end. Returns with what there is, so that a pipe's line is there as soon as it was written.
  bool fill();

  std::string name_;
  std::size_t max_line_;
  std::FILE* file_;
  // What was read and not given out yet: [begin_, end_).
  std::vector<char> buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::uint64_t line_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace kinesis::tool
