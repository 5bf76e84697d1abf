// wayside-capture: the part of the camera that talks to libcamera. waysided starts it; a person uses --list.
#include <cstdlib>

#include <fmt/format.h>
#include <unistd.h>

#include "wayside/base/harden_process.hpp"
#include "wayside/base/json_text.hpp"
#include "wayside/base/log.hpp"

#include "drivers/libcamera_capture/capture.hpp"
#include "drivers/libcamera_capture/confinement.hpp"
#include "drivers/libcamera_source/capture_process.hpp"
#include "src/app/command_line.hpp"

namespace {

using namespace wayside;
using namespace wayside::app;
using namespace wayside::libcamera_capture;

constexpr const char* description =
    "Takes frames from a camera through libcamera and lends them to waysided, which starts it, keeps an eye "
    "on it\n"
    "and starts it anew when it ends. Started by hand it lists the cameras that there are.\n";

constexpr const char* footer =
    "\nEXAMPLES\n"
    "  wayside-capture --list\n"
    "      Show every camera with what to set camera.id, camera.model, camera.width and camera.height to.\n"
    "\nENVIRONMENT\n"
    "  LIBCAMERA_LOG_LEVELS   What libcamera logs; under waysided warnings and errors where it is not set.\n"
    "\nEXIT CODES\n"
    "  0  done\n"
    "  1  libcamera does not start\n"
    "  2  the command line is wrong\n";

struct Arguments {
  bool list = false;
  CaptureOptions capture;
  std::string log_level = "info";
  std::string log_format = "console";
};

int list() {
  // What it finds is printed below; only what keeps it from looking is worth a line of its own.
  ::setenv("LIBCAMERA_LOG_LEVELS", "*:ERROR", 0);
  const Result<std::vector<ListedCamera>> cameras = list_cameras();
  if (!cameras) return report("wayside-capture", cameras.error());
  if (cameras->empty()) fmt::print("no camera is connected, or udev does not run\n");
  for (const ListedCamera& camera : *cameras) {
    fmt::print("id = \"{}\"\nmodel = \"{}\"\n", json_escape(camera.facts.id),
               json_escape(camera.facts.model));
    for (const OfferedFormat& format : camera.formats) {
      fmt::print("  {}", json_escape(format.name));
      for (const auto& [width, height] : format.sizes)
        fmt::print(" {}x{}", width, height);
      fmt::print("\n");
    }
  }
  return exit_done;
}

int run(int argc, char** argv) {
  CLI::App app(description, "wayside-capture");
  prepare(app);
  app.footer(footer);
  Arguments arguments;
  CaptureOptions& options = arguments.capture;
  app.add_flag("--list", arguments.list, "List the cameras and what they offer, and end");
  app.add_option("--id", options.wish.id, "The camera's id")->type_name("TEXT");
  app.add_option("--model", options.wish.model, "The camera's model")->type_name("TEXT");
  app.add_option("--width", options.width, "Of the frames, in pixels")
      ->check(whole_number(16, 16384))
      ->type_name("PX");
  app.add_option("--height", options.height, "Of the frames, in pixels")
      ->check(whole_number(16, 16384))
      ->type_name("PX");
  app.add_option("--frames-per-s", options.frames_per_s, "Where the camera lets itself be told")
      ->check(number(0.1, 1000))
      ->type_name("RATE");
  app.add_option("--slots", options.slots, "Frames that may be in use at a time")
      ->check(whole_number(1, 32))
      ->type_name("COUNT");
  app.add_option("--log-level", arguments.log_level, "As log.level")
      ->check(one_of({"debug", "info", "warning", "error"}))
      ->type_name("LEVEL");
  app.add_option("--log-format", arguments.log_format, "As log.format")
      ->check(one_of({"console", "json"}))
      ->type_name("FORMAT");
  if (const std::optional<int> code = parse(app, argc, argv)) return *code;
  if (arguments.list) return list();
  capture_link::Channel daemon{Descriptor(wayside::libcamera_source::link_descriptor)};
  if (!daemon.receive()) {
    fmt::print(log::standard_error(), "wayside-capture: waysided starts this; by hand there is --list\n");
    return exit_usage;
  }
  const Result<log::Level> level = log::level_from(arguments.log_level);
  const Result<log::Format> format = log::format_from(arguments.log_format);
  if (level && format) log::start(*level, *format);
  if (!confine_this_process())
    log::warning("capture_not_confined", {{"reason", "this kernel has no Landlock"}});
  capture(options, daemon);
  return exit_done;
}

}  // namespace

int main(int argc, char** argv) {
  harden_process();
  return run_program("wayside-capture", [&] { return run(argc, argv); });
}
