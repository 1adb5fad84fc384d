#include <kinesis/credentials.hpp>

#include <utility>

namespace kinesis {
namespace {

class StaticCredentials final : public CredentialsProvider {
 public:
  explicit StaticCredentials(std::shared_ptr<const Credentials> credentials) : credentials_(std::move(credentials)) {}
  asio::awaitable<Result<std::shared_ptr<const Credentials>>> get() override { co_return credentials_; }
  void refused(const std::shared_ptr<const Credentials>&) override {}  // there are no others

 private:
  std::shared_ptr<const Credentials> credentials_;
};

}  // namespace

std::shared_ptr<CredentialsProvider> static_credentials(std::string access_key_id, std::string secret_access_key,
                                                        std::string session_token) {
  auto credentials = std::make_shared<Credentials>();
  credentials->access_key_id = std::move(access_key_id);
  credentials->secret_access_key = std::move(secret_access_key);
  credentials->session_token = std::move(session_token);
  credentials->source = "the program";
  return std::make_shared<StaticCredentials>(std::move(credentials));
}

}  // namespace kinesis
