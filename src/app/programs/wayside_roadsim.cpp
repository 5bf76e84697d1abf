// wayside-roadsim: draws recorded road scenes with their ground truth, and single number plates.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <string>

#include <fmt/format.h>
#include <opencv2/imgcodecs.hpp>
#include <unistd.h>

#include "wayside/base/bytes.hpp"
#include "wayside/base/files.hpp"
#include "wayside/base/json_text.hpp"
#include "wayside/base/log.hpp"
#include "wayside/roadsim/plates/plate_set.hpp"
#include "wayside/roadsim/scene/recording.hpp"

#include "src/app/command_line.hpp"

namespace {

using namespace wayside;
using namespace wayside::roadsim;

struct DrawOptions {
  std::string preset = "day";
  std::uint64_t seed = 1;
  double seconds = 20;
  int vehicles = 0;
  int width = 1280;
  int height = 720;
  double fps = 25;
  std::string codec = "h264";
  std::string start = "2026-06-01T12:00:00Z";
  std::optional<double> row_us;
  std::string site;
  std::string out;
};

struct PlateOptions {
  std::string vrm;
  std::string format = "current";
  bool rear = false;
  int lines = 1;
  double px_per_mm = 2;
  std::string out;
};

Result<Scenario> scenario_from(const DrawOptions& options, bool vehicles_given) {
  auto scenario = preset_scenario(options.preset);
  if (!scenario) return scenario;
  scenario->seed = options.seed;
  scenario->seconds = options.seconds;
  if (vehicles_given) scenario->vehicles = options.vehicles;
  scenario->width = options.width;
  scenario->height = options.height;
  scenario->fps = options.fps;
  scenario->sensor.row_us_at_720 = options.row_us.value_or(scenario->sensor.row_us_at_720);
  if (options.codec != "h264" && options.codec != "mjpeg") {
    return fail(ErrorCode::invalid_input,
                fmt::format("--codec is \"{}\"; give h264 or mjpeg", json_escape(options.codec)));
  }
  scenario->codec = options.codec == "mjpeg" ? Codec::mjpeg : Codec::h264;
  auto start = utc_from_iso8601(options.start);
  if (!start) return fail(start.error().context("--start"));
  scenario->start = *start;
  return scenario;
}

// On a terminal one line that is written over; elsewhere a line at every tenth.
class Progress {
 public:
  explicit Progress(std::string_view what) : what_(what) {}
  void operator()(int done, int of) {
    if (terminal_) {
      fmt::print(log::standard_error(), "\r{} of {} {}{}", done, of, what_, done == of ? "\n" : "");
    } else if (done * 10 / of != shown_) {
      shown_ = done * 10 / of;
      fmt::print(log::standard_error(), "{} of {} {}\n", done, of, what_);
    }
  }

