#include <algorithm>
#include <cmath>

#include "canvas.hpp"
#include "vehicle_body.hpp"

namespace wayside::roadsim {

namespace {

const Ink plastic{32, 31, 30, 25};
const Ink hollow{14, 13, 13, 0};
const Ink glass{26, 24, 20, 255};
const Ink chrome{176, 174, 170, 190};
const Ink reflector{196, 198, 196, 190};
const Ink amber{40, 130, 225, 120};
const Ink tail_red{34, 26, 150, 150};

struct Brush {
  VehicleBody& body;
  const BodyPlan& plan;
  SeenFrom seen;
  cv::Size2d plate_m;
  Ink paint;
  Random& random;
};

Ink pick_paint(VehicleKind kind, Random& random) {
  // About as often as on British roads: greys, black, white, blue, red, then the rest.
  static const Ink paints[] = {{120, 118, 116, 140}, {72, 68, 64, 150},    {28, 27, 26, 170},
                               {30, 28, 28, 170},    {226, 226, 224, 120}, {222, 224, 222, 120},
                               {168, 166, 162, 150}, {110, 62, 30, 160},   {88, 42, 24, 165},
                               {36, 30, 160, 150},   {30, 22, 112, 160},   {62, 78, 40, 150},
                               {120, 150, 165, 140}, {50, 110, 200, 140}};
  if (kind == VehicleKind::van || kind == VehicleKind::lorry) {
    return random.chance(0.65) ? Ink{224, 225, 224, 90} : paints[random.below(14)];
  }
  if (kind == VehicleKind::bus) return random.chance(0.5) ? Ink{40, 34, 170, 110} : Ink{120, 80, 40, 110};
  Ink paint = paints[random.below(14)];
  return paint.shade(random.uniform(0.92, 1.08));
}

// The recess or panel that the plate sits in, and a dark frame around the plate itself.
void plate_surround(Canvas& canvas, const Brush& brush, bool recessed) {
  const double x = brush.body.plate.x;
  const double z = brush.body.plate.z;
  const double w = brush.plate_m.width / 2;
  const double h = brush.plate_m.height / 2;
  if (recessed) {
    canvas.panel(x - w - 0.07, z - h - 0.05, x + w + 0.07, z + h + 0.06, 0.03, brush.paint.shade(0.55));
    canvas.panel(x - w - 0.055, z - h - 0.035, x + w + 0.055, z + h + 0.04, 0.025, brush.paint.shade(0.8));
  }
  canvas.panel(x - w - 0.016, z - h - 0.03, x + w + 0.016, z + h + 0.014, 0.008,
               recessed ? brush.paint.shade(0.45) : hollow);
}

void headlamp(Canvas& canvas, double inner, double outer, double low, double high, bool lights_on) {
  const double mid = (low + high) / 2;
  canvas.mirrored({{inner, low + 0.02},
                   {inner + 0.05, high - 0.03},
                   {outer, high + 0.03},
                   {outer + 0.02, mid},
                   {outer - 0.08, low}},
                  Ink{52, 50, 48, 220});
  canvas.mirrored({{inner + 0.02, low + 0.03},
                   {inner + 0.06, high - 0.04},
                   {outer - 0.02, high + 0.015},
                   {outer - 0.01, mid},
                   {outer - 0.09, low + 0.015}},
                  Ink{118, 118, 116, 210});
  const double radius = (high - low) * 0.34;
  for (const double side : {-1.0, 1.0}) {
    for (const double share : {0.33, 0.72}) {
      const double x = side * (inner + (outer - inner) * share);
      canvas.disc(x, mid, radius, Ink{70, 68, 66, 200});
      canvas.disc(x, mid, radius * 0.82, lights_on ? Ink{255, 255, 255, 255} : reflector);
      canvas.disc(x, mid, radius * 0.35, lights_on ? Ink{255, 255, 255, 255} : Ink{90, 90, 90, 240});
    }
  }
  canvas.mirrored({{outer - 0.10, mid + 0.01}, {outer - 0.03, high}, {outer, mid + 0.02}}, amber);
}

constexpr double pillar_m = 0.045;  // of paint that is left beside a window

// The outline of a car's windscreen seen from above, which narrows as the edge of the roof does: beyond it
// lies the side's picture. from, to: y of its lower and upper edge; wider: so much on either side.
std::vector<cv::Point2d> windscreen_outline(const BodyPlan& plan, double from, double to, double wider) {
  constexpr std::size_t steps = 6;
  std::vector<cv::Point2d> outline(2 * (steps + 1));
  for (std::size_t i = 0; i <= steps; ++i) {
    const double y = from + (to - from) * static_cast<double>(i) / steps;
    const double half = roof_edge(plan, y).x - pillar_m + wider;
    outline[i] = {-half, y};
    outline[outline.size() - 1 - i] = {half, y};
  }
  return outline;
}

void windscreen(Canvas& canvas, const BodyPlan& plan, bool on_front) {
  const auto at = [&](double x, const cv::Point2d& edge) {
    return cv::Point2d(x, on_front ? edge.y : edge.x);
  };
  const double low = plan.width / 2 * (on_front ? 0.87 : 0.74);
  const double high = plan.width / 2 * (plan.roof_share - 0.06);
  const cv::Point2d cowl = plan.cowl + cv::Point2d(-0.05, 0.03);
  const cv::Point2d top = plan.screen_top + cv::Point2d(0.03, -0.03);
  if (on_front) {
    canvas.polygon({at(-low - 0.02, plan.cowl), at(low + 0.02, plan.cowl), at(high + 0.03, plan.screen_top),
                    at(-high - 0.03, plan.screen_top)},
                   plastic);
    canvas.polygon({at(-low, cowl), at(low, cowl), at(high, top), at(-high, top)}, glass);
  } else {
    canvas.polygon(windscreen_outline(plan, plan.cowl.x, plan.screen_top.x, 0.025), plastic);
    canvas.polygon(windscreen_outline(plan, cowl.x, top.x, 0), glass);
  }
  const auto inside = [&](double x, double up) {  // up: 0 lower edge to 1 upper
    return cv::Point2d(x * (1 - 0.2 * up),
                       on_front ? cowl.y + (top.y - cowl.y) * up : cowl.x + (top.x - cowl.x) * up);
  };
  // Dashboard, seats and whoever sits in them, dim behind the glass.
  canvas.polygon({inside(-low, 0), inside(low, 0), inside(low, 0.16), inside(-low, 0.16)},
                 Ink{40, 39, 38, 235});
  const double seat = low * 0.47;
  for (const double side : {-1.0, 1.0}) {
    canvas.polygon({inside(side * seat - 0.22, 0.14), inside(side * seat + 0.22, 0.14),
                    inside(side * seat + 0.19, 0.55), inside(side * seat - 0.19, 0.55)},
                   Ink{32, 31, 31, 245});
    std::vector<cv::Point2d> rest;
    for (int k = 0; k < 12; ++k) {
      rest.push_back(
          inside(side * seat + 0.12 * std::cos(k * CV_PI / 6), 0.64 + 0.13 * std::sin(k * CV_PI / 6)));
    }
    canvas.polygon(rest, Ink{30, 29, 29, 245});
  }
  // British drivers sit on their right.
  std::vector<cv::Point2d> head;
  for (int k = 0; k < 12; ++k) {
    head.push_back(inside(seat + 0.085 * std::cos(k * CV_PI / 6), 0.58 + 0.15 * std::sin(k * CV_PI / 6)));
  }
  canvas.polygon(head, Ink{18, 19, 22, 250});
  canvas.line({inside(seat - 0.19, 0.13), inside(seat, 0.24), inside(seat + 0.19, 0.13)}, 0.022,
              Ink{20, 20, 20, 230});
  canvas.line({inside(-low * 0.9, 0.02), inside(low * 0.05, 0.07)}, 0.02, hollow);
  canvas.line({inside(low * 0.05, 0.02), inside(low * 0.95, 0.08)}, 0.02, hollow);
  canvas.polygon({inside(-0.07, 0.82), inside(0.07, 0.82), inside(0.06, 0.94), inside(-0.06, 0.94)},
                 Ink{24, 24, 24, 220});
}

void rear_window(Canvas& canvas, const BodyPlan& plan, bool on_rear) {
  const auto at = [&](double x, const cv::Point2d& edge) {
    return cv::Point2d(x, on_rear ? edge.y : edge.x);
  };
  const double low = plan.width / 2 * 0.82;
  const double high = plan.width / 2 * (plan.roof_share - 0.07);
  const cv::Point2d base = plan.glass_end + cv::Point2d(0.02, 0.04);
  const cv::Point2d rim = plan.roof_end + cv::Point2d(-0.03, -0.03);
  const cv::Point2d top = rim + cv::Point2d(-0.02, -0.025);
  canvas.polygon({at(-low - 0.02, plan.glass_end), at(low + 0.02, plan.glass_end), at(high + 0.03, rim),
                  at(-high - 0.03, rim)},
                 plastic);
  canvas.polygon({at(-low, base), at(low, base), at(high, top), at(-high, top)}, Ink{22, 20, 18, 250});
  for (const double side : {-0.5, 0.5}) {
    const cv::Point2d up = base + (top - base) * 0.45;
    canvas.polygon({at(side * low - 0.13, base), at(side * low + 0.13, base), at(side * low * 0.9 + 0.10, up),
                    at(side * low * 0.9 - 0.10, up)},
                   Ink{40, 39, 39, 235});
  }
  for (int i = 1; i < 9; ++i) {
    const cv::Point2d y = base + (top - base) * (i / 9.0);
    const double half = (low + (high - low) * i / 9) * 0.92;
    canvas.line({at(-half, y), at(half, y)}, 0.004, Ink{38, 36, 34, 240});
  }
}

void car_front(Canvas& canvas, Brush& brush) {
  const BodyPlan& plan = brush.plan;
  Random& random = brush.random;
  const double half = plan.width / 2;
  const double low = plan.ground;
  const double lip = plan.shoulder.front().y;  // leading edge of the bonnet
  const double lamp_high = lip - 0.02;
  const double lamp_low = lip - 0.17;
  canvas.box(-half, low - 0.02, half, low + 0.06, plastic);
  // Lower intake, dark, with the plate before it or above it.
  const double intake = half * random.uniform(0.62, 0.78);
  canvas.mirrored({{0, low + 0.06}, {intake, low + 0.06}, {intake - 0.07, low + 0.24}, {0, low + 0.24}},
                  hollow);
  for (double z = low + 0.09; z < low + 0.23; z += 0.035)
    canvas.line({{-intake + 0.05, z}, {intake - 0.05, z}}, 0.008, plastic);
  canvas.mirrored({{half * 0.72, low + 0.08},
                   {half * 0.95, low + 0.10},
                   {half * 0.93, low + 0.25},
                   {half * 0.76, low + 0.22}},
                  plastic);
  for (const double side : {-1.0, 1.0}) {
    canvas.disc(side * half * 0.84, low + 0.165, 0.05, Ink{80, 78, 76, 120});
    canvas.disc(side * half * 0.84, low + 0.165, 0.04, reflector);
  }
  canvas.line({{-half * 0.95, low + 0.30}, {half * 0.95, low + 0.30}}, 0.008, brush.paint.shade(0.55));
  // Grille.
  const double wide = half * random.uniform(0.36, 0.56);
  const double grille_low = random.chance(0.5) ? low + 0.30 : lamp_low - 0.02;
  canvas.mirrored(
      {{0, grille_low}, {wide - 0.04, grille_low}, {wide + 0.05, lamp_high - 0.05}, {0, lamp_high - 0.03}},
      chrome.shade(random.chance(0.6) ? 1.0 : 0.3));
  canvas.mirrored({{0, grille_low + 0.02},
                   {wide - 0.055, grille_low + 0.02},
                   {wide + 0.025, lamp_high - 0.07},
                   {0, lamp_high - 0.05}},
                  hollow);
  const bool bars = random.chance(0.6);
  for (double z = grille_low + 0.04; z < lamp_high - 0.06; z += 0.04)
    canvas.line({{-wide + 0.05, z}, {wide - 0.05, z}}, 0.012, bars ? chrome.shade(0.6) : plastic);
  canvas.disc(0, lamp_high - 0.10, 0.055, chrome);
  canvas.disc(0, lamp_high - 0.10, 0.042, Ink{60, 58, 56, 150});
  canvas.line({{-0.03, lamp_high - 0.10}, {0.03, lamp_high - 0.10}}, 0.012, chrome);
  const double inner = half * random.uniform(0.50, 0.6);
  headlamp(canvas, std::max(inner, wide + 0.07), half * 0.93, lamp_low, lamp_high, brush.seen.lights_on);
  canvas.line({{-half * 0.9, lip + 0.015}, {0, lip + 0.005}, {half * 0.9, lip + 0.015}}, 0.010,
              brush.paint.shade(0.4));
  // The bonnet's inner edges, as far as this side shows them.
  canvas.line({{-half * 0.5, lip + 0.02}, {-half * 0.6, lip + 0.4}}, 0.012, brush.paint.shade(0.82));
  canvas.line({{half * 0.5, lip + 0.02}, {half * 0.6, lip + 0.4}}, 0.012, brush.paint.shade(0.82));
  windscreen(canvas, plan, true);
  brush.body.plate = {random.chance(0.5) ? low + 0.17 : low + 0.30, 0, 4 + 4 * random.uniform()};
  brush.body.plate.z = std::max(brush.body.plate.z, low + 0.08 + brush.plate_m.height / 2);
  plate_surround(canvas, brush, random.chance(0.35));
  const double lamp_x = (std::max(inner, wide + 0.07) + half * 0.93) / 2;
  for (const double side : {-1.0, 1.0}) {
    brush.body.lamps.push_back(
        {cv::Vec3f(static_cast<float>(side * lamp_x), -0.05F, static_cast<float>((lamp_low + lamp_high) / 2)),
         0.07F});
  }
}

void car_rear(Canvas& canvas, Brush& brush, bool hatch) {
  const BodyPlan& plan = brush.plan;
  Random& random = brush.random;
  const double half = plan.width / 2;
  const double low = plan.ground;
  const double belt = plan.glass_end.y;
  canvas.box(-half, low - 0.02, half, low + 0.16, plastic);
  canvas.mirrored({{half * 0.62, low + 0.02},
                   {half * 0.78, low + 0.02},
                   {half * 0.76, low + 0.08},
                   {half * 0.64, low + 0.08}},
                  chrome);
  for (const double side : {-1.0, 1.0})
    canvas.box(side * half * 0.8 - 0.08, low + 0.20, side * half * 0.8 + 0.08, low + 0.25, tail_red);
  const double bumper = low + 0.42;
  canvas.line({{-half * 0.97, bumper}, {half * 0.97, bumper}}, 0.014, brush.paint.shade(0.35));
  canvas.line({{-half * 0.97, bumper - 0.02}, {half * 0.97, bumper - 0.02}}, 0.012, brush.paint.shade(1.12));
  // Lamps: stretched sideways or standing.
  const bool tall = hatch && random.chance(0.5);
  const double lamp_low = tall ? bumper + 0.06 : belt - 0.30;
  const double lamp_in = tall ? half * 0.80 : half * random.uniform(0.52, 0.66);
  const Ink red = brush.seen.lights_on ? Ink{60, 50, 250, 200} : tail_red;
  canvas.mirrored({{lamp_in, lamp_low + 0.02},
                   {half * 0.99, lamp_low},
                   {half * 0.96, belt + (tall ? 0.02 : -0.08)},
                   {lamp_in + 0.04, belt - (tall ? 0.02 : 0.12)}},
                  Ink{28, 22, 90, 200});
  canvas.mirrored({{lamp_in + 0.02, lamp_low + 0.04},
                   {half * 0.97, lamp_low + 0.02},
                   {half * 0.94, belt - 0.11},
                   {lamp_in + 0.05, belt - 0.14}},
                  red);
  canvas.mirrored({{lamp_in + 0.04, lamp_low + 0.05},
                   {lamp_in + 0.12, lamp_low + 0.05},
                   {lamp_in + 0.12, lamp_low + 0.10},
                   {lamp_in + 0.05, lamp_low + 0.10}},
                  reflector.shade(0.85));
  canvas.line({{-half * 0.86, bumper + 0.01}, {-half * 0.8, belt - 0.02}}, 0.009, brush.paint.shade(0.4));
  canvas.line({{half * 0.86, bumper + 0.01}, {half * 0.8, belt - 0.02}}, 0.009, brush.paint.shade(0.4));
  const bool on_bumper = random.chance(hatch ? 0.3 : 0.25);
  const double up = brush.plate_m.height / 2;
  brush.body.plate = {on_bumper ? low + 0.28 : (bumper + belt) / 2 - 0.02, 0,
                      on_bumper ? 2.0 : 6 + 4 * random.uniform()};
  brush.body.plate.z = std::max(brush.body.plate.z, on_bumper ? low + 0.10 + up : bumper + 0.03 + up);
  plate_surround(canvas, brush, true);
  const double plate_top = brush.body.plate.z + up;
  const double half_plate = brush.plate_m.width / 2;
  canvas.box(-half_plate - 0.06, plate_top + 0.025, half_plate + 0.06, plate_top + 0.055,
             random.chance(0.5) ? chrome : brush.paint.shade(0.6));
  canvas.disc(0, std::min(belt - 0.02, plate_top + 0.13), 0.045, chrome);
  static const char* const badges[] = {"1.6 TDI", "HYBRID", "SPORT", "2.0", "16V", "EV", "GT LINE"};
  canvas.text(badges[random.below(7)], half * 0.55, belt - 0.05, 0.035, chrome);
  if (random.chance(0.3))
    canvas.box(-half * 0.55, bumper - 0.13, -half * 0.55 + 0.2, bumper - 0.05, Ink{90, 200, 230, 20});
  if (random.chance(0.3)) canvas.text("BABY ON BOARD", half * 0.4, belt + 0.10, 0.03, Ink{200, 230, 240, 20});
  if (rear_window_skin(plan) == Skin::rear) rear_window(canvas, plan, true);
  for (const double side : {-1.0, 1.0}) {
    brush.body.lamps.push_back(
        {cv::Vec3f(static_cast<float>(side * (lamp_in + half) / 2), static_cast<float>(-plan.length),
                   static_cast<float>((lamp_low + belt - 0.1) / 2)),
         0.06F});
  }
}

std::string phone(Random& random) {
  std::string digits = "01632 960";  // numbers kept free for drama by the regulator
  for (int i = 0; i < 3; ++i)
    digits += static_cast<char>('0' + random.below(10));
  return digits;
}

void big_front(Canvas& canvas, Brush& brush, VehicleKind kind) {
  const BodyPlan& plan = brush.plan;
  Random& random = brush.random;
  const double half = plan.width / 2;
  const double low = plan.ground;
  const bool van = kind == VehicleKind::van;
  windscreen(canvas, plan, true);
  const double grille_low = van ? low + 0.32 : low + 0.45;
  const double grille_high = plan.cowl.y - (van ? 0.22 : 0.12);
  canvas.box(-half, low - 0.02, half, low + (van ? 0.26 : 0.14), plastic);
  if (kind == VehicleKind::bus) {
    canvas.panel(-half * 0.75, plan.height - 0.38, half * 0.75, plan.height - 0.12, 0.04, hollow);
    canvas.text("25 CITY CENTRE", 0, plan.height - 0.25, 0.14, Ink{60, 190, 255, 0});
    canvas.panel(-half * 0.5, low + 0.42, half * 0.5, low + 0.62, 0.03, brush.paint.shade(0.4));
  } else {
    canvas.panel(-half * 0.6, grille_low, half * 0.6, grille_high, 0.05, hollow);
    for (double z = grille_low + 0.05; z < grille_high - 0.03; z += 0.075)
      canvas.line({{-half * 0.57, z}, {half * 0.57, z}}, 0.025,
                  random.chance(0.3) ? chrome.shade(0.7) : plastic);
    canvas.disc(0, grille_high - 0.06, 0.07, chrome);
  }
  const double lamp_low = van ? low + 0.42 : low + 0.24;
  headlamp(canvas, half * 0.66, half * 0.93, lamp_low, lamp_low + 0.2, brush.seen.lights_on);
  brush.body.plate = {low + (van ? 0.17 : 0.2), 0, 2};
  brush.body.plate.z = std::max(brush.body.plate.z, low + 0.04 + brush.plate_m.height / 2);
  plate_surround(canvas, brush, false);
  if (kind == VehicleKind::lorry)
    canvas.text("NORTHERN HAULAGE", 0, plan.screen_top.y + 0.4, 0.16, Ink{90, 40, 20, 30});
  for (const double side : {-1.0, 1.0}) {
    brush.body.lamps.push_back(
        {cv::Vec3f(static_cast<float>(side * half * 0.8), -0.03F, static_cast<float>(lamp_low + 0.1)),
         0.08F});
  }
}

void big_rear(Canvas& canvas, Brush& brush, VehicleKind kind) {
  const BodyPlan& plan = brush.plan;
  Random& random = brush.random;
  const double half = plan.width / 2;
  const double low = plan.ground;
  canvas.box(-half, low - 0.02, half, low + 0.22, plastic);
  const Ink seam = brush.paint.shade(0.45);
  if (kind != VehicleKind::bus) {
    canvas.line({{0, low + 0.25}, {0, plan.height - 0.08}}, 0.016, seam);
    canvas.line({{-half * 0.9, low + 0.25},
                 {-half * 0.9, plan.height - 0.1},
                 {half * 0.9, plan.height - 0.1},
                 {half * 0.9, low + 0.25}},
                0.014, seam);
    canvas.line({{0.05, low + 0.5}, {0.05, plan.height - 0.3}}, 0.03, chrome.shade(0.8));
    canvas.text(random.chance(0.5) ? "ROSE & SON PLUMBING" : "QUICK PARCELS", 0, plan.height * 0.66, 0.13,
                Ink{110, 50, 20, 20});
    canvas.text(phone(random), 0, plan.height * 0.66 - 0.26, 0.12, Ink{40, 36, 34, 20});
    if (kind == VehicleKind::van && random.chance(0.5)) {
      for (const double side : {-0.45, 0.45})
        canvas.panel(side * half - 0.26, plan.height - 0.75, side * half + 0.26, plan.height - 0.25, 0.05,
                     glass);
    }
  } else {
    canvas.panel(-half * 0.8, 1.75, half * 0.8, plan.height - 0.35, 0.08, glass);
    for (double z = low + 0.45; z < 1.2; z += 0.06)
      canvas.line({{-half * 0.6, z}, {half * 0.6, z}}, 0.02, seam);
  }
  if (kind == VehicleKind::lorry) {
    for (int i = 0; i < 12; ++i) {  // hazard board
      const double x = -half * 0.9 + i * half * 0.15;
      canvas.polygon(
          {{x, low + 0.24}, {x + 0.09, low + 0.24}, {x + 0.16, low + 0.38}, {x + 0.07, low + 0.38}},
          i % 2 == 0 ? Ink{30, 30, 190, 10} : Ink{40, 200, 240, 10});
    }
  }
  const double lamp_low = kind == VehicleKind::van ? low + 0.45 : low + 0.04;
  const Ink red = brush.seen.lights_on ? Ink{60, 50, 250, 200} : tail_red;
  canvas.mirrored({{half * 0.90, lamp_low},
                   {half * 0.99, lamp_low},
                   {half * 0.99, lamp_low + 0.42},
                   {half * 0.90, lamp_low + 0.42}},
                  red);
  canvas.mirrored({{half * 0.91, lamp_low + 0.02},
                   {half * 0.98, lamp_low + 0.02},
                   {half * 0.98, lamp_low + 0.12},
                   {half * 0.91, lamp_low + 0.12}},
                  amber);
  brush.body.plate = {low + (kind == VehicleKind::van ? 0.36 : 0.12), 0, 0};
  brush.body.plate.z = std::max(brush.body.plate.z, low + 0.04 + brush.plate_m.height / 2);
  plate_surround(canvas, brush, false);
  for (const double side : {-1.0, 1.0}) {
    brush.body.lamps.push_back(
        {cv::Vec3f(static_cast<float>(side * half * 0.94), static_cast<float>(-plan.length),
                   static_cast<float>(lamp_low + 0.25)),
         0.06F});
  }
}

// Between the shoulder and the edge of the roof; the last pillar leans with the rear window.
std::vector<cv::Point2d> side_windows(const BodyPlan& plan) {
  std::vector<cv::Point2d> upper, lower;
  constexpr int steps = 24;
  constexpr double lean = 0.12;
  const double end = plan.roof_end.x + 0.05;
  for (int i = 0; i <= steps; ++i) {
    const double y = plan.cowl.x + (end - plan.cowl.x) * i / steps;
    const double low = along(plan.shoulder, y) + 0.055;
    const double high = roof_edge(plan, y).y - pillar_m;
    if (high < low + 0.02) continue;
    lower.emplace_back(y, low);
    if (y >= end + lean) upper.emplace_back(y, high);
  }
  lower.insert(lower.end(), upper.rbegin(), upper.rend());
  return lower;
}

void paint_side(Canvas& canvas, Brush& brush, VehicleKind kind) {
  const BodyPlan& plan = brush.plan;
  const double l = plan.length;
  canvas.box(-l, plan.ground - 0.02, 0, plan.ground + 0.08, plastic);
  for (const double y : plan.axles) {
    const double r = plan.wheel_radius;
    canvas.disc(y, r, r + 0.05, hollow);
    canvas.disc(y, r, r, Ink{26, 26, 26, 10});
    canvas.disc(y, r, r * 0.68, Ink{150, 148, 146, 120});
    for (int i = 0; i < 5; ++i) {
      const double a = 2 * CV_PI * i / 5 + 0.4;
      canvas.disc(y + r * 0.42 * std::cos(a), r + r * 0.42 * std::sin(a), r * 0.15, hollow);
    }
  }
  const Ink seam = brush.paint.shade(0.4);
  if (kind == VehicleKind::lorry) {
    canvas.box(-2.3, plan.ground, -2.1, plan.height, hollow);  // the gap behind the cab
    canvas.panel(-1.5, 1.8, -0.35, 2.6, 0.1, glass);
    canvas.text("NORTHERN HAULAGE", -6, 2.4, 0.5, Ink{90, 40, 20, 20});
    canvas.text(phone(brush.random), -6, 1.6, 0.3, Ink{60, 60, 60, 20});
    return;
  }
  if (kind == VehicleKind::bus) {
    for (double y = -l + 0.4; y < -1.2; y += 1.5)
      canvas.panel(y, 1.35, y + 1.4, 2.6, 0.08, glass);
    canvas.panel(-1.1, 0.4, -0.2, 2.6, 0.05, glass);
    return;
  }
  const bool van = kind == VehicleKind::van;
  const double belt = plan.cowl.y + 0.04;
  if (van) {
    const double high = plan.height - 0.55;
    canvas.polygon({{-2.0, belt}, {plan.cowl.x - 0.12, belt}, {plan.screen_top.x - 0.12, high}, {-2.0, high}},
                   glass);
  } else {
    canvas.polygon(side_windows(plan), glass);
  }
  const double pillar = (plan.screen_top.x + plan.roof_end.x) / 2;
  if (!van)
    canvas.line({{pillar, belt + 0.03}, {pillar, roof_edge(plan, pillar).y - pillar_m - 0.03}}, 0.07, hollow);
  for (const double y : {plan.cowl.x - 0.1, pillar, van ? -2.1 : plan.roof_end.x})
    canvas.line({{y, plan.ground + 0.1}, {y, belt}}, 0.012, seam);
  canvas.line({{plan.cowl.x, belt - 0.12}, {-l + 0.1, belt - 0.08}}, 0.012, brush.paint.shade(0.75));
  canvas.panel(pillar + 0.08, belt - 0.15, pillar + 0.28, belt - 0.11, 0.015, chrome.shade(0.7));
  if (van) {
    canvas.text("ROSE & SON", -3.8, 1.55, 0.34, Ink{110, 50, 20, 20});
    canvas.text(phone(brush.random), -3.8, 1.1, 0.2, Ink{40, 36, 34, 20});
  }
}

void paint_top(Canvas& canvas, const Brush& brush) {
  const BodyPlan& plan = brush.plan;
  const double half = plan.width / 2;
  windscreen(canvas, plan, false);
  if (rear_window_skin(plan) == Skin::top) rear_window(canvas, plan, false);
  const Ink seam = brush.paint.shade(0.45);
  canvas.line({{-half * 0.86, plan.cowl.x}, {-half * 0.80, -0.12}}, 0.012, seam);
  canvas.line({{half * 0.86, plan.cowl.x}, {half * 0.80, -0.12}}, 0.012, seam);
  canvas.line({{-half * 0.5, plan.cowl.x + 0.05}, {-half * 0.34, -0.1}}, 0.016, brush.paint.shade(0.85));
  canvas.line({{half * 0.5, plan.cowl.x + 0.05}, {half * 0.34, -0.1}}, 0.016, brush.paint.shade(0.85));
}

}  // namespace

void paint_skins(VehicleBody& body, VehicleKind kind, SeenFrom seen, cv::Size2d plate_m, Random& random) {
  const Ink paint = pick_paint(kind, random);
  Brush brush{body, body.plan, seen, plate_m, paint, random};
  const bool big = kind == VehicleKind::van || kind == VehicleKind::lorry || kind == VehicleKind::bus;
  Canvas front(body.plan, Skin::front, seen.right_side, paint);
  Canvas rear(body.plan, Skin::rear, seen.right_side, paint);
  Canvas side(body.plan, Skin::side, seen.right_side, paint);
  Canvas top(body.plan, Skin::top, seen.right_side, paint);
  if (kind == VehicleKind::motorcycle) {
    const Ink leather{34, 32, 32, 60};
    side.picture().setTo(leather.scalar());
    rear.picture().setTo(seen.lights_on ? Ink{60, 50, 250, 200}.scalar() : tail_red.scalar());
    body.plate = {0.62, 0, 12};
    body.lamps.push_back({cv::Vec3f(0, -2.06F, 0.83F), 0.05F});
  } else {
    paint_side(side, brush, kind);
    paint_top(top, brush);
    if (seen.rear) {
      big ? big_rear(rear, brush, kind) : car_rear(rear, brush, kind != VehicleKind::saloon);
    } else {
      big ? big_front(front, brush, kind) : car_front(front, brush);
    }
  }
  const auto place = [&](Skin skin, const Canvas& canvas) {
    body.skins[static_cast<std::size_t>(skin)] = canvas.levels();
  };
  place(Skin::front, front);
  place(Skin::rear, rear);
  place(Skin::side, side);
  place(Skin::top, top);
}

}  // namespace wayside::roadsim
