#pragma once

#include <kinesis/error.hpp>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

// The files that AWS's tools share, ~/.aws/config and ~/.aws/credentials:
// https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html. Parsing only; who reads the files is elsewhere.
namespace kinesis::aws {

/// One section: keys in lower case and their values, and for keys with an indented block below them the keys of that
/// block.
class ConfigSection {
 public:
  /// Nothing if there is no such key. An empty value is a value.
  std::optional<std::string_view> find(std::string_view key) const;
  /// The value of `key` in the block of `block`: find("kinesis", "endpoint_url").
  std::optional<std::string_view> find(std::string_view block, std::string_view key) const;
  bool empty() const noexcept { return values_.empty(); }

 private:
  friend class ConfigParser;
  friend class ConfigFiles;
  using Values = std::map<std::string, std::string, std::less<>>;
  /// Takes the values of `other` over one's own.
  void override_with(const ConfigSection& other);

  Values values_;
  std::map<std::string, Values, std::less<>> blocks_;
};

/// What both files say together. Immutable once made.
class ConfigFiles {
 public:
  /// Either text may be empty. Credentials win over the same keys of the same profile in the config file. A mistake is
  /// Error(invalid_argument) with the file and the line, never with text of the file, which may be a secret. At most 1
  /// MiB each.
  static Result<ConfigFiles> parse(std::string_view config, std::string_view credentials);

  /// Null if there is none.
  const ConfigSection* profile(std::string_view name) const;
  const ConfigSection* sso_session(std::string_view name) const;
  const ConfigSection* services(std::string_view name) const;

 private:
  friend class ConfigParser;
  using Sections = std::map<std::string, ConfigSection, std::less<>>;
  Sections profiles_;
  Sections sso_sessions_;
  Sections services_;
};

/// What the configuration files write for yes and no: true and false, in any case. Nothing for anything else.
std::optional<bool> parse_config_bool(std::string_view text) noexcept;

}  // namespace kinesis::aws
