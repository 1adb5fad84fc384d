#include "aws/test_pipeline.hpp"
#include "core/time_format.hpp"

#include <gmock/gmock.h>

// Calls whose answer is a stream.
namespace kinesis::aws {
namespace {

using ::testing::HasSubstr;

class RequestPipelineOpenTest : public RequestPipelineTest {
 protected:
  std::shared_ptr<http::Client> streams = make_client();

  ServiceAnswer open() {
    RequestPipeline pipeline(options);
    std::optional<ServiceAnswer> answer;
    auto task = [&]() -> awaitable<void> {
      ServiceCall call = list_shards();
      answer.emplace(co_await pipeline.open(std::move(call), streams));
    };
    loop.run(task());
    return std::move(*answer);
  }
};

TEST_F(RequestPipelineOpenTest, GivesTheAnswerAtItsHead) {
  script = {[] { return good_answer(std::string(100'000, 'a')); }};
  ServiceAnswer answer = open();
  ASSERT_TRUE(answer.stream);
  EXPECT_FALSE(answer.response);
  EXPECT_EQ(answer.attempts, 1);
  EXPECT_EQ(answer.stream->status, 200);
  std::size_t size = 0;
  auto read = [&]() -> awaitable<void> {
    while (true) {
      const auto piece = co_await answer.stream->read();
      if (!piece.value()) break;
      size += piece.value()->size();
    }
  };
  loop.run(read());
  EXPECT_EQ(size, 100'000u);
  EXPECT_EQ(streams->stats().requests, 1u);
  EXPECT_EQ(options.http->stats().requests, 0u);
}

TEST_F(RequestPipelineOpenTest, IsNotTriedAgain) {
  for (const int status : {400, 429, 500, 503}) {
    seen.clear();
    script = {[status] { return error_answer(status, "ThrottlingException", "slow down"); }};
    const ServiceAnswer answer = open();
    ASSERT_TRUE(answer.error);
    EXPECT_EQ(answer.error->code(), errc::throttled);
    EXPECT_EQ(answer.error->message(), "slow down");
    EXPECT_EQ(answer.error->attempts(), 1);
    EXPECT_EQ(seen.size(), 1u);
  }
  seen.clear();
  script = {[] { return broken(http::Fault::Kind::reset_connection); }};
  const ServiceAnswer lost = open();
  ASSERT_TRUE(lost.error);
  EXPECT_EQ(lost.error->code(), errc::connection);
  EXPECT_EQ(seen.size(), 1u);
}

TEST_F(RequestPipelineOpenTest, RefusedCredentialsAreReplacedOnce) {
  int made = 0;
  credentials->on_refused = [&] {
    credentials->current = ChangingCredentials::keys("K" + std::to_string(++made), "s", "");
  };
  script = {[] { return error_answer(400, "ExpiredTokenException"); }, [] { return good_answer(); }};
  EXPECT_TRUE(open().stream);
  EXPECT_THAT(header(1, "authorization"), HasSubstr("Credential=K1/"));
  seen.clear();
  script = {[] { return error_answer(400, "ExpiredTokenException"); }};
  const ServiceAnswer stubborn = open();
  ASSERT_TRUE(stubborn.error);
  EXPECT_EQ(stubborn.error->code(), errc::expired_credentials);
  EXPECT_EQ(seen.size(), 2u);
}

TEST_F(RequestPipelineOpenTest, AWrongClockIsCorrectedOnce) {
  const auto service_time = [] { return Clock::system()->wall_now() + 2h; };
  const auto judge = [&] {
    const std::string wrong = judge_signature(seen.back(), "secret", service_time());
    auto response = wrong.empty() ? good_answer() : error_answer(400, "RequestTimeTooSkewed", wrong);
    response.headers.set("date", core::format_http_date(service_time()));
    return response;
  };
  script = {judge};
  const ServiceAnswer answer = open();
  EXPECT_TRUE(answer.stream);
  EXPECT_EQ(answer.attempts, 2);
  EXPECT_EQ(seen.size(), 2u);
}

TEST_F(RequestPipelineOpenTest, AnErrorWithoutAnEndIsNotAwaitedForEver) {
  script = {[] {
    auto writer = [](std::shared_ptr<http::ResponseStream> out) -> awaitable<void> {
      http::Body some("{\"__type\":");
      const auto written = co_await out->write(std::move(some));
      static_cast<void>(written);
      co_await core::sleep_for(*Clock::system(), 1h);
    };
    return http::ServerResponse(400, http::Headers{{"content-type", json_type}}, http::ServerResponse::Writer(writer));
  }};
  options.error_patience = 1ms;
  const ServiceAnswer answer = open();
  ASSERT_TRUE(answer.error);
  EXPECT_EQ(answer.error->code(), errc::timeout);
}

TEST_F(RequestPipelineOpenTest, AnErrorWithoutAnEndIsNotReadForEver) {
  script = {[] {
    auto writer = [](std::shared_ptr<http::ResponseStream> out) -> awaitable<void> {
      const Blob piece(std::string(100'000, 'x'));
      while (true) {
        http::Body body(piece);
        const auto written = co_await out->write(std::move(body));
        if (!written) co_return;
      }
    };
    return http::ServerResponse(400, http::Headers{{"content-type", json_type}}, http::ServerResponse::Writer(writer));
  }};
  const ServiceAnswer answer = open();
  ASSERT_TRUE(answer.error);
  EXPECT_EQ(answer.error->http_status(), 400);
}

}  // namespace
}  // namespace kinesis::aws
