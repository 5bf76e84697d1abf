#include <cmath>
#include <set>

#include <fmt/format.h>

#include "drivers/replay_source/picture_file.hpp"
#include "drivers/replay_source/recording.hpp"

namespace wayside::replay {

namespace {

namespace fs = std::filesystem;

class FolderRecording final : public Recording {
 public:
  FolderRecording(std::vector<fs::path> pictures, double pictures_per_s)
      : pictures_(std::move(pictures)), period_ns_(1e9 / pictures_per_s) {}

  Status rewind() override {
    at_ = 0;
    return {};
  }

  Result<std::optional<RecordedPicture>> next() override {
    if (at_ == pictures_.size()) return std::nullopt;
    const fs::path& path = pictures_[at_];
    Result<cv::Mat> picture = read_picture(path);
    if (!picture) return fail(picture.error().context(fmt::format("picture {}", at_)));
    const std::chrono::nanoseconds at(std::llround(static_cast<double>(at_) * period_ns_));
    ++at_;
    return RecordedPicture{std::move(*picture), at, path.string()};
  }

 private:
  std::vector<fs::path> pictures_;
  double period_ns_;
  std::size_t at_ = 0;
};

}  // namespace

Result<std::unique_ptr<Recording>> open_folder(const fs::path& folder, const Sidecar* sidecar,
                                               double pictures_per_s) {
  if (!(pictures_per_s > 0.001 && pictures_per_s <= 1000)) {
    return fail(
        ErrorCode::invalid_input,
        fmt::format("{} pictures a second; expected more than 0.001 and at most 1000", pictures_per_s));
  }
  Result<std::vector<fs::path>> pictures = pictures_in(folder);
  if (!pictures) return fail(pictures.error());
  if (sidecar != nullptr) {
    std::set<fs::path> unnamed(pictures->begin(), pictures->end());
    pictures->clear();
    for (const SidecarRow& row : sidecar->rows) {
      const fs::path path = folder / row.file;
      if (unnamed.erase(path) == 0) {
        return fail(
            ErrorCode::invalid_input,
            fmt::format(
                "{}, line {}, column file: expected a picture of this folder, each once, and \"{}\" is not "
                "there or was named before",
                sidecar->path.string(), row.line, row.file));
      }
      pictures->push_back(path);
    }
    if (!unnamed.empty()) {
      return fail(
          ErrorCode::invalid_input,
          fmt::format("{} has no line for the picture {}; name every picture of the folder or take it out",
                      sidecar->path.string(), unnamed.begin()->filename().string()));
    }
  }
  return std::make_unique<FolderRecording>(std::move(*pictures), pictures_per_s);
}

}  // namespace wayside::replay
