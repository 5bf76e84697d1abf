#include "drivers/illuminator/enable_line.hpp"

#include <cerrno>
#include <cstring>

#include <fmt/format.h>
#include <gpiod.h>

#include "wayside/base/json_text.hpp"

namespace wayside::illuminator {
namespace {

struct CloseChip {
  void operator()(gpiod_chip* chip) const { gpiod_chip_close(chip); }
};

class GpioLine final : public EnableLine {
 public:
  // The chip's closing lets go of its lines.
  GpioLine(std::unique_ptr<gpiod_chip, CloseChip> chip, gpiod_line* line, std::string name)
      : chip_(std::move(chip)), line_(line), name_(std::move(name)) {}
  GpioLine(const GpioLine&) = delete;
  GpioLine& operator=(const GpioLine&) = delete;
  ~GpioLine() override { gpiod_line_set_value(line_, 0); }

  Status set(bool high) override {
    if (gpiod_line_set_value(line_, high ? 1 : 0) == 0) return {};
    return fail(ErrorCode::io, fmt::format("{} could not be set {}: {}", name_, high ? "high" : "low",
                                           std::strerror(errno)));
  }

 private:
  std::unique_ptr<gpiod_chip, CloseChip> chip_;
  gpiod_line* line_;
  std::string name_;
};

ErrorCode code_of(int number) {
  if (number == ENOENT || number == ENODEV || number == ENXIO) return ErrorCode::not_found;
  return number == EACCES || number == EPERM || number == EBUSY ? ErrorCode::refused : ErrorCode::io;
}

}  // namespace

Result<std::unique_ptr<EnableLine>> open_enable_line(const std::string& chip, unsigned line) {
  const std::string name = fmt::format("line {} of {}", line, json_escape(chip));
  std::unique_ptr<gpiod_chip, CloseChip> opened(gpiod_chip_open_lookup(chip.c_str()));
  if (!opened) {
    return fail(code_of(errno), fmt::format("{} could not be opened: {}; does the chip exist, and may the "
                                            "camera's user use it?",
                                            name, std::strerror(errno)));
  }
  gpiod_line* found = gpiod_chip_get_line(opened.get(), line);
  if (found == nullptr) {
    return fail(ErrorCode::not_found, fmt::format("{} is not there; the chip has lines 0 to {}", name,
                                                  gpiod_chip_num_lines(opened.get()) - 1));
  }
  if (gpiod_line_request_output(found, "wayside-illuminator", 0) != 0) {
    return fail(code_of(errno), fmt::format("{} could not be taken: {}; does another program hold it?", name,
                                            std::strerror(errno)));
  }
  return std::make_unique<GpioLine>(std::move(opened), found, name);
}

}  // namespace wayside::illuminator
