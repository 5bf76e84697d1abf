// Where frames come from: a camera or a recording, behind one port.
//
// Life, in this order: start(), next() until it returns EndOfStream or an error, stop(); destruction stops. A
// source that has stalled for too long is stopped and started again, and then goes on with the frames to
// come. Threads: start, next and stop from one thread (the capture thread); describe() from any. Failure: a
// camera that does not deliver in time is a value (Stalled), answered by the restart ladder; a recording that
// cannot be read any further is an Error that names file and frame, after every frame before it was
// delivered.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <variant>

#include "wayside/anpr/capture/frame.hpp"
#include "wayside/base/result.hpp"

namespace wayside {

struct EndOfStream {};
struct Stalled {};  // nothing came within the limit given to next()

using NextFrame = std::variant<FramePtr, EndOfStream, Stalled>;

class FrameSource {
 public:
  virtual ~FrameSource() = default;
  virtual Status start() = 0;
  virtual Result<NextFrame> next(std::chrono::milliseconds limit) = 0;
  virtual void stop() = 0;
  // True where a slow reader only slows the source down (a recording replayed as fast as possible): such a
  // flow must not drop. False where frames come whether anybody is ready or not.
  [[nodiscard]] virtual bool waits_for_reader() const = 0;
  // True where the source brings its camera back by itself, however long that takes: Stalled then only says
  // that there is no frame now, and nobody need stop and start it.
  [[nodiscard]] virtual bool restarts_itself() const { return false; }
  [[nodiscard]] virtual std::string describe() const = 0;
};

}  // namespace wayside
