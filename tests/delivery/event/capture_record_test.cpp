#include "wayside/delivery/event/capture_record.hpp"

#include <functional>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/delivery/event/example_pass.hpp"

namespace wayside::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr float nan_value = std::numeric_limits<float>::quiet_NaN();
constexpr float infinite = std::numeric_limits<float>::infinity();

nlohmann::json document_of(const VehiclePass& pass) {
  const auto record = encode_record(pass, example_origin(), example_time());
  if (!record) throw std::runtime_error(record.error().message);
  return nlohmann::json::parse(record->document);
}

TEST(CaptureRecord, OneFixedPassGivesOneFixedDocument) {
  const auto record = encode_record(example_pass(), example_origin(), example_time());
  ASSERT_TRUE(record) << record.error().message;
  const std::string expected =
      R"({"alternatives":[{"confidence":0.0213,"vrm":"AB12CDF"},{"confidence":0.001,"vrm":"A812CDE"}],)"
      R"("characters":[{"character":"A","confidence":0.999},{"character":"B","confidence":0.99},)"
      R"({"character":"1","confidence":1.0},{"character":"2","confidence":0.9877},{"character":"C","confidence":0.9},)"
      R"({"character":"D","confidence":0.97},{"character":"E","confidence":0.3}],)"
      R"("confidence":0.9731,"configuration":"fedcba9876543210","device_id":"0123456789abcdef","direction":"towards",)"
      R"("firmware":"0.1.0","format":"current","frame_size":{"height":720,"width":1280},)"
      R"("frames":{"best":{"number":108,"time":"2026-05-28T20:26:40.320Z"},)"
      R"("first":{"number":100,"time":"2026-05-28T20:26:40.000Z"},"last":{"number":112,"time":"2026-05-28T20:26:40.480Z"}},)"
      R"("images":{"overview":{"bytes":)" +
      std::to_string(record->overview_jpeg.size()) + R"(,"height":450,"sha256":")" +
      to_hex(sha256(record->overview_jpeg)) + R"(","width":800},"plate":{"bytes":)" +
      std::to_string(record->plate_jpeg.size()) + R"(,"height":26,"sha256":")" +
      to_hex(sha256(record->plate_jpeg)) +
      R"(","width":120}},)"
      R"("lane":2,"lines":1,"model":"eng","motion_towards_camera":true,)"
      R"("quad":[[600.0,400.1],[720.5,401.0],[720.3,427.3],[0.0,426.1]],"reads":{"rejected":2,"used":11},)"
      R"("site":{"camera_id":333,"feed_id":1,"latitude":54.97828,"longitude":-1.61778,"name":"A1 north, gantry \"7\"",)"
      R"("source_id":22},)"
      R"("time":{"boot_id":"00112233445566778899aabbccddeeff","captured_at":"2026-05-28T20:26:40.320Z",)"
      R"("max_error_ms":12,"monotonic_ms":1320,"source":"ntp","synchronised_ago_s":64},)"
      R"("version":1,"vrm":"AB12CDE"})";
  EXPECT_EQ(record->document, expected);
}

TEST(CaptureRecord, EqualPassesGiveEqualBytes) {
  VehiclePass pass = example_pass();
  pass.evidence.overview_bgr = std::make_shared<const cv::Mat>(noise_picture(800, 450));
  const auto first = encode_record(pass, example_origin(), example_time());
  const auto second = encode_record(pass, example_origin(), example_time());
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->document, second->document);
  EXPECT_EQ(first->plate_jpeg, second->plate_jpeg);
  EXPECT_EQ(first->overview_jpeg, second->overview_jpeg);
}

