#include "src/roadsim/plates/strokes.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>

namespace wayside::roadsim {

namespace {

constexpr double pi = std::numbers::pi;
constexpr double arc_step = pi / 18;  // 10 degrees: 0.07 mm off on the widest outer arc

double cross(cv::Point2d a, cv::Point2d b) {
  return a.x * b.y - a.y * b.x;
}
double length(cv::Point2d a) {
  return std::hypot(a.x, a.y);
}
cv::Point2d unit(cv::Point2d a) {
  const double size = length(a);
  return size > 0 ? a * (1 / size) : cv::Point2d(1, 0);
}
cv::Point2d left_of(cv::Point2d direction) {
  return {direction.y, -direction.x};
}

// How far the edge at `side` (+1 left, -1 right) must run past the end for the cut; 0 for a square cut. A cut
// nearly along the stroke would run away, so it is held to twice the width.
double cut_run(cv::Point2d direction, double half, double side, const std::optional<double>& cut) {
  if (!cut) return 0;
  const cv::Point2d along{std::cos(*cut * pi / 180), std::sin(*cut * pi / 180)};
  const double slope = cross(direction, along);
  if (std::abs(slope) < 1e-6) return 0;
  return std::clamp(-side * half * cross(left_of(direction), along) / slope, -4 * half, 4 * half);
}

// Where the centre line turns: straight parts end at `before` and start again at `after`.
struct Corner {
  cv::Point2d at, before, after;
  double radius = 0;
};

Corner corner_at(cv::Point2d previous, const PathPoint& point, cv::Point2d next, double longest_run) {
  Corner corner{point.at, point.at, point.at, 0};
  const cv::Point2d in = unit(point.at - previous), out = unit(next - point.at);
  const double turn = std::atan2(cross(in, out), in.dot(out));
  if (point.radius <= 0 || std::abs(turn) < 1e-3) return corner;
  const double run = std::min(point.radius * std::tan(std::abs(turn) / 2), longest_run);
  corner.radius = run / std::tan(std::abs(turn) / 2);
  corner.before = point.at - in * run;
  corner.after = point.at + out * run;
  return corner;
}

void append_corner(const Corner& corner, cv::Point2d in, cv::Point2d out, double half,
                   std::vector<Piece>& pieces) {
  const double turn = std::atan2(cross(in, out), in.dot(out));
  if (std::abs(turn) < 1e-3) return;
  const double outer_side = turn > 0 ? 1 : -1;  // the outside of a right turn lies to the left
  if (corner.radius <= 0) {
    const cv::Point2d a = left_of(in) * (outer_side * half), b = left_of(out) * (outer_side * half);
    const double reach =
        half * std::tan(std::min(std::abs(turn) / 2, pi * 0.4));  // mitre, held for very acute corners
    pieces.push_back(
        {corner.at, corner.at + a, corner.at + a + in * reach, corner.at + b - out * reach, corner.at + b});
    return;
  }
  const cv::Point2d centre = corner.before - left_of(in) * (outer_side * corner.radius);
  const double inner = std::max(corner.radius - half, 0.0), outer = corner.radius + half;
  const int steps = std::max(1, static_cast<int>(std::ceil(std::abs(turn) / arc_step)));
  const cv::Point2d from = left_of(in) * outer_side;
  const auto spoke = [&](int step) {
    const double angle = turn * step / steps;
    return cv::Point2d(from.x * std::cos(angle) - from.y * std::sin(angle),
                       from.x * std::sin(angle) + from.y * std::cos(angle));
  };
  for (int step = 0; step < steps; ++step) {
    const cv::Point2d a = spoke(step), b = spoke(step + 1);
    pieces.push_back({centre + a * inner, centre + a * outer, centre + b * outer, centre + b * inner});
  }
}

}  // namespace

void append_pieces(const Stroke& stroke, double width_mm, std::vector<Piece>& pieces) {
  const std::size_t count = stroke.path.size();
  if (count < 2) return;
  const double half = width_mm / 2;
  const auto at = [&](std::size_t index) { return stroke.path[index % count].at; };

  std::vector<Corner> corners;
  for (std::size_t i = 0; i < count; ++i) {
    const bool end = !stroke.closed && (i == 0 || i + 1 == count);
    if (end) {
      corners.push_back({at(i), at(i), at(i), 0});
      continue;
    }
    const cv::Point2d previous = at(i + count - 1), next = at(i + 1);
    // Two rounded corners share the segment between them; towards a free end the whole of it is there.
    const bool in_shared = stroke.closed || i > 1, out_shared = stroke.closed || i + 2 < count;
    const double longest = std::min(length(at(i) - previous) * (in_shared ? 0.5 : 1.0),
                                    length(next - at(i)) * (out_shared ? 0.5 : 1.0));
    corners.push_back(corner_at(previous, stroke.path[i], next, longest));
  }

  const std::size_t segments = stroke.closed ? count : count - 1;
  for (std::size_t i = 0; i < segments; ++i) {
    const Corner& from = corners[i];
    const Corner& to = corners[(i + 1) % count];
    const cv::Point2d direction = unit(to.at - from.at), left = left_of(direction) * half;
    const bool first = !stroke.closed && i == 0, last = !stroke.closed && i + 1 == segments;
    const auto run = [&](bool wanted, double side, const std::optional<double>& cut) {
      return direction * (wanted ? cut_run(direction, half, side, cut) : 0.0);
    };
    pieces.push_back({from.after + left + run(first, 1, stroke.start_cut),
                      to.before + left + run(last, 1, stroke.end_cut),
                      to.before - left + run(last, -1, stroke.end_cut),
                      from.after - left + run(first, -1, stroke.start_cut)});
    if (!last) append_corner(to, direction, unit(at(i + 2) - to.at), half, pieces);
  }
}

Piece clipped(const Piece& piece, const cv::Rect2d& to) {
  // Sutherland and Hodgman, one edge of the rectangle after the other.
  struct Edge {
    double nx, ny, limit;  // inside: nx * x + ny * y <= limit
  };
  const Edge edges[] = {{-1, 0, -to.x}, {1, 0, to.x + to.width}, {0, -1, -to.y}, {0, 1, to.y + to.height}};
  Piece current = piece;
  for (const Edge& edge : edges) {
    const auto beyond = [&](cv::Point2d p) { return edge.nx * p.x + edge.ny * p.y - edge.limit; };
    Piece kept;
    for (std::size_t i = 0; i < current.size(); ++i) {
      const cv::Point2d a = current[i], b = current[(i + 1) % current.size()];
      const double da = beyond(a), db = beyond(b);
      if (da <= 0) kept.push_back(a);
      if ((da < 0 && db > 0) || (da > 0 && db < 0)) kept.push_back(a + (b - a) * (da / (da - db)));
    }
    current = std::move(kept);
  }
  if (current.size() < 3) current.clear();
  return current;
}

Piece rectangle_piece(const cv::Rect2d& r) {
  return {{r.x, r.y}, {r.x + r.width, r.y}, {r.x + r.width, r.y + r.height}, {r.x, r.y + r.height}};
}

Piece disc_piece(cv::Point2d centre, double radius, int corners) {
  Piece piece;
  for (int i = 0; i < corners; ++i) {
    const double angle = 2 * pi * i / corners;
    piece.push_back(centre + cv::Point2d(std::cos(angle), std::sin(angle)) * radius);
  }
  return piece;
}

void append_star(cv::Point2d centre, double radius, std::vector<Piece>& pieces) {
  const auto spoke = [&](int tenth, double size) {
    const double angle = pi * (tenth / 5.0 - 0.5);
    return centre + cv::Point2d(std::cos(angle), std::sin(angle)) * size;
  };
  const double inner = radius * 0.382;  // of a regular pentagram
  Piece core;
  for (int i = 0; i < 10; i += 2) {
    pieces.push_back({spoke(i - 1, inner), spoke(i, radius), spoke(i + 1, inner)});
    core.push_back(spoke(i + 1, inner));
  }
  pieces.push_back(core);
}

}  // namespace wayside::roadsim
