// Whether a system on trial does what the camera was able to do before, by the camera's own counters; and
// what the one that runs is able to do, for an update to be measured by (device/update/update.md).
//
// Able to capture: frames came and went all the way to the tracker for a minute without a pause. To deliver:
// a record that was made in this run was acknowledged by the back office. A trial that has done all that is
// asked of it, and has run for a minute, is confirmed: asked of wayside-update, which judges itself, again
// and again until its status says so.
//
// What becomes of updates is told to on_change, once each: what was told is kept in incoming/told.
//
// Threads: look() from one; able() from any. Failure: a file that cannot be read or written is logged, and
// tried again.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include "wayside/base/time.hpp"
#include "wayside/device/update/update_folder.hpp"

namespace wayside::app {

// Since the camera began; all 0 of one that has no configuration.
struct CameraWork {
  std::uint64_t frames_captured = 0;
  std::uint64_t frames_tracked = 0;     // of these: went all the way
  std::uint64_t highest_before = 0;     // number of the last record that earlier runs left in the queue
  std::uint64_t highest_delivered = 0;  // of the numbers that this run delivered
};

struct UpdateJudgeOptions {
  UpdateFolder folder;
  std::string boot_id;
  std::function<void(const UpdateStatus&)> on_change{};  // absent: it is left to be told later
};

// Beside the identity, as all that a camera keeps.
[[nodiscard]] UpdateFolder update_folder_beside(const std::filesystem::path& identity);

class UpdateJudge {
 public:
  static constexpr std::chrono::seconds must_last{60};
  static constexpr std::chrono::seconds longest_pause{5};
  static constexpr std::chrono::seconds ask_again{30};

  explicit UpdateJudge(UpdateJudgeOptions options);

  // Once a second or so.
  void look(MonotonicTime now, const CameraWork& work);
  [[nodiscard]] Abilities able() const;

 private:
  void watch(MonotonicTime now, const CameraWork& work);
  void judge(MonotonicTime now, const UpdateStatus& status);
  void tell(const UpdateStatus& status);

  const UpdateJudgeOptions options_;
  std::optional<MonotonicTime> began_;
  CameraWork last_;
  std::optional<MonotonicTime> captured_at_;  // when the last came
  std::optional<MonotonicTime> tracked_at_;   // and the last went all the way
  std::optional<MonotonicTime> moves_since_;  // without a pause
  std::optional<MonotonicTime> asked_;
  std::string told_;
  std::string problem_;  // that was logged last
  mutable std::mutex mutex_;
  Abilities able_;  // mutex_
};

}  // namespace wayside::app
