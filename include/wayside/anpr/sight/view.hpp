// What a camera looks at, as a pattern that neither passing vehicles nor the light of the hour change much:
// learnt once when the camera is commissioned, and compared with what it shows later.
//
// The pattern is the mean, over pictures, of the direction of brightness change at each place: vehicles pass
// and average out, kerbs, walls and trunks stay. Compared by cross-correlation, as image registration does
// (Brown, A survey of image registration techniques, ACM Computing Surveys 24, 1992, section 3.2). It is too
// coarse, and of too many pictures, to show a plate or a face.
//
// Threads: values; one thread a ViewMean. Units: pictures CV_8UC1 of any size; shares 0 to 1. Failure: a
// stored view that is not one is corrupt, with the reason.
#pragma once

#include <cstdint>
#include <optional>

#include <opencv2/core/mat.hpp>

#include "wayside/base/bytes.hpp"
#include "wayside/base/result.hpp"

namespace wayside {

struct View {
  static constexpr int width = 256;  // px, whatever the picture's shape
  static constexpr int height = 144;
  cv::Mat pattern;                  // CV_32FC2, height x width: horizontal and vertical, length at most 1
  std::optional<double> sharpness;  // sharpness() of its pictures on average; nothing where none had edges
  // How many of the first plates that passed since it was learnt were never read: what is usual here.
  std::uint32_t plates = 0;  // 0 until there were enough
  std::uint32_t plates_unread = 0;
};

// How steep the picture's steepest edges are: the share of an edge's height that one pixel covers, 0 to 1;
// 0.2 is an edge five pixels wide. Of the picture at its full size. Nothing where there is too little
// contrast to say, as in a flashed picture of an empty road.
[[nodiscard]] std::optional<double> sharpness(const cv::Mat& luma);

class ViewMean {
 public:
  void add(const cv::Mat& luma);
  [[nodiscard]] int pictures() const { return pictures_; }
  // Nothing before the first picture.
  [[nodiscard]] std::optional<View> view() const;
  void forget();

 private:
  cv::Mat sum_;
  int pictures_ = 0;
  double sharpness_ = 0;
  int with_edges_ = 0;
};

struct ViewComparison {
  double structure = 0;  // of the commissioned view's pattern, how much there is now: 1 as much, 0 nothing
  double alike = 0;      // correlation of the patterns where they stand, -1 to 1
  double covered = 0;    // share of the places with structure of which nothing like it is left
  // Where the view would have to be moved to fit best, in shares of its width and height, and how well it
  // fits there.
  double shift_x = 0;
  double shift_y = 0;
  double alike_shifted = 0;
};
// A view without any structure compares as covered by 0 and alike by 0.
[[nodiscard]] ViewComparison compare(const View& commissioned, const View& now);

// Some 74 kB, with a checksum.
[[nodiscard]] Bytes encode(const View& view);
[[nodiscard]] Result<View> decode_view(ByteView bytes);

}  // namespace wayside
