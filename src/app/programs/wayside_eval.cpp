// wayside-eval: how well the recogniser does on labelled pictures and clips, and what arrived of a scene.
#include <fstream>

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "wayside/base/files.hpp"
#include "wayside/base/harden_process.hpp"
#include "wayside/base/json_text.hpp"
#include "wayside/base/log.hpp"
#include "wayside/device/clock/clock.hpp"
#include "wayside/eval/clips.hpp"
#include "wayside/eval/images.hpp"
#include "wayside/eval/records.hpp"
#include "wayside/eval/report.hpp"

#include "drivers/replay_source/picture_file.hpp"
#include "drivers/replay_source/replay_source.hpp"
#include "src/app/command_line.hpp"
#include "src/app/line_file.hpp"
#include "src/app/process.hpp"
#include "src/app/recogniser.hpp"
#include "src/app/single_thread.hpp"

namespace wayside::app {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view program = "wayside-eval";
constexpr std::size_t largest_lines = std::size_t{1} << 30;  // bytes, of a file of reads or records

// What all commands that recognise take.
struct Engine {
  fs::path models = models_folder();
  std::optional<double> threshold;

  void add_options(CLI::App& command) {
    command.add_option("--models", models, "Folder of the installed models");
    command
        .add_option("--threshold", threshold,
                    "Leave out what is less sure than this, 0 to 1 (the camera's own limit)")
        ->check(number(0, 1));
  }

  [[nodiscard]] Result<eval::Recogniser> make() const {
    Configuration as_delivered;
    if (threshold) {
      as_delivered.recognition.min_read_confidence = *threshold;
      as_delivered.passes.min_confidence = *threshold;
    }
    return make_recogniser(recogniser_options(as_delivered, models));
  }
};

void show_progress(std::size_t done, std::size_t total) {
  if (::isatty(STDERR_FILENO) == 0) return;
  fmt::print(log::standard_error(), "\r{} of {}{}", done, total, done == total ? "\n" : "");
}

void name_skipped(std::string_view what, const std::vector<eval::SkippedFile>& files) {
  for (const eval::SkippedFile& file : files)
    fmt::print(log::standard_error(), "{}: {} {}: {}\n", program, what, json_escape(file.file),
               json_escape(file.why));
}

void name_missing(std::string_view what, const std::vector<std::string>& files) {
  for (const std::string& file : files)
    fmt::print(log::standard_error(), "{}: {}: {}\n", program, what, json_escape(file));
}

// What is odd in the labels, though they can be counted.
void tell_of_labels(const fs::path& file, const std::vector<eval::PlateLabel>& labels,
                    const std::vector<eval::PlateLabel>& repeats) {
  for (const eval::PlateLabel& label : repeats) {
    fmt::print(log::standard_error(), "{}: {} line {}: says what an earlier line says; counted once\n",
               program, file.string(), label.line);
  }
  for (const eval::PlateLabel& label : labels) {
    if (!label.odd_text) continue;
    fmt::print(log::standard_error(),
               "{}: {} line {}: the text holds signs that are no letter or digit; they are left out\n",
               program, file.string(), label.line);
  }
}

// An output that is one of the inputs would destroy what people made by hand.
Status refuse_as_output(const fs::path& out, const std::vector<fs::path>& inputs) {
  for (const fs::path& input : inputs) {
    std::error_code none;
    if (!fs::equivalent(out, input, none) && !fs::equivalent(out.string() + ".part", input, none)) continue;
    return fail(
        ErrorCode::invalid_input,
        fmt::format("--out {} would be written over what is read from it: give another file", out.string()));
  }
  return {};
}

// What images would read. A folder that cannot be listed is told by the reading.
std::vector<fs::path> pictures_below(const fs::path& folder) {
  std::vector<fs::path> pictures;
  std::error_code failed;
  fs::recursive_directory_iterator entries(folder, failed);
  for (; !failed && entries != fs::recursive_directory_iterator(); entries.increment(failed)) {
    if (replay::is_picture_name(entries->path())) pictures.push_back(entries->path());
  }
  return pictures;
}

double peak_memory_mib() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

struct ImagesCommand {
  Engine engine;
  bool grounds = false;
  fs::path labels;
  fs::path out;
  fs::path folder;

