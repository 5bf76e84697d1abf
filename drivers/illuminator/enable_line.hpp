// The GPIO line that lets the flash burn at all: low is dark.
//
// Threads: one. Ownership: let go, it is set low first. Failure: not_found, refused or io, naming chip and
// line.
#pragma once

#include <memory>
#include <string>

#include "wayside/base/result.hpp"

namespace wayside::illuminator {

class EnableLine {
 public:
  virtual ~EnableLine() = default;
  virtual Status set(bool high) = 0;
};

// Through libgpiod; low from the first moment. chip: "/dev/gpiochip0" or "gpiochip0".
[[nodiscard]] Result<std::unique_ptr<EnableLine>> open_enable_line(const std::string& chip, unsigned line);

}  // namespace wayside::illuminator
