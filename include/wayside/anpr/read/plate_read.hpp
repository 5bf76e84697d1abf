// What one look at one plate said, with all its doubts, and the pictures that show it.
//
// Threads: plain values; the pictures are shared and immutable.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <opencv2/core/mat.hpp>

#include "wayside/anpr/locate/plate_candidate.hpp"

namespace wayside {

struct CharacterGuess {
  char character = 0;  // 0-9 A-Z
  float probability = 0;
};

// Every plausible character of one position, most probable first, probabilities adding up to at most 1.
using CharacterPosition = std::vector<CharacterGuess>;

// What a read's confidence rests on: the numbers that it is a function of, for whoever fits or checks that
// function (models/training/confidence).
struct ConfidenceGrounds {
  float log_odds = 0;              // of the best hypothesis against all others together, natural logarithm
  float line_log_probability = 0;  // of the text, given the line: is this text at all?
  float plate_score = 0;           // of the candidate, 0 to 1: is this a plate at all?
};

struct PlateRead {
  PlateQuad quad{};      // in the full frame
  std::string vrm;       // best hypothesis under the syntax prior, without spaces; never empty
  float confidence = 0;  // 0 to 1: that vrm is exactly right
  ConfidenceGrounds grounds;
  std::string format;  // "current", "prefix", ... "foreign", or "unknown" where no syntax fits
  int lines = 1;       // 1 or 2
  std::vector<CharacterPosition> positions;  // as many as vrm has characters, before the prior
};

// The pictures of a read, cut from its own frame: what a person will look at.
struct ReadEvidence {
  cv::Mat plate_patch_bgr;                      // the plate straightened, at most 120 x 60, aspect kept
  std::shared_ptr<const cv::Mat> overview_bgr;  // the frame, made smaller, shared by all reads of it
};

struct EvidencedRead {
  PlateRead read;
  ReadEvidence evidence;
};

// What the reader hands on for every frame it was given, in no particular order between frames.
struct FrameReads {
  FrameInfo frame;
  int frame_width = 0;   // px
  int frame_height = 0;  // px
  std::vector<EvidencedRead> reads;
  std::vector<PlateQuad> rejected;  // candidates that gave no text worth a read
};

}  // namespace wayside
