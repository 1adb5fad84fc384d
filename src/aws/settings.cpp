#include "aws/settings.hpp"

#include "aws/text_file.hpp"

#include <charconv>
#include <cstdlib>
#include <utility>

namespace kinesis::aws {
namespace {

constexpr std::size_t most_file_bytes = std::size_t{1} << 20;

/// What `variable` names, else `name` in ~/.aws; empty without a home.
std::string path_of(const Settings& settings, std::string_view variable, std::string_view name) {
  const auto home = settings.variable("HOME");
  if (auto path = settings.variable(variable)) {
    if (path->starts_with("~/") && home) return *home + path->substr(1);
    return *path;
  }
  return home ? *home + "/.aws/" + std::string(name) : std::string();
}

Result<std::string> text_of(const std::string& path) {
  if (path.empty()) return std::string();
  auto text = read_text_file(path, most_file_bytes);
  if (!text) return Error(errc::invalid_argument, text.error().message());
  return std::move(*text).value_or("");
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

Result<std::optional<int>> Settings::number(std::string_view variable_name, std::string_view key) const {
  const auto text = either(variable_name, key);
  if (!text) return std::optional<int>();
  int value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error == std::errc() && end == text->data() + text->size() && value >= 1) return std::optional<int>(value);
  return Error(errc::invalid_argument, std::string(variable_name) + " (" + std::string(key) +
                                           " in the profile) must be a whole number of 1 or more");
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
  settings.config_path = path_of(settings, "AWS_CONFIG_FILE", "config");
  settings.credentials_path = path_of(settings, "AWS_SHARED_CREDENTIALS_FILE", "credentials");
  const auto config = text_of(settings.config_path);
  if (!config) return config.error();
  const auto credentials = text_of(settings.credentials_path);
  if (!credentials) return credentials.error();
  auto files = ConfigFiles::parse(*config, *credentials);
  if (!files) return files.error();
  settings.files = std::move(*files);
  const bool asked_for = settings.profile_named_in_code || from_variable;
  if (asked_for && settings.files.profile(settings.profile) == nullptr) {
    std::string where = "without HOME there are no configuration files";
    if (!settings.config_path.empty())
      where = "it is neither in " + settings.config_path + " nor in " + settings.credentials_path;
    return Error(errc::invalid_argument, "there is no profile \"" + settings.profile + "\": " + where);
  }
  return settings;
}

}  // namespace kinesis::aws
