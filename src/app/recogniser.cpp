#include "src/app/recogniser.hpp"

namespace wayside::app {

namespace fs = std::filesystem;

RecogniserOptions recogniser_options(const Configuration& configuration, const fs::path& models) {
  const Configuration::Recognition& recognition = configuration.recognition;
  RecogniserOptions options;
  options.models = models;
  options.syntax_file = models / "vrm" / "uk.toml";
  options.locator.min_plate_width_px = static_cast<float>(recognition.min_plate_width_px);
  options.locator.max_plate_width_px = static_cast<float>(recognition.max_plate_width_px);
  options.reader.min_confidence = static_cast<float>(recognition.min_read_confidence);
  if (configuration.privacy.overview_occupants == "clear")
    options.reader.leaves_occupants_clear = [] { return true; };
  options.tracker.close_after_s = configuration.passes.close_after_s;
  options.tracker.suppress_repeat_s = configuration.passes.suppress_repeat_s;
  options.tracker.min_pass_confidence = static_cast<float>(configuration.passes.min_confidence);
  options.tracker.min_reads = configuration.passes.min_reads;
  for (const LaneSetting& setting : configuration.lanes) {
    Lane lane{setting.number, {}};
    for (const auto& [x, y] : setting.polygon)
      lane.polygon.emplace_back(static_cast<float>(x), static_cast<float>(y));
    options.tracker.lanes.push_back(std::move(lane));
  }
  return options;
}

Result<eval::Recogniser> make_recogniser(const RecogniserOptions& options) {
  Result<VrmSyntax> syntax = VrmSyntax::load(options.syntax_file);
  if (!syntax) return fail(syntax.error());
  const Result<ModelStore> models = ModelStore::open(options.models);
  if (!models) return fail(models.error());
  auto locator = make_network_locator(options.locator, *models);
  if (!locator) return fail(locator.error());
  auto reader =
      make_tesseract_reader(options.reader, *models, std::make_shared<const VrmSyntax>(std::move(*syntax)));
  if (!reader) return fail(reader.error());
  struct State {
    std::unique_ptr<PlateLocator> locator;
    std::unique_ptr<PlateReader> reader;
  };
  const auto state = std::make_shared<State>(State{std::move(*locator), std::move(*reader)});
  eval::Recogniser recogniser;
  recogniser.reads_of = [state](const FramePtr& frame) {
    const bool with_evidence = false;
    return state->reader->read({frame, state->locator->locate(*frame)}, with_evidence);
  };
  recogniser.new_tracker = [tracker = options.tracker] { return make_pass_tracker(tracker); };
  recogniser.forget = [state] { state->locator->forget(); };
  return recogniser;
}

}  // namespace wayside::app
