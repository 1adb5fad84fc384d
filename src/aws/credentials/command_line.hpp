#pragma once

#include <kinesis/error.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace kinesis::aws {

/// Splits a command into words as a POSIX shell does, and does nothing else a shell does: white space separates; 'all
/// is literal';
/// "$ ` " and \ may be escaped by \"; \ outside of quotes takes the next character as it is. Error(invalid_argument) on
/// a quote that is not closed, a \ at the end, or no word at all; it does not repeat the command.
Result<std::vector<std::string>> split_command(std::string_view command);

}  // namespace kinesis::aws
