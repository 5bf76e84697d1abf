#include <algorithm>
#include <cerrno>
#include <utility>

#include <poll.h>
#include <unistd.h>

#include "wayside/device/console/printable.hpp"
#include "wayside/device/console/terminal.hpp"

#include "src/device/console/line_editor.hpp"
#include "src/device/console/serial_port.hpp"
#include "src/device/console/utf8.hpp"

namespace wayside::console {

namespace {

using Clock = ByteInput::Clock;

Input input_of(ByteInput::Kind kind) {
  switch (kind) {
    case ByteInput::Kind::end:
      return Input::hang_up;
    case ByteInput::Kind::late:
      return Input::idle;
    case ByteInput::Kind::notice:
      return Input::notice;
    case ByteInput::Kind::byte:
      break;
  }
  return Input::line;
}

// What both kinds have in common: bytes in, bytes out.
class DescriptorTerminal : public Terminal {
 public:
  DescriptorTerminal(int in, int out) : input_(in), out_(out) {}

  void write(std::string_view text) override { put(printable_lines(text)); }

  void redraw(std::string_view lines) override { write(lines); }

  Key read_key(Milliseconds patience) override {
    const ByteInput::Got got = hung_up_ ? ByteInput::Got() : input_.next(Clock::now() + patience);
    if (got.kind == ByteInput::Kind::notice) return {Input::idle, 0};
    if (got.kind != ByteInput::Kind::byte) return {input_of(got.kind), 0};
    return {got.byte == 0 ? Input::broken : Input::line, static_cast<char>(got.byte)};
  }
  void discard_input() override { input_.discard(); }
  void set_heartbeat(std::function<bool()> heartbeat) override { input_.set_heartbeat(std::move(heartbeat)); }

 protected:
  void put(std::string_view shown) {
    constexpr int patience_ms = 60'000;
    constexpr std::size_t at_once = 256;
    for (std::size_t done = 0; done < shown.size() && !hung_up_;) {
      pollfd one{out_, POLLOUT, 0};
      const int ready = ::poll(&one, 1, patience_ms);
      if (ready < 0 && errno == EINTR) continue;
      const ssize_t put =
          ready > 0 ? ::write(out_, shown.data() + done, std::min(shown.size() - done, at_once)) : -1;
      if (put > 0) {
        done += static_cast<std::size_t>(put);
      } else if (ready <= 0 || (errno != EINTR && errno != EAGAIN)) {
        hung_up_ = true;
      }
    }
  }
  [[nodiscard]] ByteInput::Got next_in_time(Clock::time_point deadline) {
    if (hung_up_) return {};
    return input_.next_in_time(deadline);
  }
  ByteInput& input() { return input_; }
  [[nodiscard]] bool hung_up() const { return hung_up_; }

 private:
  ByteInput input_;
  int out_;
  bool hung_up_ = false;
};

class LineTerminal final : public DescriptorTerminal {
 public:
  using DescriptorTerminal::DescriptorTerminal;

  Typed read_command(const std::string& prompt, const Assistant& assistant, Milliseconds patience) override {
    Typed typed = read(prompt, longest_command * 4, patience, true);
    if (typed.input != Input::line || typed.text.empty() || typed.text.back() != '?') return typed;
    typed.text.pop_back();
    write(assistant.help(typed.text));
    typed.text.clear();
    return typed;
  }

  Typed read_plain(const std::string& prompt, std::size_t most, Milliseconds patience) override {
    return read(prompt, most, patience, false);
  }

  Typed read(const std::string& prompt, std::size_t most, Milliseconds patience, bool notices) {
    write(prompt);
    Typed out;
    bool too_long = false;
    const Clock::time_point deadline = Clock::now() + patience;
    while (true) {
      const ByteInput::Got got = next_in_time(deadline);
      if (got.kind == ByteInput::Kind::notice && (!notices || !out.text.empty())) continue;
      // A last line without an end is one.
      if (got.kind == ByteInput::Kind::end && !out.text.empty() && !too_long) break;
      if (got.kind != ByteInput::Kind::byte) return {input_of(got.kind), {}};
      if (got.byte == '\n') break;
      if (out.text.size() == most) too_long = true;
      if (!too_long) out.text += static_cast<char>(got.byte);
    }
    write("\n");
    if (too_long) return {Input::too_long, {}};
    out.input = Input::line;
    return out;
  }

