// Something that may fail to open, opened when it is needed.
//
// Threads: one.
#pragma once

#include <functional>
#include <optional>
#include <utility>

#include "wayside/base/result.hpp"

namespace wayside::app {

template <class T>
class OpenedLate {
 public:
  explicit OpenedLate(std::function<Result<T>()> open) : open_(std::move(open)) {}
  [[nodiscard]] Result<T*> get() {
    if (!opened_) {
      Result<T> opened = open_();
      if (!opened) return fail(opened.error());
      opened_.emplace(std::move(*opened));
    }
    return &*opened_;
  }

 private:
  std::function<Result<T>()> open_;
  std::optional<T> opened_;
};

}  // namespace wayside::app
