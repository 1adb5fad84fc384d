#include "live_picture.hpp"

namespace kinesis::tool {

void LivePicture::draw(const std::vector<std::string>& lines) {
  std::string out;
  if (lines_drawn_ > 0) out += "\x1b[" + std::to_string(lines_drawn_) + "A";
  for (const std::string& line : lines) out += "\r\x1b[K" + line + "\n";
  out += "\x1b[J";
  lines_drawn_ = lines.size();
  std::fputs(out.c_str(), terminal_);
  std::fflush(terminal_);
}

}  // namespace kinesis::tool
