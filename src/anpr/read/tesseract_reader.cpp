// Reads a candidate: straighten, find the characters, set them as a printed line, recognise, resolve by the
// syntax.

#include <opencv2/core.hpp>

#include "wayside/anpr/read/plate_reader.hpp"

#include "line_reader.hpp"
#include "plate_patch.hpp"
#include "read_confidence.hpp"
#include "read_evidence.hpp"
#include "text_engine.hpp"

namespace wayside {
namespace {

using namespace read;

constexpr std::size_t hypotheses = 5;
constexpr std::size_t fewest_characters = 2;
constexpr std::size_t most_positions = 12;

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
      std::optional<PlateRead> plate = read_plate(luma, candidate.quad, reads.frame.utc);
      if (plate && plate->confidence >= options_.min_confidence) {
        reads.reads.push_back({std::move(*plate), {}});
      } else {
        ++reads.rejected;
      }
    }
    if (with_evidence && !reads.reads.empty()) add_evidence(*candidates.frame, reads.reads);
    return reads;
  }

 private:
  std::optional<PlateRead> read_plate(const cv::Mat& luma, const PlateQuad& quad, UtcTime at) {
    try {
      const PlatePatch patch = straighten(luma, quad);
      if (patch.luma.empty()) return std::nullopt;
      std::vector<CharacterPosition> positions;
      for (const CharacterLine& line : find_lines(patch)) {
        const std::vector<CharacterPosition> more = read_line(*engine_, line);
        positions.insert(positions.end(), more.begin(), more.end());
      }
      if (positions.size() < fewest_characters || positions.size() > most_positions) return std::nullopt;
      return decide(quad, patch.lines, positions, at);
    } catch (const cv::Exception&) {
      return std::nullopt;  // a quad no picture can be cut from
    }
  }

  [[nodiscard]] std::optional<PlateRead> decide(const PlateQuad& quad, int lines,
                                                const std::vector<CharacterPosition>& positions,
                                                UtcTime at) const {
    const std::vector<VrmSyntax::Hypothesis> ranked = syntax_->rank(positions, hypotheses, at);
    if (ranked.empty() || ranked.front().vrm.size() < fewest_characters) return std::nullopt;
    const VrmSyntax::Hypothesis& best = ranked.front();
    PlateRead read;
    read.quad = quad;
    read.vrm = best.vrm;
    read.format = best.format;
    read.lines = lines;
    const auto first = positions.begin() + static_cast<std::ptrdiff_t>(best.first_position);
    read.positions.assign(first, first + static_cast<std::ptrdiff_t>(best.vrm.size()));
    read.confidence = confidence_of(ranked);
    return read;
  }

  void add_evidence(const Frame& frame, std::vector<EvidencedRead>& reads) const {
    try {
      const cv::Mat bgr = frame.bgr();
      const auto overview = std::make_shared<const cv::Mat>(make_overview(bgr, options_.overview_width_px));
      for (EvidencedRead& read : reads) {
        read.evidence.plate_patch_bgr = cut_patch(bgr, read.read.quad);
        read.evidence.overview_bgr = overview;
      }
    } catch (const cv::Exception&) {
      // Out of memory: a read without its picture is still a read.
    }
  }

  ReaderOptions options_;
  std::unique_ptr<TextEngine> engine_;
  std::shared_ptr<const VrmSyntax> syntax_;
};

}  // namespace

Result<std::unique_ptr<PlateReader>> make_tesseract_reader(const ReaderOptions& options,
                                                           std::shared_ptr<const VrmSyntax> syntax) {
  Result<std::unique_ptr<TextEngine>> engine = TextEngine::make(options.tessdata, options.model);
  if (!engine) return fail(engine.error());
  return std::make_unique<TesseractReader>(options, std::move(*engine), std::move(syntax));
}

}  // namespace wayside
