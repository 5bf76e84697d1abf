// Reads the plates of one frame.
//
// Threads: one reader a thread (it owns a recognition engine); the syntax is shared and immutable.
// Failure: an unreadable candidate counts as rejected; only making the reader can fail (model missing or
// damaged, and the message names the file and the remedy).
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "wayside/anpr/model/model_store.hpp"
#include "wayside/anpr/read/plate_read.hpp"
#include "wayside/anpr/read/vrm_syntax.hpp"
#include "wayside/base/result.hpp"

namespace wayside {

class PlateReader {
 public:
  virtual ~PlateReader() = default;
  // Evidence is cut only where with_evidence is set: it costs about a millisecond a frame.
  [[nodiscard]] virtual FrameReads read(const FrameCandidates& candidates, bool with_evidence) = 0;
};

struct ReaderOptions {
  float min_confidence = 0.5F;  // reads below are counted as rejected
  int overview_width_px = 800;
  // Whether occupants are left as they were seen in an overview that is made now (occupants.hpp); asked by
  // each reader's thread for each overview. Empty: they are blurred.
  std::function<bool()> leaves_occupants_clear;
};

[[nodiscard]] Result<std::unique_ptr<PlateReader>> make_tesseract_reader(
    const ReaderOptions& options, const ModelStore& models, std::shared_ptr<const VrmSyntax> syntax);

}  // namespace wayside
