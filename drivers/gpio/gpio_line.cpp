#include "drivers/gpio/gpio_line.hpp"

#include <cerrno>
#include <cstring>

#include <fmt/format.h>
#include <gpiod.h>

#include "wayside/base/json_text.hpp"

namespace wayside::gpio {
namespace {

ErrorCode code_of(int number) {
  if (number == ENOENT || number == ENODEV || number == ENXIO) return ErrorCode::not_found;
  return number == EACCES || number == EPERM || number == EBUSY ? ErrorCode::refused : ErrorCode::io;
}

}  // namespace

void GpioLine::CloseChip::operator()(gpiod_chip* chip) const {
  gpiod_chip_close(chip);
}

Result<GpioLine> GpioLine::find(const std::string& chip, unsigned line) {
  std::string name = fmt::format("line {} of {}", line, json_escape(chip));
  std::unique_ptr<gpiod_chip, CloseChip> opened(gpiod_chip_open_lookup(chip.c_str()));
  if (!opened) {
    return fail(code_of(errno), fmt::format("{} could not be opened: {}; does the chip exist, and may the "
                                            "camera's user use it?",
                                            name, std::strerror(errno)));
  }
  gpiod_line* const found = gpiod_chip_get_line(opened.get(), line);
  if (found == nullptr) {
    return fail(ErrorCode::not_found, fmt::format("{} is not there; the chip has lines 0 to {}", name,
                                                  gpiod_chip_num_lines(opened.get()) - 1));
  }
  return GpioLine(std::move(opened), found, std::move(name));
}

Error GpioLine::failed(const std::string& doing) const {
  const int number = errno;
  const char* const remedy = number == EBUSY ? "; does another program hold it?" : "";
  return {code_of(number),
          fmt::format("{} could not be {}: {}{}", name_, doing, std::strerror(number), remedy)};
}

}  // namespace wayside::gpio