TEST(CaptureRecord, WhatIsNotKnownIsNullOrAbsent) {
  VehiclePass pass = example_pass();
  pass.direction = Direction::unknown;
  pass.lane.reset();
  pass.alternatives.clear();
  RecordOrigin origin = example_origin();
  origin.latitude.reset();
  origin.longitude.reset();
  const auto record = encode_record(pass, origin, {});
  ASSERT_TRUE(record) << record.error().message;
  const auto document = nlohmann::json::parse(record->document);
  EXPECT_EQ(document.at("direction"), "unknown");
  EXPECT_TRUE(document.at("motion_towards_camera").is_null());
  EXPECT_TRUE(document.at("lane").is_null());
  EXPECT_TRUE(document.at("alternatives").empty());
  EXPECT_FALSE(document.at("site").contains("latitude"));
  EXPECT_FALSE(document.at("site").contains("longitude"));
  EXPECT_EQ(document.at("time").at("source"), "unsynchronised");
  EXPECT_TRUE(document.at("time").at("max_error_ms").is_null());
  EXPECT_TRUE(document.at("time").at("synchronised_ago_s").is_null());
  EXPECT_FALSE(document.at("time").contains("boot_id"));
  EXPECT_FALSE(document.at("time").contains("monotonic_ms"));
  EXPECT_FALSE(document.at("time").contains("redated_from"));
}

TEST(CaptureRecord, ATimeThatWasPutRightSaysSo) {
  TimeQuality time = example_time();
  time.redated_from = UtcTime{5000};
  const auto record = encode_record(example_pass(), example_origin(), time);
  ASSERT_TRUE(record) << record.error().message;
  const auto said = nlohmann::json::parse(record->document).at("time");
  EXPECT_EQ(said.at("redated_from"), "1970-01-01T00:00:05.000Z");
  EXPECT_EQ(said.at("captured_at"), "2026-05-28T20:26:40.320Z");
}

TEST(CaptureRecord, AwayIsNotTowards) {
  VehiclePass pass = example_pass();
  pass.direction = Direction::away;
  EXPECT_EQ(document_of(pass).at("direction"), "away");
  EXPECT_EQ(document_of(pass).at("motion_towards_camera"), false);
}

TEST(CaptureRecord, PicturesDecodeToTheSizesTheDocumentStates) {
  const auto record = encode_record(example_pass(), example_origin(), example_time());
  ASSERT_TRUE(record);
  const auto images = nlohmann::json::parse(record->document).at("images");
  for (const auto& [name, jpeg] :
       {std::pair{"plate", record->plate_jpeg}, {"overview", record->overview_jpeg}}) {
    int subsampling = -1;
    const cv::Mat picture = decoded(jpeg, &subsampling);
    ASSERT_FALSE(picture.empty()) << name;
    EXPECT_EQ(subsampling, TJSAMP_420) << name;
    EXPECT_EQ(images.at(name).at("width"), picture.cols) << name;
    EXPECT_EQ(images.at(name).at("height"), picture.rows) << name;
    EXPECT_EQ(images.at(name).at("bytes"), jpeg.size()) << name;
    EXPECT_EQ(images.at(name).at("sha256"), to_hex(sha256(jpeg))) << name;
  }
  const cv::Vec3b colour =
      decoded(record->overview_jpeg).at<cv::Vec3b>(225, 400);  // blue 90, green 100, red 110
  EXPECT_NEAR(colour[0], 90, 3);
  EXPECT_NEAR(colour[2], 110, 3);
}

struct Wrong {
  const char* what;
  std::function<void(VehiclePass&, RecordOrigin&, TimeQuality&)> spoil;
  const char* said;
};

