// Which of some sensors have stopped answering, or answer what cannot be.
//
// A sensor that never answered tells nothing: kernels list some that this board, or this state of it, does
// not have. One that did and has failed for three looks in a row is a problem, and so is one whose answers
// cannot be or that this user may not ask.
//
// Threads: one. Failure: none.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "wayside/device/board/board_sensors.hpp"

namespace wayside {

class Answers {
 public:
  // A look at all of them begins, saw() each, and ends.
  void begin() { seen_.clear(); }
  void saw(std::string_view sensor, const Error* error);
  void end();
  template <class T>
  void saw(const std::vector<SensorReading<T>>& readings) {
    for (const SensorReading<T>& reading : readings)
      saw(reading.sensor, reading.value ? nullptr : &reading.value.error());
  }

  // One sentence; empty where there is none.
  [[nodiscard]] const std::string& problem() const { return problem_; }
  // Those that do not answer now.
  [[nodiscard]] const std::vector<std::string>& silent() const { return silent_; }

 private:
  struct Known {
    bool answered = false;
    int failed = 0;  // looks in a row
    Error error;     // the last
  };
  std::map<std::string, Known, std::less<>> known_;
  std::set<std::string, std::less<>> seen_;
  std::string problem_;
  std::vector<std::string> silent_;
};

}  // namespace wayside
