// Strokes of constant width along centre lines, cut into convex pieces that a canvas can fill.
//
// Threads: pure functions. Units: millimetres, y down. A path's corners are sharp (mitred) or rounded with
// the radius that the centre line takes; ends are cut square, or along a given direction.
#pragma once

#include <optional>
#include <vector>

#include <opencv2/core/types.hpp>

namespace wayside::roadsim {

using Piece = std::vector<cv::Point2d>;  // convex

struct PathPoint {
  cv::Point2d at;
  double radius = 0;  // of the centre line's corner
};

struct Stroke {
  std::vector<PathPoint> path;  // at least 2 points, 3 when closed
  bool closed = false;
  double width = 1;                 // as a share of the glyph set's stroke
  std::optional<double> start_cut;  // direction of the cut in degrees, 0 = horizontal, 90 = vertical
  std::optional<double> end_cut;
};

// Appends the stroke's pieces, overlapping where segments meet.
void append_pieces(const Stroke& stroke, double width_mm, std::vector<Piece>& pieces);

// What of a convex piece lies inside the rectangle; empty where nothing does.
[[nodiscard]] Piece clipped(const Piece& piece, const cv::Rect2d& to);

[[nodiscard]] Piece rectangle_piece(const cv::Rect2d& rectangle);
[[nodiscard]] Piece disc_piece(cv::Point2d centre, double radius, int corners = 24);
// A star with five points, as the five triangles of its points and their core.
void append_star(cv::Point2d centre, double radius, std::vector<Piece>& pieces);

}  // namespace wayside::roadsim
