#include "aws/base64_blob.hpp"

namespace kinesis::aws {

// TEMPORARY until core/base64
bool decode_base64(std::string_view text, Blob& out) {
  if (text.size() % 4 != 0) return false;
  std::string bytes;
  auto value = [](char c) -> int {
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
  };
  for (std::size_t i = 0; i < text.size(); i += 4) {
    int pad = 0;
    unsigned bits = 0;
    for (std::size_t j = 0; j < 4; ++j) {
      int v = value(text[i + j]);
      if (v < 0) {
        if (text[i + j] != '=' || i + 4 != text.size() || j < 2) return false;
        ++pad;
        v = 0;
      } else if (pad != 0)
        return false;
      bits = bits << 6 | static_cast<unsigned>(v);
    }
    bytes += static_cast<char>(bits >> 16);
    if (pad < 2) bytes += static_cast<char>(bits >> 8);
    if (pad < 1) bytes += static_cast<char>(bits);
  }
  out = Blob(std::move(bytes));
  return true;
}
void append_base64(std::string& out, BytesView bytes) {
  static const char* t = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    unsigned v = 0;
    std::size_t n = std::min<std::size_t>(3, bytes.size() - i);
    for (std::size_t j = 0; j < 3; ++j) v = v << 8 | (j < n ? std::to_integer<unsigned>(bytes[i + j]) : 0);
    out += t[v >> 18];
    out += t[v >> 12 & 63];
    out += n > 1 ? t[v >> 6 & 63] : '=';
    out += n > 2 ? t[v & 63] : '=';
  }
}

}  // namespace kinesis::aws