  Input read_secret(const std::string& prompt, WipedBytes& into, Milliseconds patience) override {
    constexpr std::size_t most = 4096;
    into.clear();
    write(prompt);
    const Clock::time_point deadline = Clock::now() + patience;
    while (true) {
      const ByteInput::Got got = next_in_time(deadline);
      if (got.kind == ByteInput::Kind::notice) continue;
      if (got.kind != ByteInput::Kind::byte) return input_of(got.kind);
      if (got.byte == '\n') break;
      if (into.size() <= most) into.push_back(got.byte);
    }
    input().wipe_buffer();
    write("\n");
    if (into.size() > most) return Input::too_long;
    return Input::line;
  }

  [[nodiscard]] ByteLine* byte_line() override { return nullptr; }
  [[nodiscard]] bool is_screen() const override { return false; }
  void discard_input() override {}  // what a file has next is not typed too early
  void forget_history() override {}
  [[nodiscard]] unsigned rate() const override { return 0; }
  bool try_next_rate() override { return false; }
};

class SerialTerminal final : public DescriptorTerminal, private ByteLine {
 public:
  SerialTerminal(int descriptor, SerialPort port)
      : DescriptorTerminal(descriptor, descriptor), port_(std::move(port)) {}
  bool begin(int descriptor, const std::string& kind) {
    dumb_ = kind == "dumb";
    editor_ = LineEditor::make(descriptor, kind, input(), *this);
    port_.make_raw();
    return editor_ != nullptr;
  }

  Typed read_command(const std::string& prompt, const Assistant& assistant, Milliseconds patience) override {
    if (hung_up()) return {};
    Typed typed = editor_->read(prompt, assistant, Clock::now() + patience);
    port_.make_raw();
    return typed;
  }

  Typed read_plain(const std::string& prompt, std::size_t most, Milliseconds patience) override {
    Typed out;
    WipedBytes typed;
    out.input = read(prompt, typed, most, true, patience);
    if (out.input == Input::line) out.text = text_of(typed);
    return out;
  }

  Input read_secret(const std::string& prompt, WipedBytes& into, Milliseconds patience) override {
    constexpr std::size_t most = 4096;
    const Input input = read(prompt, into, most, false, patience);
    this->input().wipe_buffer();
    return input;
  }

  [[nodiscard]] ByteLine* byte_line() override { return this; }
  [[nodiscard]] bool is_screen() const override { return true; }
  void forget_history() override { editor_->forget_history(); }
  // What rolls past cannot be read ten times a second.
  [[nodiscard]] unsigned rate() const override {
    constexpr unsigned readable = 9600;
    return dumb_ ? std::min(port_.rate() == 0 ? readable : port_.rate(), readable) : port_.rate();
  }
  bool try_next_rate() override {
    if (!port_.next_rate()) return false;
    discard_input();  // of the other rate
    return true;
  }

  void redraw(std::string_view lines) override {
    if (dumb_) return write(lines);
    // To the top; each line, and nothing behind it; nothing below (ECMA-48).
    std::string screen = "\x1b[H";
    while (!lines.empty()) {
      const std::size_t end = lines.find('\n');
      screen += printable(lines.substr(0, end)) + "\x1b[K\n";
      lines.remove_prefix(end == std::string_view::npos ? lines.size() : end + 1);
    }
    put(screen + "\x1b[J");
  }

