#pragma once

#include <kinesis/bytes.hpp>
#include <kinesis/error.hpp>

#include <concepts>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

namespace kinesis {

/// A type that turns a T into bytes and back. `encode` appends to `out` and may throw; `decode` returns an Error for
/// bytes that are no T.
template <class C, class T>
concept CodecFor = requires(const C& codec, const T& value, Bytes& out, BytesView in) {
  codec.encode(value, out);
  { codec.decode(in) } -> std::same_as<Result<T>>;
};

/// A codec for T, whatever its type. Cheap to copy; used from several threads at once, so its functions must be
/// thread-safe.
template <class T>
class Codec {
 public:
  template <class C>
    requires(!std::same_as<std::remove_cvref_t<C>, Codec> && CodecFor<std::remove_cvref_t<C>, T>)
  Codec(C codec) : model_(std::make_shared<Model<std::remove_cvref_t<C>>>(std::move(codec))) {}

  void encode(const T& value, Bytes& out) const { model_->encode(value, out); }
  Result<T> decode(const Blob& in) const { return model_->decode(in); }

 private:
  struct Concept {
    virtual ~Concept() = default;
    virtual void encode(const T& value, Bytes& out) const = 0;
    virtual Result<T> decode(const Blob& in) const = 0;
  };
  template <class C>
  struct Model final : Concept {
    explicit Model(C c) : codec(std::move(c)) {}
    void encode(const T& value, Bytes& out) const override { codec.encode(value, out); }
    Result<T> decode(const Blob& in) const override {
      if constexpr (requires { codec.decode_blob(in); }) {
        return codec.decode_blob(in);
      } else {
        return codec.decode(in.bytes());
      }
    }
    C codec;
  };
  std::shared_ptr<const Concept> model_;
};

/// Text as it is, without a check of its encoding.
struct TextCodec {
  void encode(const std::string& value, Bytes& out) const { append(out, as_bytes(value)); }
  Result<std::string> decode(BytesView in) const { return std::string(as_text(in)); }
};
/// Bytes as they are. A received blob shares the answer it came in: no copy.
struct BytesCodec {
  void encode(const Blob& value, Bytes& out) const { append(out, value.bytes()); }
  Result<Blob> decode(BytesView in) const { return Blob::copy_of(in); }
  Result<Blob> decode_blob(const Blob& in) const { return in; }
};

inline const Codec<std::string> text{TextCodec{}};
inline const Codec<Blob> bytes{BytesCodec{}};

/// A codec whose decoding never fails: a record that cannot be decoded arrives as an Error, so that one poison record
/// is a value to look at.
template <class T>
Codec<Result<T>> attempt(Codec<T> inner) {
  struct Attempt {
    Codec<T> codec;
    void encode(const Result<T>& value, Bytes& out) const { codec.encode(value.value(), out); }
    Result<Result<T>> decode(BytesView in) const { return decode_blob(Blob::copy_of(in)); }
    Result<Result<T>> decode_blob(const Blob& in) const { return Result<Result<T>>(codec.decode(in)); }
  };
  return Codec<Result<T>>(Attempt{std::move(inner)});
}

}  // namespace kinesis
