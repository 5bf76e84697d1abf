// What the pipeline sees, for whoever points the camera: nothing is looked at, kept or worked out unless
// somebody aims or waits for a snapshot.
//
// A snapshot without commissioning is made so small that neither a face nor a plate can be made out in it:
// 120 px wide. Of a view one lane wide (3.65 m) that is 30 mm a pixel: a face is five pixels wide, a plate's
// character under three high. Nothing needs to be recognised for it, so nothing can fail to be.
//
// Threads: saw_*() from the pipeline's threads, the rest from the one that answers. Ownership: holds small
// copies, no frame. Failure: a snapshot that no frame came for is unavailable.
#pragma once

#include <atomic>
#include <chrono>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "wayside/anpr/aim/aim_gauge.hpp"
#include "wayside/anpr/capture/frame.hpp"
#include "wayside/base/bytes.hpp"
#include "wayside/base/result.hpp"

namespace wayside::app {

class Aiming {
 public:
  explicit Aiming(AimOptions options) : gauge_(std::move(options)) {}

  // Of the pipeline.
  [[nodiscard]] bool is_on() const { return aimers_ > 0; }
  void saw_frame(const Frame& frame);
  void saw_reads(const FrameReads& reads);
  void saw_light(double scene, const std::vector<PlateBrightness>& plates);

  // Begins with nothing seen; one more or less who aims.
  void begin();
  void end();
  // Members of the answer; VRMs only with_reads.
  [[nodiscard]] nlohmann::json report(bool with_reads) const;

  // A JPEG; nothing: it is wanted of the next frame, ask again.
  [[nodiscard]] std::optional<Result<Bytes>> snapshot(bool clear);
  void drop_snapshot(bool clear);

 private:
  static constexpr int coarse_width_px = 120;
  static constexpr int clear_width_px = 1280;
  void take_snapshots(const Frame& frame);

  struct Wanted {
    std::atomic<bool> wanted{false};
    cv::Mat picture;  // mutex_: BGR; empty: not there yet
  };
  std::atomic<int> aimers_{0};
  mutable std::mutex mutex_;
  AimGauge gauge_;                                      // mutex_
  std::chrono::steady_clock::time_point last_frame_{};  // mutex_
  Wanted coarse_;
  Wanted clear_;
};

}  // namespace wayside::app
