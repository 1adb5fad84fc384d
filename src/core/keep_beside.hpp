#pragma once

#include <memory>
#include <utility>

namespace kinesis::core {

/// `value`, whose new owners keep `kept` as well: it goes after `value` does, with the last of them.
template <class Kept, class T>
std::shared_ptr<T> keep_beside(Kept kept, std::shared_ptr<T> value) {
  struct Both {
    Kept kept;
    std::shared_ptr<T> value;
  };
  auto both = std::make_shared<Both>(std::move(kept), std::move(value));
  T* const object = both->value.get();
  return std::shared_ptr<T>(std::move(both), object);
}

}  // namespace kinesis::core
