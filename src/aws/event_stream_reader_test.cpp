#include "aws/event_stream_reader.hpp"

#include "aws/event_stream.hpp"
#include "core/digest.hpp"
#include "core/hex.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace kinesis::aws {
namespace {

std::string bytes_of(std::string_view hex) { return std::string(as_text(core::from_hex(hex).value())); }

/// With the readable bytes behind it that received ones have; what is read beyond those is seen by the sanitizer.
Blob received(std::string_view bytes) {
  auto whole = std::make_shared<const std::string>(std::string(bytes) + std::string(http::body_padding, '\xee'));
  return Blob(as_bytes(*whole).first(bytes.size()), whole);
}

std::string big_endian(std::uint64_t number, int bytes) {
  std::string text;
  for (int i = bytes - 1; i >= 0; --i) text.push_back(static_cast<char>(number >> (8 * i)));
  return text;
}

/// A frame whose lengths and headers may be wrong; its checksums are right.
std::string raw_frame(std::string_view headers, std::string_view payload, std::int64_t more_total = 0,
                      std::int64_t more_headers = 0) {
  const auto total = static_cast<std::int64_t>(headers.size() + payload.size() + 16) + more_total;
  std::string frame = big_endian(static_cast<std::uint64_t>(total), 4);
  frame += big_endian(static_cast<std::uint64_t>(static_cast<std::int64_t>(headers.size()) + more_headers), 4);
  frame += big_endian(core::crc32(as_bytes(frame)), 4);
  frame += headers;
  frame += payload;
  return frame + big_endian(core::crc32(as_bytes(frame)), 4);
}

std::string raw_header(std::string_view name, int type, std::string_view value = "") {
  std::string header = big_endian(name.size(), 1);
  header += name;
  header += big_endian(static_cast<std::uint64_t>(type), 1);
  return header + std::string(value);
}

std::string written(const EventHeaders& headers, std::string payload) {
  return std::string(write_event(headers, http::Body(std::move(payload))).joined().text());
}

/// One that is read with ease, of a type and payload that tell it apart.
std::string frame_number(std::size_t number) {
  return written(EventHeaders::event("event-" + std::to_string(number), "text/plain"), std::string(number, 'p'));
}

class EventStreamReaderTest : public ::testing::Test {
 protected:
  std::shared_ptr<core::BufferPool> pool = core::BufferPool::create();
  EventStreamReader reader{pool};
  /// They keep alive what the frames are parts of.
  std::vector<EventFrame> frames;

