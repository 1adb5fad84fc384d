#include "emulator/logic/iterator.hpp"

#include "emulator/logic/token.hpp"

#include <array>
#include <chrono>
#include <cstdio>

namespace kinesis::emulator {

std::string to_iterator(const ShardPosition& position) {
  TokenWriter writer(TokenKind::shard_iterator);
  writer.number(static_cast<std::uint64_t>(position.issued_millis)).number(position.serial).number(position.shard);
  writer.number(position.index).text(position.stream);
  return std::move(writer).finish();
}

std::optional<ShardPosition> parse_iterator(std::string_view iterator) {
  auto reader = TokenReader::open(TokenKind::shard_iterator, iterator);
  if (!reader) return std::nullopt;
  ShardPosition out;
  out.issued_millis = reader->millis();
  out.serial = reader->number();
  out.shard = static_cast<std::uint32_t>(reader->number());
  out.index = reader->number();
  out.stream = reader->text();
  if (!reader->complete()) return std::nullopt;
  return out;
}

std::string message_time(std::int64_t millis) {
  using namespace std::chrono;
  constexpr std::array<const char*, 7> days = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array<const char*, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const sys_time<milliseconds> time{milliseconds(millis)};
  const auto day = floor<std::chrono::days>(time);
  const year_month_day date{day};
  const hh_mm_ss clock{floor<seconds>(time - day)};
  std::array<char, 64> out{};
  const int size =
      std::snprintf(out.data(), out.size(), "%s %s %02u %02d:%02d:%02d UTC %d", days[weekday{day}.c_encoding()],
                    months[static_cast<unsigned>(date.month()) - 1], static_cast<unsigned>(date.day()),
                    static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                    static_cast<int>(clock.seconds().count()), static_cast<int>(date.year()));
  return {out.data(), static_cast<std::size_t>(size)};
}

}  // namespace kinesis::emulator
