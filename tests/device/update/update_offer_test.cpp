#include "wayside/device/update/update_offer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace wayside {
namespace {

using testing::HasSubstr;
using Json = nlohmann::json;

const std::string sha(64, 'a');

Json sound() {
  return {{"version", "1.2.3"}, {"compatible", "wayside-rpi"}, {"bytes", 100U}, {"sha256", sha}};
}

TEST(UpdateOffer, IsReadAsItWasWritten) {
  UpdateOffer offer{"1.2.3", "wayside-rpi", 100, sha, {}};
  EXPECT_EQ(update_offer_in(to_json(offer)).value(), offer);
  EXPECT_EQ(update_offer_from(sound().dump()).value(), offer);
  offer.not_before = utc_from_iso8601("2026-12-01T02:00:00Z").value();
  offer.given = utc_from_iso8601("2026-11-30T12:00:00.125Z").value();
  EXPECT_EQ(update_offer_from(to_json(offer).dump()).value(), offer);
  Json later = sound();
  later["build"] = "abc";  // of a later version
  EXPECT_TRUE(update_offer_in(later));
}

TEST(UpdateOffer, AFieldThatIsNotOfItsFormIsNamed) {
  const std::vector<std::pair<const char*, Json>> wrong = {
      {"version", "1.2"},
      {"version", 1},
      {"version", nullptr},
      {"compatible", "rpi"},
      {"compatible", "wayside-../x"},
      {"compatible", "wayside-" + std::string(60, 'x')},
      {"bytes", 0},
      {"bytes", -1},
      {"bytes", "1"},
      {"bytes", 1.5},
      {"bytes", largest_bundle_bytes + 1},
      {"sha256", "abc"},
      {"sha256", std::string(64, 'A')},
      {"sha256", std::string(63, 'a') + "/"},
      {"not_before", "soon"},
      {"not_before", 5},
      {"given", "lately"},
  };
  for (const auto& [field, value] : wrong) {
    Json offer = sound();
    offer[field] = value;
    const auto read = update_offer_from(offer.dump());
    ASSERT_FALSE(read) << offer.dump();
    EXPECT_THAT(read.error().message, HasSubstr(field));
  }
  for (const char* field : {"version", "compatible", "bytes", "sha256"}) {
    Json offer = sound();
    offer.erase(field);
    EXPECT_FALSE(update_offer_from(offer.dump())) << field;
  }
  EXPECT_FALSE(update_offer_from("[]"));
  EXPECT_FALSE(update_offer_in(Json("text")));
  EXPECT_FALSE(update_offer_from(R"({"version":"1.2.3","version":"1.2.4"})"));
}

}  // namespace
}  // namespace wayside
