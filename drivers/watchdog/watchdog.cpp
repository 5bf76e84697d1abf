#include "drivers/watchdog/watchdog.hpp"

#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <linux/watchdog.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "wayside/base/json_text.hpp"

namespace wayside {

namespace {

constexpr char stop_it = 'V';
constexpr char go_on = '\0';

// The kernel pings hardware that counts to 16 s only, a Raspberry Pi's (bcm2835_wdt), every 8 s on its own;
// its driver sets it to what remains of the limit by 16 s (raspberrypi/linux, pull request 7432, 2026): of
// 120 s, 8 s, which is too late, and of 100 s, 4 s. Of any limit from here as much remains as can.
std::chrono::seconds safe_limit(std::chrono::seconds wanted) {
  constexpr int period = 16;
  if (wanted.count() < period) return wanted;
  return std::chrono::seconds(wanted.count() / period * period + period - 1);
}

}  // namespace

Result<Watchdog> Watchdog::open(const std::filesystem::path& device, std::chrono::seconds limit) {
  Watchdog out;
  // A pipe nobody reads would be waited for.
  out.device_ = ::open(device.c_str(), O_WRONLY | O_CLOEXEC | O_NONBLOCK);
  if (out.device_ < 0) {
    const std::string name = json_escape(device.string());
    if (errno == ENOENT)
      return fail(ErrorCode::not_found,
                  name + " is not there: load the board's watchdog driver, or name another");
    if (errno == EBUSY)
      return fail(ErrorCode::io, name + " is another program's: leave RuntimeWatchdogSec of systemd unset");
    return fail(ErrorCode::io, name + " cannot be opened: " + std::strerror(errno));
  }
  limit = safe_limit(limit);
  int seconds = static_cast<int>(limit.count());
  // Devices of a fixed limit, and files in their place in tests, do not know it.
  if (::ioctl(out.device_, WDIOC_SETTIMEOUT, &seconds) != 0 &&
      ::ioctl(out.device_, WDIOC_GETTIMEOUT, &seconds) != 0)
    seconds = static_cast<int>(limit.count());
  out.limit_ = std::chrono::seconds(seconds);
  int status = 0;
  out.restarted_ = ::ioctl(out.device_, WDIOC_GETBOOTSTATUS, &status) == 0 && (status & WDIOF_CARDRESET) != 0;
  return out;
}

Watchdog::Watchdog(Watchdog&& other) noexcept
    : device_(std::exchange(other.device_, -1)), limit_(other.limit_), restarted_(other.restarted_) {}

Watchdog& Watchdog::operator=(Watchdog&& other) noexcept {
  std::swap(device_, other.device_);
  std::swap(limit_, other.limit_);
  std::swap(restarted_, other.restarted_);
  return *this;
}

Watchdog::~Watchdog() {
  if (device_ >= 0) ::close(device_);
}

Status Watchdog::feed() {
  if (device_ < 0 || ::write(device_, &go_on, 1) == 1) return {};
  return fail(ErrorCode::io, std::string("the hardware watchdog cannot be fed: ") + std::strerror(errno));
}

void Watchdog::release() {
  if (device_ < 0) return;
  // Where it cannot be told, it runs on, and the machine is started anew: nobody is left to hear of it.
  [[maybe_unused]] const ssize_t told = ::write(device_, &stop_it, 1);
  ::close(std::exchange(device_, -1));
}

}  // namespace wayside
