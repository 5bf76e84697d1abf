// A capture record's document as the police service's fields.
#include "src/delivery/upload/bof2_capture.hpp"

#include <filesystem>

#include <gmock/gmock.h>

#include "wayside/base/files.hpp"

#include "src/delivery/upload/bof2_names.hpp"
#include "src/delivery/upload/bof2_sender.hpp"
#include "tests/backoffice/sample_record.hpp"
#include "tests/doubles/temporary_folder.hpp"

namespace wayside::upload::bof2 {
namespace {

using testing::HasSubstr;
using testing::Not;
using Json = nlohmann::json;

Json document() {
  return backoffice::sample_record("0123456789abcdef").document;
}
Result<Capture> read(const Json& json) {
  return capture_from(as_bytes(json.dump()));
}
Sender sender() {
  return {"camera 7", {'s', 'i', 'g'}};
}
std::string line_of(const Json& json) {
  const auto capture = read(json);
  if (!capture) return capture.error().message;
  const WipedBytes line = capture_line(*capture, sender());
  return {line.begin(), line.end()};
}

TEST(Bof2Capture, FieldsComeInTheOrderOfTheService) {
  Json json = document();
  json["site"]["latitude"] = 52.2295;
  json["site"]["longitude"] = -0.1532;
  const auto capture = read(json);
  ASSERT_TRUE(capture) << capture.error().message;
  std::string text;
  for (const Field& field : capture_fields(*capture, sender()))
    text += std::string(field.name) + "=" +
            (field.value ? std::string(field.value->begin(), field.value->end()) : "-") + " ";
  EXPECT_EQ(
      text,
      "signature=sig username=camera 7 VRM=AB12CDE feedID=1 sourceID=2 cameraID=3 "
      "captureDate=2026-11-22T17:00:40.123Z latitude=52.229500 longitude=-0.153200 cameraPresetPosition=- "
      "cameraPan=- cameraTilt=- cameraZoom=- confidencePercentage=97 motionTowardCamera=true ");
}

TEST(Bof2Capture, ALineOfACompoundCaptureHasEveryPlaceOfTheCallWithoutImages) {
  EXPECT_EQ(line_of(document()), "sig|camera 7|AB12CDE|1|2|3|2026-11-22T17:00:40.123Z|||||||97|true");
  Json json = document();
  json["motion_towards_camera"] = nullptr;
  json["confidence"] = 1;
  EXPECT_EQ(line_of(json), "sig|camera 7|AB12CDE|1|2|3|2026-11-22T17:00:40.123Z|||||||100|");
  json["motion_towards_camera"] = false;
  json["confidence"] = 0.9999;
  EXPECT_THAT(line_of(json), HasSubstr("|99|false")) << "certainty is not said of what is not certain";
}

TEST(Bof2Capture, ADocumentThatIsNoneIsRefusedByFieldAndWithoutItsValue) {
  const auto refusal = [](auto change) {
    Json json = document();
    change(json);
    const auto capture = read(json);
    return capture ? std::string("taken") : capture.error().message;
  };
  EXPECT_EQ(refusal([](Json&) {}), "taken");
  for (const char* vrm : {"", "AB12|CDE", "ab12cde", "AB12CDE\n", "AB12CDEFGHIJKLMNO"}) {
    const std::string said = refusal([&](Json& json) { json["vrm"] = vrm; });
    EXPECT_THAT(said, HasSubstr("field vrm must be"));
    EXPECT_THAT(said, Not(HasSubstr("AB12")));
  }
  EXPECT_THAT(refusal([](Json& json) { json.erase("vrm"); }), HasSubstr("field vrm"));
  EXPECT_THAT(refusal([](Json& json) { json["site"]["feed_id"] = -1; }), HasSubstr("field site.feed_id"));
  EXPECT_THAT(refusal([](Json& json) { json["site"]["camera_id"] = 4294967296; }),
              HasSubstr("field site.camera_id"));
  EXPECT_THAT(refusal([](Json& json) { json["site"] = 7; }), HasSubstr("field site"));
  EXPECT_THAT(refusal([](Json& json) { json["site"]["latitude"] = 1; }), HasSubstr("site.longitude"));
  EXPECT_THAT(refusal([](Json& json) { json["time"]["captured_at"] = "2026-02-30T00:00:00.000Z"; }),
              HasSubstr("field time.captured_at"));
  EXPECT_THAT(refusal([](Json& json) { json["confidence"] = 1.5; }), HasSubstr("field confidence"));
  EXPECT_THAT(refusal([](Json& json) { json["motion_towards_camera"] = "yes"; }),
              HasSubstr("field motion_towards_camera"));
  for (const char* text : {"", "[]", "\xff", "{\"vrm\":"})
    EXPECT_FALSE(capture_from(as_bytes(text))) << text;
}

TEST(Bof2Names, EveryNameAndItsStandingIsInTheDocument) {
  const auto text = read_text_file(std::filesystem::path(std::getenv("WAYSIDE_SOURCE_DIR")) /
                                   "include/wayside/delivery/upload/bof2.md");
  ASSERT_TRUE(text);
  for (const Name* name : all_names) {
    const char* const standing = name->standing == Standing::read          ? "read"
                                 : name->standing == Standing::second_hand ? "second hand"
                                                                           : "assumed";
    EXPECT_THAT(*text, HasSubstr("| `" + std::string(name->text) + "` | " + standing + " |"));
  }
}

class Bof2SenderTest : public testing::Test {
 protected:
  std::filesystem::path put(const std::string& text, unsigned mode = 0600) {
    const auto file = folder_.path() / "signature";
    EXPECT_TRUE(replace_file(file, as_bytes(text), mode));
    return file;
  }
  doubles::TemporaryFolder folder_;
};

TEST_F(Bof2SenderTest, TheSignatureIsALineOfAFileThatNobodyElseReads) {
  const auto loaded = load_sender("camera 7", put("a secret\n"));
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ(std::string(loaded->signature.begin(), loaded->signature.end()), "a secret");
  EXPECT_TRUE(load_sender("camera 7", {}));
  const auto open = load_sender("camera 7", put("a secret\n", 0644));
  ASSERT_FALSE(open);
  EXPECT_THAT(open.error().message, HasSubstr("has mode 0644"));
  EXPECT_THAT(open.error().message, HasSubstr("chmod 600"));
  EXPECT_THAT(open.error().message, Not(HasSubstr("secret\n")));
}

TEST_F(Bof2SenderTest, WhatCannotBeSentIsRefused) {
  for (const std::string& text : {std::string(), std::string("\n"), std::string("a|b"), std::string("a\nb"),
                                  std::string("\xc3\xa9"), std::string(1025, 'x'), std::string(2000, 'x')})
    EXPECT_FALSE(load_sender("camera 7", put(text))) << text.substr(0, 20);
  EXPECT_TRUE(load_sender("camera 7", put(std::string(1024, 'x'))));
  EXPECT_FALSE(load_sender("camera 7", folder_.path() / "none"));
  EXPECT_FALSE(load_sender("", {}));
  EXPECT_FALSE(load_sender("a|b", {}));
}

}  // namespace
}  // namespace wayside::upload::bof2
