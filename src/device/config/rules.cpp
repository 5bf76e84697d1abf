#include "src/device/config/rules.hpp"

#include <fmt/format.h>

#include "wayside/base/files.hpp"
#include "wayside/base/json_text.hpp"

#include "src/device/config/keys.hpp"

namespace wayside::config {

namespace {

class Rules {
 public:
  explicit Rules(const Configuration& configuration) : c_(configuration) {}

  std::vector<Complaint> all() {
    check_site();
    check_recognition();
    check_queue();
    check_upload_address();
    check_illuminator();
    check_clock();
    check_contacts();
    check_camera();
    check_profile();
    check_folders();
    return std::move(complaints_);
  }

 private:
  void complain(std::vector<std::string> keys, std::string text) {
    complaints_.push_back({std::move(keys), std::move(text)});
  }

  void check_site() {
    if (c_.site.latitude.has_value() != c_.site.longitude.has_value()) {
      const bool has_latitude = c_.site.latitude.has_value();
      const std::string_view there = has_latitude ? "latitude" : "longitude";
      complain({fmt::format("site.{}", there)},
               fmt::format("site.{} is there without site.{}, expected both or neither", there,
                           has_latitude ? "longitude" : "latitude"));
    }
    if (c_.clock.gpsd_port != 0 && !c_.site.latitude && !c_.site.longitude) {
      complain({"clock.gpsd_port"},
               fmt::format("clock.gpsd_port is {} and site.latitude and site.longitude are missing, expected "
                           "them: gpsd's place is compared with theirs",
                           c_.clock.gpsd_port));
    }
  }

  void check_clock() {
    if (c_.clock.time_servers.empty() || c_.clock.source == "chrony") return;
    complain(
        {"clock.time_servers"},
        fmt::format("clock.time_servers is for clock.source \"chrony\" and clock.source is \"{}\": remove "
                    "it, or set the source",
                    c_.clock.source));
  }

  void check_recognition() {
    if (c_.recognition.min_plate_width_px >= c_.recognition.max_plate_width_px) {
      complain(
          {"recognition.min_plate_width_px", "recognition.max_plate_width_px"},
          fmt::format(
              "recognition.min_plate_width_px is {} and recognition.max_plate_width_px is {}, expected the "
              "first to be the smaller",
              c_.recognition.min_plate_width_px, c_.recognition.max_plate_width_px));
    }
    if (c_.passes.suppress_repeat_s > 0 && c_.passes.suppress_repeat_s < c_.passes.close_after_s) {
      complain(
          {"passes.suppress_repeat_s"},
          fmt::format(
              "passes.suppress_repeat_s is {} and passes.close_after_s is {}, expected the first to be 0 or "
              "not the smaller",
              c_.passes.suppress_repeat_s, c_.passes.close_after_s));
    }
  }

  void check_queue() {
    if (c_.queue.protected_segments <= c_.queue.segments - 2) return;
    complain({"queue.protected_segments"},
             fmt::format(
                 "queue.protected_segments is {} and queue.segments is {}, expected at least 2 segments more",
                 c_.queue.protected_segments, c_.queue.segments));
  }

  void check_upload_address() {
    const Configuration::Upload& upload = c_.upload;
    const std::string_view scheme =
        upload.profile == "wayside" || upload.profile == "bof2" ? https_scheme : mqtts_scheme;
    if (upload.url.empty() || upload.url.rfind(fmt::format("{}://", scheme), 0) == 0) return;
    complain({"upload.url"},
             fmt::format("upload.url is \"{}\" and upload.profile is \"{}\", expected an address that begins "
                         "with {}://",
                         shown(upload.url), upload.profile, scheme));
  }

  void check_illuminator() {
    const Configuration::Illuminator& illuminator = c_.illuminator;
    if (illuminator.kind == "none") return;
    if (illuminator.temperature.empty()) {
      complain({"illuminator.kind"},
               fmt::format("illuminator.temperature is empty, and illuminator.kind \"{}\" needs it: it never "
                           "flashes without knowing how hot it is",
                           illuminator.kind));
    }
    if (c_.exposure.by != "plan") {
      complain({"exposure.by"},
               fmt::format("exposure.by is \"{}\" and illuminator.kind is \"{}\", expected exposure.by "
                           "\"plan\": nobody else says when to flash",
                           c_.exposure.by, illuminator.kind));
    }
  }

