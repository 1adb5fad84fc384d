#include "http/http1_parser.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kinesis::http {
namespace {

constexpr std::size_t limit = 1000;

/// Gives `text` to a parser in pieces of `step` bytes, as a socket would.
struct Parsed {
  std::optional<Http1Head> head;
  std::string body;
  bool complete = false;
  std::optional<Error> error;
  std::size_t used = 0;
};

Parsed parse(std::unique_ptr<Http1Parser> parser, std::string_view text, std::size_t step,
             std::size_t max_body = limit) {
  Parsed parsed;
  BodyBuffer body(core::BufferPool::create());
  std::size_t available = 0;
  while (available < text.size() && !parsed.complete) {
    available = std::min(text.size(), available + step);
    while (parsed.used < available) {
      const BytesView rest = as_bytes(text.substr(parsed.used, available - parsed.used));
      const bool in_head = !parsed.head;
      const auto used = in_head ? parser->parse_head(rest) : parser->parse_chunks(rest, body, max_body);
      if (!used) {
        parsed.error = used.error();
        return parsed;
      }
      parsed.used += *used;
      if (in_head && parser->has_head()) parsed.head = parser->take_head();
      parsed.complete = parser->complete();
      if (*used == 0 || parsed.complete) break;
      if (parsed.head && parsed.head->framing != Framing::chunked) break;
    }
    if (parsed.head && parsed.head->framing != Framing::chunked) break;
  }
  parsed.body = body.take().text();
  return parsed;
}

Parsed parse_request(std::string_view text, std::size_t step = 4096) {
  return parse(Http1Parser::for_requests(limit), text, step);
}
Parsed parse_response(std::string_view text, std::size_t step = 4096) {
  return parse(Http1Parser::for_responses(limit), text, step);
}

TEST(HttpParser, ReadsARequestHoweverItIsCut) {
  const std::string text =
      "POST /a?b HTTP/1.1\r\nHost: h\r\nX-Long:   a b\t\r\nTransfer-Encoding: chunked\r\n\r\n"
      "5\r\nhello\r\n6;ext=1\r\n world\r\n0\r\nTrailer: x\r\n\r\nGET";
  for (std::size_t step = 1; step <= text.size(); ++step) {
    const Parsed parsed = parse_request(text, step);
    ASSERT_FALSE(parsed.error) << step << parsed.error->what();
    ASSERT_TRUE(parsed.head) << step;
    EXPECT_EQ(parsed.head->method, "POST");
    EXPECT_EQ(parsed.head->target, "/a?b");
    EXPECT_EQ(parsed.head->headers.find("x-long"), "a b");
    EXPECT_EQ(parsed.head->framing, Framing::chunked);
    EXPECT_TRUE(parsed.head->keep_alive);
    EXPECT_TRUE(parsed.complete) << step;
    EXPECT_EQ(parsed.body, "hello world");
    EXPECT_EQ(parsed.used, text.size() - 3) << step;
  }
}

TEST(HttpParser, ABodyWithoutChunksMayComeByteByByte) {
  const std::string text = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n";
  for (std::size_t step = 1; step <= text.size(); ++step) {
    const Parsed parsed = parse_response(text, step);
    EXPECT_TRUE(parsed.complete) << step;
    EXPECT_EQ(parsed.used, text.size()) << step;
    EXPECT_EQ(parsed.body, "") << step;
  }
}

TEST(HttpParser, FindsTheFraming) {
  const auto request = [](std::string fields) {
    const Parsed parsed = parse_request("POST / HTTP/1.1\r\nhost: h\r\n" + fields + "\r\n");
    EXPECT_TRUE(parsed.head);
    return parsed.head.value_or(Http1Head());
  };
  EXPECT_EQ(request("").framing, Framing::none);
  EXPECT_EQ(request("content-length: 5\r\n").framing, Framing::length);
  EXPECT_EQ(request("content-length: 5\r\n").length, 5u);
  EXPECT_EQ(request("content-length: 0\r\n").framing, Framing::none);
  const auto response = [](std::string head) {
    const Parsed parsed = parse_response("HTTP/1.1 " + head + "\r\n");
    EXPECT_TRUE(parsed.head);
    return parsed.head.value_or(Http1Head());
  };
  EXPECT_EQ(response("200 OK\r\n").framing, Framing::until_end);
  EXPECT_FALSE(response("200 OK\r\n").keep_alive);
  EXPECT_EQ(response("204 No Content\r\n").framing, Framing::none);
  EXPECT_EQ(response("304 Not Modified\r\ncontent-length: 5\r\n").framing, Framing::none);
  EXPECT_EQ(response("200 OK\r\ncontent-length: 7\r\n").length, 7u);
  EXPECT_TRUE(response("200 OK\r\ncontent-length: 7\r\n").keep_alive);
  EXPECT_FALSE(response("200 OK\r\nconnection: close\r\ncontent-length: 7\r\n").keep_alive);
}

TEST(HttpParser, AnAnswerToHeadHasNoBody) {
  auto parser = Http1Parser::for_responses(limit);
  parser->begin(true);
  const auto used = parser->parse_head(as_bytes("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n"));
  ASSERT_TRUE(used);
  ASSERT_TRUE(parser->has_head());
  EXPECT_EQ(parser->take_head().framing, Framing::none);
}

TEST(HttpParser, RefusesWhatCouldMeanTwoThings) {
  for (const char* fields : {
           "content-length: 5\r\ntransfer-encoding: chunked\r\n",
           "transfer-encoding: chunked\r\ncontent-length: 5\r\n",
           "content-length: 5\r\ncontent-length: 6\r\n",
           "content-length: +5\r\n",
           "content-length: 5a\r\n",
           "content-length: 99999999999999999999\r\n",
           "bad name: x\r\n",
           "name : x\r\n",
           "x: a\nb\r\n",
           "x: a\x01\r\n",
       }) {
    const Parsed parsed = parse_request(std::string("POST / HTTP/1.1\r\nhost: h\r\n") + fields + "\r\n");
    ASSERT_TRUE(parsed.error) << fields;
    EXPECT_EQ(parsed.error->code(), errc::protocol) << fields;
  }
}

TEST(HttpParser, LimitsHeadsAndBodies) {
  const auto too_large = [](const Parsed& parsed) { return parsed.error && parsed.error->code() == errc::too_large; };
  EXPECT_TRUE(too_large(parse_request("GET /" + std::string(limit, 'x'))));
  EXPECT_TRUE(too_large(parse_request("GET / HTTP/1.1\r\nx: " + std::string(limit, 'x'), 100)));
  std::string many = "GET / HTTP/1.1\r\n";
  while (many.size() < limit) many += "a: b\r\n";
  EXPECT_TRUE(too_large(parse_request(many + "\r\n", 10)));
  const std::string chunked = "POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n";
  EXPECT_TRUE(too_large(parse_request(chunked + "3e9\r\n" + std::string(1001, 'x') + "\r\n0\r\n\r\n")));
  EXPECT_TRUE(
      too_large(parse_request(chunked + "1f4\r\n" + std::string(500, 'x') + "\r\n1f5\r\n" + std::string(501, 'x'))));
  EXPECT_TRUE(parse_request(chunked + "3e8\r\n" + std::string(1000, 'x') + "\r\n0\r\n\r\n").complete);
}

TEST(HttpParser, WritesHeads) {
  std::string text;
  Request request("POST", "/x?y", Headers{{"A", "b"}, {"Host", "other"}, {"Content-Length", "9"}}, Body("abc"));
  append_request_head(text, request, Endpoint(true, "example.com", 8443));
  EXPECT_EQ(text, "POST /x?y HTTP/1.1\r\na: b\r\nhost: other\r\ncontent-length: 3\r\n\r\n");
  text.clear();
  request = Request("GET", "/");
  append_request_head(text, request, Endpoint(false, "::1", 8000), true, "Basic eA==");
  EXPECT_EQ(text, "GET http://[::1]:8000/ HTTP/1.1\r\nhost: [::1]:8000\r\nproxy-authorization: Basic eA==\r\n\r\n");
  text.clear();
  const Headers headers{{"content-type", "x/y"}, {"connection", "upgrade"}};
  append_response_head(text, 404, headers, Framing::length, 12, true);
  EXPECT_EQ(text, "HTTP/1.1 404 Not Found\r\ncontent-type: x/y\r\ncontent-length: 12\r\n\r\n");
  text.clear();
  append_response_head(text, 200, headers, Framing::chunked, 0, false);
  EXPECT_EQ(text, "HTTP/1.1 200 OK\r\ncontent-type: x/y\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n");
}

}  // namespace
}  // namespace kinesis::http
