// What is wrong with a file, all of it told together, one error a line, in the order of the file.
//
// Threads: a plain value.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace wayside {

class LineErrors {
 public:
  // line 0: of no line.
  void add(std::uint32_t line, std::string text) { errors_.emplace_back(line, std::move(text)); }
  [[nodiscard]] bool empty() const { return errors_.empty(); }
  // "NAME: line 3: TEXT"; errors of no line first.
  [[nodiscard]] std::string text(const std::string& name) const;

 private:
  std::vector<std::pair<std::uint32_t, std::string>> errors_;
};

}  // namespace wayside
