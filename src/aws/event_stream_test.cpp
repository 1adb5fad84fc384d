#include "aws/event_stream.hpp"

#include "core/hex.hpp"

#include <gtest/gtest.h>

namespace kinesis::aws {
namespace {

std::string hex_of(const http::Body& body) { return core::to_hex(body.joined().bytes()); }

TEST(EventStreamWriter, WritesAnEmptyFrameAsPublished) {
  EXPECT_EQ(hex_of(write_event(EventHeaders(), http::Body())), "000000100000000005c248eb7d98c8ff");
}

TEST(EventStreamWriter, WritesTheInitialResponseOfKinesis) {
  const auto headers = EventHeaders::event("initial-response", "application/x-amz-json-1.1");
  EXPECT_EQ(hex_of(write_event(headers, http::Body("{}"))),
            "0000007200000060ab820d9e0d3a6d6573736167652d747970650700056576656e740b3a6576656e742d7479706507001069"
            "6e697469616c2d726573706f6e73650d3a636f6e74656e742d7479706507001a6170706c69636174696f6e2f782d616d7a2d"
            "6a736f6e2d312e317b7de16e66e4");
}

TEST(EventStreamWriter, PartsOfAPayloadAreOnePayload) {
  const auto headers = EventHeaders::event("initial-response", "application/x-amz-json-1.1");
  const http::Body parts(std::vector<Blob>{Blob("{"), Blob("}")});
  EXPECT_EQ(hex_of(write_event(headers, parts)), hex_of(write_event(headers, http::Body("{}"))));
}

TEST(EventStreamWriter, RefusesHeadersThatDoNotFit) {
  EventHeaders headers;
  EXPECT_THROW(headers.add("", "value"), Error);
  EXPECT_THROW(headers.add(std::string(256, 'n'), "value"), Error);
  EXPECT_THROW(headers.add("name", std::string(65'536, 'v')), Error);
}

}  // namespace
}  // namespace kinesis::aws
