#include "aws/test_pipeline.hpp"

#include <set>

namespace kinesis::aws {
namespace {

/// Without a network, in virtual time.
class RequestPipelineTimeTest : public ::testing::Test {
 protected:
  core::TestLoop loop;
  std::shared_ptr<Clock> clock = borrowed(loop.clock);
  std::shared_ptr<FakeHttp> http;
  PipelineOptions options;

  RequestPipelineTimeTest() {
    options.url = http::Url::parse("https://kinesis.us-east-1.amazonaws.com").value();
    options.region = "us-east-1";
    options.credentials = static_credentials("AKID", "secret");
    options.clock = clock;
  }
  void answer(FakeHttp::Function function) {
    http = std::make_shared<FakeHttp>(clock, std::move(function));
    options.http = http;
  }
  static Result<http::Response> throttled(std::string_view retry_after = "") {
    http::Response response = answer_of(400, R"({"__type":"ThrottlingException"})");
    if (!retry_after.empty()) response.headers.add("x-amz-retry-after", retry_after);
    return response;
  }
  std::optional<ServiceAnswer> send(RequestPipeline& pipeline) {
    std::optional<ServiceAnswer> answer;
    auto task = [&]() -> awaitable<void> {
      ServiceCall call = list_shards();
      answer.emplace(co_await pipeline.send(std::move(call)));
    };
    loop.run(task());
    return answer;
  }
  std::vector<Clock::duration> pauses() const {
    std::vector<Clock::duration> pauses;
    for (std::size_t i = 1; i < http->seen.size(); ++i) pauses.push_back(http->seen[i].when - http->seen[i - 1].when);
    return pauses;
  }
};

TEST_F(RequestPipelineTimeTest, PausesGrowAndAreRandom) {
  answer([](const FakeHttp::Seen&) -> Result<http::Response> { return answer_of(500, ""); });
  options.rules.max_attempts = 12;
  std::set<Clock::duration> firsts;
  Clock::duration longest{};
  for (int i = 0; i < 20; ++i) {
    http->seen.clear();
    RequestPipeline pipeline(options);
    send(pipeline);
    ASSERT_EQ(http->seen.size(), 12u);
    const auto all = pauses();
    EXPECT_LE(all[0], 50ms);
    EXPECT_LE(all[1], 100ms);
    EXPECT_LE(all[10], 20s);
    firsts.insert(all[0]);
    longest = std::max(longest, all[10]);
  }
  EXPECT_GT(firsts.size(), 15u);
  EXPECT_GT(longest, 5s);
}

TEST_F(RequestPipelineTimeTest, AServiceMayAskForALongerPause) {
  int asked = 0;
  answer([&](const FakeHttp::Seen&) -> Result<http::Response> {
    ++asked;
    if (asked == 1) return throttled("3000");
    if (asked == 2) return throttled("3600000");
    return answer_of(200, "{}");
  });
  RequestPipeline pipeline(options);
  ASSERT_TRUE(send(pipeline)->response);
  EXPECT_GE(pauses()[0], 3s);
  EXPECT_LE(pauses()[0], 6s);
  EXPECT_GE(pauses()[1], 5s) << "at most five seconds beyond one's own";
  EXPECT_LE(pauses()[1], 7s);
}

TEST_F(RequestPipelineTimeTest, TheAdaptiveModeSlowsTheClientDownAndLetsItRecover) {
  options.retry_mode = RetryPolicy::Mode::adaptive;
  options.rules.max_attempts = 1;
  bool throttle = false;
  answer(
      [&](const FakeHttp::Seen&) -> Result<http::Response> { return throttle ? throttled() : answer_of(200, "{}"); });
  RequestPipeline pipeline(options);
  const auto calls_within = [&](Clock::duration time) {
    const auto end = clock->now() + time;
    int calls = 0;
    auto task = [&]() -> awaitable<void> {
      while (clock->now() < end) {
        ServiceCall call = list_shards();
        co_await pipeline.send(std::move(call));
        co_await core::sleep_for(*clock, 10ms);
        ++calls;
      }
    };
    loop.run(task());
    return calls;
  };
  EXPECT_GT(calls_within(10s), 900) << "nothing slows it down before the service does";
  throttle = true;
  calls_within(2s);
  throttle = false;
  EXPECT_LT(calls_within(2s), 160);
  calls_within(60s);
  EXPECT_GT(calls_within(10s), 800);
}

TEST_F(RequestPipelineTimeTest, TheStandardModeDoesNotSlowDown) {
  options.rules.max_attempts = 1;
  answer([&](const FakeHttp::Seen&) -> Result<http::Response> { return throttled(); });
  RequestPipeline pipeline(options);
  const auto start = clock->now();
  for (int i = 0; i < 100; ++i) send(pipeline);
  EXPECT_EQ(clock->now(), start);
}

TEST_F(RequestPipelineTimeTest, ACancelledCallStopsWaiting) {
  answer([](const FakeHttp::Seen&) -> Result<http::Response> { return throttled("5000"); });
  RequestPipeline pipeline(options);
  core::TaskGroup group(loop.executor());
  auto task = [&]() -> awaitable<void> {
    ServiceCall call = list_shards();
    co_await pipeline.send(std::move(call));
    ADD_FAILURE() << "it was cancelled";
  };
  group.spawn(task());
  loop.run_for(100ms);
  EXPECT_EQ(http->seen.size(), 1u);
  group.cancel();
  loop.run(group.join());
  EXPECT_EQ(http->seen.size(), 1u);
}

}  // namespace
}  // namespace kinesis::aws