  [[nodiscard]] Status run() const {
    std::vector<fs::path> inputs = pictures_below(folder);
    inputs.push_back(labels);
    if (Status ok = refuse_as_output(out, inputs); !ok) return ok;
    auto known = eval::load_plate_labels(labels);
    if (!known) return fail(known.error());
    tell_of_labels(labels, *known, eval::take_repeats(*known));
    // Before the file of an earlier run is written over.
    std::error_code absent;
    if (!fs::is_directory(folder, absent))
      return fail(ErrorCode::not_found, fmt::format("{} is no folder of pictures", folder.string()));
    const auto recogniser = engine.make();
    if (!recogniser) return fail(recogniser.error());
    LineFile lines(out);
    if (Status opened = lines.open(); !opened) return opened;
    const auto result = eval::read_pictures(
        folder, *recogniser, replay::read_picture, replay::is_picture_name,
        [&](const eval::PictureReads& reads) { return lines.write(eval::json_line(reads, grounds)); },
        show_progress);
    if (!result) return fail(result.error());
    name_skipped("skipped", result->skipped);
    const eval::PictureScore score = eval::score_pictures(result->reads, *known);
    name_missing("labelled, but not read", score.missing);
    for (const eval::PlateLabel* label : eval::labels_outside(*known, result->sizes)) {
      const cv::Size size = result->sizes.at(label->file);
      fmt::print(log::standard_error(),
                 "{}: {} line {}: the plate lies outside of {}, which is {}x{} pixels\n", program,
                 labels.string(), label->line, json_escape(label->file), size.width, size.height);
    }
    fmt::print("{}peak memory {:.0f} MiB; {} pictures read, {} skipped\n", eval::table(score),
               peak_memory_mib(), result->reads.size(), result->skipped.size());
    if (result->reads.empty())
      return fail(
          ErrorCode::invalid_input,
          fmt::format("none of the pictures in {} could be read; the lines above say why", folder.string()));
    if (Status whole = lines.finish(); !whole) return whole;
    if (known->empty() || score.labelled_pictures > 0) return {};
    return fail(
        ErrorCode::invalid_input,
        fmt::format("no line of {} names a picture in {}: its column file gives paths relative to that "
                    "folder",
                    labels.string(), folder.string()));
  }
};

struct ClipsCommand {
  Engine engine;
  fs::path labels;
  fs::path out;
  std::vector<fs::path> given;

  static bool is_clip(const fs::path& path) {
    static constexpr std::array<std::string_view, 8> endings = {".avi", ".mp4",  ".mov", ".m4v",
                                                                ".mkv", ".webm", ".ts",  ".mts"};
    return std::find(endings.begin(), endings.end(), path.extension().string()) != endings.end();
  }

  [[nodiscard]] Result<std::map<std::string, eval::SceneTruth>> truths(
      const std::vector<eval::ClipFile>& clips) const {
    std::map<std::string, eval::SceneTruth> found;
    for (const eval::ClipFile& clip : clips) {
      auto truth = eval::truth_beside(clip.path);
      if (!truth) return fail(truth.error());
      if (*truth) found.emplace(clip.file, std::move(**truth));
    }
    if (found.empty()) {
      return fail(ErrorCode::invalid_input,
                  "none of the clips has a NAME.truth.json beside it; give --labels");
    }
    return found;
  }

