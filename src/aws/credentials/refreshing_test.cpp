#include "aws/credentials/refreshing.hpp"

#include "aws/credentials/test_sources.hpp"
#include "core/strand.hpp"
#include "core/test_loop.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace kinesis::aws {
namespace {

using namespace std::chrono_literals;
using core::awaitable;
using ::testing::ElementsAre;

/// Answers as told, after a while.
class Scripted final : public CredentialsSource {
 public:
  struct State {
    int asked = 0;
    int cancelled = 0;
    Clock::duration takes = 1s;
    std::optional<Clock::duration> life;
    std::optional<Error> error;
    bool throws = false;
  };
  Scripted(std::shared_ptr<State> state, Clock& clock) : state_(std::move(state)), clock_(clock) {}

  std::string name() const override { return "script"; }
  awaitable<SourceAnswer> fetch() override {
    const int number = ++state_->asked;
    try {
      co_await core::sleep_for(clock_, state_->takes);
    } catch (...) {
      ++state_->cancelled;
      throw;
    }
    if (state_->throws) throw std::runtime_error("surprise");
    if (state_->error) co_return *state_->error;
    auto credentials = std::make_shared<Credentials>();
    credentials->access_key_id = "key" + std::to_string(number);
    credentials->secret_access_key = "secret";
    credentials->source = "script";
    if (state_->life) credentials->expiration = clock_.wall_now() + *state_->life;
    co_return CredentialsPtr(std::move(credentials));
  }

 private:
  std::shared_ptr<State> state_;
  Clock& clock_;
};

class RefreshingTest : public ::testing::Test {
 protected:
  core::TestLoop loop;
  std::shared_ptr<Scripted::State> script = std::make_shared<Scripted::State>();
  std::vector<std::string> logged;
  std::shared_ptr<CredentialsProvider> provider = make();

