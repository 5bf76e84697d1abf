#include "wayside/eval/sightings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wayside/eval/records.hpp"

#include "tests/eval/recogniser_double.hpp"

namespace wayside::eval {
namespace {

using doubles::quad_of;
using testing::HasSubstr;

// Moves 10 px a frame from x0; wide enough to be read unless told otherwise.
TrueVehicle vehicle(const std::string& vrm, float x0, std::uint64_t first, double width = 100,
                    std::uint64_t frames = 5) {
  TrueVehicle out{vrm, "towards", {}};
  for (std::uint64_t i = 0; i < frames; ++i) {
    out.views.push_back({first + i, quad_of({x0 + 10.0F * static_cast<float>(i), 50, 100, 20}), width, 1.0});
  }
  return out;
}

Sighting sighting(const std::string& vrm, std::uint64_t frame, float x) {
  return {vrm, frame, quad_of({x, 50, 100, 20})};
}

TEST(Sightings, BelongToTheVehicleAtTheirPlaceWhateverTheyRead) {
  const SceneTruth truth{100, {vehicle("AA11AAA", 0, 10), vehicle("BB22BBB", 300, 10)}};
  const SightingScore score = score_by_place(
      {sighting("AA11AAA", 12, 20), sighting("XXXXXXX", 12, 320), sighting("AA11AAA", 14, 40)}, truth);
  EXPECT_EQ(score.vehicles, 2U);
  EXPECT_EQ(score.captured, 2U);
  EXPECT_EQ(score.exact, 1U);
  EXPECT_EQ(score.duplicates, 1U);
  EXPECT_EQ(score.false_sightings, 0U);
}

TEST(Sightings, AtAnotherPlaceOrTimeAreFalse) {
  const SceneTruth truth{100, {vehicle("AA11AAA", 0, 10)}};
  EXPECT_EQ(score_by_place({sighting("AA11AAA", 12, 600)}, truth).false_sightings, 1U);
  EXPECT_EQ(score_by_place({sighting("AA11AAA", 17, 40)}, truth).false_sightings, 1U);
  EXPECT_EQ(score_by_place({sighting("AA11AAA", 16, 40)}, truth).captured,
            1U);  // within 2 frames of its last
}

TEST(Sightings, IllegibleVehiclesAreNeitherMissedNorFalse) {
  TrueVehicle covered = vehicle("CC33CCC", 600, 10);
  for (PlateView& view : covered.views)
    view.visible = 0.9;
  const SceneTruth truth{100,
                         {vehicle("AA11AAA", 0, 10, 79.9), vehicle("BB22BBB", 300, 10, 100, 2), covered}};
  const SightingScore score = score_by_place({sighting("AA11AAA", 12, 20)}, truth);
  EXPECT_EQ(score.vehicles, 0U);
  EXPECT_EQ(score.false_sightings, 0U);
  EXPECT_EQ(score.of_illegible, 1U);
  EXPECT_EQ(score.illegible_vehicles, 3U);
}

TEST(Sightings, OverlappingVehiclesAreToldApartByVrm) {
  const SceneTruth truth{100, {vehicle("AA11AAA", 0, 10), vehicle("BB22BBB", 20, 10)}};
  const SightingScore score =
      score_by_place({sighting("BB22BBB", 12, 30), sighting("AA11AAA", 12, 30)}, truth);
  EXPECT_EQ(score.exact, 2U);
  EXPECT_EQ(score.duplicates, 0U);
}

TEST(Sightings, EveryRunOfASceneCountsItsVehiclesAgain) {
  const SceneTruth truth{100, {vehicle("AA11AAA", 0, 10)}};
  const std::vector<Sighting> seen = {sighting("AA11AAA", 12, 20), sighting("AA11AAA", 212, 20)};
  const SightingScore three = score_by_place(seen, truth, 3);
  EXPECT_EQ(three.vehicles, 3U);
  EXPECT_EQ(three.captured, 2U);
  EXPECT_EQ(three.duplicates, 0U);
  EXPECT_EQ(score_by_place(seen, truth, 1).false_sightings, 1U);
}

TEST(Sightings, ByVrmTakeTheNearestWithinTwoCharacters) {
  const SightingScore score = score_by_vrm(
      {sighting("28RBN4", 0, 0), sighting("28RBNA", 0, 0), sighting("62PXXT", 0, 0), sighting("9448A", 0, 0)},
      {"28RBN4", "62PBVT", "AXT3147"});
  EXPECT_EQ(score.vehicles, 3U);
  EXPECT_EQ(score.captured, 2U);
  EXPECT_EQ(score.exact, 1U);
  EXPECT_EQ(score.duplicates, 1U);
  EXPECT_EQ(score.false_sightings, 1U);
}

TEST(Truth, IsReadAsDocumented) {
  const std::string json = R"({"version":1,"video":"d.mp4","frames":250,"vehicles":[{"id":1,"vrm":"AB12CDE",
    "direction":"away","frames":[{"frame":12,"quad":[[1,2],[3,2],[3,4],[1,4]],"width_px":83.5,"visible":1.0}]}]})";
  const auto truth = parse_truth(json, "d.truth.json");
  ASSERT_TRUE(truth) << truth.error().message;
  EXPECT_EQ(truth->frames, 250U);
  ASSERT_EQ(truth->vehicles.size(), 1U);
  EXPECT_EQ(truth->vehicles[0].views.at(0).frame, 12U);
  EXPECT_EQ(truth->vehicles[0].views.at(0).quad[2], cv::Point2f(3, 4));
  EXPECT_FALSE(truth->vehicles[0].legible());
}

