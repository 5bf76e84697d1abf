// One recording's pictures in order, before they get frame numbers and times of day.
//
// Threads: one. Failure: as replay_source.hpp.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include <opencv2/core/mat.hpp>

#include "wayside/base/result.hpp"

#include "drivers/replay_source/sidecar.hpp"

namespace wayside::replay {

struct RecordedPicture {
  cv::Mat picture;                // 8 bits in 1 or 3 (BGR) channels, its own memory
  std::chrono::nanoseconds at{};  // since the recording's first picture, by the recording itself
  std::string name;               // for messages
};

class Recording {
 public:
  virtual ~Recording() = default;
  // To the first picture, at the start as again.
  virtual Status rewind() = 0;
  // Nothing at the end.
  virtual Result<std::optional<RecordedPicture>> next() = 0;
};

// The FFmpeg backend of OpenCV, on AVI, MP4, MOV, Matroska, WebM and MPEG transport streams.
[[nodiscard]] Result<std::unique_ptr<Recording>> open_video(const std::filesystem::path& file);

// The pictures that the sidecar names, in its order, or all of the folder's in natural order. The sidecar
// outlives it.
[[nodiscard]] Result<std::unique_ptr<Recording>> open_folder(const std::filesystem::path& folder,
                                                             const Sidecar* sidecar, double pictures_per_s);

}  // namespace wayside::replay
