#include "src/device/console/serial_port.hpp"

#include <cerrno>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <sys/ioctl.h>

#include "wayside/device/console/terminal.hpp"

namespace wayside::console {

namespace {

speed_t speed_of(unsigned rate) {
  switch (rate) {
    case 9600:
      return B9600;
    case 19200:
      return B19200;
    case 38400:
      return B38400;
    case 57600:
      return B57600;
    case 115200:
      return B115200;
    default:
      return B0;
  }
}

}  // namespace

bool is_rate(unsigned rate) {
  return speed_of(rate) != B0;
}

Result<SerialPort> SerialPort::set_up(int descriptor, std::vector<unsigned> rates) {
  termios before{};
  if (::tcgetattr(descriptor, &before) != 0) {
    return fail(ErrorCode::io,
                fmt::format("this is no terminal: {}; name a tty, or give commands with --file",
                            std::generic_category().message(errno)));
  }
  SerialPort port(descriptor, before, std::move(rates));
  port.make_raw();
  // A serial line knows no size, and what is not known is taken for one column.
  winsize size{};
  if (::ioctl(descriptor, TIOCGWINSZ, &size) == 0 && (size.ws_col == 0 || size.ws_row == 0)) {
    size.ws_col = 80;
    size.ws_row = 24;
    ::ioctl(descriptor, TIOCSWINSZ, &size);
  }
  return port;
}

SerialPort::SerialPort(SerialPort&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      before_(other.before_),
      rates_(std::move(other.rates_)),
      rate_(other.rate_) {}

SerialPort::~SerialPort() {
  if (descriptor_ >= 0) ::tcsetattr(descriptor_, TCSADRAIN, &before_);
}

void SerialPort::make_raw() const {
  termios raw = before_;
  ::cfmakeraw(&raw);
  // A BREAK comes as a NUL; XON and XOFF are bytes like others, or noise would stop the output for good.
  raw.c_iflag = IGNPAR;
  raw.c_oflag = OPOST | ONLCR;
  raw.c_cflag &= ~static_cast<tcflag_t>(CSIZE | PARENB | CSTOPB | CRTSCTS);
  raw.c_cflag |= CS8 | CREAD | CLOCAL;
  raw.c_cc[VMIN] = 1;
  raw.c_cc[VTIME] = 0;
  if (!rates_.empty()) ::cfsetspeed(&raw, speed_of(rates_[rate_]));
  ::tcsetattr(descriptor_, TCSADRAIN, &raw);
}

void SerialPort::translate_line_ends(bool on) const {
  termios now{};
  if (::tcgetattr(descriptor_, &now) != 0) return;
  now.c_oflag = on ? OPOST | ONLCR : 0;
  ::tcsetattr(descriptor_, TCSADRAIN, &now);
}

bool SerialPort::next_rate() {
  if (rates_.size() < 2) return false;
  rate_ = (rate_ + 1) % rates_.size();
  make_raw();
  return true;
}

}  // namespace wayside::console
