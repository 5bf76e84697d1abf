// Values as the records' JSON says them. Threads: pure.
#pragma once

#include <cmath>
#include <optional>

#include <nlohmann/json.hpp>

namespace wayside {

// The nearest double to a short decimal number prints as that number everywhere; adding zero turns -0.0 into
// 0.0.
[[nodiscard]] inline double rounded(double value, double steps_per_unit) {
  return std::round(value * steps_per_unit) / steps_per_unit + 0.0;
}

template <class T>
[[nodiscard]] nlohmann::json value_or_null(const std::optional<T>& value) {
  return value ? nlohmann::json(*value) : nlohmann::json(nullptr);
}

}  // namespace wayside
