// Reads of random traffic, frame by frame, the same for the same seed: hours of work for a tracker.
#pragma once

#include <algorithm>
#include <array>
#include <functional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "tests/anpr/track/recorded_road.hpp"

namespace wayside::testing {

// Three lanes of vehicles with jittering outlines, misreads, missed reads and ghosts, made frame by frame.
class RandomTraffic {
 public:
  // on_enter is told the VRM of each vehicle that comes.
  explicit RandomTraffic(unsigned seed, std::function<void(const std::string&)> on_enter = {})
      : random_(seed), on_enter_(std::move(on_enter)) {}

  // The chance in each frame that a lane with room gets a vehicle.
  void set_density(double density) { density_ = density; }

  FrameReads next() {
    FrameReads frame{frame_info(number_), frame_width, frame_height, {}, {}};
    for (std::size_t lane = 0; lane < 3; ++lane) {
      if (number_ >= free_at_[lane] && chance(density_)) enter(lane);
    }
    for (Vehicle& vehicle : vehicles_)
      drive(vehicle, frame);
    std::erase_if(vehicles_, [](const Vehicle& vehicle) { return vehicle.y > 640; });
    if (chance(0.02))
      frame.reads.push_back(
          plate_read(some_vrm(), 0.55F, {number(100, 1180), number(50, 650)}, number(60, 160)));
    std::shuffle(frame.reads.begin(), frame.reads.end(), random_);
    ++number_;
    return frame;
  }

 private:
  struct Vehicle {
    std::string vrm;
    float x = 0, y = 0, step = 0;
  };

  bool chance(double probability) { return static_cast<double>(random_()) < probability * 4294967296.0; }
  float number(float least, float most) {
    return least + (most - least) * static_cast<float>(random_() % 10'000) / 10'000;
  }
  char letter() { return "ABCDEFGHJKLMNPRSTUVWXY"[random_() % 22]; }
  char digit() { return static_cast<char>('0' + random_() % 10); }
  std::string some_vrm() { return {letter(), letter(), digit(), digit(), letter(), letter(), letter()}; }

  void enter(std::size_t lane) {
    Vehicle vehicle{some_vrm(), 250 + 350 * static_cast<float>(lane), 80, number(14, 50)};
    free_at_[lane] = number_ + static_cast<int>(320 / vehicle.step) + 12;  // follows closely
    if (on_enter_) on_enter_(vehicle.vrm);
    vehicles_.push_back(std::move(vehicle));
  }

  void drive(Vehicle& vehicle, FrameReads& frame) {
    const float width = 70 + vehicle.y * 0.12F;
    const cv::Point2f at(vehicle.x + number(-3, 3), vehicle.y + number(-3, 3));
    vehicle.y += vehicle.step;
    if (chance(0.1)) return;
    std::string vrm = vehicle.vrm;
    float confidence = number(0.6F, 0.98F);
    if (chance(0.15)) {
      vrm[random_() % 7] = letter();
      confidence *= 0.8F;
    }
    frame.reads.push_back(plate_read(vrm, confidence, at, width * number(0.96F, 1.04F)));
  }

  std::mt19937 random_;
  std::vector<Vehicle> vehicles_;
  std::array<int, 3> free_at_{};
  std::function<void(const std::string&)> on_enter_;
  double density_ = 0.05;
  int number_ = 0;
};

}  // namespace wayside::testing
