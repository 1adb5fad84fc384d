#include "http/test_server.hpp"
#include <kinesis/client.hpp>
#include <kinesis/lease_repositories.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

// What is asked of DynamoDB, and what is made of answers that third-party servers do not give.
namespace kinesis {
namespace {

using core::awaitable;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* row =
    R"({"leaseKey":{"S":"shardId-000000000000"},"leaseCounter":{"N":"8"},"leaseOwner":{"S":"other"},)"
    R"("checkpoint":{"S":"TRIM_HORIZON"},"checkpointSubSequenceNumber":{"N":"0"}})";

/// A table that is ACTIVE once it was made, and answers to order.
class DynamoDbLeasesTest : public ::testing::Test {
 protected:
  struct Asked {
    std::string operation;
    std::string body;
  };
  struct Answer {
    int status;
    std::string body;
  };

  DynamoDbLeasesTest() {
    http::ServerOptions options;
    options.executor = loop.executor();
    auto handle = [this](http::ServerRequest request) -> awaitable<http::ServerResponse> {
      co_return answer_to(request);
    };
    server_ = http::make_server(std::move(options), http::handler(std::move(handle)));
  }

  http::ServerResponse answer_to(const http::ServerRequest& request) {
    const std::string target(request.headers.find("x-amz-target").value_or(""));
    const std::string operation = target.substr(target.find('.') + 1);
    asked.push_back(Asked{operation, std::string(request.body.text())});
    Answer answer{200, "{}"};
    auto& queue = answers[operation];
    if (!queue.empty()) {
      answer = queue.front();
      queue.pop_front();
    } else if (operation == "DescribeTable") {
      answer = made() ? Answer{200, R"({"Table":{"TableName":"billing","TableStatus":"ACTIVE"}})"}
                      : error("ResourceNotFoundException");
    }
    return http::ServerResponse(answer.status, http::Headers{{"content-type", "application/x-amz-json-1.0"}},
                                http::Body(answer.body));
  }
  bool made() const {
    for (const Asked& one : asked)
      if (one.operation == "CreateTable") return true;
    return false;
  }
  static Answer error(const std::string& code, const std::string& more = "") {
    return Answer{400, R"({"__type":"com.amazonaws.dynamodb.v20120810#)" + code + "\",\"message\":\"no\"" + more + "}"};
  }
  std::vector<std::string> operations() const {
    std::vector<std::string> names;
    for (const Asked& one : asked) names.push_back(one.operation);
    return names;
  }
  std::string body_of(const std::string& operation) const {
    for (const Asked& one : asked)
      if (one.operation == operation) return one.body;
    return "(not asked for)";
  }

  std::shared_ptr<LeaseRepository> leases(DynamoDbTableOptions table = {}) {
    ClientOptions options;
    options.endpoint_url = "http://127.0.0.1:" + std::to_string(server_->port());
    options.region = "us-east-1";
    options.credentials = static_credentials("AKID", "secret");
    options.retry.max_attempts = 3;
    options.retry.base = std::chrono::milliseconds(1);
    options.retry.throttled_base = std::chrono::milliseconds(1);
    return dynamodb_leases(Client(loop.executor(), options), "billing", std::move(table));
  }
  LeaseWrite update(const std::shared_ptr<LeaseRepository>& table) {
    Lease known("shardId-000000000000");
    known.owner = "me";
    known.counter = 7;
    std::optional<LeaseWrite> out;
    auto run = [&]() -> awaitable<void> {
      LeaseUpdate change = LeaseUpdate::renew(known);
      out.emplace(co_await table->update(std::move(change)));
    };
    loop.run(run());
    return std::move(*out);
  }

  http::TestContext loop;
  std::vector<Asked> asked;
  std::map<std::string, std::deque<Answer>> answers;

 private:
  std::shared_ptr<http::Server> server_;
};

TEST_F(DynamoDbLeasesTest, TheTableIsMadeAsTheOptionsSay) {
  DynamoDbTableOptions options;
  options.read_capacity = 20;
  options.write_capacity = 30;
  options.tags = {{"team", "billing"}};
  options.deletion_protection = true;
  options.point_in_time_recovery = true;
  loop.run(leases(options)->prepare());
  EXPECT_THAT(operations(), ElementsAre("DescribeTable", "CreateTable", "DescribeTable", "UpdateContinuousBackups"));
  const std::string body = body_of("CreateTable");
  EXPECT_THAT(body, HasSubstr(R"("BillingMode":"PROVISIONED")"));
  EXPECT_THAT(body, HasSubstr(R"("ReadCapacityUnits":20)"));
  EXPECT_THAT(body, HasSubstr(R"("WriteCapacityUnits":30)"));
  EXPECT_THAT(body, HasSubstr(R"({"Key":"team","Value":"billing"})"));
  EXPECT_THAT(body, HasSubstr(R"("DeletionProtectionEnabled":true)"));
  EXPECT_THAT(body_of("UpdateContinuousBackups"), HasSubstr(R"("PointInTimeRecoveryEnabled":true)"));
}

TEST_F(DynamoDbLeasesTest, ByDefaultItIsPaidPerRequestAndNothingElse) {
  loop.run(leases()->prepare());
  EXPECT_THAT(operations(), ElementsAre("DescribeTable", "CreateTable", "DescribeTable"));
  const std::string body = body_of("CreateTable");
  EXPECT_THAT(body, HasSubstr(R"("BillingMode":"PAY_PER_REQUEST")"));
  for (const char* absent : {"ProvisionedThroughput", "Tags", "DeletionProtection"})
    EXPECT_THAT(body, Not(HasSubstr(absent)));
}

TEST_F(DynamoDbLeasesTest, ATableThatIsThereIsLeftAsItIs) {
  answers["DescribeTable"].assign(2, Answer{200, R"({"Table":{"TableName":"billing","TableStatus":"ACTIVE"}})"});
  loop.run(leases()->prepare());
  EXPECT_THAT(operations(), ElementsAre("DescribeTable", "DescribeTable"));
}

TEST_F(DynamoDbLeasesTest, AThrottledWriteIsTriedAgain) {
  answers["UpdateItem"] = {error("ProvisionedThroughputExceededException"), error("ThrottlingException")};
  EXPECT_TRUE(update(leases()).is_stored());
  EXPECT_EQ(asked.size(), 3u);
}

TEST_F(DynamoDbLeasesTest, ATableThatStaysThrottledIsAnErrorOfItsName) {
  answers["UpdateItem"].assign(3, error("ProvisionedThroughputExceededException"));
  try {
    update(leases());
    FAIL() << "it was stored";
  } catch (const Error& failure) {
    EXPECT_EQ(failure.code(), errc::throttled);
    EXPECT_TRUE(failure.retryable());
    EXPECT_EQ(failure.attempts(), 3);
    EXPECT_THAT(failure.what(), HasSubstr("the lease table billing"));
  }
}

TEST_F(DynamoDbLeasesTest, ARefusalBringsTheRowAsItIs) {
  answers["UpdateItem"] = {error("ConditionalCheckFailedException", std::string(",\"Item\":") + row)};
  const LeaseWrite written = update(leases());
  ASSERT_TRUE(written.row());
  EXPECT_EQ(written.row()->owner, "other");
  EXPECT_EQ(written.row()->counter, 8);
  EXPECT_THAT(operations(), ElementsAre("UpdateItem"));
}

TEST_F(DynamoDbLeasesTest, ARefusalWithoutTheRowIsFollowedByReadingIt) {
  answers["UpdateItem"] = {error("ConditionalCheckFailedException")};
  answers["GetItem"] = {Answer{200, std::string("{\"Item\":") + row + "}"}};
  const LeaseWrite written = update(leases());
  ASSERT_TRUE(written.row());
  EXPECT_EQ(written.row()->owner, "other");
  EXPECT_THAT(operations(), ElementsAre("UpdateItem", "GetItem"));
  EXPECT_THAT(body_of("GetItem"), HasSubstr(R"("ConsistentRead":true)"));
}

TEST_F(DynamoDbLeasesTest, ARowThatIsGoneIsARefusalWithoutOne) {
  answers["UpdateItem"] = {error("ConditionalCheckFailedException")};
  const LeaseWrite written = update(leases());
  EXPECT_FALSE(written.is_stored());
  EXPECT_FALSE(written.row());
}

}  // namespace
}  // namespace kinesis