  std::shared_ptr<CredentialsProvider> make() {
    ChainOptions options;
    options.clock = borrowed(loop.clock);
    options.executor = loop.executor();
    options.log = Log(LogLevel::warning, [this](const LogRecord& record) { logged.emplace_back(record.message); });
    return refreshing_credentials(std::make_shared<SourceContext>(std::move(options)),
                                  std::make_unique<Scripted>(script, loop.clock));
  }
  static awaitable<void> store(std::shared_ptr<CredentialsProvider> provider, std::string* out,
                               CredentialsPtr* credentials) {
    const auto got = co_await provider->get();
    *out = got ? (*got)->access_key_id : got.error().message();
    if (got && credentials != nullptr) *credentials = *got;
  }
  /// What a caller gets now, waiting if it must.
  std::string get(CredentialsPtr* credentials = nullptr) {
    std::string out;
    loop.run(store(provider, &out, credentials));
    return out;
  }
  void pass(Clock::duration time) { loop.clock.advance(time); }
};

TEST_F(RefreshingTest, AsksWhenItIsAskedAndKeepsTheAnswer) {
  loop.run_for(1h);
  EXPECT_EQ(script->asked, 0);
  EXPECT_EQ(get(), "key1");
  pass(100h);
  EXPECT_EQ(get(), "key1");
  EXPECT_EQ(script->asked, 1);
}

TEST_F(RefreshingTest, OneFetchServesAllWhoWait) {
  std::vector<std::string> out(50);
  for (std::string& one : out) core::spawn(loop.executor(), store(provider, &one, nullptr));
  loop.run_for(1h);
  EXPECT_THAT(out, ::testing::Each("key1"));
  EXPECT_EQ(script->asked, 1);
}

TEST_F(RefreshingTest, RenewsBesideItsCallersBeforeTheEnd) {
  script->life = 1h;
  EXPECT_EQ(get(), "key1");
  pass(50min);
  EXPECT_EQ(get(), "key1");
  EXPECT_EQ(script->asked, 1);
  pass(5min);
  std::vector<std::string> out(10);
  for (std::string& one : out) core::spawn(loop.executor(), store(provider, &one, nullptr));
  loop.run_for(0s);
  EXPECT_THAT(out, ::testing::Each("key1")) << "nobody waits for the renewal";
  loop.run_for(1s);
  EXPECT_EQ(script->asked, 2);
  EXPECT_EQ(get(), "key2");
}

TEST_F(RefreshingTest, NothingIsFetchedForNobody) {
  script->life = 1h;
  get();
  loop.run_for(1000h);
  EXPECT_EQ(script->asked, 1);
}

TEST_F(RefreshingTest, WithinTheSlackCallersWaitForNewOnes) {
  script->life = 1h;
  get();
  pass(1h - 10s);
  EXPECT_EQ(get(), "key2");
}

TEST_F(RefreshingTest, FailuresKeepTheOldUntilTheyHaveExpired) {
  script->life = 1h;
  get();
  script->error = Error(errc::no_credentials, "the door is shut");
  pass(55min);
  EXPECT_EQ(get(), "key1");
  loop.run_for(2s);
  EXPECT_THAT(logged, ElementsAre("the credentials of script could not be renewed: the door is shut"));
  pass(5min - 8s);
  EXPECT_EQ(get(), "key1") << "within the slack it tried, and had no others";
  EXPECT_EQ(script->asked, 3);
  pass(20s);
  EXPECT_EQ(get(), "the door is shut");
  script->error.reset();
  EXPECT_EQ(get(), "the door is shut") << "a pause lies between two tries";
  pass(10s);
  EXPECT_EQ(get(), "key5");
}

TEST_F(RefreshingTest, AFirstFailureIsTheAnswerAndIsNotHammered) {
  script->error = Error(errc::no_credentials, "nothing here");
  for (int i = 0; i < 100; ++i) EXPECT_EQ(get(), "nothing here");
  EXPECT_EQ(script->asked, 1);
  pass(1s);
  get();
  EXPECT_EQ(script->asked, 2);
}

TEST_F(RefreshingTest, ARefusalForcesOneFetch) {
  CredentialsPtr first;
  get(&first);
  provider->refused(first);
  CredentialsPtr second;
  EXPECT_EQ(get(&second), "key2");
  provider->refused(first);  // a late answer to a request that was signed with the old ones
  EXPECT_EQ(get(), "key2");
  EXPECT_EQ(script->asked, 2);
  provider->refused(nullptr);
  EXPECT_EQ(get(), "key2");
}

TEST_F(RefreshingTest, ARefusalWhoseFetchFailsGivesTheOld) {
  CredentialsPtr first;
  get(&first);
  provider->refused(first);
  script->error = Error(errc::no_credentials, "the door is shut");
  EXPECT_EQ(get(), "key1");
  EXPECT_EQ(logged.size(), 1u);
}

TEST_F(RefreshingTest, AnExceptionOfASourceIsAnError) {
  script->throws = true;
  EXPECT_EQ(get(), "surprise");
}

TEST_F(RefreshingTest, ACallerThatGoesDoesNotTakeTheFetchAlong) {
  core::TaskGroup group(loop.executor());
  std::string first;
  std::string second;
  group.spawn(store(provider, &first, nullptr));
  core::spawn(loop.executor(), store(provider, &second, nullptr));
  loop.run_for(100ms);
  group.cancel();
  loop.run(group.join());
  loop.run_for(2s);
  EXPECT_EQ(first, "");
  EXPECT_EQ(second, "key1");
  EXPECT_EQ(script->asked, 1);
}

TEST_F(RefreshingTest, LettingGoOfItCancelsTheFetch) {
  script->takes = 1000h;
  std::string out;
  auto waits = [](std::shared_ptr<CredentialsProvider>* held, std::string* text) -> awaitable<void> {
    auto answer = (*held)->get();
    const auto got = co_await std::move(answer);
    *text = got ? "?" : std::string(to_string(got.error().code()));
  };
  core::spawn(loop.executor(), waits(&provider, &out));
  loop.run_for(1s);
  provider.reset();
  loop.run_for(1s);
  EXPECT_EQ(script->cancelled, 1);
  EXPECT_EQ(out, "closed");
}

/// Answers at once, from whatever thread; counts.
class Quick final : public CredentialsSource {
 public:
  explicit Quick(std::atomic<int>* asked) : asked_(asked) {}
  std::string name() const override { return "quick"; }
  awaitable<SourceAnswer> fetch() override {
    auto credentials = std::make_shared<Credentials>();
    credentials->access_key_id = "key" + std::to_string(++*asked_);
    credentials->source = "quick";
    credentials->expiration = Clock::system()->wall_now() + 1h;
    co_await core::yield();
    co_return CredentialsPtr(std::move(credentials));
  }

 private:
  std::atomic<int>* asked_;
};

TEST(RefreshingThreadsTest, CallersOnManyThreadsShareOneProvider) {
  std::atomic<int> asked = 0;
  std::atomic<int> answers = 0;
  asio::io_context context(4);
  {
    ChainOptions options;
    options.clock = Clock::system();
    options.executor = context.get_executor();
    const auto provider =
        refreshing_credentials(std::make_shared<SourceContext>(std::move(options)), std::make_unique<Quick>(&asked));
    auto caller = [](std::shared_ptr<CredentialsProvider> shared, std::atomic<int>* count) -> awaitable<void> {
      for (int i = 0; i < 50; ++i) {
        const auto got = co_await shared->get();
        if (got) shared->refused(*got);
        if (got) ++*count;
        co_await core::yield();
      }
    };
    for (int i = 0; i < 20; ++i) core::spawn(core::make_strand(context.get_executor()), caller(provider, &answers));
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) threads.emplace_back([&] { context.run(); });
    for (std::thread& thread : threads) thread.join();
  }
  EXPECT_EQ(answers, 20 * 50);
  EXPECT_GE(asked, 1);
  EXPECT_LE(asked, 10) << "refusals are heeded once a second";
}

}  // namespace
}  // namespace kinesis::aws
