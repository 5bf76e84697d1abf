// Reads a candidate: straighten it to a line, recognise, take the line in each way it can be taken, resolve
// by the syntax.
#include <algorithm>
#include <cmath>

#include <opencv2/core.hpp>

#include "wayside/anpr/read/occupants.hpp"
#include "wayside/anpr/read/plate_reader.hpp"

#include "ctc_decoder.hpp"
#include "plate_line.hpp"
#include "read_confidence.hpp"
#include "read_evidence.hpp"
#include "text_engine.hpp"

namespace wayside {
namespace {

using namespace read;

constexpr std::size_t hypotheses = 5;
constexpr std::size_t fewest_characters = 2;
constexpr std::size_t most_positions = 12;
constexpr std::size_t lengths_tried = 3;

// Where the locator was not sure which way round a plate is, the other way is tried too, unless the first
// convinces.
constexpr float worth_a_try = 0.1F;
constexpr float convincing = 0.5F;

struct Ranked {
  VrmSyntax::Hypothesis hypothesis;
  const LineReading* reading = nullptr;
};

class TesseractReader final : public PlateReader {
 public:
  TesseractReader(const ReaderOptions& options, std::unique_ptr<TextEngine> engine,
                  std::shared_ptr<const VrmSyntax> syntax)
      : options_(options), engine_(std::move(engine)), syntax_(std::move(syntax)) {}

  FrameReads read(const FrameCandidates& candidates, bool with_evidence) override {
    FrameReads reads;
    reads.frame = candidates.frame->info();
    const cv::Mat& luma = candidates.frame->luma();
    reads.frame_width = luma.cols;
    reads.frame_height = luma.rows;
    for (const PlateCandidate& candidate : candidates.candidates) {
      std::optional<PlateRead> plate = read_plate(luma, candidate, reads.frame.utc);
      if (plate && plate->confidence >= options_.min_confidence) {
        reads.reads.push_back({std::move(*plate), {}});
      } else {
        reads.rejected.push_back(candidate.quad);
      }
    }
    if (with_evidence && !reads.reads.empty()) add_evidence(candidates, reads.reads);
    return reads;
  }

 private:
  std::optional<PlateRead> read_plate(const cv::Mat& luma, const PlateCandidate& plate, UtcTime at) {
    try {
      const bool likely_dark = plate.light_on_dark > 0.5F;
      std::optional<PlateRead> read = read_as(luma, plate, likely_dark, at);
      const float other_way = likely_dark ? 1 - plate.light_on_dark : plate.light_on_dark;
      if (other_way < worth_a_try || (read && read->confidence > convincing)) return read;
      std::optional<PlateRead> other = read_as(luma, plate, !likely_dark, at);
      return other && (!read || other->confidence > read->confidence) ? other : read;
    } catch (const cv::Exception&) {
      return std::nullopt;  // a quad no picture can be cut from
    }
  }

  std::optional<PlateRead> read_as(const cv::Mat& luma, const PlateCandidate& plate, bool light_on_dark,
                                   UtcTime at) {
    const cv::Mat line = plate_line(luma, plate, light_on_dark);
    if (line.empty()) return std::nullopt;
    return decide(plate, readings_of(engine_->recognise(line), lengths_tried), at);
  }

  // All readings' marks against one another: what the line says of each, and what the forms of marks say.
  [[nodiscard]] std::optional<PlateRead> decide(const PlateCandidate& plate,
                                                const std::vector<LineReading>& readings, UtcTime at) const {
    std::vector<Ranked> ranked;
    for (const LineReading& reading : readings) {
      if (reading.positions.size() < fewest_characters || reading.positions.size() > most_positions) continue;
      double of_text = 0;  // rank() counts the text's characters again
      for (const CharacterPosition& position : reading.positions) {
        const auto own = std::find_if(position.begin(), position.end(), [&](const CharacterGuess& guess) {
          return guess.character ==
                 reading.text[static_cast<std::size_t>(&position - reading.positions.data())];
        });
        of_text += std::log(static_cast<double>(own->probability));
      }
      for (VrmSyntax::Hypothesis& hypothesis : syntax_->rank(reading.positions, hypotheses, at)) {
        hypothesis.log_score += reading.log_probability - of_text;
        ranked.push_back({std::move(hypothesis), &reading});
      }
    }
    if (ranked.empty()) return std::nullopt;
    std::stable_sort(ranked.begin(), ranked.end(), [](const Ranked& a, const Ranked& b) {
      return a.hypothesis.log_score > b.hypothesis.log_score;
    });
    const Ranked& best = ranked.front();
    if (best.hypothesis.vrm.size() < fewest_characters) return std::nullopt;
    PlateRead read;
    read.quad = plate.quad;
    read.vrm = best.hypothesis.vrm;
    read.format = best.hypothesis.format;
    read.lines = plate.lines;
    const auto first =
        best.reading->positions.begin() + static_cast<std::ptrdiff_t>(best.hypothesis.first_position);
    read.positions.assign(first, first + static_cast<std::ptrdiff_t>(best.hypothesis.vrm.size()));
    std::vector<VrmSyntax::Hypothesis> all;
    for (Ranked& one : ranked) {
      // Two readings can mean the same mark, one with its rim left out: it is no rival of itself.
      const bool repeated = std::any_of(all.begin(), all.end(), [&](const VrmSyntax::Hypothesis& better) {
        return better.vrm == one.hypothesis.vrm;
      });
      if (!repeated) all.push_back(std::move(one.hypothesis));
    }
    read.grounds = grounds_of(all, best.reading->log_probability, plate.score);
    read.confidence = confidence_of(all.front(), read.grounds);
    return read;
  }

  void add_evidence(const FrameCandidates& candidates, std::vector<EvidencedRead>& reads) const {
    try {
      const cv::Mat bgr = candidates.frame->bgr();
      const auto overview = std::make_shared<const cv::Mat>(overview_of(bgr, candidates.candidates));
      for (EvidencedRead& read : reads) {
        read.evidence.plate_patch_bgr = cut_patch(bgr, read.read.quad);
        read.evidence.overview_bgr = overview;
      }
    } catch (const cv::Exception&) {
      // Out of memory: a read without its picture is still a read.
    }
  }

  // Unread plates have vehicles behind them too.
  [[nodiscard]] cv::Mat overview_of(const cv::Mat& bgr, const std::vector<PlateCandidate>& found) const {
    cv::Mat overview = make_overview(bgr, options_.overview_width_px);
    if (options_.leaves_occupants_clear && options_.leaves_occupants_clear()) return overview;
    std::vector<PlateQuad> plates;
    for (const PlateCandidate& candidate : found)
      plates.push_back(candidate.quad);
    blur_occupants(overview, plates, static_cast<double>(overview.cols) / bgr.cols);
    return overview;
  }

  ReaderOptions options_;
  std::unique_ptr<TextEngine> engine_;
  std::shared_ptr<const VrmSyntax> syntax_;
};

}  // namespace

Result<std::unique_ptr<PlateReader>> make_tesseract_reader(const ReaderOptions& options,
                                                           const ModelStore& models,
                                                           std::shared_ptr<const VrmSyntax> syntax) {
  const Result<Bytes> model = models.load("reader");
  if (!model) return fail(model.error());
  Result<std::unique_ptr<TextEngine>> engine = TextEngine::make(*model);
  if (!engine) return fail(engine.error());
  return std::make_unique<TesseractReader>(options, std::move(*engine), std::move(syntax));
}

}  // namespace wayside
