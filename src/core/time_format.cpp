#include "core/time_format.hpp"

#include <array>
#include <cstdint>

namespace kinesis::core {
namespace {

using namespace std::chrono;

constexpr std::array<std::string_view, 12> month_names = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::array<std::string_view, 7> day_names = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                       "Thursday", "Friday", "Saturday"};

struct Civil {
  int year = 0;
  unsigned month = 0;
  unsigned day = 0;
  unsigned hour = 0;
  unsigned minute = 0;
  unsigned second = 0;
  unsigned nanosecond = 0;
  unsigned weekday = 0;
};

Civil civil_of(WallTime time) {
  const auto days = floor<std::chrono::days>(time);
  const year_month_day date(days);
  const hh_mm_ss<nanoseconds> clock(duration_cast<nanoseconds>(time - days));
  Civil civil;
  civil.year = static_cast<int>(date.year());
  civil.month = static_cast<unsigned>(date.month());
  civil.day = static_cast<unsigned>(date.day());
  civil.hour = static_cast<unsigned>(clock.hours().count());
  civil.minute = static_cast<unsigned>(clock.minutes().count());
  civil.second = static_cast<unsigned>(clock.seconds().count());
  civil.nanosecond = static_cast<unsigned>(clock.subseconds().count());
  civil.weekday = std::chrono::weekday(days).c_encoding();
  return civil;
}

std::optional<WallTime> time_of(const Civil& civil, seconds offset = seconds(0)) noexcept {
  const year_month_day date{year(civil.year), month(civil.month), day(civil.day)};
  // 60 is a leap second; the clock has none, so it is the next minute's first.
  if (!date.ok() || civil.hour > 23 || civil.minute > 59 || civil.second > 60) return std::nullopt;
  if (civil.year < 1678 || civil.year > 2261) return std::nullopt;
  const auto whole = sys_days(date) + hours(civil.hour) + minutes(civil.minute) + seconds(civil.second) - offset;
  return WallTime(duration_cast<WallTime::duration>(whole.time_since_epoch()) +
                  duration_cast<WallTime::duration>(nanoseconds(civil.nanosecond)));
}

void append_number(std::string& out, unsigned value, unsigned digits) {
  const std::size_t end = out.size() + digits;
  out.resize(end);
  for (unsigned i = 1; i <= digits; ++i) {
    out[end - i] = static_cast<char>('0' + value % 10);
    value /= 10;
  }
}

void append_clock(std::string& out, const Civil& civil) {
  append_number(out, civil.hour, 2);
  append_number(out += ':', civil.minute, 2);
  append_number(out += ':', civil.second, 2);
}

/// Eats a text from its front; every step says whether it went well.
class Scanner {
 public:
  explicit Scanner(std::string_view text) noexcept : rest_(text) {}

  bool done() const noexcept { return rest_.empty(); }
  bool literal(std::string_view expected) noexcept {
    if (!rest_.starts_with(expected)) return false;
    rest_.remove_prefix(expected.size());
    return true;
  }
  bool one_of(std::string_view characters) noexcept {
    if (rest_.empty() || characters.find(rest_.front()) == std::string_view::npos) return false;
    rest_.remove_prefix(1);
    return true;
  }
  char front() const noexcept { return rest_.empty() ? '\0' : rest_.front(); }
  bool digit() const noexcept { return front() >= '0' && front() <= '9'; }

  /// Exactly `digits` digits.
  template <class Number>
  bool number(int digits, Number& out) noexcept {
    Number value = 0;
    for (int i = 0; i < digits; ++i) {
      if (!digit()) return false;
      value = value * 10 + static_cast<Number>(front() - '0');
      rest_.remove_prefix(1);
    }
    out = value;
    return true;
  }
  /// Two digits, or a space and one.
  bool padded(unsigned& out) noexcept { return literal(" ") ? number(1, out) : number(2, out); }

  bool month(unsigned& out) noexcept {
    for (unsigned i = 0; i < month_names.size(); ++i) {
      if (literal(month_names[i])) {
        out = i + 1;
        return true;
      }
    }
    return false;
  }
  bool weekday(bool in_full) noexcept {
    for (const std::string_view name : day_names) {
      if (literal(in_full ? name : name.substr(0, 3))) return true;
    }
    return false;
  }
  bool clock(Civil& civil) noexcept {
    return number(2, civil.hour) && literal(":") && number(2, civil.minute) && literal(":") && number(2, civil.second);
  }

