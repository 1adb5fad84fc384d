#include "aws/region.hpp"

#include "aws/credentials/instance_metadata.hpp"

#include <boost/asio/io_context.hpp>

namespace kinesis::aws {
namespace {

core::awaitable<void> ask_for_region(SourceContextPtr context, Result<std::string>* out) {
  InstanceMetadata metadata(std::move(context));
  *out = co_await metadata.get("/latest/meta-data/placement/region");
}

/// Blocks: the endpoints of everything depend on it.
Result<std::string> instance_region(const Settings& settings) {
  asio::io_context loop(1);
  Result<std::string> region = Error(errc::internal, "nobody was asked");
  ChainOptions options;
  options.settings = settings;
  options.clock = Clock::system();
  options.executor = loop.get_executor();
  auto context = std::make_shared<SourceContext>(std::move(options));
  core::spawn(loop.get_executor(), ask_for_region(context, &region),
              [&](const std::exception_ptr& failure) { region = core::to_error(failure); });
  // Until the answer is there; its connection may idle on.
  while (!region && region.error().code() == errc::internal && loop.run_one() > 0) continue;
  return region;
}

}  // namespace

std::string find_region(std::string_view from_code, const Settings& settings) {
  if (!from_code.empty()) return std::string(from_code);
  for (const char* name : {"AWS_REGION", "AWS_DEFAULT_REGION"})
    if (auto region = settings.variable(name)) return *region;
  if (auto region = settings.profile_value("region")) return *region;
  auto region = instance_region(settings);
  if (region && !region->empty()) return *region;
  throw Error(errc::invalid_argument,
              "no region: name one with --region, ClientOptions::region, AWS_REGION, or \"region\" of the profile \"" +
                  settings.profile + "\" (and no instance: " + (region ? "it has none" : region.error().message()) +
                  ")");
}

}  // namespace kinesis::aws
