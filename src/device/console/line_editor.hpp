// A line that is edited as it is typed, by libedit: the one file that calls it is line_editor.cpp.
//
// Threads: one. Ownership: the descriptor and the input outlive it. Nothing secret may be read with it: what
// is typed stays in its memory.
#pragma once

#include <memory>
#include <string>

#include "wayside/device/console/terminal.hpp"

#include "src/device/console/byte_input.hpp"

namespace wayside::console {

class LineEditor {
 public:
  // The terminal has been set up. null: there is no memory.
  [[nodiscard]] static std::unique_ptr<LineEditor> make(int descriptor, const std::string& kind,
                                                        ByteInput& input, Terminal& terminal);
  virtual ~LineEditor() = default;
  [[nodiscard]] virtual Typed read(const std::string& prompt, const Assistant& assistant,
                                   ByteInput::Clock::time_point deadline) = 0;
  virtual void forget_history() = 0;
};

}  // namespace wayside::console
