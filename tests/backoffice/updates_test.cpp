// Update bundles at the office: taken in, given, fetched over TLS by those who are given them and by nobody
// else.
#include "wayside/backoffice/updates.hpp"

#include <fstream>
#include <vector>

#include <gmock/gmock.h>

#include "wayside/base/files.hpp"

#include "tests/backoffice/sealing_camera.hpp"
#include "tests/doubles/back_office_double.hpp"

namespace wayside::backoffice {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class UpdatesTest : public testing::Test {
 protected:
  static std::string bundle_of(std::size_t bytes, char salt = 'a') {
    std::string bundle(bytes, salt);
    for (std::size_t i = 0; i < bytes; ++i)
      bundle[i] = static_cast<char>(i * 31 + i / 251 + static_cast<unsigned char>(salt));
    return bundle;
  }
  static UpdateOffer offer_of(const std::string& bundle, const std::string& version) {
    return {version, board, bundle.size(), to_hex(sha256(as_bytes(bundle))), {}};
  }
  // As the image's build leaves both.
  fs::path build(const UpdateOffer& offer, const std::string& bundle) {
    const fs::path folder = office_.folder() / "build";
    fs::create_directories(folder);
    std::ofstream(folder / "wayside.raucb", std::ios::binary) << bundle;
    std::ofstream(folder / "wayside.update") << to_json(offer).dump() << "\n";
    return folder / "wayside.update";
  }
  UpdateOffer add(const std::string& version, const std::string& bundle) {
    const auto added = updates_.add(build(offer_of(bundle, version), bundle), now_);
    EXPECT_TRUE(added) << added.error().message;
    return added.value_or(UpdateOffer{});
  }
  void give(const std::string& version, const std::string& to, std::optional<UtcTime> not_before = {}) {
    const Status given = updates_.give(version, board, to, not_before, now_);
    ASSERT_TRUE(given) << given.error().message;
  }
  std::string version_for(const std::string& device_id, const std::string& compatible = board) {
    const auto offer = updates_.offer_for(device_id, compatible).value();
    return offer ? offer->version : "";
  }
  std::string audit() { return read_text_file(folder() / "audit.jsonl").value_or(""); }
  [[nodiscard]] fs::path folder() { return office_.authority().updates(); }
  std::size_t bundle_files() {
    std::size_t count = 0;
    for (const auto& entry : fs::directory_iterator(folder()))
      count += entry.path().filename() == "audit.jsonl" || entry.is_directory() ? 0 : 1;
    return count;
  }
  static json heartbeat(const std::optional<std::string>& compatible) {
    json beat{{"time", "2026-11-28T17:00:00.000Z"},
              {"problems", json::object()},
              {"queue",
               {{"unacknowledged", 0},
                {"evicted", 0},
                {"expired", 0},
                {"damaged", 0},
                {"segments", 64},
                {"segments_free", 60}}},
              {"upload", {{"circuit", "closed"}, {"dead_lettered", 0}, {"quarantined", 0}}},
              {"counters", json::object()},
              {"queue_uuid", std::string(32, 'a')}};
    if (compatible) {
      beat["system"] = {{"version", "1.3.0"},
                        {"compatible", *compatible},
                        {"update", {{"state", "none"}, {"version", ""}, {"reason", ""}}}};
    }
    return beat;
  }
  // What the office answers to it.
  static json beat(httplib::SSLClient& client, const Identity& camera, const json& heartbeat) {
    const auto result =
        client.Put("/v1/heartbeats/" + camera.device_id, heartbeat.dump(), "application/json");
    EXPECT_TRUE(result && result->status == 200) << (result ? result->body : "no answer");
    return result ? json::parse(result->body, nullptr, false) : json();
  }
  static std::string path_of(const Identity& camera, const UpdateOffer& offer, std::uint64_t from) {
    return "/v1/updates/" + camera.device_id + "/" + offer.sha256 + "/" + std::to_string(from);
  }

