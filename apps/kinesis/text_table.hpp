#pragma once

#include <string>
#include <vector>

namespace kinesis::tool {

/// Columns that are as wide as what is in them, two blanks apart; the last one is not filled up.
class TextTable {
 public:
  explicit TextTable(std::vector<std::string> heads) { rows_.push_back(std::move(heads)); }
  /// As many cells as there are heads.
  void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  std::vector<std::string> lines() const;
  std::string text() const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace kinesis::tool
