// A camera as a frame source: libcamera in a process of its own, supervised.
//
// libcamera, its pipelines and the JPEG decoder run in the capture process, which sees neither keys nor
// queue. Unplugging a camera in mid-stream ends libcamera 0.0.3 by a segmentation fault, after its own
// time-out; so that process may die, hang or say nonsense, and is then ended and started anew, sooner at
// first and later by and by. The rest of the daemon goes on meanwhile, next() answers Stalled, and the state
// has a name.
//
// Threads: as FrameSource; set_controls() from any; the frames' leases end in any. Ownership: the clock
// outlives the source, as do the counters; frames keep their memory when the source is gone. Failure: next()
// never fails: whatever is wrong with a camera, it may be plugged in again.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "wayside/anpr/capture/frame_source.hpp"
#include "wayside/base/counters.hpp"
#include "wayside/device/clock/clock.hpp"

#include "drivers/capture_link/messages.hpp"
#include "drivers/libcamera_source/capture_process.hpp"

namespace wayside {

enum class CameraState {
  starting,
  streaming,
  none_present,  // no camera, or none of the configured name
  undecided,     // several, and none is named
  busy,          // another program has it
  wrong_format,  // it offers no size or format that can be used
  stalled,       // it gives no frame, or none that is whole
  unplugged,     // it was there before
  crashed,       // the capture process died, or was not to be believed
  failed,        // libcamera refused something else
};
[[nodiscard]] std::string_view to_string(CameraState state);

struct LibcameraOptions {
  libcamera_source::CaptureProgram program;
  // A camera that has streamed and gives no frame for so long is started anew, and one that has not yet after
  // start_limit.
  std::chrono::milliseconds stall_limit{2000};
  std::chrono::milliseconds start_limit{15'000};
  // Between the end of a capture process and the next one.
  std::chrono::milliseconds first_pause{100};
  std::chrono::milliseconds longest_pause{2000};
  // From the capture thread, whenever the state or its sentence changes.
  std::function<void(CameraState, const std::string&)> on_state;
  // Likewise, before a stream's first frame: what it is and what the camera lets itself be told.
  std::function<void(const capture_link::Stream&)> on_stream;
};

class LibcameraSource : public FrameSource {
 public:
  // Applied to the next frames, and again to those of a capture process started anew.
  virtual void set_controls(const capture_link::Controls& controls) = 0;
};

[[nodiscard]] std::unique_ptr<LibcameraSource> make_libcamera_source(LibcameraOptions options,
                                                                     const Clock& clock,
                                                                     CounterSet& counters);

}  // namespace wayside
