#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "wayside/base/json_text.hpp"
#include "wayside/eval/clips.hpp"

#include "src/eval/cpu_clock.hpp"
#include "src/eval/json_lines.hpp"

namespace wayside::eval {

namespace {

namespace fs = std::filesystem;

// What is named like a clip and is none would be waited for, or read without an end.
Status check_clip(const fs::path& path) {
  std::error_code ignored;
  const fs::file_status there = fs::status(path, ignored);
  if (fs::is_regular_file(there)) return {};
  const std::string_view what = !fs::exists(there)        ? "a link to nothing"
                                : fs::is_directory(there) ? "a folder"
                                : fs::is_fifo(there)      ? "a pipe"
                                                          : "a device or socket";
  return fail(ErrorCode::invalid_input,
              fmt::format("{} is {}, and no clip: take it away, or name the clips one by one",
                          json_escape(path.string()), what));
}

Status add_folder(const fs::path& folder, const IsWanted& is_clip, std::vector<ClipFile>& clips) {
  std::error_code failed;
  fs::directory_iterator entries(folder, failed);
  std::vector<fs::path> files;
  for (; !failed && entries != fs::directory_iterator(); entries.increment(failed)) {
    if (!is_clip(entries->path())) continue;
    if (Status clip = check_clip(entries->path()); !clip) return clip;
    files.push_back(entries->path());
  }
  if (failed)
    return fail(ErrorCode::io, fmt::format("cannot list {}: {}", folder.string(), failed.message()));
  if (files.empty())
    return fail(ErrorCode::invalid_input, fmt::format("{} holds no clips; folders in it are not looked into",
                                                      json_escape(folder.string())));
  std::sort(files.begin(), files.end());
  for (const fs::path& file : files)
    clips.push_back({file.filename().string(), file});
  return {};
}

void add_passes(const std::vector<VehiclePass>& passes, ClipRun& run) {
  for (const VehiclePass& pass : passes) {
    run.passes.push_back({{pass.vrm, pass.best_frame.number.value(), pass.quad},
                          static_cast<double>(pass.confidence),
                          pass.first_frame.number.value(),
                          pass.last_frame.number.value(),
                          std::string(to_string(pass.direction)),
                          pass.reads_used});
  }
}

// The error that ended the clip, if one did.
Status play(FrameSource& source, const Recogniser& recogniser, ClipRun& run) {
  constexpr std::chrono::milliseconds limit{60'000};
  recogniser.forget();
  const std::unique_ptr<PassTracker> tracker = recogniser.new_tracker();
  Status ended = source.start();
  while (ended) {
    Result<NextFrame> next = source.next(limit);
    if (!next) {
      ended = fail(next.error());
      break;
    }
    if (std::holds_alternative<EndOfStream>(*next)) break;
    const auto* frame = std::get_if<FramePtr>(&*next);
    if (frame == nullptr) continue;
    const double begin = thread_cpu_s();
    const std::vector<VehiclePass> closed = tracker->update(recogniser.reads_of(*frame));
    run.cpu_s += thread_cpu_s() - begin;
    add_passes(closed, run);
    ++run.frames;
  }
  source.stop();
  add_passes(tracker->finish(), run);
  return ended;
}

}  // namespace

std::string json_line(const ClipRun& run) {
  OrderedJson passes = OrderedJson::array();
  for (const ClipPass& pass : run.passes) {
    passes.push_back({{"vrm", pass.sighting.vrm},
                      {"confidence", rounded(pass.confidence, 4)},
                      {"first_frame", pass.first_frame},
                      {"last_frame", pass.last_frame},
                      {"direction", pass.direction},
                      {"reads", pass.reads}});
  }
  return to_line({{"file", run.file},
                  {"frames", run.frames},
                  {"cpu_s", rounded(run.cpu_s, 3)},
                  {"passes", std::move(passes)}});
}

Result<std::vector<ClipFile>> find_clips(const std::vector<fs::path>& given, const IsWanted& is_clip) {
  std::vector<ClipFile> clips;
  for (const fs::path& path : given) {
    std::error_code ignored;
    if (fs::is_directory(path, ignored)) {
      if (Status added = add_folder(path, is_clip, clips); !added) return fail(added.error());
    } else if (fs::exists(fs::symlink_status(path, ignored))) {
      if (Status clip = check_clip(path); !clip) return fail(clip.error());
      clips.push_back({path.filename().string(), path});
    } else {
      return fail(ErrorCode::not_found,
                  fmt::format("{} does not exist; expected a clip or a folder of clips", path.string()));
    }
  }
  std::set<std::string> names;
  for (const ClipFile& clip : clips) {
    if (!names.insert(clip.file).second) {
      return fail(ErrorCode::invalid_input,
                  fmt::format("two clips go by the name {}; measure their folders one by one", clip.file));
    }
  }
  return clips;
}

Result<ClipRuns> run_clips(const std::vector<ClipFile>& clips, const Recogniser& recogniser,
                           const OpenClip& open_clip,
                           const std::function<Status(const std::string& line)>& write_line,
                           const Progress& progress) {
  ClipRuns all;
  for (std::size_t i = 0; i < clips.size(); ++i) {
    progress(i, clips.size());
    ClipRun run{clips[i].file, clips[i].path, 0, 0, {}};
    auto source = open_clip(clips[i].path.string());
    if (!source) {
      all.skipped.push_back({run.file, source.error().message});
      continue;
    }
    if (Status ended = play(**source, recogniser, run); !ended)
      all.damaged.push_back({run.file, ended.error().message});
    if (Status written = write_line(json_line(run)); !written) return fail(written.error());
    all.runs.push_back(std::move(run));
  }
  progress(clips.size(), clips.size());
  return all;
}

}  // namespace wayside::eval