TEST(CaptureRecord, ValuesWithNoPlaceInTheDocumentAreRefusedByName) {
  using Pass = VehiclePass;
  using Origin = RecordOrigin;
  using Time = TimeQuality;
  const std::vector<Wrong> wrongs = {
      {"nan confidence", [](Pass& p, Origin&, Time&) { p.confidence = nan_value; }, "confidence is nan"},
      {"infinite confidence", [](Pass& p, Origin&, Time&) { p.confidence = infinite; }, "confidence is inf"},
      {"confidence above 1", [](Pass& p, Origin&, Time&) { p.confidence = 1.5F; },
       "expected a number from 0 to 1"},
      {"nan character", [](Pass& p, Origin&, Time&) { p.character_confidences[3] = nan_value; },
       "character_confidences"},
      {"a character short", [](Pass& p, Origin&, Time&) { p.character_confidences.pop_back(); },
       "one for each of the 7"},
      {"nan alternative", [](Pass& p, Origin&, Time&) { p.alternatives[1].confidence = nan_value; },
       "alternatives"},
      {"odd alternative", [](Pass& p, Origin&, Time&) { p.alternatives[0].vrm = "AB 12"; }, "alternatives"},
      {"five alternatives",
       [](Pass& p, Origin&, Time&) {
         p.alternatives.resize(5, {"AB12", 0});
       },
       "at most 4"},
      {"nan corner", [](Pass& p, Origin&, Time&) { p.quad[2].y = nan_value; }, "quad"},
      {"infinite corner", [](Pass& p, Origin&, Time&) { p.quad[0].x = -infinite; }, "quad"},
      {"far corner", [](Pass& p, Origin&, Time&) { p.quad[0].x = 1e6F; }, "quad"},
      {"lower case vrm", [](Pass& p, Origin&, Time&) { p.vrm = "AB12cDE"; }, "vrm is not of the form"},
      {"space in vrm", [](Pass& p, Origin&, Time&) { p.vrm = "AB12 DE"; }, "vrm is not of the form"},
      {"quote in vrm", [](Pass& p, Origin&, Time&) { p.vrm = "AB12\"DE"; }, "vrm is not of the form"},
      {"accent in vrm", [](Pass& p, Origin&, Time&) { p.vrm = "AB12\xC3\x84\x45"; },
       "vrm is not of the form"},
      {"empty vrm", [](Pass& p, Origin&, Time&) { p.vrm.clear(); }, "vrm is not of the form"},
      {"long vrm", [](Pass& p, Origin&, Time&) { p.vrm.assign(17, 'A'); }, "vrm is not of the form"},
      {"format", [](Pass& p, Origin&, Time&) { p.format = "Current plates"; }, "format"},
      {"lines", [](Pass& p, Origin&, Time&) { p.lines = 3; }, "lines is 3"},
      {"lane", [](Pass& p, Origin&, Time&) { p.lane = -1; }, "lane is -1"},
      {"frame size", [](Pass& p, Origin&, Time&) { p.frame_width = 0; }, "0 x 720 px"},
      {"no reads", [](Pass& p, Origin&, Time&) { p.reads_used = 0; }, "reads_used"},
      {"frames out of order", [](Pass& p, Origin&, Time&) { std::swap(p.best_frame, p.last_frame); },
       "in this order"},
      {"time before 1970", [](Pass& p, Origin&, Time&) { p.first_frame.utc.ms = -1; }, "UTC time"},
      {"time after 9999", [](Pass& p, Origin&, Time&) { p.best_frame.utc.ms = 253'402'300'800'000; },
       "UTC time"},
      {"device id", [](Pass&, Origin& o, Time&) { o.device_id = "0123456789ABCDEF"; },
       "16 lower case hex digits"},
      {"site name", [](Pass&, Origin& o, Time&) { o.site_name.clear(); }, "site_name has 0 characters"},
      {"site not UTF-8", [](Pass&, Origin& o, Time&) { o.site_name = "caf\xE9 corner"; }, "UTF-8"},
      {"firmware", [](Pass&, Origin& o, Time&) { o.firmware_version.clear(); }, "firmware_version"},
      {"model", [](Pass&, Origin& o, Time&) { o.model_version.assign(65, 'x'); }, "model_version"},
      {"configuration", [](Pass&, Origin& o, Time&) { o.configuration_version = "1"; },
       "configuration_version"},
      {"latitude alone", [](Pass&, Origin& o, Time&) { o.longitude.reset(); }, "both or neither"},
      {"nan latitude", [](Pass&, Origin& o, Time&) { o.latitude = static_cast<double>(nan_value); },
       "latitude is nan"},
      {"longitude", [](Pass&, Origin& o, Time&) { o.longitude = 181; }, "longitude 181"},
      {"negative error", [](Pass&, Origin&, Time& t) { t.max_error_ms = -1; }, "max_error_ms is -1"},
      {"negative age", [](Pass&, Origin&, Time& t) { t.synchronised_ago_s = -1; },
       "synchronised_ago_s is -1"},
      {"boot id", [](Pass&, Origin&, Time& t) { t.boot_id = "0011-2233"; }, "boot_id is not"},
  };
  for (const Wrong& wrong : wrongs) {
    VehiclePass pass = example_pass();
    RecordOrigin origin = example_origin();
    TimeQuality time = example_time();
    wrong.spoil(pass, origin, time);
    const auto record = encode_record(pass, origin, time);
    ASSERT_FALSE(record) << wrong.what;
    EXPECT_EQ(record.error().code, ErrorCode::invalid_input) << wrong.what;
    EXPECT_THAT(record.error().message, AllOf(HasSubstr("pass 7: "), HasSubstr(wrong.said))) << wrong.what;
    EXPECT_THAT(record.error().message, Not(HasSubstr("AB12"))) << wrong.what;
  }
}

