// Hours of random traffic: nobody lost, nobody twice, nothing grows.
#include <algorithm>
#include <random>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/anpr/track/recorded_road.hpp"

namespace wayside::testing {
namespace {

// Three lanes of vehicles with jittering outlines, misreads, missed reads and ghosts, made frame by frame.
class RandomTraffic {
 public:
  explicit RandomTraffic(unsigned seed) : random_(seed) {}

  FrameReads next() {
    FrameReads frame{frame_info(number_), frame_width, frame_height, {}, 0};
    for (std::size_t lane = 0; lane < 3; ++lane) {
      if (number_ >= free_at_[lane] && chance(0.05)) enter(lane);
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
  [[nodiscard]] const std::multiset<std::string>& passed() const { return passed_; }

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
    passed_.insert(vehicle.vrm);
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
  std::multiset<std::string> passed_;
  int number_ = 0;
};

TEST(Endurance, ALongDayOfTrafficIsReportedWholeAndHoldsBoundedMemory) {
  RandomTraffic traffic(1);
  const auto tracker = make_pass_tracker({});
  std::multiset<std::string> reported;
  PassTracker::Counts most;
  for (int i = 0; i < 100'000; ++i) {
    for (const VehiclePass& pass : tracker->update(traffic.next()))
      reported.insert(pass.vrm);
    const PassTracker::Counts now = tracker->counts();
    most.open_tracks = std::max(most.open_tracks, now.open_tracks);
    most.pictures_held = std::max(most.pictures_held, now.pictures_held);
    most.passes_remembered = std::max(most.passes_remembered, now.passes_remembered);
  }
  for (const VehiclePass& pass : tracker->finish())
    reported.insert(pass.vrm);

  std::vector<std::string> right;
  std::set_intersection(reported.begin(), reported.end(), traffic.passed().begin(), traffic.passed().end(),
                        std::back_inserter(right));
  const auto vehicles = static_cast<double>(traffic.passed().size());
  EXPECT_GT(vehicles, 5000);
  EXPECT_GE(static_cast<double>(right.size()), 0.99 * vehicles);
  EXPECT_LE(static_cast<double>(reported.size() - right.size()), 0.01 * vehicles);
  EXPECT_LE(most.open_tracks, 32U);
  EXPECT_LE(most.pictures_held, 128U);
  EXPECT_LE(most.passes_remembered, 256U);
  RecordProperty("vehicles", static_cast<int>(vehicles));
  RecordProperty("right", static_cast<int>(right.size()));
  RecordProperty("wrong", static_cast<int>(reported.size() - right.size()));
  RecordProperty("most_open_tracks", static_cast<int>(most.open_tracks));
}

TEST(Endurance, ManyStandingPlatesDoNotExceedTheOpenTracks) {
  const auto tracker = make_pass_tracker({});
  std::size_t passes = 0;
  for (int i = 0; i < 200; ++i) {
    FrameReads frame{frame_info(i), frame_width, frame_height, {}, 0};
    for (int n = 0; n < 100; ++n) {
      std::string vrm = "AA00AAA";
      vrm[2] = static_cast<char>('0' + n / 10);
      vrm[3] = static_cast<char>('0' + n % 10);
      vrm[4] = static_cast<char>('A' + n % 26);
      vrm[6] = static_cast<char>('A' + n / 4);
      frame.reads.push_back(plate_read(
          vrm, 0.95F, {60.0F + 120 * static_cast<float>(n % 10), 40.0F + 60 * static_cast<float>(n / 10)},
          100));
    }
    passes += tracker->update(frame).size();
    ASSERT_LE(tracker->counts().open_tracks, 32U);
    ASSERT_LE(tracker->counts().pictures_held, 128U);
    ASSERT_LE(tracker->counts().passes_remembered, 256U);
  }
  passes += tracker->finish().size();
  EXPECT_LE(passes, 100U);  // and still each at most once
}

TEST(Endurance, EqualInputGivesEqualPassesWhateverTheOrderOfReads) {
  const auto play = [](bool reversed) {
    RandomTraffic traffic(2);
    const auto tracker = make_pass_tracker({});
    std::vector<VehiclePass> passes;
    for (int i = 0; i < 3000; ++i) {
      FrameReads frame = traffic.next();
      if (reversed) std::reverse(frame.reads.begin(), frame.reads.end());
      for (VehiclePass& pass : tracker->update(frame))
        passes.push_back(std::move(pass));
    }
    return passes;
  };
  const auto once = play(false);
  ASSERT_GT(once.size(), 100U);
  for (const bool reversed : {false, true}) {
    const auto again = play(reversed);
    ASSERT_EQ(again.size(), once.size());
    for (std::size_t i = 0; i < once.size(); ++i) {
      EXPECT_EQ(again[i].number, once[i].number);
      EXPECT_EQ(again[i].vrm, once[i].vrm);
      EXPECT_EQ(again[i].confidence, once[i].confidence);  // to the last bit
      EXPECT_EQ(again[i].character_confidences, once[i].character_confidences);
      EXPECT_EQ(again[i].quad, once[i].quad);
      EXPECT_EQ(again[i].best_frame.number, once[i].best_frame.number);
      EXPECT_EQ(again[i].direction, once[i].direction);
      EXPECT_EQ(again[i].reads_used, once[i].reads_used);
    }
  }
}

}  // namespace
}  // namespace wayside::testing