 private:
  [[nodiscard]] Clock::time_point now() const override { return Clock::now(); }
  [[nodiscard]] Got read_byte(Clock::time_point deadline) override {
    while (!hung_up()) {
      const ByteInput::Got got = input().next_as_it_is(deadline);
      if (got.kind != ByteInput::Kind::notice) return {input_of(got.kind), got.byte};
    }
    return {};
  }
  [[nodiscard]] bool write_bytes(ByteView bytes) override {
    port_.translate_line_ends(false);
    put({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    port_.translate_line_ends(true);
    return !hung_up();
  }

  // Backspace takes a character away and Control-U all of them; other control keys are passed over.
  Input read(const std::string& prompt, WipedBytes& into, std::size_t most, bool echo,
             Milliseconds patience) {
    into.clear();
    write(prompt);
    const Clock::time_point deadline = Clock::now() + patience;
    std::size_t passed_over = 0;
    bool too_long = false;
    while (true) {
      const ByteInput::Got got = next_in_time(deadline);
      if (got.kind == ByteInput::Kind::notice) continue;
      if (got.kind != ByteInput::Kind::byte) return ended(input_of(got.kind));
      const unsigned char byte = got.byte;
      constexpr unsigned char cancel = 0x03;
      constexpr unsigned char all = 0x15;
      if (byte == 0) return ended(Input::broken);
      if (byte == '\n') break;
      if (byte == cancel) return ended(Input::cancelled);
      if (byte == 0x08 || byte == 0x7f) {
        rub_out(into, 1, echo);
      } else if (byte == all) {
        rub_out(into, into.size(), echo);
      } else if (byte < 0x20 && byte != '\t') {
        ++passed_over;
      } else if (into.size() == most) {
        too_long = true;
      } else {
        into.push_back(byte);
        // Of a letter beyond ASCII one sign is shown: which it is, only all of its bytes say.
        if (echo && (byte < 0x80 || byte >= 0xc0))
          write(byte < 0x80 ? std::string(1, static_cast<char>(byte)) : "*");
      }
      if (echo && is_noise(into, passed_over)) return ended(Input::broken);
    }
    write("\n");
    return too_long ? Input::too_long : Input::line;
  }

  // What another rate makes of letters: more than a few bytes that are no text, and more than those that are.
  static bool is_noise(const WipedBytes& typed, std::size_t passed_over) {
    constexpr std::size_t few = 4;
    constexpr std::size_t enough = 64;
    if (typed.size() > enough) return false;
    const std::string_view text = text_of(typed);
    std::size_t noise = passed_over;
    for (std::size_t at = 0; at + 3 < text.size();) {
      const std::size_t length = utf8_at(text, at).length;
      noise += length == 0 ? 1 : 0;
      at += std::max<std::size_t>(length, 1);
    }
    return noise >= few && noise * 2 > typed.size() + passed_over;
  }

  Input ended(Input why) {
    if (why != Input::hang_up) write("\n");
    return why;
  }

  void rub_out(WipedBytes& text, std::size_t characters, bool echo) {
    for (; characters > 0 && !text.empty(); --characters) {
      while (text.size() > 1 && (text.back() & 0xc0U) == 0x80U)
        text.pop_back();
      text.pop_back();
      if (echo) put("\b \b");  // the one thing shown that is no text
    }
  }

  SerialPort port_;
  bool dumb_ = true;
  std::unique_ptr<LineEditor> editor_;
};

}  // namespace

Result<std::unique_ptr<Terminal>> open_serial_terminal(int descriptor, const SerialLine& line) {
  Result<SerialPort> port = SerialPort::set_up(descriptor, line.rates);
  if (!port) return fail(port.error());
  auto terminal = std::make_unique<SerialTerminal>(descriptor, std::move(*port));
  if (!terminal->begin(descriptor, line.kind))
    return fail(ErrorCode::exhausted,
                "the line editor cannot start: there is no memory or no descriptor left");
  return terminal;
}

std::unique_ptr<Terminal> make_line_terminal(int in, int out) {
  return std::make_unique<LineTerminal>(in, out);
}

}  // namespace wayside::console
