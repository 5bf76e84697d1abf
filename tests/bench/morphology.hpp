// What the localiser is compared with: the classical pre-selector of ANPR, upright strokes joined to bars by
// a closing, bars sorted by shape. Only here; src/anpr/locate is better.
#pragma once

#include <vector>

#include <opencv2/imgproc.hpp>

namespace wayside::bench {

// Boxes of what could be plates at least min_width_px wide, in pixels of the frame (CV_8UC1).
inline std::vector<cv::Rect> bars(const cv::Mat& luma, double min_width_px) {
  const double scale =
      std::min(1.0, 60 / min_width_px);  // it has to see strokes, the localiser only their pattern
  cv::Mat small, strokes, edges, joined;
  cv::resize(luma, small, {}, scale, scale, cv::INTER_AREA);
  cv::morphologyEx(small, strokes, cv::MORPH_BLACKHAT, cv::getStructuringElement(cv::MORPH_RECT, {15, 5}));
  cv::Sobel(strokes, edges, CV_16S, 1, 0);
  cv::convertScaleAbs(edges, edges);
  cv::blur(edges, edges, {9, 5});
  cv::threshold(edges, joined, 45, 255, cv::THRESH_BINARY);
  cv::morphologyEx(joined, joined, cv::MORPH_CLOSE, cv::getStructuringElement(cv::MORPH_RECT, {21, 5}));
  cv::morphologyEx(joined, joined, cv::MORPH_OPEN, cv::getStructuringElement(cv::MORPH_RECT, {9, 5}));
  std::vector<std::vector<cv::Point>> outlines;
  cv::findContours(joined, outlines, cv::RETR_EXTERNAL, cv::CHAIN_APPROX_SIMPLE);
  std::vector<cv::Rect> found;
  for (const auto& outline : outlines) {
    const cv::Rect box = cv::boundingRect(outline);
    const double shape = static_cast<double>(box.width) / box.height;
    if (box.width < 0.7 * scale * min_width_px || shape < 1.2 || shape > 9) continue;
    found.emplace_back(cv::Point(cvRound(box.x / scale), cvRound(box.y / scale)),
                       cv::Size(cvRound(box.width / scale), cvRound(box.height / scale)));
  }
  return found;
}

}  // namespace wayside::bench
