#pragma once

#include <cstddef>
#include <cstdio>
#include <string>
#include <vector>

namespace kinesis::tool {

/// Lines on a terminal that are drawn over those drawn before. What others write there in between stays above.
class LivePicture {
 public:
  explicit LivePicture(std::FILE* terminal) : terminal_(terminal) {}
  void draw(const std::vector<std::string>& lines);

 private:
  std::FILE* terminal_;
  std::size_t lines_drawn_ = 0;
};

}  // namespace kinesis::tool
