#include "aws/settings.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>

namespace kinesis::aws {
namespace {

constexpr std::size_t max_file_bytes = std::size_t{1} << 20;

/// The text of a file; empty if there is none and `must_exist` is off.
Result<std::string> read_file(const std::string& path, bool must_exist) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    if (!must_exist && errno == ENOENT) return std::string();
    return Error(errc::invalid_argument, "cannot read " + path + ": " + std::strerror(errno));
  }
  std::string text(max_file_bytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > max_file_bytes) return Error(errc::invalid_argument, path + " is larger than 1 MiB, which no configuration file is");
  return text;
}

Result<std::string> shared_file(const Settings& settings, std::string_view variable, std::string_view name) {
  if (const auto path = settings.variable(variable)) return read_file(*path, true);
  const auto home = settings.variable("HOME");
  if (!home) return std::string();
  return read_file(*home + "/.aws/" + std::string(name), false);
}

}  // namespace

std::optional<std::string> Settings::variable(std::string_view name) const {
  auto value = environment ? environment(name) : std::nullopt;
  if (value && value->empty()) return std::nullopt;
  return value;
}

std::optional<std::string> Settings::profile_value(std::string_view key) const {
  const ConfigSection* section = files.profile(profile);
  if (section == nullptr) return std::nullopt;
  const auto value = section->find(key);
  if (!value || value->empty()) return std::nullopt;
  return std::string(*value);
}

std::optional<std::string> Settings::either(std::string_view variable_name, std::string_view key) const {
  if (auto value = variable(variable_name)) return value;
  return profile_value(key);
}

bool Settings::flag(std::string_view variable_name, std::string_view key) const {
  const auto value = either(variable_name, key);
  return value && parse_config_bool(*value).value_or(false);
}

Environment process_environment() {
  return [](std::string_view name) -> std::optional<std::string> {
    const char* value = std::getenv(std::string(name).c_str());
    if (value == nullptr) return std::nullopt;
    return std::string(value);
  };
}

Result<Settings> load_settings(Environment environment, std::string_view profile_from_code) {
  Settings settings;
  settings.environment = std::move(environment);
  settings.profile_named_in_code = !profile_from_code.empty();
  const auto from_variable = settings.variable("AWS_PROFILE");
  if (settings.profile_named_in_code) {
    settings.profile = profile_from_code;
  } else if (from_variable) {
    settings.profile = *from_variable;
  }
  auto config = shared_file(settings, "AWS_CONFIG_FILE", "config");
  if (!config) return config.error();
  auto credentials = shared_file(settings, "AWS_SHARED_CREDENTIALS_FILE", "credentials");
  if (!credentials) return credentials.error();
  auto files = ConfigFiles::parse(*config, *credentials);
  if (!files) return files.error();
  settings.files = std::move(*files);
  const bool asked_for = settings.profile_named_in_code || from_variable;
  if (asked_for && settings.files.profile(settings.profile) == nullptr)
    return Error(errc::invalid_argument, "there is no profile \"" + settings.profile + "\" in ~/.aws/config or ~/.aws/credentials");
  return settings;
}

}  // namespace kinesis::aws
