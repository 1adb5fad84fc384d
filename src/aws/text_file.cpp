#include "aws/text_file.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

namespace kinesis::aws {
namespace {

/// A descriptor that is closed.
class File {
 public:
  explicit File(const std::string& path) : descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
  ~File() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int get() const noexcept { return descriptor_; }

 private:
  int descriptor_;
};

Error cannot_read(const std::string& path, int reason) {
  return Error(errc::storage, "cannot read " + path + ": " + std::strerror(reason));
}

}  // namespace

Result<std::optional<std::string>> read_text_file(const std::string& path, std::size_t most_bytes) {
  const File file(path);
  if (file.get() < 0) {
    // A directory on the way that is none (HOME=/dev/null) is as good as none.
    if (errno == ENOENT || errno == ENOTDIR) return std::optional<std::string>();
    return cannot_read(path, errno);
  }
  std::string text;
  char piece[4096];
  for (;;) {
    const ssize_t size = ::read(file.get(), piece, sizeof piece);
    if (size == 0) return std::optional<std::string>(std::move(text));
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return cannot_read(path, errno);
    text.append(piece, static_cast<std::size_t>(size));
    if (text.size() > most_bytes)
      return Error(errc::storage, path + " is larger than " + std::to_string(most_bytes) + " bytes");
  }
}

}  // namespace kinesis::aws
