#include "aws/config_file.hpp"

#include <algorithm>
#include <cstddef>

namespace kinesis::aws {
namespace {

constexpr std::size_t most_bytes = std::size_t{1} << 20;
constexpr std::string_view white_space = " \t\r\v\f";

std::string_view trim(std::string_view text) noexcept {
  const std::size_t first = text.find_first_not_of(white_space);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(white_space) - first + 1);
}

std::string lowered(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

bool is_comment(std::string_view text) noexcept { return text.starts_with('#') || text.starts_with(';'); }

/// A comment behind a value starts with white space, so that values may hold the signs.
std::string_view without_comment(std::string_view text) noexcept {
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (is_comment(text.substr(i)) && white_space.find(text[i - 1]) != std::string_view::npos) return text.substr(0, i);
  }
  return text;
}

bool is_name(std::string_view text, std::string_view more) noexcept {
  if (text.empty()) return false;
  return std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           more.find(c) != std::string_view::npos;
  });
}

}  // namespace

enum class ConfigKind { config, credentials };

/// Reads one file line by line into `files`.
class ConfigParser {
 public:
  ConfigParser(ConfigFiles& files, ConfigKind kind) : files_(files), kind_(kind) {}

  Result<void> parse(std::string_view text) {
    if (text.size() > most_bytes)
      return Error(errc::invalid_argument, std::string(file_name()) + " is larger than 1 MiB");
    if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
    while (!text.empty()) {
      const std::size_t end = text.find('\n');
      const std::string_view line = text.substr(0, end);
      text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
      ++line_;
      const Result<void> read = read_line(line);
      if (!read) return read;
    }
    prefer_prefixed_default();
    return {};
  }

 private:
  std::string_view file_name() const {
    return kind_ == ConfigKind::config ? "the config file" : "the credentials file";
  }

  Error mistake(std::string_view what) const {
    return Error(errc::invalid_argument,
                 std::string(file_name()) + ", line " + std::to_string(line_) + ": " + std::string(what));
  }

  Result<void> read_line(std::string_view line) {
    const std::string_view content = trim(line);
    if (content.empty() || is_comment(content)) return {};
    if (white_space.find(line.front()) != std::string_view::npos) return read_continuation(content);
    if (content.front() == '[') return read_section(content);
    return read_property(content);
  }

  Result<void> read_section(std::string_view content) {
    const std::size_t end = content.find(']');
    const std::string_view behind = end == std::string_view::npos ? content : trim(content.substr(end + 1));
    if (end == std::string_view::npos || !(behind.empty() || is_comment(behind))) {
      return mistake("a section must end with ']'");
    }
    in_section_ = true;
    key_.clear();
    section_ = find_section(trim(content.substr(1, end - 1)));
    return {};
  }

  /// Null if the section is none of ours: its lines are read and dropped.
  ConfigSection* find_section(std::string_view title) {
    const std::size_t gap = title.find_first_of(white_space);
    const std::string_view kind = title.substr(0, gap);
    std::string_view name = gap == std::string_view::npos ? std::string_view() : trim(title.substr(gap));
    if (name.size() >= 2 && (name.front() == '"' || name.front() == '\'') && name.back() == name.front()) {
      name = name.substr(1, name.size() - 2);
    }
    if (gap == std::string_view::npos) {
      if (kind_ == ConfigKind::config && title != "default") return nullptr;
      return in(kind_ == ConfigKind::config ? plain_default_ : files_.profiles_, title);
    }
    if (kind_ == ConfigKind::credentials) return nullptr;
    if (kind == "profile") return in(files_.profiles_, name);
    if (kind == "sso-session") return in(files_.sso_sessions_, name);
    if (kind == "services") return in(files_.services_, name);
    return nullptr;
  }

  static ConfigSection* in(ConfigFiles::Sections& sections, std::string_view name) {
    if (!is_name(name, "-_/.%@:+")) return nullptr;
    return &sections[std::string(name)];
  }