  /// Nothing, or the error.
  std::optional<Error> read(std::string_view bytes) {
    reader.feed(received(bytes));
    while (true) {
      auto frame = reader.next();
      if (!frame) return frame.error();
      if (!*frame) return std::nullopt;
      frames.push_back(std::move(**frame));
    }
  }
  std::string refusal(std::string_view bytes) {
    const auto error = read(bytes);
    if (!error) return "none";
    EXPECT_EQ(error->code(), errc::protocol);
    return error->message();
  }
};

TEST_F(EventStreamReaderTest, ReadsAnEmptyFrameAsPublished) {
  EXPECT_FALSE(read(bytes_of("000000100000000005c248eb7d98c8ff")));
  ASSERT_EQ(frames.size(), 1u);
  EXPECT_TRUE(frames[0].headers.empty());
  EXPECT_TRUE(frames[0].payload.empty());
  EXPECT_FALSE(reader.within_frame());
}

TEST_F(EventStreamReaderTest, ReadsPayloadWithoutHeadersAsPublished) {
  EXPECT_FALSE(read(bytes_of("0000001d00000000fd528c5a7b27666f6f273a27626172277dc3653936")));
  ASSERT_EQ(frames.size(), 1u);
  EXPECT_EQ(frames[0].payload.text(), "{'foo':'bar'}");
}

TEST_F(EventStreamReaderTest, ReadsTheInitialResponseOfKinesis) {
  EXPECT_FALSE(read(
      bytes_of("0000007200000060ab820d9e0d3a6d6573736167652d747970650700056576656e740b3a6576656e742d7479706507001069"
               "6e697469616c2d726573706f6e73650d3a636f6e74656e742d7479706507001a6170706c69636174696f6e2f782d616d7a2d"
               "6a736f6e2d312e317b7de16e66e4")));
  ASSERT_EQ(frames.size(), 1u);
  EXPECT_EQ(frames[0].text(":message-type"), "event");
  EXPECT_EQ(frames[0].text(":event-type"), "initial-response");
  EXPECT_EQ(frames[0].text(":content-type"), "application/x-amz-json-1.1");
  EXPECT_EQ(frames[0].payload.text(), "{}");
}

// botocore reads the same of these bytes.
TEST_F(EventStreamReaderTest, ReadsHeadersOfAllTypes) {
  EXPECT_FALSE(read(
      bytes_of("000000890000007267df1d9a0474727565000566616c736501046279746502ff0573686f727403fffe03696e7404fffffff"
               "d046c6f6e6705fffffffffffffffc05627974657306000300010204746578740700066772c3b6c39f0474696d6508000001"
               "9b76daa87b047575696409000102030405060708090a0b0c0d0e0f7061796c6f6164ec7c9a81")));
  ASSERT_EQ(frames.size(), 1u);
  const EventFrame& frame = frames[0];
  EXPECT_EQ(frame.find("true")->boolean(), true);
  EXPECT_EQ(frame.find("false")->boolean(), false);
  EXPECT_EQ(frame.find("byte")->number(), -1);
  EXPECT_EQ(frame.find("short")->number(), -2);
  EXPECT_EQ(frame.find("int")->number(), -3);
  EXPECT_EQ(frame.find("long")->number(), -4);
  EXPECT_EQ(frame.find("bytes")->type, EventHeader::Type::bytes);
  EXPECT_EQ(core::to_hex(frame.find("bytes")->value), "000102");
  EXPECT_EQ(frame.find("text")->text(), "größ");
  EXPECT_EQ(frame.find("time")->type, EventHeader::Type::timestamp);
  EXPECT_EQ(frame.find("time")->number(), 1'767'225'600'123);
  EXPECT_EQ(core::to_hex(frame.find("uuid")->value), "000102030405060708090a0b0c0d0e0f");
  EXPECT_EQ(frame.payload.text(), "payload");

  EXPECT_FALSE(frame.find("none"));
  EXPECT_FALSE(frame.find("text")->number());
  EXPECT_FALSE(frame.find("text")->boolean());
  EXPECT_FALSE(frame.find("byte")->text());
  EXPECT_EQ(frame.text("byte"), "");
}

TEST_F(EventStreamReaderTest, AFrameWithinABlobIsAPartOfIt) {
  const Blob blob = received(frame_number(3) + frame_number(70) + frame_number(0));
  reader.feed(blob);
  for (const std::size_t size : {3, 70, 0}) {
    const auto frame = reader.next().value();
    ASSERT_TRUE(frame);
    EXPECT_EQ(frame->payload.size(), size);
    EXPECT_EQ(frame->payload.owner(), blob.owner());
    EXPECT_GE(frame->headers.data(), blob.bytes().data());
    EXPECT_LE(frame->payload.bytes().data() + size, blob.bytes().data() + blob.size());
  }
  EXPECT_FALSE(reader.next().value());
  EXPECT_EQ(blob.owner().use_count(), 1) << "the reader lets go of what is read";
}

TEST_F(EventStreamReaderTest, FramesMayBeCutAnywhere) {
  const std::string stream = frame_number(5) + frame_number(0) + frame_number(100);
  for (std::size_t first = 0; first <= stream.size(); ++first) {
    for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, std::size_t{150}, stream.size()}) {
      SCOPED_TRACE(std::to_string(first) + ", then pieces of " + std::to_string(piece));
      reader = EventStreamReader(pool);
      frames.clear();
      ASSERT_FALSE(read(std::string_view(stream).substr(0, first)));
      for (std::size_t begin = first; begin < stream.size(); begin += piece)
        ASSERT_FALSE(read(std::string_view(stream).substr(begin, piece)));
      ASSERT_EQ(frames.size(), 3u);
      EXPECT_EQ(frames[0].text(":event-type"), "event-5");
      EXPECT_EQ(frames[0].payload.text(), "ppppp");
      EXPECT_EQ(frames[1].text(":event-type"), "event-0");
      EXPECT_EQ(frames[2].payload.text(), std::string(100, 'p'));
      EXPECT_FALSE(reader.within_frame());
    }
  }
}

