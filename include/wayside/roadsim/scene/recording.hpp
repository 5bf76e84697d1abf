// Records a scene into the three files of truth_format.md.
//
// Threads: one call, one thread (the codec may use its own). Failure: io naming the path; what was begun is
// left there.
#pragma once

#include <filesystem>
#include <functional>

#include "wayside/base/result.hpp"
#include "wayside/roadsim/scene/scene.hpp"

namespace wayside::roadsim {

struct Recorded {
  std::filesystem::path video;
  std::filesystem::path sidecar;
  std::filesystem::path truth_file;
  SceneTruth truth;
};

// out: folder and name without an extension; the folder is made where it is missing. progress(done, of),
// after each frame.
[[nodiscard]] Result<Recorded> record_scene(const Scene& scene, const std::filesystem::path& out,
                                            const std::function<void(int, int)>& progress = {});

}  // namespace wayside::roadsim
