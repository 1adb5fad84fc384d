// The documents in which credentials arrive. What is accepted can be sent, and a refusal tells nothing.
#include "aws/credentials/documents.hpp"

#include <cstdlib>

using namespace kinesis;
using namespace kinesis::aws;

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const CredentialsForm form : {CredentialsForm::process, CredentialsForm::metadata, CredentialsForm::sso}) {
    const auto credentials = read_credentials(text, form);
    if (credentials) {
      if (!check_credentials(*credentials)) std::abort();
    } else if (credentials.error().message().size() > 200) {
      std::abort();
    }
  }
  const auto token = read_sso_token(text);
  if (token && token->access_token.empty()) std::abort();
  if (!token && token.error().message().size() > 200) std::abort();
  return 0;
}