 private:
  std::string_view what_;
  bool terminal_ = ::isatty(STDERR_FILENO) == 1;
  int shown_ = 0;
};

// Before the drawing, which may take an hour.
Status check_site(const DrawOptions& options) {
  if (options.site.empty()) return {};
  const std::filesystem::path site = std::filesystem::path(options.site).lexically_normal();
  for (const char* ending : {".mp4", ".avi", ".frames.csv", ".truth.json"}) {
    if (site != std::filesystem::path(options.out + ending).lexically_normal()) continue;
    return fail(ErrorCode::invalid_input, fmt::format("--site {} is a file of the scene itself: name another",
                                                      json_escape(options.site)));
  }
  return check_replaceable(site);
}

Status draw(const DrawOptions& options, bool vehicles_given) {
  auto scenario = scenario_from(options, vehicles_given);
  if (!scenario) return fail(scenario.error());
  if (auto fits = check_site(options); !fits) return fits;
  auto press = PlatePress::load(app::models_folder() / "plates");
  if (!press) return fail(press.error());
  auto scene = Scene::make(*scenario, *press);
  if (!scene) return fail(scene.error());
  const auto begin = std::chrono::steady_clock::now();
  Progress progress("frames");
  auto recorded = record_scene(*scene, options.out, [&](int done, int of) { progress(done, of); });
  if (!recorded) return fail(recorded.error());
  if (!options.site.empty()) {
    const std::string site = site_toml(recorded->truth.lanes);
    if (auto written = replace_file(options.site, as_bytes(site)); !written)
      return fail(written.error().context("--site"));
  }
  const double took = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  const auto readable =
      std::count_if(recorded->truth.vehicles.begin(), recorded->truth.vehicles.end(), legible);
  fmt::print("{}: {} frames, {} vehicles, {} of them legible, drawn at {:.1f} frames/s\n",
             recorded->video.string(), recorded->truth.frames, recorded->truth.vehicles.size(), readable,
             recorded->truth.frames / took);
  return {};
}

Status plate(const PlateOptions& options) {
  auto press = PlatePress::load(app::models_folder() / "plates");
  if (!press) return fail(press.error());
  PlateSpec spec;
  spec.vrm = options.vrm;
  spec.format = options.format;
  spec.lines = options.lines;
  spec.field = options.rear ? PlateField::yellow : PlateField::white;
  auto artwork = press->draw(spec, options.px_per_mm);
  if (!artwork) return fail(artwork.error());
  try {
    if (cv::imwrite(options.out, artwork->bgr)) return {};
  } catch (const cv::Exception&) {
    return fail(ErrorCode::invalid_input,
                fmt::format("\"{}\" has no ending that names a picture format; end it in .png or .jpg",
                            json_escape(options.out)));
  }
  return fail(ErrorCode::io, fmt::format("cannot write {}; does its folder exist and is it writable?",
                                         json_escape(options.out)));
}

struct PlatesOptions {
  PlateSetOptions set;
  std::string out;
};

Status plates(const PlatesOptions& options) {
  auto press = PlatePress::load(app::models_folder() / "plates");
  if (!press) return fail(press.error());
  Progress progress("plates");
  return draw_plate_set(*press, options.out, options.set,
                        [&](int done) { progress(done, options.set.count); });
}

int run(int argc, char** argv) {
  CLI::App cli("Draws recorded road scenes with their ground truth, for trying and measuring the camera.",
               "wayside-roadsim");
  app::prepare(cli);
  cli.require_subcommand(1);
  cli.footer(
      "Examples:\n"
      "  wayside-roadsim draw --preset day --seed 1 --seconds 20 --site lanes.toml --out scenes/day\n"
      "  wayside-roadsim draw --preset night-ir --vehicles 50 --out scenes/night\n"
      "  wayside-roadsim plate --vrm AB12CDE --rear --out plate.png\n"
      "  wayside-roadsim plates --count 3000 --out plates\n\n"
      "EXIT CODES\n"
      "  0  drawn\n"
      "  1  the work failed: a file or folder cannot be written, or the plates' artwork is damaged\n"
      "  2  the command line is wrong; the message names the option");

  DrawOptions drawing;
  CLI::App* draw_command =
      cli.add_subcommand("draw", "Draw a scene: OUT.mp4 or OUT.avi, OUT.frames.csv, OUT.truth.json");
  draw_command->add_option("--preset", drawing.preset, "What to draw; see wayside-roadsim presets");
  draw_command
      ->add_option("--seed", drawing.seed, "Another seed is another scene; the same is the same to the pixel")
      ->check(app::whole_number(0, UINT64_MAX));
  draw_command->add_option("--seconds", drawing.seconds, "How long, in s");
  CLI::Option* vehicles = draw_command
                              ->add_option("--vehicles", drawing.vehicles,
                                           "Go on until so many vehicles have passed, in place of --seconds")
                              ->excludes("--seconds");
  draw_command->add_option("--width", drawing.width, "Picture width in px");
  draw_command->add_option("--height", drawing.height, "Picture height in px");
  draw_command->add_option("--fps", drawing.fps, "Frames a second");
  draw_command->add_option(
      "--row-us", drawing.row_us,
      "Rolling shutter: how much later than the one above each of 720 rows is exposed, in "
      "us; 0 for all at once. By the preset: 10, and 0 under a flash");
  draw_command->add_option("--codec", drawing.codec, "h264 (OUT.mp4) or mjpeg (OUT.avi, larger)");
  draw_command->add_option("--start", drawing.start, "UTC of the first frame");
  draw_command->add_option("--site", drawing.site,
                           "Also write the lanes for the camera's configuration to this file");
  draw_command->add_option("--out", drawing.out, "Folder and name of the files, without an ending")
      ->check(app::not_empty())
      ->required();

  CLI::App* presets_command = cli.add_subcommand("presets", "List the presets");

  PlateOptions pressing;
  CLI::App* plate_command = cli.add_subcommand("plate", "Draw one number plate as a picture");
  plate_command->add_option("--vrm", pressing.vrm, "The registration mark, without a space")->required();
  plate_command
      ->add_option("--format", pressing.format,
                   "current, prefix, suffix, dateless, ni, q, diplomatic, military or foreign")
      ->check(app::one_of(
          {"current", "prefix", "suffix", "dateless", "ni", "q", "diplomatic", "military", "foreign"}));
  plate_command->add_flag("--rear", pressing.rear, "Yellow");
  plate_command->add_option("--lines", pressing.lines, "1 or 2")->check(app::whole_number(1, 2));
  plate_command->add_option("--scale", pressing.px_per_mm, "px per mm")->check(app::number(0.1, 10));
  plate_command->add_option("--out", pressing.out, "The picture's file, ending in .png or .jpg")
      ->check(app::not_empty())
      ->required();

  PlatesOptions set;
  CLI::App* plates_command =
      cli.add_subcommand("plates", "Draw many plates with a table of them: what the models are trained on");
  plates_command->add_option("--count", set.set.count, "How many")->check(app::whole_number(1, 1'000'000));
  plates_command->add_option("--seed", set.set.seed, "Another seed draws other plates")
      ->check(app::whole_number(0, UINT64_MAX));
  plates_command->add_option("--year", set.set.year, "The youngest age identifier that may occur")
      ->check(app::whole_number(2002, 2050));
  plates_command->add_option("--scale", set.set.px_per_mm, "px per mm")->check(app::number(0.1, 10));
  plates_command->add_option("--out", set.out, "Folder for the pictures and plates.csv")
      ->check(app::not_empty())
      ->required();

  if (const auto code = app::parse(cli, argc, argv)) return *code;
  Status done;
  if (presets_command->parsed()) {
    for (const PresetLine& preset : presets())
      fmt::print("{:<10} {}\n", preset.name, preset.what);
  } else if (plate_command->parsed()) {
    done = plate(pressing);
  } else if (plates_command->parsed()) {
    done = plates(set);
  } else {
    done = draw(drawing, vehicles->count() > 0);
  }
  return done ? app::exit_done : app::report("wayside-roadsim", done.error());
}

}  // namespace

int main(int argc, char** argv) {
  return app::run_program("wayside-roadsim", [&] { return run(argc, argv); });
}
