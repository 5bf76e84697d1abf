#include <fstream>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wayside/anpr/read/plate_reader.hpp"

#include "tests/doubles/installed_models.hpp"
#include "tests/doubles/temporary_folder.hpp"

namespace wayside {
namespace {

using doubles::draw_frame;
using doubles::DrawnFrame;
using doubles::frame_of;
using doubles::installed_models;
using doubles::installed_syntax;
using doubles::plate_of;
using testing::HasSubstr;

class TesseractReader : public testing::Test {
 protected:
  TesseractReader() { options_.min_confidence = 0.3F; }

  [[nodiscard]] FrameReads read(const DrawnFrame& drawn, bool with_evidence = false) const {
    return read(drawn.picture, {{drawn.plate, 1.0F}}, with_evidence);
  }
  [[nodiscard]] FrameReads read(const cv::Mat& picture, const std::vector<PlateCandidate>& candidates,
                                bool with_evidence = false) const {
    auto reader = make_tesseract_reader(options_, installed_models(), installed_syntax());
    if (!reader) throw std::runtime_error(reader.error().message);
    return (*reader)->read({frame_of(picture), candidates}, with_evidence);
  }
  static std::vector<PlateCandidate> at(const std::vector<PlateQuad>& quads) {
    std::vector<PlateCandidate> candidates;
    for (const PlateQuad& quad : quads)
      candidates.push_back({quad, 1.0F});
    return candidates;
  }