  Result<void> read_property(std::string_view content) {
    if (!in_section_) return mistake("expected a section such as [default]");
    const std::size_t equals = content.find('=');
    if (equals == std::string_view::npos) return mistake("expected '=' in a setting");
    const std::string_view name = trim(content.substr(0, equals));
    if (name.empty()) return mistake("a setting has no name");
    key_ = lowered(name);
    // A name that cannot be one is dropped with its value, as the tools do.
    dropped_ = section_ == nullptr || !is_name(name, "-_.");
    const std::string_view value = trim(without_comment(content.substr(equals + 1)));
    nested_ = value.empty();
    if (dropped_) return {};
    section_->values_[key_] = value;
    section_->blocks_.erase(key_);
    return {};
  }

  Result<void> read_continuation(std::string_view content) {
    if (!in_section_) return mistake("expected a section such as [default]");
    if (key_.empty()) return mistake("expected a setting before an indented line");
    if (!nested_) {
      if (!dropped_) section_->values_[key_].append("\n").append(content);
      return {};
    }
    const std::size_t equals = content.find('=');
    if (equals == std::string_view::npos) return mistake("expected '=' in an indented setting");
    const std::string_view name = trim(content.substr(0, equals));
    if (name.empty()) return mistake("an indented setting has no name");
    if (!dropped_) section_->blocks_[key_][lowered(name)] = trim(content.substr(equals + 1));
    return {};
  }

  /// [profile default] hides [default].
  void prefer_prefixed_default() {
    const auto plain = plain_default_.find("default");
    if (plain != plain_default_.end()) files_.profiles_.emplace("default", std::move(plain->second));
  }

  ConfigFiles& files_;
  const ConfigKind kind_;
  ConfigFiles::Sections plain_default_;
  std::size_t line_ = 0;
  bool in_section_ = false;
  ConfigSection* section_ = nullptr;
  std::string key_;       ///< Of the setting that an indented line would belong to.
  bool nested_ = false;   ///< Indented lines below it are settings of their own.
  bool dropped_ = false;  ///< It is not kept.
};

void ConfigSection::override_with(const ConfigSection& other) {
  for (const auto& [key, value] : other.values_) {
    values_[key] = value;
    blocks_.erase(key);
  }
  for (const auto& [key, block] : other.blocks_) blocks_[key] = block;
}

std::optional<std::string_view> ConfigSection::find(std::string_view key) const {
  const auto found = values_.find(key);
  if (found == values_.end()) return std::nullopt;
  return found->second;
}

std::optional<std::string_view> ConfigSection::find(std::string_view block, std::string_view key) const {
  const auto outer = blocks_.find(block);
  if (outer == blocks_.end()) return std::nullopt;
  const auto found = outer->second.find(key);
  if (found == outer->second.end()) return std::nullopt;
  return found->second;
}

Result<ConfigFiles> ConfigFiles::parse(std::string_view config, std::string_view credentials) {
  ConfigFiles files;
  const Result<void> first = ConfigParser(files, ConfigKind::config).parse(config);
  if (!first) return first.error();
  ConfigFiles secrets;
  const Result<void> second = ConfigParser(secrets, ConfigKind::credentials).parse(credentials);
  if (!second) return second.error();
  for (const auto& [name, section] : secrets.profiles_) files.profiles_[name].override_with(section);
  return files;
}

const ConfigSection* ConfigFiles::profile(std::string_view name) const {
  const auto found = profiles_.find(name);
  return found == profiles_.end() ? nullptr : &found->second;
}

const ConfigSection* ConfigFiles::sso_session(std::string_view name) const {
  const auto found = sso_sessions_.find(name);
  return found == sso_sessions_.end() ? nullptr : &found->second;
}

const ConfigSection* ConfigFiles::services(std::string_view name) const {
  const auto found = services_.find(name);
  return found == services_.end() ? nullptr : &found->second;
}

std::optional<bool> parse_config_bool(std::string_view text) noexcept {
  const std::string_view word = trim(text);
  if (word.size() == 4 && lowered(word) == "true") return true;
  if (word.size() == 5 && lowered(word) == "false") return false;
  return std::nullopt;
}

}  // namespace kinesis::aws
