// Records a scene into the three files of truth_format.md.
//
// Threads: draws on threads of its own, which end with the call; writes, and calls progress, on the caller's
// (the codec may use its own). The files are the same to the bit whatever the number of threads, where the
// codec's are. Failure: io naming the path. The video grows as
// OUT.part.mp4 or .avi; the files of an earlier scene are written over when the new one is drawn.
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
// after each frame. threads: 0 for as many as the machine has.
[[nodiscard]] Result<Recorded> record_scene(const Scene& scene, const std::filesystem::path& out,
                                            const std::function<void(int, int)>& progress = {},
                                            int threads = 0);

}  // namespace wayside::roadsim
