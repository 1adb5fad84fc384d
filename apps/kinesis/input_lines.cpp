#include "input_lines.hpp"

#include <kinesis/error.hpp>

#include <cerrno>
#include <cstring>
#include <sys/stat.h>
#include <unistd.h>

namespace kinesis::tool {
namespace {

constexpr std::size_t buffer_bytes = 65536;

}  // namespace

InputLines::InputLines(const std::string& path, std::size_t max_line)
    : name_(path == "-" ? "standard input" : path),
      max_line_(max_line),
      file_(path == "-" ? stdin : std::fopen(path.c_str(), "rb")),
      buffer_(buffer_bytes) {
  if (file_ == nullptr) throw Error(errc::storage, "cannot read " + name_ + ": " + std::strerror(errno));
  struct stat status{};
  if (fstat(fileno(file_), &status) == 0 && S_ISDIR(status.st_mode))
    throw Error(errc::storage, "cannot read " + name_ + ": it is a directory");
}

InputLines::~InputLines() {
  if (file_ != stdin) std::fclose(file_);
}

bool InputLines::fill() {
  const ssize_t size = read(fileno(file_), buffer_.data(), buffer_.size());
  if (size < 0) throw Error(errc::storage, "cannot read " + name_ + ": " + std::strerror(errno));
  begin_ = 0;
  end_ = static_cast<std::size_t>(size);
  bytes_ += end_;
  return size > 0;
}

std::optional<std::string> InputLines::next() {
  std::string line;
  bool begun = false;
  for (bool ended = false; !ended && (begin_ != end_ || fill()); begun = true) {
    const char* const from = buffer_.data() + begin_;
    const auto* const newline = static_cast<const char*>(std::memchr(from, '\n', end_ - begin_));
    ended = newline != nullptr;
    const std::size_t size = ended ? static_cast<std::size_t>(newline - from) : end_ - begin_;
    if (line.size() + size > max_line_)
      throw Error(errc::too_large, name_ + ", line " + std::to_string(line_ + 1) +
                                       ": has more bytes than a record may have (" + std::to_string(max_line_) + ")");
    line.append(from, size);
    begin_ += size + (ended ? 1 : 0);
  }
  if (!begun) return std::nullopt;
  ++line_;
  return line;
}

std::optional<std::uint64_t> InputLines::total_bytes() const {
  struct stat status{};
  if (fstat(fileno(file_), &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
  return static_cast<std::uint64_t>(status.st_size);
}

}  // namespace kinesis::tool
