#include <array>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <mutex>

#include <fmt/format.h>
#include <opencv2/core/utils/logger.hpp>
#include <opencv2/videoio.hpp>

#include "wayside/base/json_text.hpp"
#include "wayside/base/log.hpp"

#include "drivers/replay_source/recording.hpp"

namespace wayside::replay {

namespace {

namespace fs = std::filesystem;
using std::chrono::nanoseconds;

constexpr double fallback_fps = 25;
// A longer step between two frames is a damaged time stamp.
constexpr double longest_step_ms = 3'600'000;

// FFmpeg takes playlists and subtitles for videos and would follow what they name, so the kind is settled
// here first.
struct Container {
  bool known = false;
  bool counts_frames = false;  // its index holds a true number of frames, not one made from duration and rate
};

Result<Container> container_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return fail(ErrorCode::io, fmt::format("cannot open {}: check its permissions", file.string()));
  std::array<char, 189> head{};
  in.read(head.data(), head.size());
  const std::string_view read(head.data(), static_cast<std::size_t>(in.gcount()));
  if (read.empty())
    return fail(ErrorCode::corrupt, fmt::format("{} is empty; expected a video", file.string()));
  const std::string_view first = read.substr(0, 4);
  const std::string_view second = read.size() >= 8 ? read.substr(4, 4) : std::string_view{};
  if (first == "RIFF" && read.size() >= 12 && read.substr(8, 4) == "AVI ") return Container{true, true};
  for (const std::string_view box : {"ftyp", "moov", "mdat", "wide", "free", "skip"}) {
    if (second == box) return Container{true, true};  // ISO/IEC 14496-12 and QuickTime
  }
  if (first == "\x1A\x45\xDF\xA3") return Container{true, false};  // Matroska, WebM
  if (read.size() == head.size() && read[0] == 0x47 && read[188] == 0x47)
    return Container{true, false};  // MPEG-TS
  return Container{};
}

void silence_vendor() {
  // Before the first capture is opened; FFmpeg's level is read from the environment then, and -8 is "quiet".
  static std::once_flag once;
  std::call_once(once, [] {
    ::setenv("OPENCV_FFMPEG_LOGLEVEL", "-8", 0);
    cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);
  });
}

class VideoRecording final : public Recording {
 public:
  VideoRecording(fs::path file, bool counts_frames) : file_(std::move(file)), counts_frames_(counts_frames) {}

  Status rewind() override {
    try {
      if (!capture_.open(file_.string(), cv::CAP_FFMPEG)) {
        return fail(ErrorCode::corrupt,
                    fmt::format("{} cannot be opened: no video that can be decoded is in it, or its "
                                "index is missing",
                                file_.string()));
      }
      take_rate(capture_.get(cv::CAP_PROP_FPS));
      const double promised = capture_.get(cv::CAP_PROP_FRAME_COUNT);
      promised_ =
          counts_frames_ && promised >= 1 && promised < 1e9 ? static_cast<std::uint64_t>(promised) : 0;
    } catch (const std::exception& error) {
      return fail(ErrorCode::corrupt,
                  fmt::format("{} cannot be opened: {}", file_.string(), json_escape(error.what())));
    }
    delivered_ = 0;
    return {};
  }

  Result<std::optional<RecordedPicture>> next() override {
    try {
      cv::Mat picture;
      if (!capture_.read(picture) || picture.empty()) return end();
      const nanoseconds at = time_of(capture_.get(cv::CAP_PROP_POS_MSEC));
      const std::string name = fmt::format("{}, frame {}", file_.string(), delivered_);
      ++delivered_;
      return RecordedPicture{std::move(picture), at, name};
    } catch (const std::exception& error) {
      return fail(ErrorCode::corrupt, fmt::format("{}, frame {} cannot be decoded: {}", file_.string(),
                                                  delivered_, json_escape(error.what())));
    }
  }

 private:
  // The decoder ends a file that is cut short, and passes over frames that are damaged, without a word.
  Result<std::optional<RecordedPicture>> end() const {
    if (delivered_ == 0) {
      return fail(ErrorCode::corrupt,
                  fmt::format("{}, frame 0 cannot be decoded: no frame is in it", file_.string()));
    }
    if (delivered_ < promised_) {
      return fail(ErrorCode::corrupt,
                  fmt::format("{} ends after frame {} ({} frames), its index promises {}: it is cut "
                              "short or damaged; copy it again",
                              file_.string(), delivered_ - 1, delivered_, promised_));
    }
    return std::nullopt;
  }

  void take_rate(double fps) {
    const bool plausible = std::isfinite(fps) && fps >= 0.1 && fps < 1000;
    if (!plausible && !warned_) {
      log::warning("replay_rate_implausible",
                   {{"file", file_.string()}, {"fps", fps}, {"taken_fps", fallback_fps}});
      warned_ = true;
    }
    period_ms_ = 1000 / (plausible ? fps : fallback_fps);
  }

  // By the file's own time stamps, which may be uneven; where they are missing or do not rise, one period on.
  nanoseconds time_of(double stamp_ms) {
    if (delivered_ == 0) {
      at_ms_ = 0;
      stamp_ms_ = stamp_ms;
    } else {
      const double step = stamp_ms - stamp_ms_;
      at_ms_ += std::isfinite(step) && step > 0 && step < longest_step_ms ? step : period_ms_;
      stamp_ms_ = stamp_ms;
    }
    return nanoseconds(std::llround(at_ms_ * 1e6));
  }

  fs::path file_;
  bool counts_frames_;
  cv::VideoCapture capture_;
  std::uint64_t promised_ = 0;  // 0: not known
  std::uint64_t delivered_ = 0;
  double period_ms_ = 1000 / fallback_fps;
  double at_ms_ = 0;
  double stamp_ms_ = 0;
  bool warned_ = false;
};

}  // namespace

Result<std::unique_ptr<Recording>> open_video(const fs::path& file) {
  silence_vendor();
  const Result<Container> container = container_of(file);
  if (!container) return fail(container.error());
  if (!container->known) {
    return fail(
        ErrorCode::invalid_input,
        fmt::format(
            "{} is no video that can be replayed; expected AVI, MP4, MOV, Matroska, WebM or MPEG-TS, or a "
            "folder of pictures",
            file.string()));
  }
  auto video = std::make_unique<VideoRecording>(file, container->counts_frames);
  if (Status opened = video->rewind(); !opened) return fail(opened.error());
  return video;
}

}  // namespace wayside::replay