TEST_F(EventStreamReaderTest, KnowsThatAFrameHasBegun) {
  const std::string frame = frame_number(5);
  EXPECT_FALSE(reader.within_frame());
  for (std::size_t size = 1; size < frame.size(); ++size) {
    ASSERT_FALSE(read(std::string_view(frame).substr(size - 1, 1)));
    EXPECT_TRUE(reader.within_frame());
  }
  ASSERT_FALSE(read(std::string_view(frame).substr(frame.size() - 1)));
  EXPECT_FALSE(reader.within_frame());
  EXPECT_EQ(frames.size(), 1u);
}

TEST_F(EventStreamReaderTest, ReadableBytesFollowEachPayload) {
  const std::string frame = frame_number(40);
  ASSERT_FALSE(read(frame));
  ASSERT_FALSE(read(frame.substr(0, 30)));
  ASSERT_FALSE(read(frame.substr(30)));
  ASSERT_EQ(frames.size(), 2u);
  for (const EventFrame& each : frames) {
    const std::byte* const end = each.payload.bytes().data() + each.payload.size();
    std::size_t sum = 0;
    for (std::size_t i = 0; i < http::body_padding; ++i) sum += std::to_integer<std::size_t>(end[i]);
    EXPECT_GT(sum, 0u) << "the checksum at least";
  }
}

TEST_F(EventStreamReaderTest, SeesEachFlippedBit) {
  const std::string frame = frame_number(20);
  const std::string behind = frame_number(1);
  for (std::size_t bit = 0; bit < frame.size() * 8; ++bit) {
    std::string flipped = frame;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    reader = EventStreamReader(pool);
    EXPECT_NE(refusal(flipped + behind), "none") << "bit " << bit;
  }
  EXPECT_TRUE(frames.empty());
}

TEST_F(EventStreamReaderTest, AnErrorIsTheEnd) {
  std::string frame = frame_number(20);
  frame[50] ^= 1;
  EXPECT_NE(refusal(frame), "none");
  EXPECT_NE(refusal(frame_number(1)), "none") << "though this one is sound";
  EXPECT_FALSE(reader.next());
}

