#include "input_lines.hpp"

#include <kinesis/error.hpp>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <sys/stat.h>

namespace kinesis::tool {

InputLines::InputLines(const std::string& path, std::size_t max_line)
    : name_(path == "-" ? "standard input" : path),
      max_line_(max_line),
      file_(path == "-" ? stdin : std::fopen(path.c_str(), "rb")) {
  if (file_ == nullptr) throw Error(errc::storage, "cannot read " + name_ + ": " + std::strerror(errno));
  struct stat status{};
  if (fstat(fileno(file_), &status) == 0 && S_ISDIR(status.st_mode))
    throw Error(errc::storage, "cannot read " + name_ + ": it is a directory");
}

InputLines::~InputLines() {
  std::free(buffer_);
  if (file_ != stdin) std::fclose(file_);
}

std::optional<std::string> InputLines::next() {
  errno = 0;
  const ssize_t size = getline(&buffer_, &capacity_, file_);
  if (size < 0) {
    if (std::ferror(file_) != 0) throw Error(errc::storage, "cannot read " + name_ + ": " + std::strerror(errno));
    return std::nullopt;
  }
  ++line_;
  std::size_t length = static_cast<std::size_t>(size);
  bytes_ += length;
  if (length > 0 && buffer_[length - 1] == '\n') --length;
  if (length > max_line_)
    throw Error(errc::too_large, name_ + ", line " + std::to_string(line_) + ": " + std::to_string(length) +
                                     " bytes are more than a record may have (" + std::to_string(max_line_) + ")");
  return std::string(buffer_, length);
}

std::optional<std::uint64_t> InputLines::total_bytes() const {
  struct stat status{};
  if (fstat(fileno(file_), &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
  return static_cast<std::uint64_t>(status.st_size);
}

}  // namespace kinesis::tool
