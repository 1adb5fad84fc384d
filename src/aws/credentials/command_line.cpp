#include "aws/credentials/command_line.hpp"

namespace kinesis::aws {
namespace {

constexpr std::string_view white_space = " \t\r\n\v\f";
constexpr std::string_view escaped_in_quotes = "$`\"\\";

Error wrong(const char* what) { return Error(errc::invalid_argument, what); }

/// Takes one word off the front of `rest`, which starts with one.
Result<std::string> next_word(std::string_view& rest) {
  std::string word;
  while (!rest.empty() && white_space.find(rest.front()) == std::string_view::npos) {
    const char c = rest.front();
    rest.remove_prefix(1);
    if (c == '\'') {
      const std::size_t end = rest.find('\'');
      if (end == std::string_view::npos) return wrong("a single quote is not closed");
      word += rest.substr(0, end);
      rest.remove_prefix(end + 1);
    } else if (c == '"') {
      for (;;) {
        if (rest.empty()) return wrong("a double quote is not closed");
        char inner = rest.front();
        rest.remove_prefix(1);
        if (inner == '"') break;
        if (inner == '\\' && !rest.empty() && escaped_in_quotes.find(rest.front()) != std::string_view::npos) {
          inner = rest.front();
          rest.remove_prefix(1);
        }
        word += inner;
      }
    } else if (c == '\\') {
      if (rest.empty()) return wrong("a backslash stands at the end");
      word += rest.front();
      rest.remove_prefix(1);
    } else {
      word += c;
    }
  }
  return word;
}

}  // namespace

Result<std::vector<std::string>> split_command(std::string_view command) {
  std::vector<std::string> words;
  if (command.find('\0') != std::string_view::npos) return wrong("the command has a NUL in it");
  for (;;) {
    const std::size_t start = command.find_first_not_of(white_space);
    if (start == std::string_view::npos) break;
    command.remove_prefix(start);
    auto word = next_word(command);
    if (!word) return word.error();
    words.push_back(std::move(*word));
  }
  if (words.empty() || words.front().empty()) return wrong("the command is empty");
  return words;
}

}  // namespace kinesis::aws
