#include "src/roadsim/plates/glyph_set.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wayside/base/files.hpp"

#include "tests/doubles/temporary_folder.hpp"
#include "tests/roadsim/plates/press_for_tests.hpp"

namespace wayside::roadsim {
namespace {

using ::testing::HasSubstr;

class GlyphFile : public ::testing::Test {
 protected:
  // The message that loading the good file gives after one change to its text.
  std::string message_after(const std::string& from, const std::string& to) {
    std::string text = read_text_file(plates_folder() / "glyphs.json").value();
    const auto at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    text.replace(at, from.size(), to);
    return message_for(text);
  }
  std::string message_for(const std::string& text) {
    EXPECT_TRUE(replace_file(folder_.path() / "glyphs.json", as_bytes(text)));
    const auto press = PlatePress::load(folder_.path());
    if (press) return "loaded";
    EXPECT_EQ(press.error().code, ErrorCode::invalid_input);
    EXPECT_THAT(press.error().message, HasSubstr("glyphs.json"));
    return press.error().message;
  }
  doubles::TemporaryFolder folder_;
};

TEST_F(GlyphFile, MissingFileIsNotFoundAndNamed) {
  const auto press = PlatePress::load(folder_.path() / "nowhere");
  ASSERT_FALSE(press);
  EXPECT_EQ(press.error().code, ErrorCode::not_found);
  EXPECT_THAT(press.error().message, HasSubstr("nowhere/glyphs.json"));
}

TEST_F(GlyphFile, BrokenJsonSaysWhere) {
  EXPECT_THAT(message_for("{ \"version\": 1,\n oops"), HasSubstr("line 2"));
  EXPECT_THAT(message_for(""), HasSubstr("not JSON"));
  EXPECT_THAT(message_for("[]"), HasSubstr("JSON object"));
  EXPECT_THAT(message_for("\xff\xfe{}"), HasSubstr("not JSON"));
}

TEST_F(GlyphFile, WrongFieldsAreNamed) {
  EXPECT_EQ(message_after("\"version\": 1", "\"version\": 1"), "loaded");
  EXPECT_THAT(message_after("\"version\": 1", "\"version\": 2"), HasSubstr("version"));
  EXPECT_THAT(message_after("\"stroke\": 14", "\"stroke\": -14"), HasSubstr("stroke"));
  EXPECT_THAT(message_after("\"height\": 79", "\"height\": \"tall\""), HasSubstr("height"));
  EXPECT_THAT(message_after("\"A\": {", "\"a\": {"), HasSubstr("glyphs.a"));
  EXPECT_THAT(message_after("\"A\": { \"width\": 50", "\"A\": { \"width\": 1e9"),
              HasSubstr("glyphs.A.width"));
  EXPECT_THAT(message_after("[25.4, -1]", "[25.4, 1e300]"), HasSubstr("glyphs.A.strokes[0].path[0]"));
  EXPECT_THAT(message_after("[25.4, -1]", "[25.4, -1, -3]"), HasSubstr("glyphs.A.strokes[0].path[0]"));
  EXPECT_THAT(message_after("[25.4, -1]", "[25.4]"), HasSubstr("glyphs.A.strokes[0].path[0]"));
  EXPECT_THAT(message_after("[[25.4, -1], [7, 80]]", "[[25.4, -1]]"), HasSubstr("at least 2 points"));
  EXPECT_THAT(message_after("\"closed\": true", "\"closed\": 1"), HasSubstr("glyphs.0.strokes[0].closed"));
  EXPECT_THAT(message_after("\"closed\": true", "\"clsed\": true"), HasSubstr("clsed"));
  EXPECT_THAT(message_after("\"start_cut\": 90", "\"start_cut\": 999"), HasSubstr("start_cut"));
}

TEST_F(GlyphFile, WhatAMessageQuotesIsEscaped) {
  EXPECT_THAT(message_after("\"A\": {", R"("\u001b[2J": {)"), HasSubstr(R"(glyphs.\u001b[2J must be)"));
  EXPECT_THAT(message_after("\"closed\"", R"("\u009b")"), HasSubstr(R"(strokes[0].\u009b must be)"));
  EXPECT_THAT(message_for("{\x7f"), HasSubstr(R"(\u007f)"));
}

TEST_F(GlyphFile, CharactersAllAsWideAsTheStrokeAreRefused) {
  std::string glyphs;
  for (const char character : glyph_characters) {
    glyphs += glyphs.empty() ? "" : ",";
    glyphs += std::string("\"") + character + R"(":{"width":14,"strokes":[{"path":[[7,0],[7,79]]}]})";
  }
  EXPECT_THAT(message_for(R"({"version":1,"height":79,"stroke":14,"glyphs":{)" + glyphs + "}}"),
              HasSubstr("wider than the stroke"));
}

TEST_F(GlyphFile, AMissingCharacterIsNamed) {
  EXPECT_THAT(message_for(R"({"version": 1, "height": 79, "stroke": 14, "glyphs": {}})"),
              HasSubstr("glyphs.0"));
}

TEST(GlyphSet, EveryCharacterStaysInItsBoxAtEverySize) {
  const GlyphSet glyphs = GlyphSet::load(plates_folder() / "glyphs.json").value();
  for (const CharacterSize& size : {current_size, motorcycle_size, before_2001_size}) {
    for (const char character : glyph_characters) {
      for (const Piece& piece : glyphs.pieces(character, size)) {
        for (const cv::Point2d& point : piece) {
          EXPECT_GE(point.x, -1e-9) << character;
          EXPECT_LE(point.x, glyphs.width(character, size) + 1e-9) << character;
          EXPECT_GE(point.y, -1e-9) << character;
          EXPECT_LE(point.y, size.height + 1e-9) << character;
        }
      }
    }
  }
}

}  // namespace
}  // namespace wayside::roadsim
