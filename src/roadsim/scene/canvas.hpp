// A skin being painted in metres. Drawn at twice the size and reduced, so that edges are soft.
#pragma once

#include <string>
#include <vector>

#include <opencv2/imgproc.hpp>

#include "vehicle_body.hpp"

namespace wayside::roadsim {

struct Ink {
  double b, g, r;
  double gloss = 30;
  [[nodiscard]] cv::Scalar scalar() const { return {b, g, r, gloss}; }
  [[nodiscard]] Ink shade(double factor) const { return {b * factor, g * factor, r * factor, gloss}; }
};

class Canvas {
 public:
  // (a, b) are the skin's two axes: x and z for front and rear, y and z for the side, x and y for the top.
  Canvas(const BodyPlan& plan, Skin skin, bool right_side, const Ink& ground)
      : plan_(plan),
        skin_(skin),
        right_side_(right_side),
        picture_(skin_size(plan, skin) * 2, CV_8UC4, ground.scalar()) {}

  void polygon(const std::vector<cv::Point2d>& points, const Ink& ink) {
    std::vector<cv::Point> fixed;
    for (const cv::Point2d& p : points)
      fixed.push_back(place(p));
    cv::fillPoly(picture_, std::vector<std::vector<cv::Point>>{fixed}, ink.scalar(), cv::LINE_AA, shift);
  }
  void mirrored(const std::vector<cv::Point2d>& points, const Ink& ink) {
    polygon(points, ink);
    std::vector<cv::Point2d> other = points;
    for (cv::Point2d& p : other)
      p.x = -p.x;
    polygon(other, ink);
  }
  void box(double a0, double b0, double a1, double b1, const Ink& ink) {
    polygon({{a0, b0}, {a1, b0}, {a1, b1}, {a0, b1}}, ink);
  }
  // With corners cut round.
  void panel(double a0, double b0, double a1, double b1, double round, const Ink& ink) {
    std::vector<cv::Point2d> points;
    const cv::Point2d centres[] = {{a1 - round, b1 - round},
                                   {a0 + round, b1 - round},
                                   {a0 + round, b0 + round},
                                   {a1 - round, b0 + round}};
    for (int corner = 0; corner < 4; ++corner) {
      for (int i = 0; i <= 4; ++i) {
        const double angle = (corner + i / 4.0) * CV_PI / 2;
        points.push_back(centres[corner] + cv::Point2d(round * std::cos(angle), round * std::sin(angle)));
      }
    }
    polygon(points, ink);
  }
  void disc(double a, double b, double radius, const Ink& ink) { oval(a, b, radius, radius, ink); }
  void oval(double a, double b, double ra, double rb, const Ink& ink) {
    std::vector<cv::Point2d> points;
    for (int i = 0; i < 28; ++i)
      points.emplace_back(a + ra * std::cos(i * CV_PI / 14), b + rb * std::sin(i * CV_PI / 14));
    polygon(points, ink);
  }
  void line(const std::vector<cv::Point2d>& points, double thick_m, const Ink& ink) {
    std::vector<cv::Point> fixed;
    for (const cv::Point2d& p : points)
      fixed.push_back(place(p));
    const int thick = std::max(1, static_cast<int>(std::lround(thick_m * px_per_m() * 2)));
    cv::polylines(picture_, fixed, false, ink.scalar(), thick, cv::LINE_AA, shift);
  }
  // Centred at (a, b) as somebody standing before this side reads it.
  void text(const std::string& words, double a, double b, double height_m, const Ink& ink,
            int face = cv::FONT_HERSHEY_DUPLEX) {
    const double scale = height_m * px_per_m() * 2 / 22;
    const int thick = std::max(1, static_cast<int>(std::lround(scale * 2.2)));
    const cv::Size size = cv::getTextSize(words, face, scale, thick, nullptr);
    const cv::Point middle = place({a, b});
    cv::putText(picture_, words,
                {(middle.x >> shift) - size.width / 2, (middle.y >> shift) + size.height / 2}, face, scale,
                ink.scalar(), thick, cv::LINE_AA);
  }

  [[nodiscard]] cv::Mat& picture() { return picture_; }
  // The picture and its halves, down to a few pixels.
  [[nodiscard]] std::vector<cv::Mat> levels() const {
    std::vector<cv::Mat> all(1);
    cv::resize(picture_, all[0], picture_.size() / 2, 0, 0, cv::INTER_AREA);
    while (all.size() < 5) {
      cv::Mat half;
      const cv::Size size(std::max(2, all.back().cols / 2), std::max(2, all.back().rows / 2));
      cv::resize(all.back(), half, size, 0, 0, cv::INTER_AREA);
      all.push_back(half);
    }
    return all;
  }

 private:
  [[nodiscard]] double px_per_m() const {
    return skin_px_per_m * (skin_ == Skin::side || skin_ == Skin::top ? 0.5 : 1.0);
  }
  static constexpr int shift = 4;
  [[nodiscard]] cv::Point place(const cv::Point2d& p) const {
    const float a = static_cast<float>(p.x);
    const float b = static_cast<float>(p.y);
    const cv::Vec3f at = skin_ == Skin::side  ? cv::Vec3f(0, a, b)
                         : skin_ == Skin::top ? cv::Vec3f(a, b, 0)
                                              : cv::Vec3f(a, 0, b);
    const cv::Point2f px = skin_at(plan_, skin_, right_side_, at) * 2;
    return {cvRound(px.x * (1 << shift)), cvRound(px.y * (1 << shift))};
  }

  const BodyPlan& plan_;
  Skin skin_;
  bool right_side_;
  cv::Mat picture_;
};

}  // namespace wayside::roadsim
