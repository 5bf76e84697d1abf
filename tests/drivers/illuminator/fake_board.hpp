// A PWM unit, a thermometer and a GPIO line that are files and a variable.
#pragma once

#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>

#include "drivers/illuminator/strobe_illuminator.hpp"
#include "tests/doubles/temporary_folder.hpp"

namespace wayside::illuminator::test {

struct FakeLine {
  bool high = false;
  bool taken = false;
  bool stuck = false;
};

class FakeBoard {
 public:
  FakeBoard() {
    std::filesystem::create_directories(pwm());
    put("pwmchip0/npwm", "2\n");
    put("pwmchip0/export", "");
    put("pwmchip0/pwm0/period", "0\n");
    put("pwmchip0/pwm0/duty_cycle", "0\n");
    put("pwmchip0/pwm0/enable", "0\n");
    put("pwmchip0/pwm0/polarity", "inversed\n");
    put("temp1_input", "41500\n");
  }

  [[nodiscard]] std::filesystem::path root() const { return folder_.path(); }
  [[nodiscard]] std::filesystem::path pwm() const { return root() / "pwmchip0" / "pwm0"; }
  void put(const std::string& file, const std::string& text) const { std::ofstream(root() / file) << text; }
  [[nodiscard]] std::string get(const std::string& file) const {
    std::ostringstream text;
    text << std::ifstream(pwm() / file).rdbuf();
    return text.str();
  }
  [[nodiscard]] bool is_dark() const { return !line->high && get("enable") != "1"; }

  [[nodiscard]] Wiring wiring(Timing timing = Timing::sensor_strobe) const {
    Wiring wiring;
    wiring.timing = timing;
    wiring.pwm_chip = root() / "pwmchip0";
    wiring.temperature = root() / "temp1_input";
    return wiring;
  }
  [[nodiscard]] OpenEnableLine open_line() const {
    return [line = line](const std::string&, unsigned) -> Result<std::unique_ptr<EnableLine>> {
      line->taken = true;
      line->high = false;
      return std::make_unique<Line>(line);
    };
  }
  [[nodiscard]] std::unique_ptr<Illuminator> make(Timing timing = Timing::sensor_strobe,
                                                  const IlluminatorLimits& limits = {}) const {
    return make_strobe_illuminator(wiring(timing), limits, open_line());
  }

  std::shared_ptr<FakeLine> line = std::make_shared<FakeLine>();

 private:
  class Line final : public EnableLine {
   public:
    explicit Line(std::shared_ptr<FakeLine> line) : line_(std::move(line)) {}
    Line(const Line&) = delete;
    Line& operator=(const Line&) = delete;
    ~Line() override {
      line_->high = false;
      line_->taken = false;
    }
    Status set(bool high) override {
      if (line_->stuck) return fail(ErrorCode::io, "the line could not be set");
      line_->high = high;
      return {};
    }

   private:
    std::shared_ptr<FakeLine> line_;
  };

  doubles::TemporaryFolder folder_;
};

}  // namespace wayside::illuminator::test