  [[nodiscard]] Status run() const {
    const auto clips = eval::find_clips(given, is_clip);
    if (!clips) return fail(clips.error());
    std::vector<fs::path> inputs = {labels};
    for (const eval::ClipFile& clip : *clips) {
      const fs::path name = clip.path.parent_path() / clip.path.stem();
      inputs.emplace_back(clip.path);
      inputs.emplace_back(name.string() + ".truth.json");
      inputs.emplace_back(name.string() + ".frames.csv");
    }
    if (Status ok = refuse_as_output(out, inputs); !ok) return ok;
    std::vector<eval::ClipLabel> known;
    std::map<std::string, eval::SceneTruth> truth;
    if (labels.empty()) {
      auto loaded = truths(*clips);
      if (!loaded) return fail(loaded.error());
      truth = std::move(*loaded);
    } else {
      auto loaded = eval::load_clip_labels(labels);
      if (!loaded) return fail(loaded.error());
      known = std::move(*loaded);
    }
    const auto clock = make_system_clock();
    const auto recogniser = engine.make();
    if (!recogniser) return fail(recogniser.error());
    LineFile lines(out);
    if (Status opened = lines.open(); !opened) return opened;
    const auto open_clip = [&](const std::string& path) {
      ReplayOptions options;
      options.path = path;
      return open_replay(options, *clock);
    };
    const auto result = eval::run_clips(
        *clips, *recogniser, open_clip, [&](const std::string& line) { return lines.write(line); },
        show_progress);
    if (!result) return fail(result.error());
    name_skipped("skipped", result->skipped);
    name_skipped("damaged, measured on what it gave:", result->damaged);
    const eval::ClipScore score =
        labels.empty() ? eval::score_clips(result->runs, truth) : eval::score_clips(result->runs, known);
    name_missing("labelled, but not run", score.missing);
    name_missing("run, but without label or truth", score.unlabelled);
    fmt::print("{}peak memory {:.0f} MiB; {} clips run, {} skipped, {} damaged\n", eval::table(score),
               peak_memory_mib(), result->runs.size(), result->skipped.size(), result->damaged.size());
    if (result->runs.empty())
      return fail(ErrorCode::invalid_input, "none of the clips could be run; the lines above say why");
    if (Status whole = lines.finish(); !whole) return whole;
    if (score.unlabelled.size() < result->runs.size() || (!labels.empty() && known.empty())) return {};
    return fail(ErrorCode::invalid_input,
                labels.empty() ? std::string("no clip that could be run has its truth beside it")
                               : fmt::format("no line of {} names a clip that was run", labels.string()));
  }
};

struct RecordsCommand {
  fs::path truth;
  fs::path records;
  std::uint64_t runs = 1;

  [[nodiscard]] Status run() const {
    const auto scene = eval::load_truth(truth);
    if (!scene) return fail(scene.error());
    const Result<std::string> lines = read_text_file(records, largest_lines);
    if (!lines) return fail(lines.error().context("reading the records"));
    const auto sightings = eval::parse_records(*lines, records.string());
    if (!sightings) return fail(sightings.error());
    fmt::print("{}",
               eval::records_summary(sightings->size(), eval::score_by_place(*sightings, *scene, runs)));
    return {};
  }
};

struct ReportCommand {
  fs::path labels;
  fs::path reads;
  fs::path out;
  fs::path folder;

