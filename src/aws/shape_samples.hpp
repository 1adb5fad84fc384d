#pragma once

#include "aws/shape.hpp"

#include <random>
#include <span>
#include <string>
#include <string_view>

// For tests: every described type, and objects of any of them.
namespace kinesis::aws {

struct DescribedType {
  std::string_view name;
  const TypeDescriptor& type;
  void* (*make)();
  void (*destroy)(void* object);
};

/// The requests and responses of every service.
std::span<const DescribedType> described_types();

/// An owned object of a described type.
class AnyObject {
 public:
  explicit AnyObject(const DescribedType& type) : type_(type), object_(type.make()) {}
  AnyObject(const AnyObject&) = delete;
  AnyObject& operator=(const AnyObject&) = delete;
  ~AnyObject() { type_.destroy(object_); }

  void* get() const noexcept { return object_; }

 private:
  const DescribedType& type_;
  void* object_;
};

/// Fills a new object. `richness` from 0 (nothing that may be absent) to 100 (all members, long lists).
void fill_sample(const TypeDescriptor& type, void* object, std::mt19937_64& random, int richness, int depth = 0);

/// Where two objects of a type differ, such as ".Records[2].Data"; empty if they are equal.
std::string difference(const TypeDescriptor& type, const void* left, const void* right);

}  // namespace kinesis::aws
