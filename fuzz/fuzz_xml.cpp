// XML answers of the query protocol, and the forms a server gets.
#include "aws/cloudwatch_shapes.hpp"
#include "aws/query_format.hpp"
#include "aws/sts_shapes.hpp"
#include "aws/xml.hpp"

#include <cstdlib>

using namespace kinesis;
using namespace kinesis::aws;

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  XmlScanner scanner(input);
  std::size_t depth = 0;
  for (std::size_t events = 0;; ++events) {
    const auto event = scanner.next();
    if (event == XmlScanner::Event::done || event == XmlScanner::Event::error) break;
    event == XmlScanner::Event::start ? ++depth : --depth;
    if (depth > 32 || events > 2 * size) std::abort();
  }

  (void)response_from_xml<sts::AssumeRoleRequest>(input);
  (void)response_from_xml<sts::GetCallerIdentityRequest>(input);
  (void)response_from_xml<cloudwatch::PutMetricDataRequest>(input);

  cloudwatch::PutMetricDataRequest request;
  const auto& type = type_of<cloudwatch::PutMetricDataRequest>();
  if (read_form(type, &request, input)) {
    const std::string form = write_form(type, &request, "PutMetricData", "2010-08-01");
    cloudwatch::PutMetricDataRequest again;
    if (!read_form(type, &again, form) || write_form(type, &again, "PutMetricData", "2010-08-01") != form) std::abort();
  }
  return 0;
}
