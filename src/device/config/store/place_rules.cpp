#include "src/device/config/store/place_rules.hpp"

#include <filesystem>
#include <string_view>

#include <fmt/format.h>

#include "wayside/base/json_text.hpp"

namespace wayside::config {

namespace {

namespace fs = std::filesystem;

class Places {
 public:
  // Of which there is one on the machine.
  void only(std::string_view key, const fs::path& value, const fs::path& place) {
    if (value != place)
      complain(key, value, fmt::format("on a camera with a store it is {}: unset it", place.string()));
  }
  // A file right in that folder, its name beginning so; or none.
  void in(std::string_view key, const fs::path& value, const fs::path& folder, std::string_view begin) {
    const std::string name = value.filename().string();
    const bool good = value.empty() || (value.parent_path() == folder && name.rfind(begin, 0) == 0);
    if (!good) complain(key, value, fmt::format("expected {}, or none", (folder / begin).string() + "..."));
  }
  // Anywhere below that folder; or none.
  void below(std::string_view key, const fs::path& value, std::string_view folder) {
    const bool good =
        value.empty() || (value.lexically_normal() == value && starts_with(value.string(), folder));
    if (!good) complain(key, value, fmt::format("expected a file below {}, or none", folder));
  }
  [[nodiscard]] std::vector<std::string> take() { return std::move(complaints_); }

 private:
  static bool starts_with(std::string_view text, std::string_view begin) {
    return text.size() > begin.size() && text.substr(0, begin.size()) == begin;
  }
  void complain(std::string_view key, const fs::path& value, const std::string& expected) {
    complaints_.push_back(fmt::format("{} is \"{}\"; {}", key, json_escape(value.string()), expected));
  }
  std::vector<std::string> complaints_;
};

}  // namespace

std::vector<std::string> complaints_about_places(const Configuration& c) {
  const Configuration usual;
  Places places;
  places.only("identity.directory", c.identity.directory, usual.identity.directory);
  places.only("queue.directory", c.queue.directory, usual.queue.directory);
  places.only("clock.chronyc", c.clock.chronyc, usual.clock.chronyc);
  places.only("console.control_socket", c.console.control_socket, usual.console.control_socket);
  places.in("supervision.metrics_socket", c.supervision.metrics_socket,
            usual.console.control_socket.parent_path(), "metrics");
  places.in("supervision.watchdog", c.supervision.watchdog, "/dev", "watchdog");
  if (!c.board.sensors.empty()) places.only("board.sensors", c.board.sensors, usual.board.sensors);
  places.in("board.door_chip", c.board.door_chip, "/dev", "gpiochip");
  places.in("board.tamper_chip", c.board.tamper_chip, "/dev", "gpiochip");
  places.in("illuminator.gpio_chip", c.illuminator.gpio_chip, "/dev", "gpiochip");
  places.below("illuminator.pwm_chip", c.illuminator.pwm_chip, "/sys/");
  places.below("illuminator.temperature", c.illuminator.temperature, "/sys/");
  // What root has put there; the police service's certificates are no installer's to choose.
  for (const auto& [key, file] : {std::pair("upload.ca_certificate", c.upload.ca_certificate),
                                  std::pair("upload.certificate", c.upload.certificate),
                                  std::pair("upload.private_key", c.upload.private_key),
                                  std::pair("upload.signature_file", c.upload.signature_file)})
    places.below(key, file, "/etc/wayside/");
  return places.take();
}

}  // namespace wayside::config
