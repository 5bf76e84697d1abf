// From the configured camera to a frame source: the one place that knows which drivers this build has.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>

#include "wayside/anpr/capture/frame_source.hpp"
#include "wayside/anpr/capture/illuminator.hpp"
#include "wayside/base/counters.hpp"
#include "wayside/device/clock/clock.hpp"
#include "wayside/device/config/configuration.hpp"
#include "wayside/device/health/health.hpp"

#include "drivers/capture_link/messages.hpp"

namespace wayside::app {

struct OpenedSource {
  std::unique_ptr<FrameSource> source;
  // Tells a camera how to expose, as long as the source lives; empty for a recording.
  std::function<void(const capture_link::Controls&)> order;
};

// Whether it is a recording, whose frames' times are its own and not the clock's.
[[nodiscard]] bool is_recording(const Configuration& configuration);

// Whether frames may be taken under a deployment authority only. A recording captures nobody anew.
[[nodiscard]] bool needs_authority(const Configuration& configuration);

// Where the program that talks to libcamera is looked for.
[[nodiscard]] std::filesystem::path capture_program_path();

// What a camera is at, where it is no recording, stands in the health as "camera". Clock, health and counters
// outlive the source. on_stream: from the capture thread, whenever a camera's stream begins. Fails with
// unsupported for a kind of source that this build has no driver for, and as the driver fails.
[[nodiscard]] Result<OpenedSource> open_source(const Configuration& configuration, const Clock& clock,
                                               Health& health, CounterSet& counters,
                                               std::function<void(const capture_link::Stream&)> on_stream);

// The configured flash, not started; none where there is none.
[[nodiscard]] std::unique_ptr<Illuminator> make_illuminator(const Configuration& configuration);

}  // namespace wayside::app
