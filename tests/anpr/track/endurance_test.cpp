// Hours of random traffic: nobody lost, nobody twice, nothing grows.
#include <algorithm>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/anpr/track/random_traffic.hpp"

namespace wayside::testing {
namespace {

TEST(Endurance, ALongDayOfTrafficIsReportedWholeAndHoldsBoundedMemory) {
  std::multiset<std::string> passed;
  RandomTraffic traffic(1, [&](const std::string& vrm) { passed.insert(vrm); });
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
  std::set_intersection(reported.begin(), reported.end(), passed.begin(), passed.end(),
                        std::back_inserter(right));
  const auto vehicles = static_cast<double>(passed.size());
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
    FrameReads frame{frame_info(i), frame_width, frame_height, {}, {}};
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
