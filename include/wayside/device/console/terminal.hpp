// A person at the other end of a line: a terminal on a serial line, or lines from a file or a socket.
//
// Everything shown passes printable_lines(), so nothing that was received, typed or stored drives the
// terminal; past it go only the bytes of a protocol that somebody asked for (ByteLine). What is typed is
// bounded, and a line is given up as a whole: broken, too long, not ended in time.
// Threads: one. Ownership: the descriptors stay the caller's. Failure: as Input; who does not read what is
// written for a minute has hung up.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "wayside/base/bytes.hpp"
#include "wayside/base/result.hpp"
#include "wayside/base/wiped.hpp"

namespace wayside::console {

enum class Input {
  line,       // one was typed
  hang_up,    // nobody is there any more, or the file has ended
  idle,       // it was not ended in time
  broken,     // a BREAK, or noise as of another rate
  too_long,   // and has been passed over to its end
  cancelled,  // by Control-C
  notice,     // the heartbeat has something to tell
};

struct Typed {
  Input input = Input::hang_up;
  std::string text;  // of a line, without its end; valid UTF-8 only where the console says so
};

// What helps with the line that is being typed; both get what stands before the cursor.
struct Assistant {
  std::function<std::string(std::string_view)> help;
  struct Completion {
    std::string added;
    std::vector<std::string> choices;
  };
  std::function<Completion(std::string_view)> complete;
};

// The line below a terminal, for a protocol that has it for a while: bytes as they are, both ways.
class ByteLine {
 public:
  using Clock = std::chrono::steady_clock;
  struct Got {
    Input input = Input::hang_up;  // line: a byte; idle: none by then; hang_up
    std::uint8_t byte = 0;
  };

  virtual ~ByteLine() = default;
  [[nodiscard]] virtual Clock::time_point now() const = 0;
  // A deadline that has passed only looks.
  [[nodiscard]] virtual Got read_byte(Clock::time_point deadline) = 0;
  // Returns when they are out. False: nobody is there any more.
  [[nodiscard]] virtual bool write_bytes(ByteView bytes) = 0;
};

class Terminal {
 public:
  using Milliseconds = std::chrono::milliseconds;
  static constexpr std::size_t longest_command = 1000;  // characters

  virtual ~Terminal() = default;
  virtual void write(std::string_view text) = 0;
  // Over what it drew before, where the terminal can; else below it.
  virtual void redraw(std::string_view lines) = 0;
  // Edited, with history, where a person is at a terminal.
  [[nodiscard]] virtual Typed read_command(const std::string& prompt, const Assistant& assistant,
                                           Milliseconds patience) = 0;
  // Shown as it is typed, kept nowhere. most: bytes.
  [[nodiscard]] virtual Typed read_plain(const std::string& prompt, std::size_t most,
                                         Milliseconds patience) = 0;
  // Not shown. `into` is emptied first.
  [[nodiscard]] virtual Input read_secret(const std::string& prompt, WipedBytes& into,
                                          Milliseconds patience) = 0;
  // One key. Input::idle: none within patience; 0 only looks.
  struct Key {
    Input input = Input::idle;
    char key = 0;
  };
  [[nodiscard]] virtual Key read_key(Milliseconds patience) = 0;
  // What was typed ahead.
  virtual void discard_input() = 0;
  // Null where lines come from a file or a socket. While it is used nothing else of the terminal is.
  [[nodiscard]] virtual ByteLine* byte_line() = 0;

  // A person reads it screen by screen.
  [[nodiscard]] virtual bool is_screen() const = 0;
  virtual void forget_history() = 0;
  [[nodiscard]] virtual unsigned rate() const = 0;  // bit/s; 0: as fast as it is read
  // Tries the next rate of the line, where it has more than one.
  virtual bool try_next_rate() = 0;
  // Called every second while something is waited for; true ends a command under way with Input::notice.
  virtual void set_heartbeat(std::function<bool()> heartbeat) = 0;
};

struct SerialLine {
  std::vector<unsigned> rates = {115200};  // bit/s; the first to begin with
  // As terminfo names it. Of a dumb one nothing is asked but to show text and go back a character.
  std::string kind = "dumb";
};
// From 9600 to 115200, as termios has them.
[[nodiscard]] bool is_rate(unsigned rate);

// A terminal: raw, eight bits, no parity, one stop bit, no flow control, deaf to a carrier. As it was before
// when it goes. io: it is none, or cannot be set.
[[nodiscard]] Result<std::unique_ptr<Terminal>> open_serial_terminal(int descriptor, const SerialLine& line);
// Lines: nothing is echoed, edited or paged.
[[nodiscard]] std::unique_ptr<Terminal> make_line_terminal(int in, int out);

}  // namespace wayside::console