TEST_F(EventStreamReaderTest, RefusesLengthsThatCannotBe) {
  const auto head = [](std::uint64_t total, std::uint64_t headers) {
    std::string text = big_endian(total, 4) + big_endian(headers, 4);
    return text + big_endian(core::crc32(as_bytes(text)), 4);
  };
  const auto refused = [&](const std::string& bytes) {
    reader = EventStreamReader(pool);
    return refusal(bytes);
  };
  EXPECT_NE(refused(head(15, 0)).find("fewer than it needs"), std::string::npos);
  EXPECT_NE(refused(head(0, 0)).find("fewer than it needs"), std::string::npos);
  EXPECT_NE(refused(head(40, 25)).find("fewer than it needs"), std::string::npos);
  EXPECT_NE(refused(head(1u << 20, max_event_headers + 1)).find("bytes of headers"), std::string::npos);
  EXPECT_NE(refused(head(1u << 20, 0xffff'ffff)).find("bytes of headers"), std::string::npos);
  EXPECT_NE(refused(head(max_event_payload + 17, 0)).find("more than any may have"), std::string::npos);
  EXPECT_NE(refused(head(0xffff'ffff, 100)).find("more than any may have"), std::string::npos);
  EXPECT_EQ(refused(head(max_event_payload + max_event_headers + 16, max_event_headers)), "none");
  EXPECT_TRUE(reader.within_frame());
  EXPECT_EQ(refused(head(16, 0).substr(0, 11)), "none") << "not known yet";
}

TEST_F(EventStreamReaderTest, TakesTheLargestFrame) {
  std::string headers;
  while (headers.size() + 70'000 <= max_event_headers)
    headers += raw_header("h" + std::to_string(headers.size()), 7, big_endian(60'000, 2) + std::string(60'000, 'v'));
  headers += raw_header(
      "rest", 7,
      big_endian(max_event_headers - headers.size() - 8, 2) + std::string(max_event_headers - headers.size() - 8, 'v'));
  ASSERT_EQ(headers.size(), max_event_headers);
  const std::string frame = raw_frame(headers, std::string(max_event_payload, 'p'));
  EXPECT_FALSE(read(frame));
  for (std::size_t begin = 0; begin < frame.size(); begin += 100'000)
    EXPECT_FALSE(read(std::string_view(frame).substr(begin, 100'000)));
  ASSERT_EQ(frames.size(), 2u);
  EXPECT_EQ(frames[1].payload, frames[0].payload);
  EXPECT_EQ(frames[1].payload.size(), max_event_payload);
}

TEST_F(EventStreamReaderTest, RefusesHeadersThatDoNotFitTheirArea) {
  const std::vector<std::string> wrong{
      std::string("\x00\x00", 2),  // no name
      std::string("\x05nam", 4),   // a name that goes on behind it
      std::string("\x04name", 5),  // no type
      raw_header("name", 10),      // no such type
      raw_header("name", 2),       // no byte
      raw_header("name", 3, "a"),
      raw_header("name", 4, "abc"),
      raw_header("name", 5, "abcdefg"),
      raw_header("name", 8, "abcdefg"),
      raw_header("name", 9, "abcdefghijklmno"),
      raw_header("name", 6, "a"),                              // half a length
      raw_header("name", 7, big_endian(4, 2) + "abc"),         // less than the length says
      raw_header("name", 7, big_endian(3, 2) + "abc") + "\1",  // something behind it
  };
  for (const std::string& headers : wrong) {
    reader = EventStreamReader(pool);
    EXPECT_NE(refusal(raw_frame(headers, "payload that must not be read as headers")).find("do not fit"),
              std::string::npos)
        << core::to_hex(as_bytes(headers));
  }
  EXPECT_TRUE(frames.empty());
}

TEST_F(EventStreamReaderTest, RefusesNamesThatOccurTwice) {
  for (const std::size_t others : {0, 1, 14, 15, 16, 17, 40}) {
    std::string headers = raw_header("twice", 0);
    for (std::size_t i = 0; i < others; ++i) headers += raw_header("other" + std::to_string(i), 0);
    reader = EventStreamReader(pool);
    EXPECT_EQ(refusal(raw_frame(headers, "")), "none") << others;
    headers += raw_header("twice", 1);
    EXPECT_NE(refusal(raw_frame(headers, "")).find("occurs twice"), std::string::npos) << others;
  }
}

TEST_F(EventStreamReaderTest, ManyHeadersCostLittle) {
  std::string headers;
  for (std::size_t i = 0; headers.size() + 5 <= max_event_headers; ++i) headers += raw_header(big_endian(i, 3), 0);
  EXPECT_EQ(refusal(raw_frame(headers, "")), "none");
  EXPECT_EQ(frames.size(), 1u);
}

TEST_F(EventStreamReaderTest, MemoryGoesBackToThePool) {
  const std::string frame = frame_number(5'000);
  ASSERT_FALSE(read(frame.substr(0, 100)));
  ASSERT_FALSE(read(frame.substr(100)));
  EXPECT_EQ(pool->idle(), 0u);
  frames.clear();
  EXPECT_GT(pool->idle(), 0u);
}

}  // namespace
}  // namespace kinesis::aws