TEST(CaptureRecord, AHitThatContradictsThePassIsRefused) {
  const VehiclePass pass = example_pass();
  const RecordHit good{"north", 7, 120, "N1", "one_character", pass.vrm, 6, 0.12344};
  const auto refusal = [&](const std::function<void(RecordHit&)>& change) {
    RecordHit hit = good;
    change(hit);
    const auto record = encode_record(pass, example_origin(), example_time(), {&hit, 1});
    return record ? std::string() : record.error().message;
  };
  EXPECT_EQ(refusal([](RecordHit&) {}), "");
  EXPECT_EQ(refusal([](RecordHit& hit) { hit.vrm = "AB12CDF"; }), "");
  EXPECT_THAT(refusal([](RecordHit& hit) { hit.vrm = "ZZ99ZZZ"; }), HasSubstr("nor one of its alternatives"));
  EXPECT_THAT(refusal([](RecordHit& hit) { hit.differing = 7; }), HasSubstr("differing"));
  EXPECT_THAT(refusal([](RecordHit& hit) { hit.differing.reset(); }), HasSubstr("differing"));
  EXPECT_THAT(refusal([](RecordHit& hit) { hit.match = "exact"; }), HasSubstr("differing"));
  EXPECT_THAT(refusal([](RecordHit& hit) { hit.match = "likely"; }), HasSubstr("no match that is known"));
  EXPECT_THAT(refusal([](RecordHit& hit) { hit.list = "../x"; }), HasSubstr("no list"));
  EXPECT_THAT(refusal([](RecordHit& hit) { hit.revision = 0; }), HasSubstr("no list"));
  EXPECT_THAT(refusal([](RecordHit& hit) { hit.pnc_id.assign(201, 'x'); }), HasSubstr("pnc_id"));
  EXPECT_THAT(refusal([](RecordHit& hit) { hit.probability = 1.5; }), HasSubstr("probability"));
  const std::vector<RecordHit> many(most_record_hits + 1, good);
  EXPECT_FALSE(encode_record(pass, example_origin(), example_time(), many));
}

TEST(CaptureRecord, MissingOrOddPicturesAreRefusedByName) {
  VehiclePass pass = example_pass();
  pass.evidence.plate_patch_bgr = cv::Mat();
  EXPECT_EQ(encode_record(pass, example_origin(), example_time()).error().message,
            "pass 7: plate patch: the picture is missing");
  pass = example_pass();
  pass.evidence.overview_bgr.reset();
  EXPECT_EQ(encode_record(pass, example_origin(), example_time()).error().message,
            "pass 7: overview: the picture is missing");
  pass.evidence.overview_bgr = std::make_shared<const cv::Mat>();
  EXPECT_EQ(encode_record(pass, example_origin(), example_time()).error().message,
            "pass 7: overview: the picture is missing");
  pass.evidence.overview_bgr = std::make_shared<const cv::Mat>(20, 20, CV_32FC1, cv::Scalar(0));
  const auto odd = encode_record(pass, example_origin(), example_time());
  ASSERT_FALSE(odd);
  EXPECT_EQ(odd.error().code, ErrorCode::invalid_input);
  EXPECT_THAT(odd.error().message, HasSubstr("expected 8 bits in 3 channels"));
}

}  // namespace
}  // namespace wayside::testing
