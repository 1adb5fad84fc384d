#include <kinesis/log.hpp>

#include <cstdio>

namespace kinesis {
namespace {

/// One line stays one line, whatever a peer put into it.
void append_printable(std::string& out, std::string_view text) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte != 0x7f) {
      out.push_back(c);
    } else {
      static constexpr char digits[] = "0123456789abcdef";
      out += "\\x";
      out.push_back(digits[byte >> 4]);
      out.push_back(digits[byte & 15]);
    }
  }
}

}  // namespace

std::string_view to_string(LogLevel level) noexcept {
  switch (level) {
    case LogLevel::trace:
      return "trace";
    case LogLevel::debug:
      return "debug";
    case LogLevel::info:
      return "info";
    case LogLevel::warning:
      return "warning";
    case LogLevel::error:
      return "error";
    case LogLevel::off:
      return "off";
  }
  return "unknown";
}

Log::Log(LogLevel level, Sink sink)
    : level_(level), sink_(sink ? std::make_shared<const Sink>(std::move(sink)) : nullptr) {}

Log Log::to_stderr(LogLevel level) {
  return Log(level, [](const LogRecord& record) {
    std::string line;
    line += to_string(record.level);
    line += " [";
    line += record.component;
    line += "] ";
    append_printable(line, record.message);
    for (const LogField& field : record.fields) {
      line += ' ';
      line += field.name;
      line += '=';
      append_printable(line, field.value);
    }
    line += '\n';
    // One call, so that lines of several threads do not mix.
    std::fwrite(line.data(), 1, line.size(), stderr);
  });
}

void Log::write(LogLevel level, std::string_view component, std::string_view message,
                const std::vector<LogField>& fields) const {
  if (level == LogLevel::off || !enabled(level)) return;
  (*sink_)(LogRecord{level, component, message, fields});
}

}  // namespace kinesis