  static constexpr const char* board = "wayside-rpi";
  static constexpr UtcTime now_{1'795'000'000'000};
  doubles::BackOfficeDouble office_;
  Updates updates_{office_.authority().updates()};
  const std::string camera_ = "0123456789abcdef";
};

TEST_F(UpdatesTest, ABundleIsTakenInOnceItsLengthAndHashAreRight) {
  const std::string bundle = bundle_of(200'000);
  const UpdateOffer offer = offer_of(bundle, "1.4.0");
  for (const std::string& wrong : {bundle_of(200'000, 'b'), bundle.substr(1), bundle + "x", std::string()}) {
    const auto added = updates_.add(build(offer, wrong), now_);
    ASSERT_FALSE(added);
    EXPECT_THAT(added.error().message, HasSubstr("is not the bundle that its offer tells of"));
    EXPECT_EQ(bundle_files(), 0U);  // nothing is left behind
  }
  EXPECT_EQ(add("1.4.0", bundle), offer);
  EXPECT_EQ(add("1.4.0", bundle), offer);  // again: well
  EXPECT_EQ(read_text_file(folder() / (offer.sha256 + ".raucb")).value(), bundle);
  EXPECT_EQ(updates_.bundles().value(), (std::vector<UpdateOffer>{offer}));
  EXPECT_EQ(fs::status(folder()).permissions(), fs::perms::owner_all);
  EXPECT_THAT(audit(), HasSubstr("\"added\""));
}

TEST_F(UpdatesTest, WhatIsNoOfferOrHasNoBundleIsRefusedInWords) {
  const std::string bundle = bundle_of(100);
  const UpdateOffer offer = offer_of(bundle, "1.4.0");
  const fs::path file = build(offer, bundle);
  fs::remove(file.parent_path() / "wayside.raucb");
  EXPECT_THAT(updates_.add(file, now_).error().message, HasSubstr("there is no bundle"));
  fs::create_directory(file.parent_path() / "wayside.raucb");
  EXPECT_THAT(updates_.add(file, now_).error().message, HasSubstr("there is no bundle"));
  fs::remove(file.parent_path() / "wayside.raucb");
  std::ofstream(file) << "{}";
  EXPECT_THAT(updates_.add(file, now_).error().message, HasSubstr("field version"));
  UpdateOffer timed = offer;
  timed.not_before = now_;
  EXPECT_THAT(updates_.add(build(timed, bundle), now_).error().message, HasSubstr("not_before"));
  EXPECT_EQ(updates_.add(office_.folder() / "nowhere.update", now_).error().code, ErrorCode::not_found);
}

TEST_F(UpdatesTest, AnotherBundleOfAVersionThatIsThereIsRefused) {
  const UpdateOffer offer = add("1.4.0", bundle_of(100));
  const std::string other = bundle_of(100, 'b');
  const auto added = updates_.add(build(offer_of(other, "1.4.0"), other), now_);
  ASSERT_FALSE(added);
  EXPECT_EQ(added.error().code, ErrorCode::refused);
  EXPECT_THAT(added.error().message,
              HasSubstr("wayside-backoffice update remove " + office_.authority().folder().string() +
                        " --version 1.4.0 --compatible wayside-rpi"));
  EXPECT_EQ(updates_.bundles().value(), (std::vector<UpdateOffer>{offer}));
}

TEST_F(UpdatesTest, ABundleThatIsThereUnderAnotherNameIsRefused) {
  const std::string bundle = bundle_of(100);
  const UpdateOffer offer = add("1.4.0", bundle);
  UpdateOffer other_board = offer;
  other_board.compatible = "wayside-other";
  for (const UpdateOffer& renamed : {offer_of(bundle, "1.5.0"), other_board}) {
    const auto added = updates_.add(build(renamed, bundle), now_);
    ASSERT_FALSE(added);
    EXPECT_EQ(added.error().code, ErrorCode::refused);
    EXPECT_THAT(added.error().message, HasSubstr("this bundle is here already as 1.4.0 for wayside-rpi"));
    EXPECT_EQ(updates_.bundles().value(), (std::vector<UpdateOffer>{offer}));
  }
}

TEST_F(UpdatesTest, ABundleThatWasCutOrIsGoneIsGivenToNobody) {
  const UpdateOffer offer = add("1.2.0", bundle_of(5000));
  const fs::path file = folder() / (offer.sha256 + ".raucb");
  for (const bool cut : {true, false}) {
    cut ? fs::resize_file(file, 4999) : static_cast<void>(fs::remove(file));
    const Status given = updates_.give("1.2.0", board, std::string(all_cameras), {}, now_);
    ASSERT_FALSE(given);
    EXPECT_THAT(given.error().message, HasSubstr("not here whole any more"));
  }
  // What a power cut in remove() leaves, too.
  EXPECT_FALSE(updates_.is_whole(offer));
  EXPECT_EQ(add("1.2.0", bundle_of(5000)), offer);
  EXPECT_TRUE(updates_.is_whole(offer));
  give("1.2.0", std::string(all_cameras));
}

TEST_F(UpdatesTest, ABundleThatIsDamagedAtTheSameLengthIsMadeGoodByAddingItAgain) {
  const std::string bundle = bundle_of(5000);
  const UpdateOffer offer = add("1.2.0", bundle);
  const fs::path file = folder() / (offer.sha256 + ".raucb");
  std::ofstream(file, std::ios::binary) << bundle_of(5000, 'b');
  EXPECT_EQ(add("1.2.0", bundle), offer);
  EXPECT_EQ(read_text_file(file).value(), bundle);
}

TEST_F(UpdatesTest, ABundleThatWentWhileItIsGivenIsTheOfficesToMendAndNotToldAsNotGiven) {
  office_.start();
  const Identity camera = office_.new_camera();
  const auto client = client_of(camera, office_.server().port());
  const UpdateOffer offer = add("1.4.0", bundle_of(100));
  give("1.4.0", camera.device_id);
  beat(*client, camera, heartbeat(board));
  fs::remove(folder() / (offer.sha256 + ".raucb"));
  EXPECT_EQ(client->Get(path_of(camera, offer, 0))->status, 503);
  EXPECT_THAT(updates_.piece({camera.device_id, {}}, board, offer.sha256, 0, now_).error().message,
              HasSubstr("the bundle of version 1.4.0 is not here whole any more: add it again"));
  add("1.4.0", bundle_of(100));
  EXPECT_EQ(client->Get(path_of(camera, offer, 0))->status, 200);
}

TEST_F(UpdatesTest, WhereWhatIsSaidOfABundleIsDamagedItIsSaidWhatMendsThat) {
  const UpdateOffer offer = add("1.2.0", bundle_of(5000));
  const fs::path facts = folder() / (offer.sha256 + ".json");
  std::ofstream(facts, std::ios::trunc).close();
  const auto all = updates_.bundles();
  ASSERT_FALSE(all);
  EXPECT_THAT(all.error().message, AllOf(HasSubstr(facts.string()), HasSubstr("remove that file")));
  fs::remove(facts);
  EXPECT_EQ(add("1.2.0", bundle_of(5000)), offer);
  give("1.2.0", std::string(all_cameras));

  std::ofstream(folder() / "given" / board / std::string(all_cameras), std::ios::trunc).close();
  const auto given = updates_.given();
  ASSERT_FALSE(given);
  EXPECT_THAT(given.error().message, HasSubstr("withdraw it"));
  EXPECT_TRUE(updates_.withdraw(board, std::string(all_cameras), now_));
  give("1.2.0", std::string(all_cameras));
  EXPECT_TRUE(updates_.given());
}

TEST_F(UpdatesTest, ABundleThatNobodyIsGivenIsRemovedAndAnotherTakenInInItsPlace) {
  const UpdateOffer kept = add("1.3.0", bundle_of(99));
  const UpdateOffer offer = add("1.4.0", bundle_of(100));
  give("1.3.0", camera_);
  const Status removed = updates_.remove("1.4.0", board, now_);
  ASSERT_TRUE(removed) << removed.error().message;
  EXPECT_EQ(updates_.bundles().value(), (std::vector<UpdateOffer>{kept}));
  EXPECT_FALSE(fs::exists(folder() / (offer.sha256 + ".raucb")));
  EXPECT_EQ(bundle_files(), 2U);
  EXPECT_THAT(audit(), HasSubstr("\"what\":\"removed\""));
  for (const auto& [version, compatible] :
       {std::pair("1.4.0", board), std::pair("1.3.0", "wayside-other"), std::pair("\x1b[2J", "\x1b[2J")}) {
    const Status again = updates_.remove(version, compatible, now_);
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().code, ErrorCode::not_found);
    EXPECT_THAT(again.error().message, Not(HasSubstr("\x1b")));
  }
  add("1.4.0", bundle_of(100, 'b'));
  EXPECT_EQ(version_for(camera_), "1.3.0");
}

TEST_F(UpdatesTest, ABundleThatIsGivenIsNotRemovedAndWhatWithdrawsItIsNamed) {
  add("1.4.0", bundle_of(100));
  give("1.4.0", camera_);
  give("1.4.0", std::string(all_cameras));
  Status removed = updates_.remove("1.4.0", board, now_);
  ASSERT_FALSE(removed);
  EXPECT_EQ(removed.error().code, ErrorCode::refused);
  EXPECT_THAT(removed.error().message, HasSubstr("is given to 0123456789abcdef, all: "));
  const std::string command = "wayside-backoffice update withdraw " + office_.authority().folder().string() +
                              " --compatible wayside-rpi";
  EXPECT_THAT(removed.error().message, HasSubstr(command + " --device 0123456789abcdef, and with --all"));
  EXPECT_EQ(bundle_files(), 2U);
  ASSERT_TRUE(updates_.withdraw(board, camera_, now_));
  removed = updates_.remove("1.4.0", board, now_);
  ASSERT_FALSE(removed);
  EXPECT_THAT(removed.error().message, HasSubstr(command + " --all"));
  EXPECT_THAT(audit(), Not(HasSubstr("removed")));
  ASSERT_TRUE(updates_.withdraw(board, std::string(all_cameras), now_));
  EXPECT_TRUE(updates_.remove("1.4.0", board, now_));
}

TEST_F(UpdatesTest, ARemovalThatWasBrokenOffIsListedAndRemovedAgain) {
  const UpdateOffer offer = add("1.4.0", bundle_of(100));
  fs::remove(folder() / (offer.sha256 + ".raucb"));
  EXPECT_EQ(updates_.bundles().value(), (std::vector<UpdateOffer>{offer}));
  EXPECT_TRUE(updates_.remove("1.4.0", board, now_));
  EXPECT_EQ(bundle_files(), 0U);
}

TEST_F(UpdatesTest, ACamerasOwnComesBeforeThatOfAllAndOnlyForItsBoard) {
  add("1.4.0", bundle_of(100));
  add("1.10.0", bundle_of(101));
  EXPECT_EQ(version_for(camera_), "");
  give("1.4.0", std::string(all_cameras));
  EXPECT_EQ(version_for(camera_), "1.4.0");
  EXPECT_EQ(version_for(camera_, "wayside-other"), "");
  EXPECT_EQ(version_for(camera_, "../given/wayside-rpi"), "");
  give("1.10.0", camera_, now_);
  EXPECT_EQ(version_for(camera_), "1.10.0");
  EXPECT_EQ(updates_.offer_for(camera_, board).value()->not_before, now_);
  EXPECT_EQ(version_for("fedcba9876543210"), "1.4.0");
  const auto given = updates_.given().value();
  ASSERT_EQ(given.size(), 2U);
  EXPECT_EQ(given[0].to, camera_);
  EXPECT_EQ(given[1].to, all_cameras);
  EXPECT_EQ(updates_.bundles().value().back().version, "1.10.0");  // numbers, not letters

  ASSERT_TRUE(updates_.withdraw(board, camera_, now_));
  EXPECT_EQ(version_for(camera_), "1.4.0");
  EXPECT_EQ(updates_.withdraw(board, camera_, now_).error().code, ErrorCode::not_found);
  ASSERT_TRUE(updates_.withdraw(board, std::string(all_cameras), now_));
  EXPECT_EQ(version_for(camera_), "");
  for (const char* what : {"\"given\"", "\"withdrawn\"", "\"by\""})
    EXPECT_THAT(audit(), HasSubstr(what));
}

// A power cut while one was given.
TEST_F(UpdatesTest, WhatWasHalfWrittenIsGivenToNobodyAndStandsInNobodysWay) {
  add("1.4.0", bundle_of(100));
  give("1.4.0", camera_);
  const fs::path given = folder() / "given" / board;
  fs::copy(given / camera_, given / ".wayside-AbC123");
  std::ofstream(given / ".wayside-AbC124") << "{";
  EXPECT_EQ(updates_.given().value().size(), 1U);
  ASSERT_TRUE(updates_.withdraw(board, camera_, now_));
  EXPECT_TRUE(updates_.remove("1.4.0", board, now_));
  add("1.5.0", bundle_of(100, 'b'));
  give("1.5.0", std::string(all_cameras));
  EXPECT_FALSE(fs::exists(given / ".wayside-AbC124"));
}

TEST_F(UpdatesTest, WhatWasLeftOfACopyThatWasKilledIsGoneWithTheNext) {
  add("1.4.0", bundle_of(100));
  std::ofstream(folder() / ".wayside-AbC123") << "half a bundle";
  add("1.5.0", bundle_of(100, 'b'));
  EXPECT_FALSE(fs::exists(folder() / ".wayside-AbC123"));
  EXPECT_EQ(updates_.bundles().value().size(), 2U);
}

TEST_F(UpdatesTest, GivingTheSameAgainIsAnotherGiving) {
  add("1.4.0", bundle_of(100));
  give("1.4.0", camera_);
  const UpdateOffer first = updates_.offer_for(camera_, board).value().value();
  ASSERT_TRUE(updates_.give("1.4.0", board, camera_, {}, now_ + std::chrono::minutes(1)));
  EXPECT_NE(updates_.offer_for(camera_, board).value()->given, first.given);
}

TEST_F(UpdatesTest, WrongNamesAreRefusedInWords) {
  add("1.4.0", bundle_of(100));
  EXPECT_THAT(updates_.give("1.5.0", board, camera_, {}, now_).error().message,
              HasSubstr("run wayside-backoffice update add"));
  for (const char* to : {"0123", "../../ca.key", "0123456789ABCDEF", ""})
    EXPECT_EQ(updates_.give("1.4.0", board, to, {}, now_).error().code, ErrorCode::invalid_input) << to;
  for (const char* compatible : {"rpi", "wayside-../x", ""}) {
    EXPECT_EQ(updates_.give("1.4.0", compatible, camera_, {}, now_).error().code, ErrorCode::invalid_input);
    EXPECT_EQ(updates_.withdraw(compatible, camera_, now_).error().code, ErrorCode::invalid_input);
  }
}

TEST_F(UpdatesTest, WhatCannotBePutOnRecordIsNeitherGivenNorRemoved) {
  add("1.4.0", bundle_of(100));
  fs::remove(folder() / "audit.jsonl");
  fs::create_directory(folder() / "audit.jsonl");
  EXPECT_FALSE(updates_.give("1.4.0", board, camera_, {}, now_));
  EXPECT_EQ(version_for(camera_), "");
  EXPECT_FALSE(updates_.remove("1.4.0", board, now_));
  EXPECT_TRUE(fs::exists(folder() / (updates_.bundles().value().at(0).sha256 + ".raucb")));
}

TEST_F(UpdatesTest, ACameraLearnsOfItByItsHeartbeatAndFetchesItPieceByPiece) {
  office_.start();
  const Identity camera = office_.new_camera();
  const auto client = client_of(camera, office_.server().port());
  const std::string bundle = bundle_of(2 * update_piece_bytes + 1000);
  const UpdateOffer offer = add("1.4.0", bundle);
  EXPECT_TRUE(beat(*client, camera, heartbeat(board)).at("update").is_null());  // added, given to nobody
  give("1.4.0", camera.device_id, utc_from_iso8601("2026-12-01T02:00:00Z").value());
  EXPECT_FALSE(beat(*client, camera, heartbeat({})).contains("update"));  // of an earlier version
  EXPECT_TRUE(beat(*client, camera, heartbeat("wayside-other")).at("update").is_null());
  const json told = beat(*client, camera, heartbeat(board)).at("update");
  UpdateOffer expected = offer;
  expected.not_before = utc_from_iso8601("2026-12-01T02:00:00Z").value();
  expected.given = now_;
  EXPECT_EQ(update_offer_in(told).value(), expected);

  std::string got;
  while (got.size() < bundle.size()) {
    const auto piece = client->Get(path_of(camera, offer, got.size()));
    ASSERT_TRUE(piece && piece->status == 200) << (piece ? piece->body : "no answer");
    EXPECT_EQ(piece->get_header_value("Content-Type"), "application/vnd.wayside.update");
    ASSERT_FALSE(piece->body.empty());
    ASSERT_LE(piece->body.size(), update_piece_bytes);
    got += piece->body;
  }
  EXPECT_EQ(got, bundle);
  EXPECT_THAT(audit(), HasSubstr("\"sent\""));
  EXPECT_EQ(client->Get(path_of(camera, offer, bundle.size()))->status, 400);
  EXPECT_EQ(client->Post(path_of(camera, offer, 0), "x", "text/plain")->status, 405);

  ASSERT_TRUE(updates_.withdraw(board, camera.device_id, now_));
  EXPECT_EQ(client->Get(path_of(camera, offer, 0))->status, 404);
  EXPECT_TRUE(beat(*client, camera, heartbeat(board)).at("update").is_null());
}

TEST_F(UpdatesTest, OnlyACameraThatIsGivenItMayFetchIt) {
  office_.start();
  const Identity camera = office_.new_camera();
  const Identity other = office_.new_camera("other");
  const UpdateOffer offer = add("1.4.0", bundle_of(100));
  give("1.4.0", camera.device_id);
  const auto client = client_of(camera, office_.server().port());
  const auto others = client_of(other, office_.server().port());
  EXPECT_EQ(client->Get(path_of(camera, offer, 0))->status, 404);  // no heartbeat has said what it is
  beat(*client, camera, heartbeat(board));
  beat(*others, other, heartbeat(board));
  EXPECT_EQ(client->Get(path_of(camera, offer, 0))->status, 200);
  EXPECT_EQ(others->Get(path_of(other, offer, 0))->status, 404);
  EXPECT_EQ(others->Get(path_of(camera, offer, 0))->status, 403);
  EXPECT_THAT(audit(), HasSubstr("\"refused\""));
  for (const char* path : {"", "/", "/0", "/0/0", "/x"}) {
    EXPECT_EQ(client->Get("/v1/updates/" + camera.device_id + path)->status, 404) << path;
  }
  EXPECT_EQ(client->Get(path_of(camera, offer, 0) + "0")->status, 404);  // 00 is no number
}

TEST_F(UpdatesTest, AHeartbeatWhoseSystemIsNoneIsRefusedByName) {
  office_.start();
  const Identity camera = office_.new_camera();
  const auto client = client_of(camera, office_.server().port());
  for (const json& system : {json("1.3.0"), json{{"version", "1.3.0"}},
                             json{{"version", 1}, {"compatible", board}, {"update", json::object()}},
                             json{{"version", "1.3.0"}, {"compatible", board}, {"update", {{"state", 1}}}}}) {
    json beat = heartbeat({});
    beat["system"] = system;
    const auto result = client->Put("/v1/heartbeats/" + camera.device_id, beat.dump(), "application/json");
    ASSERT_TRUE(result);
    EXPECT_EQ(result->status, 422) << system.dump();
    EXPECT_THAT(result->body, HasSubstr("field system"));
  }
}

}  // namespace
}  // namespace wayside::backoffice