 private:
  std::string_view rest_;
};

bool fraction(Scanner& scanner, unsigned& nanosecond) noexcept {
  if (!scanner.one_of(".,")) return true;
  if (!scanner.digit()) return false;
  unsigned value = 0;
  int digits = 0;
  for (; scanner.digit(); ++digits) {
    unsigned digit = 0;
    scanner.number(1, digit);
    if (digits == 9) return false;
    value = value * 10 + digit;
  }
  for (; digits < 9; ++digits) value *= 10;
  nanosecond = value;
  return true;
}

bool zone(Scanner& scanner, seconds& offset) noexcept {
  if (scanner.literal("Z") || scanner.literal("UTC")) return true;
  const bool west = scanner.front() == '-';
  if (!scanner.one_of("+-")) return false;
  unsigned hour = 0;
  unsigned minute = 0;
  if (!scanner.number(2, hour)) return false;
  scanner.literal(":");
  if (!scanner.number(2, minute) || hour > 23 || minute > 59) return false;
  offset = hours(hour) + minutes(minute);
  if (west) offset = -offset;
  return true;
}

}  // namespace

std::string format_iso8601(WallTime time) {
  const Civil c = civil_of(time);
  std::string text;
  text.reserve(24);
  append_number(text, static_cast<unsigned>(c.year), 4);
  append_number(text += '-', c.month, 2);
  append_number(text += '-', c.day, 2);
  text += 'T';
  append_clock(text, c);
  append_number(text += '.', c.nanosecond / 1'000'000, 3);
  return text += 'Z';
}

std::optional<WallTime> parse_iso8601(std::string_view text) noexcept {
  Scanner scanner(text);
  Civil civil;
  seconds offset(0);
  const bool good = scanner.number(4, civil.year) && scanner.literal("-") && scanner.number(2, civil.month) &&
                    scanner.literal("-") && scanner.number(2, civil.day) && scanner.one_of("Tt ") &&
                    scanner.clock(civil) && fraction(scanner, civil.nanosecond) && zone(scanner, offset) &&
                    scanner.done();
  if (!good) return std::nullopt;
  return time_of(civil, offset);
}

std::string format_amz_date(WallTime time) {
  const Civil c = civil_of(time);
  std::string text;
  text.reserve(16);
  append_number(text, static_cast<unsigned>(c.year), 4);
  append_number(text, c.month, 2);
  append_number(text, c.day, 2);
  append_number(text += 'T', c.hour, 2);
  append_number(text, c.minute, 2);
  append_number(text, c.second, 2);
  return text += 'Z';
}

std::optional<WallTime> parse_amz_date(std::string_view text) noexcept {
  Scanner scanner(text);
  Civil civil;
  const bool good = scanner.number(4, civil.year) && scanner.number(2, civil.month) && scanner.number(2, civil.day) &&
                    scanner.literal("T") && scanner.number(2, civil.hour) && scanner.number(2, civil.minute) &&
                    scanner.number(2, civil.second) && scanner.literal("Z") && scanner.done();
  if (!good) return std::nullopt;
  return time_of(civil);
}

std::string format_http_date(WallTime time) {
  const Civil c = civil_of(time);
  std::string text;
  text.reserve(29);
  text.append(day_names[c.weekday].substr(0, 3)).append(", ");
  append_number(text, c.day, 2);
  text.append(" ").append(month_names[c.month - 1]).append(" ");
  append_number(text, static_cast<unsigned>(c.year), 4);
  text += ' ';
  append_clock(text, c);
  return text += " GMT";
}

std::optional<WallTime> parse_http_date(std::string_view text) noexcept {
  Civil civil;
  Scanner now(text);
  if (now.weekday(false) && now.literal(", ") && now.number(2, civil.day) && now.literal(" ") &&
      now.month(civil.month) && now.literal(" ") && now.number(4, civil.year) && now.literal(" ") && now.clock(civil) &&
      now.literal(" GMT") && now.done()) {
    return time_of(civil);
  }
  Scanner rfc850(text);
  if (rfc850.weekday(true) && rfc850.literal(", ") && rfc850.number(2, civil.day) && rfc850.literal("-") &&
      rfc850.month(civil.month) && rfc850.literal("-") && rfc850.number(2, civil.year) && rfc850.literal(" ") &&
      rfc850.clock(civil) && rfc850.literal(" GMT") && rfc850.done()) {
    civil.year += civil.year < 70 ? 2000 : 1900;
    return time_of(civil);
  }
  Scanner asctime(text);
  if (asctime.weekday(false) && asctime.literal(" ") && asctime.month(civil.month) && asctime.literal(" ") &&
      asctime.padded(civil.day) && asctime.literal(" ") && asctime.clock(civil) && asctime.literal(" ") &&
      asctime.number(4, civil.year) && asctime.done()) {
    return time_of(civil);
  }
  return std::nullopt;
}

}  // namespace kinesis::core
