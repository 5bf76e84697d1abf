#include "drivers/board/contact_line.hpp"

#include <utility>

#include <gpiod.h>

#include "drivers/gpio/gpio_line.hpp"

namespace wayside::board {
namespace {

using gpio::GpioLine;

class ContactLine final : public Contact {
 public:
  ContactLine(GpioLine line, bool open_is_high) : line_(std::move(line)), open_is_high_(open_is_high) {}

  Result<bool> is_open() override {
    const int level = gpiod_line_get_value(line_.get());
    if (level < 0) return fail(line_.failed("read"));
    return (level != 0) == open_is_high_;
  }

 private:
  GpioLine line_;
  bool open_is_high_;
};

}  // namespace

Result<std::unique_ptr<Contact>> open_contact(const std::string& chip, unsigned line, bool open_is_high) {
  Result<GpioLine> found = GpioLine::find(chip, line);
  if (!found) return fail(found.error());
  const int pull =
      open_is_high ? GPIOD_LINE_REQUEST_FLAG_BIAS_PULL_UP : GPIOD_LINE_REQUEST_FLAG_BIAS_PULL_DOWN;
  if (gpiod_line_request_input_flags(found->get(), "wayside-contact", pull) != 0)
    return fail(found->failed("taken"));
  return std::make_unique<ContactLine>(std::move(*found), open_is_high);
}

}  // namespace wayside::board
