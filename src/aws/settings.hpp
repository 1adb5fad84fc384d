#pragma once

#include "aws/config_file.hpp"
#include "aws/endpoint.hpp"
#include <kinesis/error.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace kinesis::aws {

/// What the user has set outside of the program: environment variables and the shared configuration files.
struct Settings {
  Environment environment;
  ConfigFiles files;
  std::string profile = "default";
  /// A profile named in code skips the keys in the environment.
  bool profile_named_in_code = false;
  /// Where the files are, or would be, for messages; empty without a home.
  std::string config_path;
  std::string credentials_path;

  /// An environment variable that is set and not empty.
  std::optional<std::string> variable(std::string_view name) const;
  /// A key of the profile that is set and not empty.
  std::optional<std::string> profile_value(std::string_view key) const;
  /// The variable, else the key of the profile.
  std::optional<std::string> either(std::string_view variable_name, std::string_view key) const;
  /// The same as a boolean; anything but true and false counts as false.
  bool flag(std::string_view variable_name, std::string_view key) const;
  /// The same as a whole number: Error(invalid_argument) if it is none, or less than 1.
  Result<std::optional<int>> number(std::string_view variable_name, std::string_view key) const;
};

/// The variables of this process.
Environment process_environment();

/// Reads ~/.aws/config and ~/.aws/credentials, or what AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE name; a file
/// that is not there is empty. Error(invalid_argument) if a file cannot be read or parsed, or a profile that was asked
/// for does not exist. Blocks on the disk.
Result<Settings> load_settings(Environment environment, std::string_view profile_from_code);

}  // namespace kinesis::aws