  // A line is one thing's, and a contact that lacks its chip is meant to be watched and would not be.
  void check_contacts() {
    const Configuration::Board& board = c_.board;
    const Configuration::Illuminator& illuminator = c_.illuminator;
    struct Line {
      std::string_view key;
      const std::filesystem::path& chip;
      std::uint32_t number;
    };
    std::vector<Line> lines = {{"board.door_line", board.door_chip, board.door_line},
                               {"board.tamper_line", board.tamper_chip, board.tamper_line}};
    if (illuminator.kind != "none")
      lines.push_back({"illuminator.enable_line", illuminator.gpio_chip, illuminator.enable_line});
    for (std::size_t i = 0; i < lines.size(); ++i) {
      for (std::size_t k = i + 1; k < lines.size(); ++k) {
        if (lines[i].chip.empty() || lines[i].chip != lines[k].chip || lines[i].number != lines[k].number)
          continue;
        complain({std::string(lines[i].key)},
                 fmt::format("{} and {} are both line {} of \"{}\", expected a line each", lines[i].key,
                             lines[k].key, lines[k].number, shown(lines[i].chip.string())));
      }
    }
    const Configuration::Board defaults;
    if (board.door_chip.empty() &&
        (board.door_line != defaults.door_line || board.door_open != defaults.door_open))
      contact_without_chip("door");
    if (board.tamper_chip.empty() &&
        (board.tamper_line != defaults.tamper_line || board.tamper_open != defaults.tamper_open))
      contact_without_chip("tamper");
  }
  void contact_without_chip(std::string_view name) {
    complain(
        {fmt::format("board.{}_line", name), fmt::format("board.{}_open", name)},
        fmt::format("board.{0}_chip is empty, and board.{0}_line or board.{0}_open is set: name the chip, or "
                    "remove them",
                    name));
  }

  // A key of the one kind of source says nothing to the other.
  void check_camera() {
    const bool recording = c_.camera.source != camera_through_libcamera;
    for (const Key& key : all_keys()) {
      if (key.section != "camera" || key.name == "source") continue;
      const bool of_a_recording = key.name == "pace" || key.name == "repeat";
      if (of_a_recording == recording || has_its_default(key)) continue;
      complain({path_of(key)},
               fmt::format("camera.{} is for camera.source \"{}\": remove it, or set the source", key.name,
                           of_a_recording ? "replay:PATH" : camera_through_libcamera));
    }
  }

  void check_profile() {
    const Configuration::Upload& upload = c_.upload;
    for (const Key& key : all_keys()) {
      if (key.only_profile.empty() || key.only_profile == upload.profile || has_its_default(key)) continue;
      complain({path_of(key)},
               fmt::format(
                   "upload.{} is for upload.profile \"{}\" and upload.profile is \"{}\": remove it, or set "
                   "the profile",
                   key.name, key.only_profile, upload.profile));
    }
    if (upload.profile != "bof2") return;
    if (upload.certificate.empty() != upload.private_key.empty()) {
      const std::string_view there = upload.certificate.empty() ? "private_key" : "certificate";
      complain({fmt::format("upload.{}", there)},
               fmt::format("upload.{} is there without upload.{}, expected both or neither", there,
                           upload.certificate.empty() ? "certificate" : "private_key"));
    }
    if (upload.url.empty()) return;
    for (const auto& [key, value] :
         {std::pair<std::string_view, const std::string&>{"username", upload.username},
          {"unlock_url", upload.unlock_url}}) {
      if (value.empty()) {
        complain({"upload.profile"},
                 fmt::format("upload.{} is empty, and upload.profile \"bof2\" needs it", key));
      }
    }
  }

  void check_folders() {
    if (!overlap(c_.queue.directory, c_.identity.directory)) return;
    complain({"queue.directory", "identity.directory"},
             fmt::format("queue.directory is \"{}\" and identity.directory is \"{}\", expected two folders, "
                         "neither of them within the other",
                         shown(c_.queue.directory.string()), shown(c_.identity.directory.string())));
  }

  [[nodiscard]] bool has_its_default(const Key& key) const {
    static const Configuration defaults;
    return value_text(key, c_) == value_text(key, defaults);
  }

  const Configuration& c_;
  std::vector<Complaint> complaints_;
};

}  // namespace

std::vector<Complaint> complaints_about(const Configuration& configuration) {
  return Rules(configuration).all();
}

std::string shown(std::string_view text) {
  constexpr std::size_t most = 60;
  return text.size() > most ? json_escape(text.substr(0, most)) + "..." : json_escape(text);
}

}  // namespace wayside::config