TEST(Truth, ErrorsNameFileVehicleAndMember) {
  const auto message = [](const std::string& json) {
    return parse_truth(json, "d.truth.json").error().message;
  };
  EXPECT_EQ(message(R"({"version":1,"frames":2,"vehicles":[{"vrm":"A1"}]})"),
            "d.truth.json: vehicles[0]: member \"direction\" is missing");
  EXPECT_EQ(message(R"({"version":2})"), "d.truth.json: member \"version\": expected 1");
  EXPECT_THAT(message("{"), HasSubstr("d.truth.json: not valid JSON"));
  EXPECT_THAT(message(R"({"version":1e999})"), HasSubstr("d.truth.json: a number in it is out of range"));
  EXPECT_THAT(message("[1]"), HasSubstr("d.truth.json: expected an object"));
}

TEST(Records, AreReadFromAnExportAndSummedUp) {
  const std::string line =
      R"({"device":"x","document":{"vrm":"AA11AAA","frames":{"best":{"number":12}},"quad":[[20,50],[120,50],[120,70],[20,70]]}})";
  const auto records = parse_records(line + "\n" + line + "\n", "e.jsonl");
  ASSERT_TRUE(records) << records.error().message;
  ASSERT_EQ(records->size(), 2U);
  const SceneTruth truth{100, {vehicle("AA11AAA", 0, 10), vehicle("BB22BBB", 300, 10)}};
  const std::string text = records_summary(records->size(), score_by_place(*records, truth));
  EXPECT_THAT(text, HasSubstr("vehicles that can be read    2\n"));
  EXPECT_THAT(text, HasSubstr("records                      2\n"));
  EXPECT_THAT(text, HasSubstr("delivered and exactly right  1, 50.0 % (9.5 to 90.5)\n"));
  EXPECT_THAT(text, HasSubstr("duplicates                   1\n"));
}

TEST(Records, ErrorsNameLineAndMemberAndNoVrm) {
  const auto error = parse_records("{\"document\":{\"vrm\":\"AA11AAA\"}}", "e.jsonl").error();
  EXPECT_EQ(error.message, "e.jsonl, line 1: member \"frames\" is missing");
  EXPECT_THAT(parse_records("{\"document\":3}", "e.jsonl").error().message,
              HasSubstr("e.jsonl, line 1: expected an object"));
}

TEST(SightingsByVrm, AVehicleNamedTwiceCameTwice) {
  const Sighting one{"AB12CDE", 1, {}};
  const SightingScore twice = score_by_vrm({one, one}, {"AB12CDE", "AB12CDE"});
  EXPECT_EQ(twice.captured, 2U);
  EXPECT_EQ(twice.exact, 2U);
  EXPECT_EQ(twice.duplicates, 0U);
  EXPECT_EQ(score_by_vrm({one, one, one}, {"AB12CDE", "AB12CDE"}).duplicates, 1U);
}

}  // namespace
}  // namespace wayside::eval
