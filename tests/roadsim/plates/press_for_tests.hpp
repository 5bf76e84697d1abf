// The press with the repository's own characters.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <stdexcept>

#include "wayside/roadsim/plates/plate_press.hpp"

namespace wayside::roadsim {

inline std::filesystem::path plates_folder() {
  const char* root = std::getenv("WAYSIDE_SOURCE_DIR");
  if (root == nullptr) throw std::runtime_error("WAYSIDE_SOURCE_DIR is not set: run the tests with ctest");
  return std::filesystem::path(root) / "models" / "plates";
}

inline PlatePress press_for_tests() {
  auto press = PlatePress::load(plates_folder());
  if (!press) throw std::runtime_error(press.error().message);
  return std::move(*press);
}

}  // namespace wayside::roadsim
