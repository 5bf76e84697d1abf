#include "src/app/open_source.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "wayside/base/json_text.hpp"
#include "wayside/base/log.hpp"

#include "drivers/illuminator/strobe_illuminator.hpp"
#include "drivers/libcamera_source/libcamera_source.hpp"
#ifdef WAYSIDE_RECORDINGS
#include "drivers/replay_source/replay_source.hpp"
#endif

namespace wayside::app {

namespace {

// Frames that the flow may hold at a time: those that wait for the localiser and for the readers, and what
// each stage has in its hands; and some that the camera is filling meanwhile.
std::uint32_t frames_in_use(const Configuration& configuration) {
  constexpr std::uint32_t being_filled = 4;
  constexpr std::uint32_t most = capture_link::most_slots;
  return std::min(most, 2 * configuration.capture.ring_frames + configuration.recognition.read_threads + 1 +
                            being_filled);
}

libcamera_source::CaptureProgram capture_program(const Configuration& configuration) {
  const Configuration::Camera& camera = configuration.camera;
  libcamera_source::CaptureProgram program;
  program.path = capture_program_path().string();
  program.arguments = {"--width",        std::to_string(camera.width),
                       "--height",       std::to_string(camera.height),
                       "--frames-per-s", fmt::format("{}", camera.frames_per_s),
                       "--slots",        std::to_string(frames_in_use(configuration)),
                       "--log-level",    configuration.log.level,
                       "--log-format",   configuration.log.format};
  for (const auto& [option, value] : {std::pair("--id", camera.id), std::pair("--model", camera.model)}) {
    if (!value.empty()) program.arguments.push_back(fmt::format("{}={}", option, value));
  }
  return program;
}

OpenedSource open_camera(const Configuration& configuration, const Clock& clock, Health& health,
                         CounterSet& counters, std::function<void(const capture_link::Stream&)> on_stream) {
  LibcameraOptions options;
  options.on_stream = std::move(on_stream);
  options.program = capture_program(configuration);
  options.stall_limit = std::chrono::milliseconds(configuration.capture.stall_limit_ms);
  options.start_limit = std::max(options.start_limit, options.stall_limit);
  options.on_state = [&health](CameraState state, const std::string& sentence) {
    if (state == CameraState::starting || state == CameraState::streaming) {
      health.well("camera");
      log::info("camera_state", {{"state", to_string(state)}});
    } else {
      static_cast<void>(health.ill("camera", fmt::format("{}: {}", to_string(state), sentence)));
      log::warning("camera_state", {{"state", to_string(state)}, {"reason", sentence}});
    }
  };
  OpenedSource opened;
  std::unique_ptr<LibcameraSource> source = make_libcamera_source(std::move(options), clock, counters);
  opened.order = [camera = source.get()](const capture_link::Controls& controls) {
    camera->set_controls(controls);
  };
  opened.source = std::move(source);
  return opened;
}

Result<OpenedSource> open_recording(const Configuration::Camera& camera, const Clock& clock) {
#ifdef WAYSIDE_RECORDINGS
  constexpr std::string_view replay = "replay:";
  if (camera.source.rfind(replay, 0) == 0) {
    ReplayOptions options;
    options.path = camera.source.substr(replay.size());
    options.realtime_paced = camera.pace == "realtime";
    options.runs = camera.repeat;
    Result<std::unique_ptr<FrameSource>> opened = open_replay(options, clock);
    if (!opened) return fail(opened.error().context("camera.source"));
    return OpenedSource{std::move(*opened), {}};
  }
  constexpr std::string_view expected = "libcamera or replay:PATH";
#else
  static_cast<void>(clock);
  constexpr std::string_view expected = "libcamera";
#endif
  return fail(ErrorCode::unsupported,
              fmt::format("camera.source is \"{}\", and this build has no driver for it; expected {}",
                          json_escape(camera.source), expected));
}

}  // namespace

// Beside this program, in a build tree as in an installed one.
std::filesystem::path capture_program_path() {
  return std::filesystem::read_symlink("/proc/self/exe").parent_path() / "wayside-capture";
}

bool is_recording(const Configuration& configuration) {
  return configuration.camera.source != "libcamera";
}

bool needs_authority(const Configuration& configuration) {
  return !is_recording(configuration) || configuration.authority.recordings == "bound";
}

Result<OpenedSource> open_source(const Configuration& configuration, const Clock& clock, Health& health,
                                 CounterSet& counters,
                                 std::function<void(const capture_link::Stream&)> on_stream) {
  if (is_recording(configuration)) return open_recording(configuration.camera, clock);
  return open_camera(configuration, clock, health, counters, std::move(on_stream));
}

std::unique_ptr<Illuminator> make_illuminator(const Configuration& configuration) {
  const Configuration::Illuminator& configured = configuration.illuminator;
  if (configured.kind == "none") return nullptr;
  illuminator::Wiring wiring;
  wiring.timing = illuminator::Timing::sensor_strobe;
  wiring.pwm_chip = configured.pwm_chip;
  wiring.pwm_channel = static_cast<int>(configured.pwm_channel);
  wiring.gpio_chip = configured.gpio_chip.string();
  wiring.enable_line = configured.enable_line;
  wiring.temperature = configured.temperature;
  return illuminator::make_strobe_illuminator(wiring, {});
}

}  // namespace wayside::app
