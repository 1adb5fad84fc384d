// The config and the credentials file, one behind the other with a NUL between, and what profiles in them ask for.
#include "aws/config_file.hpp"
#include "aws/credentials/command_line.hpp"
#include "aws/credentials/profile_plan.hpp"

#include <cstdlib>
#include <string>

using namespace kinesis;
using namespace kinesis::aws;

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t gap = text.find('\0');
  const std::string_view credentials = gap == std::string_view::npos ? std::string_view() : text.substr(gap + 1);
  const auto files = ConfigFiles::parse(text.substr(0, gap), credentials);
  if (!files) {
    // The file and the line, and never what stands there.
    if (files.error().code() != errc::invalid_argument || files.error().message().size() > 100) std::abort();
    return 0;
  }
  for (const std::string name : {"default", "a", "b", "c"}) {
    const auto plan = plan_profile(*files, name);
    if (plan && *plan && (*plan)->roles.size() > size) std::abort();
    if (const ConfigSection* section = files->profile(name)) {
      (void)section->find("services", "endpoint_url");
      if (const auto command = section->find("credential_process")) {
        const auto words = split_command(*command);
        if (words && words->empty()) std::abort();
        if (!words && words.error().message().size() > 100) std::abort();
      }
    }
    (void)files->sso_session(name);
    (void)files->services(name);
  }
  return 0;
}
