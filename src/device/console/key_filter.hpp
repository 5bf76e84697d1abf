// What of a byte stream a line editor gets: text, and the few keys that it knows.
//
// An editor's own commands can rebind keys and start programs, and noise types anything. So bytes become
// letters (UTF-8) or one of the control keys below; arrows and their like, which terminals send as escape
// sequences, become the control key that does the same; the rest is passed over.
//
// Threads: one.
#pragma once

#include <optional>
#include <string>

namespace wayside::console {

class KeyFilter {
 public:
  // The character that the byte completes; '\n' ends a line. nothing: it is passed over, or is part of one.
  [[nodiscard]] std::optional<wchar_t> take(unsigned char byte);
  void reset();

 private:
  [[nodiscard]] std::optional<wchar_t> escaped(unsigned char byte);
  enum class State { text, escape, sequence } state_ = State::text;
  std::string sequence_;
  std::string letter_;
};

inline constexpr wchar_t key_cancel = 0x03;
inline constexpr wchar_t key_delete = 0x04;

}  // namespace wayside::console
