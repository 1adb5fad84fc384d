#include "http/raw_peer.hpp"
#include "http/test_server.hpp"
#include <kinesis/testing/manual_clock.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

// The server against clients that misbehave, or that do what ours never does.
namespace kinesis::http {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr std::string_view preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// An HTTP/2 frame.
std::string frame(std::uint8_t type, std::uint8_t flags, std::uint32_t stream, std::string_view payload) {
  std::string text;
  for (const int shift : {16, 8, 0}) text += static_cast<char>(payload.size() >> shift);
  text += static_cast<char>(type);
  text += static_cast<char>(flags);
  for (const int shift : {24, 16, 8, 0}) text += static_cast<char>(stream >> shift);
  return text.append(payload);
}
const std::string empty_settings = frame(4, 0, 0, "");

class ServerTest : public ::testing::Test {
 protected:
  TestContext loop;
  std::shared_ptr<kinesis::testing::ManualClock> manual = std::make_shared<kinesis::testing::ManualClock>();

  std::shared_ptr<Server> serve(ServerOptions options = {}, FunctionHandler::Function function = echo) {
    options.executor = loop.executor();
    return make_server(std::move(options), handler(std::move(function)));
  }
  template <class Done>
  void run_until(Done done) {
    loop.context.restart();
    while (!done() && loop.context.run_one() > 0) continue;
    EXPECT_TRUE(done());
  }
  /// Writes `text` and reads until the server closes.
  std::string say(const Server& server, std::string text) {
    std::string heard;
    auto scenario = [&]() -> awaitable<void> {
      const auto connection = co_await raw_connect(server.port());
      co_await connection->write(text);
      connection->finish_writing();  // or the server would linger for a while
      heard = co_await connection->read_to_end();
    };
    loop.run(scenario());
    return heard;
  }
};

TEST_F(ServerTest, AnswersHttp11AndClosesWhenAsked) {
  const auto server = serve();
  const std::string heard =
      say(*server, "POST /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc");
  EXPECT_THAT(heard, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(heard, HasSubstr("connection: close\r\n"));
  EXPECT_THAT(heard, HasSubstr("content-length: 3\r\n"));
  EXPECT_THAT(heard, ::testing::EndsWith("\r\n\r\nabc"));
}

TEST_F(ServerTest, AnswersRequestsThatCameTogetherInOrder) {
  const auto server = serve();
  const std::string heard =
      say(*server,
          "GET /1 HTTP/1.1\r\nhost: h\r\n\r\nPOST /2 HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n"
          "2\r\nxy\r\n0\r\n\r\nGET /3 HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n");
  const auto first = heard.find("x-target: /1");
  const auto second = heard.find("x-target: /2");
  const auto third = heard.find("x-target: /3");
  ASSERT_NE(third, std::string::npos);
  EXPECT_LT(first, second);
  EXPECT_LT(second, third);
}

TEST_F(ServerTest, AcceptsTheFormOfRequestLinesForProxies) {
  const auto server = serve();
  const std::string heard =
      say(*server, "GET http://Example.com:81/a?b HTTP/1.1\r\nhost: ignored\r\nconnection: close\r\n\r\n");
  EXPECT_THAT(heard, HasSubstr("x-target: /a?b\r\n"));
  EXPECT_THAT(heard, HasSubstr("x-host: example.com:81\r\n"));
}

TEST_F(ServerTest, SpeaksHttp10) {
  const auto server = serve();
  const std::string heard = say(*server, "GET / HTTP/1.0\r\n\r\n");
  EXPECT_THAT(heard, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(heard, HasSubstr("x-version: 1.0"));
}

TEST_F(ServerTest, StreamsToHttp10UntilTheEnd) {
  auto streamed = [](ServerRequest) -> awaitable<ServerResponse> {
    auto writer = [](std::shared_ptr<ResponseStream> stream) -> awaitable<void> {
      const auto written = co_await stream->write(Body("body"));
      EXPECT_TRUE(written);
    };
    co_return ServerResponse(200, Headers(), ServerResponse::Writer(writer));
  };
  const auto server = serve({}, streamed);
  EXPECT_THAT(say(*server, "GET / HTTP/1.0\r\n\r\n"), ::testing::EndsWith("\r\n\r\nbody"));
}

TEST_F(ServerTest, RefusesWhatIsNotHttp) {
  const auto server = serve();
  EXPECT_THAT(say(*server, "hello there\r\n\r\n"), StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(say(*server, "GET / HTTP/1.1\r\n\r\n"), StartsWith("HTTP/1.1 400 "));  // no host
  EXPECT_THAT(say(*server, "GET / HTTP/3.0\r\nhost: h\r\n\r\n"), StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(
      say(*server, "POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"),
      StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(say(*server, "POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabcd"),
              StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(say(*server, "POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n"),
              StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(say(*server, "\x16\x03\x01\x02 a TLS greeting"), ::testing::IsEmpty());  // no certificate
}

TEST_F(ServerTest, RefusesHeadsAndBodiesOverTheLimit) {
  ServerOptions options;
  options.max_header_bytes = 1000;
  options.max_body = 1000;
  const auto server = serve(options);
  const std::string head = "POST / HTTP/1.1\r\nhost: h\r\n";
  EXPECT_THAT(say(*server, head + "x: " + std::string(1000, 'x') + "\r\n\r\n"), StartsWith("HTTP/1.1 431 "));
  EXPECT_THAT(say(*server, head + "x: " + std::string(100'000, 'x')), StartsWith("HTTP/1.1 431 "));
  EXPECT_THAT(say(*server, head + "content-length: 1001\r\n\r\n" + std::string(1001, 'x')),
              StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(say(*server, head + "content-length: 18446744073709551615\r\n\r\n"), StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(
      say(*server, head + "transfer-encoding: chunked\r\n\r\n3E9\r\n" + std::string(1001, 'x') + "\r\n0\r\n\r\n"),
      StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(say(*server, head + "connection: close\r\ncontent-length: 1000\r\n\r\n" + std::string(1000, 'x')),
              StartsWith("HTTP/1.1 200 "));
}

TEST_F(ServerTest, SaysGoOnToWhoeverWaitsForIt) {
  ServerOptions options;
  options.max_body = 1000;
  const auto server = serve(options);
  auto scenario = [&]() -> awaitable<void> {
    const auto connection = co_await raw_connect(server->port());
    co_await connection->write("POST / HTTP/1.1\r\nhost: h\r\nexpect: 100-continue\r\ncontent-length: 4\r\n\r\n");
    const std::string go_on = co_await connection->read_until("\r\n\r\n");
    EXPECT_EQ(go_on, "HTTP/1.1 100 Continue\r\n\r\n");
    co_await connection->write("body");
    const std::string answer = co_await connection->read_until("body");
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
    // Who sends at once is not told.
    co_await connection->write("POST / HTTP/1.1\r\nhost: h\r\nexpect: 100-continue\r\ncontent-length: 4\r\n\r\nbody");
    const std::string second = co_await connection->read_until("body");
    EXPECT_THAT(second, StartsWith("HTTP/1.1 200 OK\r\n"));
    // Nor who sends too much.
    co_await connection->write("POST / HTTP/1.1\r\nhost: h\r\nexpect: 100-continue\r\ncontent-length: 4000\r\n\r\n");
    connection->finish_writing();
    const std::string refusal = co_await connection->read_to_end();
    EXPECT_THAT(refusal, StartsWith("HTTP/1.1 413 "));
  };
  loop.run(scenario());
}

TEST_F(ServerTest, ClosesOnWhoeverTakesTooLongToAsk) {
  ServerOptions options;
  options.clock = manual;
  options.header_timeout = 10s;
  options.body_timeout = 20s;
  options.idle_timeout = 60s;
  const auto server = serve(options);
  const auto closed_after = [&](std::string text, Clock::duration limit) {
    bool closed = false;
    bool written = false;
    auto scenario = [&]() -> awaitable<void> {
      const auto connection = co_await raw_connect(server->port());
      co_await connection->write(text);
      written = true;
      co_await connection->read_to_end();
      closed = true;
    };
    core::spawn(loop.executor(), scenario());
    run_until([&] { return written && server->stats().connections_open == 1; });
    for (int i = 0; i < 100; ++i) loop.context.poll_one();
    manual->advance(limit - 1s);
    for (int i = 0; i < 100; ++i) loop.context.poll_one();
    EXPECT_FALSE(closed) << text;
    manual->advance(1s);
    run_until([&] { return closed; });
    run_until([&] { return server->stats().connections_open == 0; });
  };
  closed_after("", 10s);
  closed_after("GE", 10s);
  closed_after("GET / HTTP/1.1\r\nhost: h\r\n", 10s);
  closed_after("POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 10\r\n\r\nhalf", 20s);
  closed_after(std::string(preface) + empty_settings, 60s);
}

TEST_F(ServerTest, TakesNoMoreConnectionsThanItMay) {
  ServerOptions options;
  options.max_connections = 2;
  const auto server = serve(options);
  auto scenario = [&]() -> awaitable<void> {
    std::vector<std::shared_ptr<RawConnection>> kept;
    for (int i = 0; i < 2; ++i) {
      kept.push_back(co_await raw_connect(server->port()));
      co_await kept.back()->write("GET / HTTP/1.1\r\nhost: h\r\n\r\n");
      co_await kept.back()->read_until("\r\n\r\n");
    }
    const auto third = co_await raw_connect(server->port());
    const std::string heard = co_await third->read_to_end();
    EXPECT_EQ(heard, "");
    kept.clear();
    while (server->stats().connections_open > 0) co_await core::yield();
    const auto fourth = co_await raw_connect(server->port());
    co_await fourth->write("GET / HTTP/1.1\r\nhost: h\r\n\r\n");
    const std::string answer = co_await fourth->read_until("\r\n\r\n");
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 200"));
  };
  loop.run(scenario());
}

TEST_F(ServerTest, AcceptsThePrefaceInPieces) {
  const auto server = serve();
  auto scenario = [&]() -> awaitable<void> {
    const auto connection = co_await raw_connect(server->port());
    for (const char c : std::string(preface) + empty_settings) {
      co_await connection->write(std::string(1, c));
      for (int i = 0; i < 5; ++i) co_await core::yield();
    }
    const std::string settings = co_await connection->read_exactly(9);
    EXPECT_EQ(settings[3], 4);
  };
  loop.run(scenario());
}

TEST_F(ServerTest, SaysGoAwayToABadPreface) {
  const auto server = serve();
  const std::string heard = say(*server, "PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n");
  const std::string goaway = heard.substr(heard.size() - 17);
  EXPECT_EQ(goaway[3], 7);
  EXPECT_EQ(goaway[16], 1);  // PROTOCOL_ERROR
}

TEST_F(ServerTest, SaysGoAwayToFramesThatMakeNoSense) {
  const auto server = serve();
  const std::string heard = say(*server, std::string(preface) + empty_settings + frame(0, 0, 0, "data on stream 0"));
  EXPECT_THAT(heard, HasSubstr(std::string("\7\0\0\0\0\0", 6)));
}

TEST_F(ServerTest, EndsAConnectionThatResetsStreamsWithoutEnd) {
  ServerOptions options;
  options.reset_burst = 10;
  options.reset_rate = 1;
  const auto server = serve(options);
  std::string text = std::string(preface) + empty_settings;
  // GET / of host h, mostly by indices of HPACK's static table.
  for (std::uint32_t stream = 1; stream < 100; stream += 2) {
    text += frame(1, 5, stream, "\x82\x84\x86\x41\x01h") + frame(3, 0, stream, std::string("\0\0\0\x8", 4));
  }
  const std::string heard = say(*server, text);
  EXPECT_THAT(heard, HasSubstr(std::string("\7\0\0\0\0\0", 6)));
}

TEST_F(ServerTest, HoldsBackAConnectionWhoseBodiesNeverEnd) {
  ServerOptions options;
  options.max_body = 100'000;
  options.stream_window = 100'000;
  options.connection_window = 200'000;
  options.clock = manual;
  const auto server = serve(options);
  std::size_t granted = 65'535;
  std::size_t sent = 0;
  bool closed = false;
  auto read_frames = [&](std::shared_ptr<RawConnection> connection) -> awaitable<void> {
    while (true) {
      const std::string head = co_await connection->read_exactly(9);
      if (head.size() < 9) break;
      const auto byte = [](char c) { return static_cast<std::size_t>(static_cast<unsigned char>(c)); };
      const std::size_t size = byte(head[0]) << 16 | byte(head[1]) << 8 | byte(head[2]);
      const std::string payload = co_await connection->read_exactly(size);
      const bool of_connection = head.substr(5, 4) == std::string(4, '\0');
      if (head[3] == 8 && of_connection) {
        granted += byte(payload[0]) << 24 | byte(payload[1]) << 16 | byte(payload[2]) << 8 | byte(payload[3]);
      }
    }
    closed = true;
  };

  auto scenario = [&]() -> awaitable<void> {
    const auto connection = co_await raw_connect(server->port());
    core::spawn(loop.executor(), read_frames(connection));
    co_await connection->write(std::string(preface) + empty_settings + frame(4, 1, 0, ""));
    // Eight bodies of 90 KB, none of which ends.
    for (std::uint32_t stream = 1; stream < 16; stream += 2) {
      co_await connection->write(frame(1, 4, stream, "\x83\x84\x86\x41\x01h"));
      for (std::size_t left = 90'000; left > 0;) {
        for (int i = 0; i < 50 && granted - sent < 10'000; ++i) co_await core::yield();
        if (granted - sent < 10'000) co_return;
        co_await connection->write(frame(0, 0, stream, std::string(10'000, 'x')));
        sent += 10'000;
        left -= 10'000;
      }
    }
  };
  loop.run(scenario());
  EXPECT_GE(sent, 400'000u);
  EXPECT_LE(sent, 4 * 100'000u + 200'000u);
  // Nothing more comes: the connection is given up.
  for (int i = 0; i < 3; ++i) {
    manual->advance(30s);
    for (int k = 0; k < 100; ++k) loop.context.poll_one();
  }
  run_until([&] { return closed; });
}

TEST_F(ServerTest, RefusesAnAddressItCannotHave) {
  const auto server = serve();
  ServerOptions taken;
  taken.port = server->port();
  EXPECT_THROW(serve(taken), Error);
  ServerOptions nonsense;
  nonsense.address = "not an address";
  EXPECT_THROW(serve(nonsense), Error);
}

TEST_F(ServerTest, ListensOnIpv6) {
  ServerOptions options;
  options.address = "::1";
  const auto server = serve(options);
  ClientOptions with;
  with.executor = loop.executor();
  const auto client = make_client(std::move(with));
  auto scenario = [&]() -> awaitable<void> {
    Request request("GET", "/");
    const auto response = co_await client->send(Endpoint(false, "::1", server->port()), std::move(request));
    EXPECT_TRUE(response) << response.error().what();
    if (response) {
      EXPECT_EQ(response->headers.find("x-host"), "[::1]:" + std::to_string(server->port()));
    }
  };
  loop.run(scenario());
}

TEST_F(ServerTest, AConnectionThatIsStoppedWhileItGreetsIsClosed) {
  const auto server = serve();
  bool closed = false;
  auto scenario = [&]() -> awaitable<void> {
    const auto connection = co_await raw_connect(server->port());
    while (server->stats().connections_open == 0) co_await core::yield();
    co_await server->stop(1h);
    const std::string heard = co_await connection->read_to_end();
    closed = heard.empty();
  };
  loop.run(scenario());
  EXPECT_TRUE(closed);
}

}  // namespace
}  // namespace kinesis::http
