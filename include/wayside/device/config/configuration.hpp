// The camera's configuration: one TOML file, typed, every key documented, every error naming file, line, key
// and the expected form. The table of keys (name, range, unit, help) lives once, in
// src/device/config/{camera,service}_keys.cpp; a key's type and default are those of its member here.
//
// Threads: immutable value after load.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wayside/base/result.hpp"

namespace wayside {

// Of clock.time_servers: more teach chrony nothing.
inline constexpr std::size_t most_time_servers = 8;

struct LaneSetting {
  int number = 1;
  std::vector<std::pair<double, double>> polygon;  // fractions of width and height
};

struct Configuration {
  struct Site {
    std::string name;
    std::uint32_t feed_id = 0;
    std::uint32_t source_id = 0;
    std::uint32_t camera_id = 0;
    std::optional<double> latitude;
    std::optional<double> longitude;
  } site;
  struct Camera {
    std::string source;             // "libcamera", or "replay:/absolute/path/of/a/recording"
    std::string pace = "realtime";  // "realtime" as it was recorded, "fast" as fast as it is read
    std::uint32_t repeat = 1;       // how often a recording is played; 0: without end
    // With libcamera: which camera, and what is asked of it.
    std::string id;     // as libcamera names it; empty: any
    std::string model;  // empty: any
    std::uint32_t width = 1920;
    std::uint32_t height = 1080;
    double frames_per_s = 25;
  } camera;
  // Of a camera; a recording brings its own times.
  struct Clock {
    std::string source = "chrony";  // "kernel", "none"
    std::filesystem::path chronyc = "/usr/bin/chronyc";
    std::string time_servers;     // hosts_from() takes it; empty: those that the network gives
    std::uint32_t gpsd_port = 0;  // 0: gpsd is not asked
  } clock;
  struct Supervision {
    std::filesystem::path watchdog;  // the hardware's device; empty: none
    std::uint32_t watchdog_limit_s = 120;
    std::filesystem::path metrics_socket;  // empty: none
    std::uint32_t blind_limit_s = 600;     // 0: nothing is restarted for a blind camera
  } supervision;
  // Of a camera; what plays a recording is somebody's computer.
  struct Board {
    std::filesystem::path sensors = "/sys";  // empty: none are looked at
    double hot_c = 85;
    std::uint32_t worn_percent = 80;
    std::filesystem::path door_chip;  // empty: no such contact
    std::uint32_t door_line = 0;
    std::string door_open = "high";  // "low"
    std::filesystem::path tamper_chip;
    std::uint32_t tamper_line = 0;
    std::string tamper_open = "high";
  } board;
  // Of a camera; a recording was exposed when it was made.
  struct Exposure {
    std::string by = "plan";  // "camera": as it exposes by itself
    double speed_limit_mph = 70;
    std::uint32_t least_us = 20;
    double most_gain_db = 24;
  } exposure;
  struct Illuminator {
    std::string kind = "none";  // "sensor_strobe"
    std::filesystem::path pwm_chip = "/sys/class/pwm/pwmchip0";
    std::uint32_t pwm_channel = 0;
    std::filesystem::path gpio_chip = "/dev/gpiochip0";
    std::uint32_t enable_line = 0;
    std::filesystem::path temperature;  // empty: not given
  } illuminator;
  std::vector<LaneSetting> lanes;
  struct Capture {
    std::uint32_t ring_frames = 8;  // frames waiting for the localiser before the oldest is dropped
    std::uint32_t stall_limit_ms = 2000;
  } capture;
  struct Recognition {
    std::uint32_t read_threads = 1;
    double min_plate_width_px = 60;
    double max_plate_width_px = 600;
    double min_read_confidence = 0.2;
  } recognition;
  struct Passes {
    double close_after_s = 0.5;
    double suppress_repeat_s = 30;
    double min_confidence = 0.35;
    std::uint32_t min_reads = 2;
  } passes;
  struct Queue {
    std::filesystem::path directory = "/var/lib/wayside/queue";
    std::uint32_t segments = 64;
    std::uint32_t protected_segments = 0;  // 0: an eighth of all
    std::uint32_t retention_days = 28;     // a record that waits longer is given up
    std::uint32_t group_records = 4;
    std::uint32_t group_wait_ms = 250;
  } queue;
  struct Upload {
    // Over HTTPS; "mqtt" or "mqtt-3.1.1": through a broker; "bof2": the police SOAP service, with what
    // follows backlog_kbit_per_s.
    std::string profile = "wayside";
    std::string url;  // empty: records stay in the queue
    std::uint32_t time_limit_s = 30;
    std::uint32_t backlog_kbit_per_s = 0;  // 0: no cap
    std::string path = "/bof/services/InputCaptureWebService";
    std::string username;
    std::filesystem::path signature_file;  // empty: the signature is sent empty
    std::filesystem::path ca_certificate;  // empty: the identity's, as are the next two
    std::filesystem::path certificate;
    std::filesystem::path private_key;
    std::string unlock_url;
  } upload;
  struct Update {
    std::uint32_t kib_per_s = 256;  // of the link; 0: no cap
  } update;
  struct Identity {
    std::filesystem::path directory = "/var/lib/wayside/identity";
  } identity;
  // A camera captures under a deployment authority only; there is no key for that.
  struct Authority {
    std::string moved = "alarm";        // "stop": nothing is captured where it does not stand as authorised
    std::string recordings = "exempt";  // "bound": as a camera is
  } authority;
  struct Privacy {
    std::string masks;                           // polygons_from() takes it; empty: none
    std::string overview_occupants = "blurred";  // "clear"
  } privacy;
  struct Console {
    std::filesystem::path control_socket = "/run/wayside/control";  // empty: none
  } console;
  struct Log {
    std::string level = "info";
    std::string format = "console";
  } log;
  std::string version;  // sha256 of the effective keys and values, first 16 hex digits
};

// Relative paths in the file are relative to the file. Unknown keys are errors that name the nearest known
// one; all errors of a file are reported together, one a line, in the order of the file.
[[nodiscard]] Result<Configuration> load_configuration(const std::filesystem::path& file);

// The polygons of privacy.masks, points as fractions of width and height: "0,0 0.3,0 0.3,0.4; 0.7,0 1,0
// 1,0.2". Nothing where the text is none; an empty text is no polygon at all.
using MaskPolygon = std::vector<std::pair<double, double>>;
inline constexpr std::size_t most_masks = 16;
[[nodiscard]] std::optional<std::vector<MaskPolygon>> polygons_from(std::string_view text);

// The documented template: every key with its help, type, range, unit and default, as TOML that loads.
[[nodiscard]] std::string configuration_template();

}  // namespace wayside
