// Credentials as processes, metadata services and the SSO portal write them, and the cached SSO token.
#include "aws/credentials/documents.hpp"

#include <cstdlib>

using namespace kinesis;
using namespace kinesis::aws;

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  for (const CredentialsForm form : {CredentialsForm::process, CredentialsForm::metadata, CredentialsForm::sso}) {
    const auto read = read_credentials(input, form);
    if (read && !check_credentials(*read)) std::abort();
    if (!read && read.error().message().size() > 200) std::abort();
  }
  const auto token = read_sso_token(input);
  if (token && token->access_token.empty()) std::abort();
  return 0;
}