  [[nodiscard]] Status run() const {
    if (Status ok = refuse_as_output(out, {labels, reads}); !ok) return ok;
    auto known = eval::load_plate_labels(labels);
    if (!known) return fail(known.error());
    static_cast<void>(eval::take_repeats(*known));
    std::vector<fs::path> pictures;
    for (const eval::PlateLabel& label : *known)
      pictures.push_back(folder / label.file);
    if (Status ok = refuse_as_output(out, pictures); !ok) return ok;
    if (Status place = check_replaceable(out); !place) return fail(place.error().context("--out"));
    const Result<std::string> lines = read_text_file(reads, largest_lines);
    if (!lines) return fail(lines.error().context("reading the reads"));
    const auto parsed = eval::parse_reads(*lines, reads.string());
    if (!parsed) return fail(parsed.error());
    const auto sheet = eval::write_report(*parsed, *known, folder, replay::read_picture, out, show_progress);
    if (!sheet) return fail(sheet.error());
    name_skipped("skipped", sheet->skipped);
    name_missing("labelled, but not in the reads", sheet->missing);
    fmt::print("{}: {} of {} labelled plates missed or misread\n", out.string(), sheet->wrong, sheet->labels);
    return {};
  }
};

int run(int argc, char** argv) {
  CLI::App app("Measures the recogniser on pictures and clips whose plates are known.", std::string(program));
  prepare(app);
  app.require_subcommand(1);
  app.footer(
      "While a command runs, what it writes is FILE.part; FILE is written over when it is whole. A FILE.part "
      "of\n"
      "a run that was broken off is taken over; one that is anything else, or that another run is writing, "
      "is\n"
      "refused.\n\n"
      "EXIT CODES\n"
      "  0  measured\n"
      "  1  the work failed: a file or folder cannot be read or written, or the models are damaged\n"
      "  2  the command line is wrong, or an input says nothing that can be measured; the message names it");

  ImagesCommand images;
  CLI::App* images_app =
      app.add_subcommand("images", "Reads every picture of a folder and compares it with labels");
  images_app
      ->add_option(
          "--labels", images.labels,
          "CSV: file,x,y,w,h,text and, if wanted, tags, source; a header alone: no plate is to be read")
      ->check(not_empty())
      ->required();
  images_app->add_option("--out", images.out, "File for the reads, one line of JSON a picture")
      ->check(not_empty())
      ->required();
  images_app->add_option("DIR", images.folder, "Folder of pictures, with the folders in it")->required();
  images_app->add_flag("--grounds", images.grounds,
                       "Also write what each confidence rests on, to fit it anew");
  images.engine.add_options(*images_app);

  ClipsCommand clips;
  CLI::App* clips_app =
      app.add_subcommand("clips", "Runs clips and compares the passes with labels or ground truth");
  clips_app
      ->add_option("--labels", clips.labels,
                   "CSV: file,vrms and, if wanted, country; without it: NAME.truth.json beside each clip")
      ->check(not_empty());
  clips_app->add_option("--out", clips.out, "File for the passes, one line of JSON a clip")
      ->check(not_empty())
      ->required();
  clips_app->add_option("CLIP", clips.given, "Clips, or folders of clips")->required();
  clips.engine.add_options(*clips_app);

  RecordsCommand records;
  CLI::App* records_app =
      app.add_subcommand("records", "Compares the records of a back office with a scene's truth");
  records_app->add_option("--truth", records.truth, "NAME.truth.json of the scene")->required();
  records_app
      ->add_option("--records", records.records, "What the back office exported, one line of JSON a record")
      ->required();
  records_app->add_option("--runs", records.runs, "How often the scene was played in one go")
      ->check(whole_number(1, 100'000));

  ReportCommand report_command;
  CLI::App* report_app =
      app.add_subcommand("report", "Writes a sheet of every plate that was missed or misread");
  report_app->add_option("--labels", report_command.labels, "The labels that images was given")->required();
  report_app->add_option("--reads", report_command.reads, "The reads that images wrote")->required();
  report_app->add_option("--out", report_command.out, "HTML file; it holds the pictures' cut-outs")
      ->required();
  report_app->add_option("DIR", report_command.folder, "The folder that images read")->required();

  if (const auto code = parse(app, argc, argv)) return *code;
  Status done;
  if (images_app->parsed()) done = images.run();
  if (clips_app->parsed()) done = clips.run();
  if (records_app->parsed()) done = records.run();
  if (report_app->parsed()) done = report_command.run();
  return done ? exit_done : report(program, done.error());
}

}  // namespace
}  // namespace wayside::app

int main(int argc, char** argv) {
  wayside::app::hold_vendors_to_one_thread(argv);
  wayside::harden_process();
  ::umask(077);  // what it writes holds number plates
  return wayside::app::run_program(wayside::app::program, [&] { return wayside::app::run(argc, argv); });
}
