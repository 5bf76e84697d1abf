// Documents that contradict themselves, and JSON that two readers read differently, are no evidence.
#include "src/backoffice/validation.hpp"

#include <functional>

#include <gmock/gmock.h>

#include "src/backoffice/gap_record.hpp"
#include "tests/backoffice/sample_record.hpp"

namespace wayside::backoffice {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

const std::string device = "0123456789abcdef";

// Why the document would be refused with this change; empty: it would not.
std::string refusal_of(const std::string& document) {
  const auto fits = check_document(document, device);
  if (fits) return {};
  EXPECT_EQ(fits.error().code, ErrorCode::invalid_input);
  return fits.error().message;
}
std::string refusal(const std::function<void(json&)>& change) {
  json document = sample_record(device).document;
  change(document);
  return refusal_of(document.dump());
}

TEST(Validation, WhatACameraSendsIsTaken) {
  EXPECT_EQ(refusal([](json&) {}), "");
  EXPECT_EQ(refusal([](json& d) {
              d["direction"] = "away";
              d["motion_towards_camera"] = false;
            }),
            "");
  EXPECT_EQ(refusal([](json& d) {
              d["direction"] = "unknown";
              d["motion_towards_camera"] = nullptr;
            }),
            "");
  EXPECT_EQ(refusal([](json& d) {
              d["frames"]["first"] = d["frames"]["best"];
              d["frames"]["last"] = d["frames"]["best"];
            }),
            "");
  EXPECT_EQ(refusal([](json& d) {
              d["frames"]["first"]["time"] = "2026-11-22T16:59:59.999Z";
              d["frames"]["last"]["time"] = "2026-11-22T17:01:00.000Z";
            }),
            "");
}

TEST(Validation, TimesMustBeReal) {
  for (const std::string frame : {"first", "best", "last"}) {
    for (const char* time :
         {"2026-06-31T00:00:00.000Z", "2026-02-29T00:00:00.000Z", "2026-11-22T24:00:00.000Z"}) {
      EXPECT_EQ(refusal([&](json& d) { d["frames"][frame]["time"] = time; }),
                "field frames." + frame + ".time is no time in UTC with milliseconds");
    }
  }
  EXPECT_EQ(refusal([](json& d) { d["time"]["captured_at"] = "2026-06-31T00:00:00.000Z"; }),
            "field time.captured_at is no time in UTC with milliseconds");
}

TEST(Validation, TimeOfCaptureIsThatOfTheBestFrame) {
  const std::string refused = "field time.captured_at differs from frames.best.time, whose moment it is";
  EXPECT_EQ(refusal([](json& d) { d["time"]["captured_at"] = "2026-11-22T17:00:40.124Z"; }), refused);
  EXPECT_EQ(refusal([](json& d) {
              d["frames"]["best"]["time"] = d["frames"]["last"]["time"] = "2026-11-22T17:00:41.123Z";
            }),
            refused);
}

TEST(Validation, FramesMustBeInOrder) {
  EXPECT_EQ(refusal([](json& d) { d["frames"]["last"]["time"] = "2026-11-21T17:00:40.123Z"; }), "")
      << "a clock may be set back";
  EXPECT_EQ(refusal([](json& d) { d["frames"]["first"]["number"] = 15; }),
            "field frames.best.number is below that of frames.first");
  EXPECT_EQ(refusal([](json& d) { d["frames"]["last"]["number"] = 13; }),
            "field frames.last.number is below that of frames.best");
}

TEST(Validation, CharactersMustBeThoseOfTheMark) {
  EXPECT_EQ(refusal([](json& d) { d["characters"].erase(6); }),
            "field characters has not one entry a character of vrm");
  EXPECT_EQ(refusal([](json& d) { d["characters"].push_back(d["characters"][0]); }),
            "field characters has not one entry a character of vrm");
  const std::string other = refusal([](json& d) { d["characters"][2]["character"] = "Q"; });
  EXPECT_EQ(other, "field characters.2.character differs from that of vrm");
  EXPECT_THAT(other, Not(HasSubstr("AB12CDE")));
}

TEST(Validation, DirectionMustBeToldTheSameTwice) {
  const auto told = [](const char* direction, const json& towards) {
    return refusal([&](json& d) {
      d["direction"] = direction;
      d["motion_towards_camera"] = towards;
    });
  };
  for (const std::string& refused : {told("towards", false), told("towards", nullptr), told("away", true),
                                     told("away", nullptr), told("unknown", true), told("unknown", false)}) {
    EXPECT_EQ(refused, "field motion_towards_camera does not agree with direction");
  }
}

// The parser here skips a byte order mark and stops at a NUL; SQLite, which the store selects by, does not.
TEST(Validation, JsonThatTheStoreReadsDifferentlyIsRefused) {
  const std::string document = sample_record(device).document.dump();
  const std::string words = " is not plain JSON: send it without byte order mark and NUL";
  EXPECT_EQ(refusal_of("\xef\xbb\xbf" + document), "the document" + words);
  EXPECT_EQ(refusal_of(document + std::string(1, '\0')), "the document" + words);
  EXPECT_EQ(refusal_of(document + std::string(1, '\0') + "x"), "the document" + words);
  const auto gaps = gaps_from(
      "\xef\xbb\xbf{\"schema\":\"wayside-gap-1\",\"gaps\":"
      "[{\"first\":1,\"last\":1,\"count\":1,\"reason\":\"evicted\"}]}",
      9);
  ASSERT_FALSE(gaps);
  EXPECT_EQ(gaps.error().message, "the gap record" + words);
}

}  // namespace
}  // namespace wayside::backoffice
