#include "src/app/open_source.hpp"

#include <fmt/format.h>

#include "wayside/base/json_text.hpp"

#include "drivers/replay_source/replay_source.hpp"

namespace wayside::app {

Result<OpenedSource> open_source(const Configuration::Camera& camera, const Clock& clock) {
  constexpr std::string_view replay = "replay:";
  if (camera.source.rfind(replay, 0) == 0) {
    ReplayOptions options;
    options.path = camera.source.substr(replay.size());
    options.realtime_paced = camera.pace == "realtime";
    options.runs = camera.repeat;
    Result<std::unique_ptr<FrameSource>> opened = open_replay(options, clock);
    if (!opened) return fail(opened.error().context("camera.source"));
    return OpenedSource{std::move(*opened), [] { return TimeQuality{TimeSource::recording, {}, {}}; }};
  }
  return fail(ErrorCode::unsupported,
              fmt::format("camera.source is \"{}\", and this build only plays recordings; "
                          "expected replay:PATH",
                          json_escape(camera.source)));
}

}  // namespace wayside::app
