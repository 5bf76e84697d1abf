#include "wayside/roadsim/scene/recording.hpp"

#include <cmath>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <opencv2/videoio.hpp>

#include "wayside/base/bytes.hpp"
#include "wayside/base/files.hpp"
#include "wayside/base/json_text.hpp"

#include "motion_jpeg.hpp"
#include "ordered_frames.hpp"

namespace wayside::roadsim {

namespace {

std::string sidecar_text(const Scenario& scenario, const Exposure& exposure, int frames) {
  std::string text = "frame,utc_ms,monotonic_ns,exposure_us,gain_db,strobe\n";
  for (int frame = 0; frame < frames; ++frame) {
    const double seconds = frame / scenario.fps;
    text += fmt::format("{},{},{},{},{:.1f},{:.2f}\n", frame, scenario.start.ms + std::llround(seconds * 1e3),
                        std::llround(seconds * 1e9), exposure.exposure_us, exposure.gain_db, exposure.strobe);
  }
  return text;
}

// Gives what stands in the frames that were written.
Result<std::vector<std::vector<SeenPlate>>> write_video(const Scene& scene, const std::filesystem::path& path,
                                                        int threads,
                                                        const std::function<void(int, int)>& progress) {
  std::vector<std::vector<SeenPlate>> plates;
  const Scenario& scenario = scene.scenario();
  const auto refused = [&] {
    return fail(
        ErrorCode::io,
        fmt::format("cannot write the video {}; is the folder writable and is there room on the disk?",
                    json_escape(path.string())));
  };
  const cv::Size size(scenario.width, scenario.height);
  std::optional<MotionJpegFile> motion_jpeg;
  cv::VideoWriter h264;  // in the library's constant quality
  const auto write = [&](const cv::Mat& picture) -> Status {
    if (motion_jpeg) return motion_jpeg->add(picture);
    h264.write(picture);
    return {};
  };
  try {
    if (scenario.codec == Codec::mjpeg) {
      motion_jpeg.emplace(path, size, scenario.fps);
    } else if (!h264.open(path.string(), cv::CAP_FFMPEG, cv::VideoWriter::fourcc('a', 'v', 'c', '1'),
                          scenario.fps, size)) {
      return refused();
    }
    const int frames = scene.frame_count();
    OrderedFrames drawn(scene, frames, threads);
    for (int frame = 0; frame < frames; ++frame) {
      DrawnFrame next = drawn.next();
      if (const Status written = write(next.picture); !written) return fail(written.error());
      plates.push_back(std::move(next.plates));
      if (progress) progress(frame + 1, frames);
    }
    h264.release();
    if (motion_jpeg) {
      if (const Status finished = motion_jpeg->finish(); !finished) return fail(finished.error());
    }
  } catch (const cv::Exception& error) {
    return fail(ErrorCode::io,
                fmt::format("writing the video {}: {}", json_escape(path.string()), error.err));
  }
  std::error_code failed;
  if (std::filesystem::file_size(path, failed) < 100 || failed) return refused();
  return plates;
}

}  // namespace

Result<Recorded> record_scene(const Scene& scene, const std::filesystem::path& out,
                              const std::function<void(int, int)>& progress, int threads) {
  if (out.filename().empty() || out.filename() == "." || out.filename() == "..") {
    return fail(ErrorCode::invalid_input,
                fmt::format("the output \"{}\" has no name; give FOLDER/NAME", json_escape(out.string())));
  }
  const std::filesystem::path folder = out.has_parent_path() ? out.parent_path() : std::filesystem::path(".");
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  if (failed) {
    return fail(ErrorCode::io, fmt::format("cannot make the folder {}: {}; choose another in --out",
                                           json_escape(folder.string()), failed.message()));
  }
  Recorded recorded;
  const std::string name = out.filename().string();
  const std::string ending = scene.scenario().codec == Codec::mjpeg ? ".avi" : ".mp4";
  recorded.video = folder / (name + ending);
  recorded.sidecar = folder / (name + ".frames.csv");
  recorded.truth_file = folder / (name + ".truth.json");
  // A folder that cannot be written is found before minutes of drawing.
  for (const std::filesystem::path& file : {recorded.video, recorded.sidecar, recorded.truth_file}) {
    if (auto place = check_replaceable(file); !place) return fail(place.error());
  }
  // The codec wants the ending by which it knows the form of the file.
  const std::filesystem::path part = folder / (name + ".part" + ending);
  const auto plates = write_video(scene, part, threads, progress);
  if (!plates) {
    std::filesystem::remove(part, failed);
    return fail(plates.error());
  }
  // An earlier scene's in the other form would stand beside this one's truth.
  if (std::filesystem::exists(recorded.truth_file))
    std::filesystem::remove(folder / (name + (ending == ".avi" ? ".mp4" : ".avi")), failed);
  std::filesystem::rename(part, recorded.video, failed);
  if (failed) {
    return fail(ErrorCode::io,
                fmt::format("cannot write {}: {}", json_escape(recorded.video.string()), failed.message()));
  }
  const std::string sidecar = sidecar_text(scene.scenario(), scene.planned_exposure(), scene.frame_count());
  if (auto written = replace_file(recorded.sidecar, as_bytes(sidecar)); !written)
    return fail(written.error());
  recorded.truth = scene.truth_of(*plates);
  recorded.truth.video = recorded.video.filename().string();
  if (auto written = replace_file(recorded.truth_file, as_bytes(truth_json(recorded.truth))); !written)
    return fail(written.error());
  return recorded;
}

}  // namespace wayside::roadsim
