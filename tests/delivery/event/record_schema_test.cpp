// The schema is the contract with the back office: what the encoder writes fits it, and nothing else fits.
#include <algorithm>
#include <cctype>
#include <functional>
#include <vector>

#include <gtest/gtest.h>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

#include "tests/delivery/event/example_pass.hpp"

namespace wayside::testing {
namespace {

using nlohmann::json;
using JsonAdapter = valijson::adapters::NlohmannJsonAdapter;

class RecordSchema : public ::testing::Test {
 protected:
  RecordSchema() { valijson::SchemaParser().populateSchema(JsonAdapter(document_), schema_); }

  // Empty where it fits; the first complaint otherwise.
  std::string complaint(const json& document) const {
    valijson::ValidationResults results;
    if (valijson::Validator().validate(schema_, JsonAdapter(document), &results)) return {};
    valijson::ValidationResults::Error error;
    results.popError(error);
    std::string said;
    for (const std::string& step : error.context)
      said += step;
    return said + ": " + error.description;
  }

  static json encoded(const VehiclePass& pass = example_pass(), const RecordOrigin& origin = example_origin(),
                      const TimeQuality& time = example_time()) {
    const auto record = encode_record(pass, origin, time);
    if (!record) throw std::runtime_error(record.error().message);
    return json::parse(record->document);
  }

