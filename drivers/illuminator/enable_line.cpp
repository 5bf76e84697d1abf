#include "drivers/illuminator/enable_line.hpp"

#include <gpiod.h>

#include "drivers/gpio/gpio_line.hpp"

namespace wayside::illuminator {
namespace {

using gpio::GpioLine;

class OutputLine final : public EnableLine {
 public:
  explicit OutputLine(GpioLine line) : line_(std::move(line)) {}
  OutputLine(const OutputLine&) = delete;
  OutputLine& operator=(const OutputLine&) = delete;
  ~OutputLine() override { gpiod_line_set_value(line_.get(), 0); }

  Status set(bool high) override {
    if (gpiod_line_set_value(line_.get(), high ? 1 : 0) == 0) return {};
    return fail(line_.failed(high ? "set high" : "set low"));
  }

 private:
  GpioLine line_;
};

}  // namespace

Result<std::unique_ptr<EnableLine>> open_enable_line(const std::string& chip, unsigned line) {
  Result<GpioLine> found = GpioLine::find(chip, line);
  if (!found) return fail(found.error());
  if (gpiod_line_request_output(found->get(), "wayside-illuminator", 0) != 0)
    return fail(found->failed("taken"));
  return std::make_unique<OutputLine>(std::move(*found));
}

}  // namespace wayside::illuminator
