#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace kinesis {

enum class LogLevel { trace, debug, info, warning, error, off };

std::string_view to_string(LogLevel level) noexcept;

/// A named value beside a log message.
struct LogField {
  std::string_view name;
  std::string value;
};

/// One message. The views are valid during the call of the sink only.
struct LogRecord {
  LogLevel level;
  std::string_view component;  ///< The part of the library that speaks, such as "http" or "leases".
  std::string_view message;
  const std::vector<LogField>& fields;
};

/// Where the library's messages go: a level and a function, shared by copies. By default nowhere. The sink may be
/// called from any thread, must not throw, and should be quick; the library logs per request or batch, never per
/// record, and never a secret.
class Log {
 public:
  using Sink = std::function<void(const LogRecord&)>;

  Log() = default;
  Log(LogLevel level, Sink sink);
  /// Lines on standard error: level, component, message, fields.
  static Log to_stderr(LogLevel level);

  /// Check before composing a message.
  bool enabled(LogLevel level) const noexcept { return sink_ && level >= level_; }
  void write(LogLevel level, std::string_view component, std::string_view message,
             const std::vector<LogField>& fields = {}) const;

 private:
  LogLevel level_ = LogLevel::off;
  std::shared_ptr<const Sink> sink_;
};

}  // namespace kinesis