  const json document_ = schema_document();
  valijson::Schema schema_;
};

// Every object in the document, by JSON pointer.
void visit_objects(const json& node, const json::json_pointer& at, std::vector<json::json_pointer>& found) {
  if (node.is_object()) found.push_back(at);
  for (const auto& [key, child] : node.items()) {
    if (node.is_structured() && child.is_structured()) {
      visit_objects(child, node.is_array() ? at / std::stoul(key) : at / key, found);
    }
  }
}

void visit_keys(const json& node, const std::function<void(const std::string&)>& seen) {
  for (const auto& [key, child] : node.items()) {
    if (node.is_object()) seen(key);
    if (child.is_structured()) visit_keys(child, seen);
  }
}

bool speaks_of_speed(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  for (const char* word : {"speed", "velocity", "mph", "kmh", "km_h", "kph", "m_per_s", "metres_per"}) {
    if (text.find(word) != std::string::npos) return true;
  }
  return false;
}

TEST_F(RecordSchema, EncodedDocumentsFit) {
  EXPECT_EQ(complaint(encoded()), "");

  VehiclePass pass = example_pass();
  pass.vrm = "1";
  pass.character_confidences = {0};
  pass.confidence = 0;
  pass.alternatives.clear();
  pass.format = "unknown";
  pass.lines = 2;
  pass.direction = Direction::unknown;
  pass.lane.reset();
  pass.reads_rejected = 0;
  RecordOrigin origin = example_origin();
  origin.latitude.reset();
  origin.longitude.reset();
  EXPECT_EQ(complaint(encoded(pass, origin, {})), "");

  pass.vrm.assign(16, 'Z');
  pass.character_confidences.assign(16, 1.0F);
  pass.confidence = 1;
  pass.alternatives.assign(4, {"X", 1.0F});
  pass.direction = Direction::away;
  pass.lane = 255;
  EXPECT_EQ(complaint(encoded(pass, origin, {TimeSource::gnss, 0, 0})), "");
  EXPECT_EQ(complaint(encoded(pass, origin, {TimeSource::recording, std::nullopt, 1})), "");
}

TEST_F(RecordSchema, HitsFit) {
  const VehiclePass pass = example_pass();
  std::vector<RecordHit> hits(most_record_hits, {"north-1", 7, 0, "", "exact", pass.vrm, std::nullopt, 1});
  hits[1] = {"s", 1, 1'000'000, "N/1", "one_character", "AB12CDF", 6, 0.12344};
  const auto record = encode_record(pass, example_origin(), example_time(), hits);
  ASSERT_TRUE(record) << record.error().message;
  const json document = json::parse(record->document);
  EXPECT_EQ(complaint(document), "");
  EXPECT_EQ(document.at("hits").at(1).at("probability"), 0.1234);
  EXPECT_FALSE(encoded().contains("hits"));
  json text = document;
  text["hits"][0]["reason"] = "look into the boot";
  EXPECT_NE(complaint(text), "");
}

TEST_F(RecordSchema, EveryObjectRefusesAnAddedField) {
  const json whole = encoded();
  std::vector<json::json_pointer> objects;
  visit_objects(whole, json::json_pointer(), objects);
  ASSERT_GT(objects.size(), 10U);
  for (const auto& object : objects) {
    json document = whole;
    document[object]["speed"] = 30;
    EXPECT_NE(complaint(document), "") << object.to_string();
  }
}

TEST_F(RecordSchema, EveryFieldButThePositionIsRequired) {
  const json whole = encoded();
  std::vector<json::json_pointer> objects;
  visit_objects(whole, json::json_pointer(), objects);
  for (const auto& object : objects) {
    for (const auto& [key, value] : whole[object].items()) {
      json document = whole;
      document[object].erase(key);
      EXPECT_NE(complaint(document), "")
          << object.to_string() << "/" << key;  // one of the position alone is refused too
    }
  }
  json without_position = whole;
  without_position["site"].erase("latitude");
  without_position["site"].erase("longitude");
  EXPECT_EQ(complaint(without_position), "");
}

TEST_F(RecordSchema, RefusesValuesOfAnotherForm) {
  const json whole = encoded();
  const std::vector<std::pair<const char*, json>> wrongs = {
      {"/version", 2},
      {"/version", "1"},
      {"/device_id", "0123456789ABCDEF"},
      {"/vrm", ""},
      {"/vrm", "AB12 CDE"},
      {"/vrm", "ab12cde"},
      {"/vrm", "AB12CDE\n"},
      {"/confidence", 1.01},
      {"/confidence", nullptr},
      {"/characters", json::array()},
      {"/characters/0/character", "AB"},
      {"/format", "Current"},
      {"/lines", 3},
      {"/lines", 1.5},
      {"/quad", json::array({json::array({1, 2})})},
      {"/quad/0", json::array({1, 2, 3})},
      {"/quad/0/0", "1"},
      {"/frame_size/width", 0},
      {"/direction", "left"},
      {"/motion_towards_camera", "true"},
      {"/lane", -1},
      {"/frames/best/number", -1},
      {"/frames/best/time", "2026-05-28 20:26:40"},
      {"/reads/used", 0},
      {"/time/captured_at", "2026-05-28T20:26:40Z"},
      {"/time/source", "sundial"},
      {"/time/max_error_ms", -1},
      {"/time/boot_id", "0011"},
      {"/time/monotonic_ms", -1},
      {"/time/redated_from", nullptr},
      {"/images/plate/width", 121},
      {"/images/plate/height", 61},
      {"/images/overview/bytes", 25'001},
      {"/images/plate/sha256", "00"},
      {"/site/latitude", 91},
      {"/site/name", ""},
      {"/site/feed_id", 4'294'967'296},
      {"/configuration", "fedcba987654321"},
      {"/firmware", ""},
  };
  for (const auto& [where, value] : wrongs) {
    json document = whole;
    document[json::json_pointer(where)] = value;
    EXPECT_NE(complaint(document), "") << where << " " << value;
  }
  json five = whole;
  five["alternatives"].insert(five["alternatives"].end(), 3, five["alternatives"][0]);
  EXPECT_NE(complaint(five), "");
}

TEST_F(RecordSchema, EveryObjectItDescribesIsClosedAndEveryFieldExplained) {
  std::vector<json::json_pointer> objects;
  visit_objects(document_, json::json_pointer(), objects);
  std::size_t fields = 0;
  for (const auto& at : objects) {
    const json& node = document_[at];
    if (!node.contains("properties") || !node["properties"].is_object()) continue;
    EXPECT_EQ(node.value("additionalProperties", json()), false) << at.to_string();
    for (const auto& [name, field] : node["properties"].items()) {
      ++fields;
      const json& explained =
          field.contains("description")
              ? field
              : document_[json::json_pointer(field.at("$ref").get<std::string>().substr(1))];
      EXPECT_FALSE(explained.value("description", "").empty()) << at.to_string() << "/" << name;
    }
  }
  EXPECT_GT(fields, 40U);
}

TEST_F(RecordSchema, NoKeyOfSchemaOrDocumentSpeaksOfSpeed) {
  EXPECT_TRUE(speaks_of_speed("maxSpeed"));
  for (const json& whole : {document_, encoded()}) {
    std::size_t keys = 0;
    visit_keys(whole, [&](const std::string& key) {
      ++keys;
      EXPECT_FALSE(speaks_of_speed(key)) << key;
    });
    EXPECT_GT(keys, 50U);
  }
}

TEST_F(RecordSchema, NoFieldOfPassOrRecordHeadersSpeaksOfSpeed) {
  const std::filesystem::path root = std::getenv("WAYSIDE_SOURCE_DIR");
  for (const char* header :
       {"anpr/track/vehicle_pass.hpp", "anpr/track/pass_tracker.hpp", "delivery/event/capture_record.hpp"}) {
    const auto text = read_text_file(root / "include/wayside" / header);
    ASSERT_TRUE(text) << text.error().message;
    std::istringstream lines(*text);
    std::size_t code_lines = 0;
    for (std::string line; std::getline(lines, line);) {
      const std::string code = line.substr(0, line.find("//"));  // the comments say that there is none
      code_lines += code.empty() ? 0U : 1U;
      EXPECT_FALSE(speaks_of_speed(code)) << header << ": " << line;
    }
    EXPECT_GT(code_lines, 20U) << header;
  }
}

}  // namespace
}  // namespace wayside::testing
