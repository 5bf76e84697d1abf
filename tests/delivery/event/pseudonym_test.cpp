// The pseudonymous document: the same vehicle is recognised again, and nothing says which it is.
#include "wayside/delivery/event/pseudonym.hpp"

#include <set>
#include <string>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

namespace wayside {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

// All fields of a capture record, in the schema's form.
json capture_record(const std::string& vrm = "AB12CDE") {
  return {{"version", 1},
          {"device_id", "0123456789abcdef"},
          {"site", {{"name", "A14"}, {"feed_id", 1}, {"source_id", 2}, {"camera_id", 3}}},
          {"vrm", vrm},
          {"confidence", 0.98},
          {"characters", json::array({{{"character", "A"}, {"confidence", 0.9}}})},
          {"alternatives", json::array({{{"vrm", "AB12CDF"}, {"confidence", 0.1}}})},
          {"format", "current"},
          {"lines", 1},
          {"quad", json::array({{1, 2}, {3, 4}, {5, 6}, {7, 8}})},
          {"frame_size", {{"width", 1280}, {"height", 720}}},
          {"direction", "towards"},
          {"motion_towards_camera", true},
          {"lane", nullptr},
          {"frames", {{"first", {{"number", 1}, {"time", "2026-11-22T17:35:40.000Z"}}}}},
          {"reads", {{"used", 3}, {"rejected", 0}}},
          {"time", {{"captured_at", "2026-11-22T17:35:40.123Z"}}},
          {"images", {{"plate", {{"sha256", std::string(64, 'e')}, {"bytes", 1234}}}}},
          {"firmware", "0.1.0"},
          {"model", "1"},
          {"configuration", "0011223344556677"}};
}

Bytes bytes_of(const json& document) {
  const std::string text = document.dump();
  return {text.begin(), text.end()};
}
std::string pseudonymous(const json& document, const Bytes& key = Bytes(32, 1)) {
  const auto out = pseudonymise(bytes_of(document), key);
  return out ? std::string(out->begin(), out->end()) : out.error().message;
}

TEST(Pseudonym, NothingThatTellsTheVrmIsLeft) {
  const json out = json::parse(pseudonymous(capture_record()));
  std::set<std::string> fields;
  for (const auto& [field, ignored] : out.items())
    fields.insert(field);
  EXPECT_EQ(fields, (std::set<std::string>{"version", "device_id", "site", "pseudonym", "confidence",
                                           "direction", "motion_towards_camera", "lane", "frames", "reads",
                                           "time", "firmware", "model", "configuration"}));
  const std::string text = out.dump();
  for (const char* telling : {"AB12CD", "vrm", "character", "sha256", "1234,", "current"})
    EXPECT_THAT(text, Not(HasSubstr(telling)));
  EXPECT_EQ(out["time"], capture_record()["time"]);
  EXPECT_EQ(out["site"], capture_record()["site"]);
}

TEST(Pseudonym, AFieldThatIsNotKnownStaysOut) {
  json document = capture_record();
  document["folded_vrm"] = "AB12CDE";
  document["hits"] = json::array({{{"vrm", "AB12CDE"}, {"pnc_id", "N1"}}});
  EXPECT_EQ(pseudonymous(document), pseudonymous(capture_record()));
}

TEST(Pseudonym, OneVehicleHasOnePseudonymUnderOneKey) {
  const auto of = [](const std::string& vrm, std::uint8_t key) {
    return json::parse(pseudonymous(capture_record(vrm), Bytes(32, key)))["pseudonym"].get<std::string>();
  };
  EXPECT_EQ(of("AB12CDE", 1), of("AB12CDE", 1));
  EXPECT_NE(of("AB12CDE", 1), of("AB12CDF", 1));
  EXPECT_NE(of("AB12CDE", 1), of("AB12CDE", 2));
  EXPECT_EQ(of("AB12CDE", 1).find_first_not_of("0123456789abcdef"), std::string::npos);
  EXPECT_EQ(of("AB12CDE", 1).size(), 32U);
}

TEST(Pseudonym, EqualDocumentsGiveEqualBytes) {
  EXPECT_EQ(pseudonymous(capture_record()), pseudonymous(capture_record()));
}

// Worked out with Python: hashlib.blake2b(b"AB12CDE", digest_size=16, key=bytes([1]) * 32).
TEST(Pseudonym, IsKeyedBlake2b) {
  EXPECT_EQ(json::parse(pseudonymous(capture_record()))["pseudonym"], "fbc1bbba2f40d5902da65e290a9a69f3");
}

TEST(Pseudonym, WhatIsNoCaptureRecordIsRefusedWithoutRepeatingIt) {
  for (const char* text : {"", "{", "[]", "3", R"({"vrm":7})", R"({"mark":"AB12CDE"})"}) {
    const auto out = pseudonymise(as_bytes(text), Bytes(32, 1));
    ASSERT_FALSE(out) << text;
    EXPECT_EQ(out.error().code, ErrorCode::invalid_input);
    EXPECT_EQ(out.error().message, "the document is no capture record with a vrm");
  }
  EXPECT_THAT(pseudonymous(capture_record(), Bytes(31, 1)), HasSubstr("32 bytes"));
}

}  // namespace
}  // namespace wayside
