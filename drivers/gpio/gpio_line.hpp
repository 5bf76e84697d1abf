// One line of a GPIO chip, found by chip and number, for the drivers that take it as an input or an output.
//
// Threads: one. Ownership: closing the chip, which the line does when it is let go, gives the line back.
// Failure: not_found, refused or io, naming chip and line.
#pragma once

#include <memory>
#include <string>

#include "wayside/base/result.hpp"

struct gpiod_chip;
struct gpiod_line;

namespace wayside::gpio {

class GpioLine {
 public:
  // Found, and not taken yet. chip: "/dev/gpiochip0" or "gpiochip0".
  [[nodiscard]] static Result<GpioLine> find(const std::string& chip, unsigned line);

  [[nodiscard]] gpiod_line* get() const { return line_; }
  [[nodiscard]] const std::string& name() const { return name_; }
  // Why it could not be taken or used, from errno: "line 4 of gpiochip0 could not be {doing}: ...".
  [[nodiscard]] Error failed(const std::string& doing) const;

 private:
  struct CloseChip {
    void operator()(gpiod_chip* chip) const;
  };
  GpioLine(std::unique_ptr<gpiod_chip, CloseChip> chip, gpiod_line* line, std::string name)
      : chip_(std::move(chip)), line_(line), name_(std::move(name)) {}

  std::unique_ptr<gpiod_chip, CloseChip> chip_;
  gpiod_line* line_;
  std::string name_;
};

}  // namespace wayside::gpio
