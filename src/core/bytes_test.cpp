#include <kinesis/bytes.hpp>

#include <gtest/gtest.h>

namespace kinesis {
namespace {

TEST(BlobTest, TakesAStringOverAndSharesItWithCopies) {
  const Blob blob(std::string(1000, 'x'));
  const Blob copy = blob;  // NOLINT(performance-unnecessary-copy-initialization)
  EXPECT_EQ(copy.bytes().data(), blob.bytes().data());
  EXPECT_EQ(copy.size(), 1000U);
}

TEST(BlobTest, KeepsItsOwnerAlive) {
  auto whole = std::make_shared<std::string>("hello world");
  const std::weak_ptr<std::string> watch = whole;
  {
    const Blob part(as_bytes(*whole).subspan(6), whole);
    whole.reset();
    EXPECT_EQ(part.text(), "world");
    EXPECT_FALSE(watch.expired());
  }
  EXPECT_TRUE(watch.expired());
}

TEST(BlobTest, ACopyOfAPartDoesNotKeepTheWhole) {
  auto whole = std::make_shared<std::string>("hello world");
  const std::weak_ptr<std::string> watch = whole;
  const Blob copy = Blob::copy_of(as_bytes(*whole).first(5));
  whole.reset();
  EXPECT_TRUE(watch.expired());
  EXPECT_EQ(copy.text(), "hello");
}

TEST(BlobTest, EmptyOnesOwnNothing) {
  EXPECT_EQ(Blob(std::string()).owner(), nullptr);
  EXPECT_EQ(Blob(Bytes()).owner(), nullptr);
  EXPECT_EQ(Blob::copy_of({}).owner(), nullptr);
  EXPECT_EQ(Blob(""), Blob());
}

TEST(BlobTest, ComparesBytesNotStorage) {
  EXPECT_EQ(Blob("abc"), Blob(std::string("abc")));
  EXPECT_FALSE(Blob("abc") == Blob("abd"));
}

}  // namespace
}  // namespace kinesis
