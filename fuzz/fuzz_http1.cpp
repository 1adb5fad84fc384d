// HTTP/1.1 requests and answers, however they are cut into reads. The first byte chooses: bit 0 an answer, bit 1 to
// HEAD, the other bits how many bytes a read brings.
#include "http/http1_parser.hpp"

#include <cstdlib>

using namespace kinesis;
using namespace kinesis::http;

namespace {

constexpr std::size_t most_head = 1000;
constexpr std::size_t most_body = 1000;

struct Message {
  std::optional<Http1Head> head;
  std::string body;
  bool complete = false;
  bool failed = false;
  std::size_t used = 0;
};

Message read(Http1Parser& parser, bool to_head, std::string_view text, std::size_t step) {
  static const auto pool = core::BufferPool::create();
  Message message;
  BodyBuffer body(pool);
  parser.begin(to_head);
  for (std::size_t available = 0; available < text.size() && !message.complete;) {
    available = std::min(text.size(), available + step);
    while (message.used < available && !message.complete) {
      const BytesView rest = as_bytes(text.substr(message.used, available - message.used));
      const bool in_head = !message.head;
      if (!in_head && message.head->framing != Framing::chunked) break;
      const auto used = in_head ? parser.parse_head(rest) : parser.parse_chunks(rest, body, most_body);
      if (!used) {
        message.failed = true;
        return message;
      }
      if (*used > rest.size()) std::abort();
      message.used += *used;
      if (in_head && parser.has_head()) message.head = parser.take_head();
      message.complete = parser.complete();
      if (*used == 0) break;
    }
  }
  if (body.size() > most_body) std::abort();
  message.body = body.take().text();
  return message;
}

bool same(const Headers& left, const Headers& right) {
  if (left.size() != right.size()) return false;
  for (std::size_t i = 0; i < left.size(); ++i) {
    if (left[i].name != right[i].name || left[i].value != right[i].value) return false;
  }
  return true;
}

// What was read and is sent on, as a proxy would, is one request and the same one: nothing is smuggled.
void send_on(const Http1Head& head) {
  Request request(head.method, head.target, head.headers);
  if (!request.headers.contains("host")) request.headers.add("host", "example.com");
  std::string text;
  append_request_head(text, request, Endpoint(false, "example.com", 80));
  const auto parser = Http1Parser::for_requests(2 * most_head + 200);
  const Message again = read(*parser, false, text, text.size());
  if (again.failed || !again.head || again.used != text.size()) std::abort();
  if (again.head->method != head.method || again.head->target != head.target) std::abort();
  if (again.head->framing != Framing::none || again.head->headers.size() > request.headers.size() + 1) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  if (size < 2) return 0;
  const bool answer = (data[0] & 1) != 0;
  const bool to_head = answer && (data[0] & 2) != 0;
  const std::size_t step = 1 + (data[0] >> 2);
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto parser = answer ? Http1Parser::for_responses(most_head) : Http1Parser::for_requests(most_head);
  const Message whole = read(*parser, to_head, text, text.size());
  const Message pieces = read(*parser, to_head, text, step);

  if (whole.head.has_value() && pieces.head.has_value()) {
    const Http1Head& one = *whole.head;
    const Http1Head& other = *pieces.head;
    if (one.method != other.method || one.target != other.target || one.status != other.status) std::abort();
    if (!same(one.headers, other.headers) || one.framing != other.framing || one.length != other.length) std::abort();
    if (one.keep_alive != other.keep_alive) std::abort();
  }
  if (whole.complete && pieces.complete && (whole.body != pieces.body || whole.used != pieces.used)) std::abort();
  if (whole.complete != pieces.complete && !whole.failed && !pieces.failed) std::abort();
  if (whole.head && !answer) send_on(*whole.head);
  return 0;
}
