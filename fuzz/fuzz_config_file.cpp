// ~/.aws/config and ~/.aws/credentials, and what is made of a profile.
#include "aws/config_file.hpp"
#include "aws/credentials/command_line.hpp"
#include "aws/credentials/profile_plan.hpp"

#include <cstdlib>

using namespace kinesis;
using namespace kinesis::aws;

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t half = input.find('\0');
  const std::string_view config = input.substr(0, half);
  const std::string_view credentials = half == std::string_view::npos ? std::string_view() : input.substr(half + 1);
  const auto files = ConfigFiles::parse(config, credentials);
  if (!files) {
    // Messages name places, not text, which may be a secret: they stay short whatever the input is.
    if (files.error().message().size() > 200) std::abort();
    return 0;
  }
  for (const char* name : {"default", "a", "b", "c"}) {
    const auto plan = plan_profile(*files, name);
    if (plan && *plan && (*plan)->roles.size() > 16) std::abort();
    const ConfigSection* section = files->profile(name);
    if (section == nullptr) continue;
    const auto words = split_command(section->find("credential_process").value_or(""));
    if (words && words->empty()) std::abort();
  }
  return 0;
}
