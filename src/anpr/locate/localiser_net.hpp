// The first network: plates in a reduced picture, each with its four corners roughly.
//
// Threads: one thread. Ownership: owns the network's buffers, which grow with the largest picture searched.
#pragma once

#include <memory>
#include <vector>

#include <opencv2/core/mat.hpp>

#include "wayside/anpr/locate/plate_candidate.hpp"
#include "wayside/anpr/model/model_store.hpp"

namespace wayside::locate {

// The narrowest and the widest plate that the network finds well, in pixels of the picture it is given.
inline constexpr float narrowest_found_px = 28;
inline constexpr float widest_found_px = 300;

class LocaliserNet {
 public:
  // Fails with not_found or corrupt.
  static Result<std::unique_ptr<LocaliserNet>> make(const ModelStore& models);
  LocaliserNet(const LocaliserNet&) = delete;
  LocaliserNet& operator=(const LocaliserNet&) = delete;
  ~LocaliserNet();

  // region: CV_8UC1 of any stride. scale: at most 1, of the copy that is searched. In the region's pixels, in
  // no order. OpenCV may throw cv::Exception, which the locator catches.
  [[nodiscard]] std::vector<PlateCandidate> search(const cv::Mat& region, double scale);

 private:
  struct Parts;
  explicit LocaliserNet(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

// What the network's output means: 9 planes (probability of a plate's centre, then x and y of the corners in
// cells from the cell's centre), CV_32F, 1 x 9 x rows x cols; cell: its width and height in pixels of the
// region.
[[nodiscard]] std::vector<PlateCandidate> candidates_of(const cv::Mat& output, cv::Size2f cell);

// Keeps the best of those that show the same place; best first.
void keep_each_place_once(std::vector<PlateCandidate>& candidates);

// How far two quads cover the same place: of their boxes, intersection over union.
[[nodiscard]] float overlap(const PlateQuad& a, const PlateQuad& b);

}  // namespace wayside::locate
