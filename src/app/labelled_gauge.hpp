// A figure of one thing among several of its kind, for the metrics.
//
// Threads: plain value.
#pragma once

#include <string>

namespace wayside::app {

struct LabelledGauge {
  std::string name;  // "temperature_celsius"; those of one name stand together
  std::string help;
  std::string label;  // "sensor"; empty: there is only one
  std::string of;     // "cpu-thermal"
  double value = 0;
};

}  // namespace wayside::app
