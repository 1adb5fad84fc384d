#pragma once

#include <string>
#include <utility>
#include <vector>

namespace kinesis::tool {

/// Texts as exec and its like want them: pointers, the last of them null.
class CStrings {
 public:
  explicit CStrings(std::vector<std::string> texts) : texts_(std::move(texts)) {
    for (std::string& text : texts_) pointers_.push_back(text.data());
    pointers_.push_back(nullptr);
  }
  CStrings(const CStrings&) = delete;
  CStrings& operator=(const CStrings&) = delete;

  char** data() noexcept { return pointers_.data(); }
  /// The first one.
  const char* front() const noexcept { return pointers_.front(); }

 private:
  std::vector<std::string> texts_;
  std::vector<char*> pointers_;
};

}  // namespace kinesis::tool