  ReaderOptions options_;
};

TEST_F(TesseractReader, ReadsAnEasyPlateExactly) {
  const FrameReads reads = read(draw_frame(plate_of("LK52XPD"), 300));
  ASSERT_EQ(reads.reads.size(), 1U);
  EXPECT_EQ(reads.rejected.size(), 0U);
  const PlateRead& plate = reads.reads.front().read;
  EXPECT_EQ(plate.vrm, "LK52XPD");
  EXPECT_EQ(plate.format, "current");
  EXPECT_EQ(plate.lines, 1);
  EXPECT_GT(plate.confidence, 0.3F);
  EXPECT_LE(plate.confidence, 1.0F);
  ASSERT_EQ(plate.positions.size(), plate.vrm.size());
  for (const CharacterPosition& position : plate.positions) {
    float total = 0;
    ASSERT_FALSE(position.empty());
    for (std::size_t i = 0; i < position.size(); ++i) {
      total += position[i].probability;
      if (i > 0) {
        EXPECT_LE(position[i].probability, position[i - 1].probability);
      }
    }
    EXPECT_LE(total, 1.001F);
  }
}

TEST_F(TesseractReader, ReadsATurnedPlate) {
  const FrameReads reads = read(draw_frame(plate_of("LK52XPD"), 300, 12));
  ASSERT_EQ(reads.reads.size(), 1U);
  EXPECT_EQ(reads.reads.front().read.vrm, "LK52XPD");
}

TEST_F(TesseractReader, ReadsLightOnBlack) {
  roadsim::PlateSpec spec = plate_of("LKP524D", "suffix");
  spec.field = roadsim::PlateField::black;
  const DrawnFrame drawn = draw_frame(spec, 300);
  const FrameReads reads = read(drawn.picture, {{drawn.plate, 1.0F, 1, 1.0F}});
  ASSERT_EQ(reads.reads.size(), 1U);
  EXPECT_EQ(reads.reads.front().read.vrm, "LKP524D");
}

TEST_F(TesseractReader, ReadsTwoLinesInOrder) {
  roadsim::PlateSpec spec = plate_of("LK52XPD");
  spec.lines = 2;
  const DrawnFrame drawn = draw_frame(spec, 220);
  const FrameReads reads = read(drawn.picture, {{drawn.plate, 1.0F, 2}});
  ASSERT_EQ(reads.reads.size(), 1U);
  EXPECT_EQ(reads.reads.front().read.vrm, "LK52XPD");
  EXPECT_EQ(reads.reads.front().read.lines, 2);
}

TEST_F(TesseractReader, BandBorderAndMakerAreNoCharacters) {
  roadsim::PlateSpec spec = plate_of("LK52XPD");
  spec.band = roadsim::SideBand::blue;
  spec.band_text = "UK";
  spec.border = true;
  spec.maker = "SOME MAKER AB1 2CD";
  const FrameReads reads = read(draw_frame(spec, 320));
  ASSERT_EQ(reads.reads.size(), 1U);
  EXPECT_EQ(reads.reads.front().read.vrm, "LK52XPD");
}

TEST_F(TesseractReader, WhatIsNoPlateCountsAsRejected) {
  cv::Mat noise(300, 400, CV_8UC1);
  cv::RNG(3).fill(noise, cv::RNG::UNIFORM, 0, 256);
  const cv::Mat plain(300, 400, CV_8UC1, cv::Scalar(120));
  const PlateQuad quad = {cv::Point2f(100, 100), {260, 100}, {260, 134}, {100, 134}};
  for (const cv::Mat& picture : {noise, plain}) {
    const FrameReads reads = read(picture, at({quad}), true);
    EXPECT_TRUE(reads.reads.empty());
    EXPECT_EQ(reads.rejected.size(), 1U);
    EXPECT_EQ(reads.frame_width, 400);
    EXPECT_EQ(reads.frame_height, 300);
  }
}

TEST_F(TesseractReader, ImpossibleQuadsAreRejectedNotThrown) {
  const cv::Mat picture(300, 400, CV_8UC1, cv::Scalar(120));
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const std::vector<PlateQuad> quads = {
      PlateQuad{},                                                     // a point
      {cv::Point2f(0, 0), {100, 0}, {100, 0}, {0, 0}},                 // a line
      {cv::Point2f(900, 900), {1000, 900}, {1000, 930}, {900, 930}},   // outside
      {cv::Point2f(-5000, 10), {5000, 10}, {5000, 40}, {-5000, 40}},   // endless
      {cv::Point2f(nan, 10), {100, 10}, {100, 40}, {10, 40}},          // nonsense
      {cv::Point2f(1e30F, 10), {-1e30F, 10}, {100, 1e30F}, {10, 40}},  // huge
      {cv::Point2f(10, 10), {20, 10}, {20, 290}, {10, 290}},           // upright
  };
  const FrameReads reads = read(picture, at(quads), true);
  EXPECT_TRUE(reads.reads.empty());
  EXPECT_EQ(reads.rejected.size(), quads.size());
}

TEST_F(TesseractReader, EvidenceIsCutFromTheColourFrame) {
  options_.overview_width_px = 320;
  roadsim::PlateSpec spec = plate_of("LK52XPD");
  spec.field = roadsim::PlateField::yellow;
  const DrawnFrame drawn = draw_frame(spec, 300);
  const FrameReads reads = read(drawn, true);
  ASSERT_EQ(reads.reads.size(), 1U);
  const ReadEvidence& evidence = reads.reads.front().evidence;
  ASSERT_EQ(evidence.plate_patch_bgr.type(), CV_8UC3);
  EXPECT_EQ(evidence.plate_patch_bgr.cols, 120);
  EXPECT_NEAR(evidence.plate_patch_bgr.rows, 120 * 111.0 / 520, 1.5);
  const cv::Scalar mean = cv::mean(evidence.plate_patch_bgr);
  EXPECT_GT(mean[2], mean[0] + 40) << "a yellow plate has little blue";
  ASSERT_TRUE(evidence.overview_bgr);
  EXPECT_EQ(evidence.overview_bgr->size(), cv::Size(320, 180));
}

TEST_F(TesseractReader, TallEvidenceKeepsWithinItsHeight) {
  roadsim::PlateSpec spec = plate_of("LK52XPD");
  spec.lines = 2;
  const DrawnFrame drawn = draw_frame(spec, 220);
  const FrameReads reads = read(drawn.picture, {{drawn.plate, 1.0F, 2}}, true);
  ASSERT_EQ(reads.reads.size(), 1U);
  EXPECT_EQ(reads.reads.front().evidence.plate_patch_bgr.rows, 60);
  EXPECT_LT(reads.reads.front().evidence.plate_patch_bgr.cols, 120);
}

TEST_F(TesseractReader, WithoutEvidenceNoPictureIsMade) {
  const FrameReads reads = read(draw_frame(plate_of("LK52XPD"), 300), false);
  ASSERT_EQ(reads.reads.size(), 1U);
  EXPECT_TRUE(reads.reads.front().evidence.plate_patch_bgr.empty());
  EXPECT_FALSE(reads.reads.front().evidence.overview_bgr);
}

TEST_F(TesseractReader, OneOverviewServesAllReadsOfAFrame) {
  const DrawnFrame drawn = draw_frame(plate_of("LK52XPD"), 300);
  const FrameReads reads = read(drawn.picture, at({drawn.plate, drawn.plate}), true);
  ASSERT_EQ(reads.reads.size(), 2U);
  EXPECT_EQ(reads.reads[0].evidence.overview_bgr, reads.reads[1].evidence.overview_bgr);
}

TEST_F(TesseractReader, BelowTheLeastConfidenceIsRejected) {
  options_.min_confidence = 1.01F;
  const FrameReads reads = read(draw_frame(plate_of("LK52XPD"), 300));
  EXPECT_TRUE(reads.reads.empty());
  EXPECT_EQ(reads.rejected.size(), 1U);
}

TEST_F(TesseractReader, AgainGivesTheSame) {
  const DrawnFrame drawn = draw_frame(plate_of("LK52XPD"), 90, 4);
  options_.min_confidence = 0;
  auto reader = make_tesseract_reader(options_, installed_models(), installed_syntax());
  ASSERT_TRUE(reader);
  const FrameCandidates candidates{frame_of(drawn.picture), {{drawn.plate, 1.0F}}};
  const FrameReads first = (*reader)->read(candidates, false);
  const FrameReads second = (*reader)->read(candidates, false);
  ASSERT_EQ(first.reads.size(), second.reads.size());
  for (std::size_t i = 0; i < first.reads.size(); ++i) {
    EXPECT_EQ(first.reads[i].read.vrm, second.reads[i].read.vrm);
    EXPECT_EQ(first.reads[i].read.confidence, second.reads[i].read.confidence);
  }
}

// A model that is intact and no model of ours: the hash is right, the content is not.
TEST(MakeTesseractReader, AForeignModelIsRefused) {
  const doubles::TemporaryFolder folder;
  const std::string text = "this is no model";
  std::ofstream(folder.path() / "reader.traineddata") << text;
  std::ofstream(folder.path() / "manifest.toml")
      << "[[model]]\nname = \"reader\"\nfile = \"reader.traineddata\"\nsha256 = \""
      << to_hex(sha256(as_bytes(text))) << "\"\n";
  const auto store = ModelStore::open(folder.path());
  ASSERT_TRUE(store) << store.error().message;
  const auto reader = make_tesseract_reader({}, *store, installed_syntax());
  ASSERT_FALSE(reader);
  EXPECT_EQ(reader.error().code, ErrorCode::corrupt);
  EXPECT_THAT(reader.error().message, HasSubstr("models/README.md"));
}

}  // namespace
}  // namespace wayside
