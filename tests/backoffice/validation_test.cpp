// Documents that contradict themselves, and JSON that two readers read differently, are no evidence.
#include "src/backoffice/validation.hpp"

#include <functional>

#include <gmock/gmock.h>

#include "tests/backoffice/sample_record.hpp"

namespace wayside::backoffice {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

// Why the document would be refused with this change; empty: it would not.
std::string refusal_of(const std::string& document) {
  const auto fits = check_document(document, sample_device);
  if (fits) return {};
  EXPECT_EQ(fits.error().code, ErrorCode::invalid_input);
  return fits.error().message;
}
std::string refusal(const std::function<void(json&)>& change) {
  json document = sample_record(sample_device).document;
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
TEST(Validation, HitsMustBeOfWhatWasRead) {
  const auto with_hit = [](const char* key, const json& value) {
    return refusal([&](json& d) {
      d["hits"] = json::array({{{"list", "north"},
                                {"revision", 7},
                                {"entry", 120},
                                {"pnc_id", "N1"},
                                {"match", "one_character"},
                                {"vrm", d["vrm"]},
                                {"differing", 6},
                                {"probability", 0.1}}});
      d["hits"][0][key] = value;
    });
  };
  EXPECT_EQ(with_hit("list", "north"), "");
  EXPECT_THAT(with_hit("vrm", "QQ99QQQ"), HasSubstr("hits.vrm is neither"));
  EXPECT_THAT(with_hit("differing", 7), HasSubstr("hits.differing"));
  EXPECT_THAT(with_hit("differing", nullptr), HasSubstr("hits.differing"));
  EXPECT_THAT(with_hit("match", "exact"), HasSubstr("hits.differing"));
  EXPECT_THAT(with_hit("reason", "look into the boot"), Not(HasSubstr("boot")));
  EXPECT_NE(with_hit("reason", "look into the boot"), "");
}

TEST(Validation, JsonThatTheStoreReadsDifferentlyIsRefused) {
  const std::string document = sample_record(sample_device).document.dump();
  const std::string words = " is not plain JSON: send it without byte order mark and NUL";
  EXPECT_EQ(refusal_of("\xef\xbb\xbf" + document), "the document" + words);
  EXPECT_EQ(refusal_of(document + std::string(1, '\0')), "the document" + words);
  EXPECT_EQ(refusal_of(document + std::string(1, '\0') + "x"), "the document" + words);
}

TEST(Validation, AKeyTwiceIsRefused) {
  std::string document = sample_record(sample_device).document.dump();
  document.insert(1, R"("vrm":"AB12CDE",)");
  EXPECT_EQ(refusal_of(document), "the document has a key twice");
}

json book() {
  return {{"schema", "wayside-coverage-1"},
          {"device_id", sample_device},
          {"day", "2026-11-22"},
          {"first", 10},
          {"last", 19},
          {"by_class", {{"ordinary", 6}, {"hit", 1}, {"ledger", 2}}},
          {"by_type", {{"capture", 7}, {"gap", 1}, {"coverage", 1}, {"clock", 0}, {"audit", 0}}},
          {"given_up", {{"evicted", 3}, {"damaged", 0}, {"interrupted", 0}, {"expired", 0}}},
          {"chain_head", {{"number", 19}, {"sha256", std::string(64, 'a')}}}};
}

// Of a book that is record number 20.
std::string refusal_of_book(const std::function<void(json&)>& change) {
  json document = book();
  change(document);
  const auto fits =
      check_ledger_document(RecordType::coverage, document.dump(), {sample_device, sample_queue, 20});
  return fits ? std::string{} : fits.error().message;
}

TEST(Validation, ADaysBookIsTaken) {
  EXPECT_EQ(refusal_of_book([](json&) {}), "");
  const auto mark = chain_mark_of(book().dump());
  ASSERT_TRUE(mark);
  EXPECT_EQ(mark->number, 19U);
  EXPECT_EQ(to_hex(mark->hash), std::string(64, 'a'));
  EXPECT_EQ(refusal_of_book([](json& d) {
              d["first"] = d["last"] = nullptr;
              for (auto& count : d["by_class"])
                count = 0;
              for (auto& count : d["by_type"])
                count = 0;
            }),
            "")
      << "a day without records";
  EXPECT_EQ(refusal_of_book([](json& d) { d["given_up"]["rolled_back"] = 7; }), "");
  EXPECT_EQ(refusal_of_book([](json& d) { d["interrupted"] = true; }), "");
  EXPECT_THAT(refusal_of_book([](json& d) { d["interrupted"] = false; }), HasSubstr("field interrupted"));
}

TEST(Validation, ABookMustNotContradictItself) {
  EXPECT_THAT(refusal_of_book([](json& d) { d["schema"] = "wayside-coverage-2"; }),
              HasSubstr("field schema"));
  EXPECT_THAT(refusal_of_book([](json& d) { d["vrm"] = "AB12CDE"; }),
              HasSubstr("may not have a key \"vrm\""));
  EXPECT_THAT(refusal_of_book([](json& d) { d["given_up"].erase("expired"); }),
              HasSubstr("field given_up lacks \"expired\" (coverage record schema, version 1)"));
  EXPECT_THAT(refusal_of_book([](json& d) { d["device_id"] = "ffffffffffffffff"; }),
              HasSubstr("device_id differs"));
  EXPECT_THAT(refusal_of_book([](json& d) { d["day"] = "2026-11-31"; }), HasSubstr("no day of the calendar"));
  EXPECT_THAT(refusal_of_book([](json& d) { d["first"] = nullptr; }), HasSubstr("null with first"));
  EXPECT_THAT(refusal_of_book([](json& d) { d["last"] = 9; }), HasSubstr("last is below first"));
  EXPECT_THAT(refusal_of_book([](json& d) { d["last"] = 20; }), HasSubstr("below the record's own number"));
  EXPECT_THAT(refusal_of_book([](json& d) { d["by_type"]["audit"] = 1; }), HasSubstr("does not add up"));
  EXPECT_THAT(refusal_of_book([](json& d) { d["last"] = 12; }), HasSubstr("more records than first to last"));
  EXPECT_THAT(refusal_of_book([](json& d) { d["chain_head"]["number"] = 20; }),
              HasSubstr("chain_head.number"));
  const std::uint64_t most = (std::uint64_t{1} << 62U) - 1;
  EXPECT_THAT(refusal_of_book([&](json& d) {
                for (auto& count : d["by_class"])
                  count = most;
                for (auto& count : d["by_type"])
                  count = most;
              }),
              HasSubstr("more records than"));
}

TEST(Validation, HeartbeatsTellQueueAndUpload) {
  const json beat{{"time", "2026-11-22T17:00:00.000Z"},
                  {"problems", {{"recognition", "models/reader is missing"}}},
                  {"queue",
                   {{"unacknowledged", 3},
                    {"evicted", 0},
                    {"expired", 0},
                    {"damaged", 0},
                    {"segments", 64},
                    {"segments_free", 60},
                    {"oldest", 17}}},
                  {"upload", {{"circuit", "closed"}, {"dead_lettered", 0}, {"quarantined", 0}}},
                  {"counters", {{"frames_dropped", 0}}}};
  const auto refusal = [&](const std::function<void(json&)>& change) {
    json changed = beat;
    change(changed);
    const auto fits = check_heartbeat(changed.dump());
    return fits ? std::string{} : fits.error().message;
  };
  EXPECT_EQ(refusal([](json&) {}), "");
  EXPECT_EQ(refusal([](json& b) { b["queue"].erase("oldest"); }), "");
  EXPECT_THAT(refusal([](json& b) { b["queue"].erase("expired"); }),
              HasSubstr("field queue lacks \"expired\""));
  EXPECT_THAT(refusal([](json& b) { b["queue"]["oldest"] = -1; }), HasSubstr("field queue"));
  EXPECT_THAT(refusal([](json& b) { b.erase("upload"); }), HasSubstr("field upload"));
  EXPECT_THAT(refusal([](json& b) { b["upload"]["circuit"] = "ajar"; }), HasSubstr("field upload.circuit"));
  EXPECT_THAT(refusal([](json& b) { b["upload"]["quarantined"] = 0.5; }),
              HasSubstr("field upload.quarantined"));
  EXPECT_THAT(refusal([](json& b) { b["problems"]["queue"] = 3; }), HasSubstr("field problems"));
  EXPECT_EQ(refusal([](json& b) { b["states"] = {{"exposure", "planned"}}; }), "");
  EXPECT_THAT(refusal([](json& b) { b["states"] = {{"exposure", 1}}; }), HasSubstr("field states"));
  EXPECT_THAT(refusal([](json& b) { b["counters"]["x"] = "many"; }), HasSubstr("field counters"));
  EXPECT_THAT(refusal([](json& b) { b.erase("time"); }), HasSubstr("field time"));
  const json clock{{"source", "ntp"}, {"max_error_ms", 12}, {"synchronised_ago_s", nullptr}};
  EXPECT_EQ(refusal([&](json& b) { b["clock"] = clock; }), "");
  for (const auto& [key, value] :
       {std::pair<std::string, json>{"source", 7}, {"max_error_ms", -1}, {"synchronised_ago_s", "x"}})
    EXPECT_THAT(refusal([&, key = key, value = value](json& b) {
                  b["clock"] = clock;
                  b["clock"][key] = value;
                }),
                HasSubstr("field clock." + key));
  EXPECT_THAT(refusal([](json& b) { b["clock"] = 7; }), HasSubstr("field clock"));
  const std::string uuid(32, 'a');
  EXPECT_EQ(refusal([&](json& b) { b["queue_uuid"] = uuid; }), "");
  for (const json& other : {json("A" + uuid.substr(1)), json(uuid + "a"), json(""), json(7)}) {
    EXPECT_EQ(refusal([&](json& b) { b["queue_uuid"] = other; }), "field queue_uuid must be 32 hex digits");
  }
  EXPECT_EQ(queue_in_heartbeat(beat.dump()), "");
}

}  // namespace
}  // namespace wayside::backoffice
