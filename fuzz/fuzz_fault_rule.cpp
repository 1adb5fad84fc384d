// Fault rules from the command line and the admin page.
#include <kinesis/emulator.hpp>

#include <cstdlib>

using namespace kinesis;

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const auto rule = FaultRule::parse(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!rule) {
    if (rule.error().code() != errc::invalid_argument || rule.error().message().size() > 400) std::abort();
    return 0;
  }
  const std::string written = to_string(*rule);
  const auto again = FaultRule::parse(written);
  if (!again || to_string(*again) != written || again->latency != rule->latency) std::abort();
  return 0;
}
