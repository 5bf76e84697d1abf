// SHA-256 of bytes that come in parts.
//
// Threads: one.
#pragma once

#include <memory>

#include "wayside/base/bytes.hpp"

namespace wayside {

class Sha256Stream {
 public:
  Sha256Stream();
  Sha256Stream(const Sha256Stream&) = delete;
  Sha256Stream& operator=(const Sha256Stream&) = delete;
  ~Sha256Stream();
  void add(ByteView part);
  [[nodiscard]] Sha256 finish();  // once, at the end

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace wayside
