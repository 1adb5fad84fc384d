#include "emulator/record_log.hpp"

#include "aws/json_writer.hpp"
#include "core/digest.hpp"
#include "core/hex.hpp"

#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <fcntl.h>
#include <mutex>
#include <optional>
#include <thread>
#include <unistd.h>

namespace kinesis::emulator {
namespace {

constexpr std::size_t most_buffered = 256 << 10;
constexpr std::size_t most_waiting = 4 << 20;
constexpr auto flush_period = std::chrono::milliseconds(50);

}  // namespace

std::string to_line(const AcceptedRecord& record) {
  std::string out;
  aws::JsonWriter json(out);
  json.begin_object().key("stream").plain_string(record.stream).key("shard").plain_string(record.shard_id);
  json.key("sequence_number").plain_string(record.sequence_number).key("partition_key").string(record.partition_key);
  json.key("explicit_hash_key");
  if (record.explicit_hash_key.empty()) {
    json.null();
  } else {
    json.plain_string(record.explicit_hash_key);
  }
  json.key("data_sha256").plain_string(core::to_hex(core::sha256(as_bytes(record.data))));
  const auto millis = std::chrono::floor<std::chrono::milliseconds>(record.accepted).time_since_epoch().count();
  json.key("accepted_ms").integer(millis).end_object();
  return out += '\n';
}

struct RecordLog::State {
  std::string path;
  Log log;
  int file = -1;
  std::mutex mutex;  // of the buffer
  std::condition_variable changed;
  std::string buffer;
  bool stopping = false;
  std::mutex write_mutex;  // of the file; taken before the other
  std::optional<Error> failure;
  std::thread writer;

  void write_all() {
    const std::lock_guard writing(write_mutex);
    std::string bytes;
    {
      const std::lock_guard lock(mutex);
      bytes.swap(buffer);
    }
    if (failure) return;
    for (std::string_view rest = bytes; !rest.empty();) {
      const ssize_t written = ::write(file, rest.data(), rest.size());
      if (written < 0) {
        if (errno == EINTR) continue;
        failure = Error(errc::storage, path + ": " + std::strerror(errno));
        log.write(LogLevel::error, "emulator", "the record log cannot be written any more",
                  {{"error", failure->message()}});
        return;
      }
      rest.remove_prefix(static_cast<std::size_t>(written));
    }
  }

  void run() {
    std::unique_lock lock(mutex);
    while (!stopping) {
      changed.wait(lock, [this] { return stopping || !buffer.empty(); });
      changed.wait_for(lock, flush_period, [this] { return stopping || buffer.size() >= most_buffered; });
      lock.unlock();
      write_all();
      lock.lock();
    }
  }
};

RecordLog::RecordLog(std::string path, Log log) : state_(std::make_unique<State>()) {
  state_->path = std::move(path);
  state_->log = std::move(log);
  state_->file = ::open(state_->path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (state_->file < 0) throw Error(errc::storage, state_->path + ": " + std::strerror(errno));
  state_->writer = std::thread([state = state_.get()] { state->run(); });
}

RecordLog::~RecordLog() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  state_->changed.notify_all();
  state_->writer.join();
  state_->write_all();
  ::close(state_->file);
}

void RecordLog::add(const AcceptedRecord& record) {
  const std::string line = to_line(record);
  bool wake = false;
  bool full = false;
  {
    const std::lock_guard lock(state_->mutex);
    wake = state_->buffer.empty() || state_->buffer.size() + line.size() >= most_buffered;
    state_->buffer += line;
    full = state_->buffer.size() >= most_waiting;
  }
  if (wake) state_->changed.notify_all();
  // The disk is slower than the records come: whoever brings them waits for it.
  if (full) state_->write_all();
}

Result<void> RecordLog::flush() {
  state_->write_all();
  const std::lock_guard writing(state_->write_mutex);
  if (state_->failure) return *state_->failure;
  return {};
}

}  // namespace kinesis::emulator
