// A camera's updates against a real office over TLS: learnt of by a heartbeat, fetched, handed over.
#include <fstream>

#include <gmock/gmock.h>

#include "wayside/backoffice/updates.hpp"

#include "tests/app/update_fixture.hpp"
#include "tests/doubles/back_office_double.hpp"

namespace wayside::app {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class UpdateOfficeTest : public UpdateKeeperTest {
 protected:
  UpdateOfficeTest() { serve(); }
  // Again: as after a restart, under its old address.
  void serve() {
    backoffice::ServerOptions options;
    options.port = port_;
    port_ = office_.start(options).port();
    https_.url = office_.server().url();
    https_.ca_certificate = camera_.back_office_ca;
    https_.certificate = camera_.certificate;
    https_.private_key = camera_.private_key;
  }
  void keep(std::uint64_t bytes_per_s = 0) {
    UpdateKeeperOptions options;
    options.folder = folder_;
    options.system = system_;
    options.bytes_per_s = bytes_per_s;
    options.able = [this] { return able_; };
    keeper_ = std::make_unique<UpdateKeeper>(
        options, [this] { return make_update_office(https_, camera_.device_id); }, clock_, health_,
        counters_);
  }
  [[nodiscard]] backoffice::Updates updates() { return backoffice::Updates(office_.authority().updates()); }
  UpdateOffer add(const std::string& version) {
    UpdateOffer offer = bundle(version);
    std::ofstream(temporary_.path() / "wayside.raucb") << way_.bundles[offer.sha256];
    std::ofstream(temporary_.path() / "wayside.update") << to_json(offer).dump();
    const auto added = updates().add(temporary_.path() / "wayside.update", office_.now());
    EXPECT_TRUE(added) << added.error().message;
    return offer;
  }
  void give(const std::string& version) {
    const Status given = updates().give(version, "wayside-test", camera_.device_id, {}, office_.now());
    ASSERT_TRUE(given) << given.error().message;
  }
  // What the camera's uplink does.
  void heartbeat() {
    const auto office = make_https_back_office(https_).value();
    HeldForOffice held;
    held.system = keeper_->told();
    const auto known = office->heartbeat(camera_.device_id,
                                         heartbeat_json(clock_, health_, {7}, {}, {}, counters_, 0, held));
    ASSERT_TRUE(known) << known.error().message;
    ASSERT_TRUE((*known)->update);
    keeper_->offered(*(*known)->update);
  }

  doubles::BackOfficeDouble office_;
  Identity camera_ = office_.new_camera();
  HttpsOptions https_;
  std::uint16_t port_ = 0;
};

TEST_F(UpdateOfficeTest, WhatTheOfficeGivesIsFetchedOverTlsAndHandedOver) {
  const UpdateOffer offer = add("1.2.3");
  keep();
  heartbeat();
  settle();
  EXPECT_EQ(state(), "none");  // the office has it, and gives it to nobody
  give("1.2.3");
  heartbeat();
  settle();
  ASSERT_TRUE(request()) << problem();
  EXPECT_EQ(*request(), (InstallRequest{"1.2.3", offer.sha256, able_}));
  EXPECT_EQ(content(folder_.bundle()), way_.bundles[offer.sha256]);
  heartbeat();
  const std::string told = office_.store().heartbeat(camera_.device_id).value();
  EXPECT_THAT(told, HasSubstr(R"("state":"asked")"));
  EXPECT_THAT(read_text_file(office_.authority().updates() / "audit.jsonl").value(), HasSubstr("\"sent\""));
}

TEST_F(UpdateOfficeTest, AnOfficeThatRestartsInBetweenIsGoneOnWith) {
  const UpdateOffer offer = add("1.2.3");
  give("1.2.3");
  keep(512 * 1024);
  heartbeat();
  go_on(2s);
  EXPECT_GT(keeper_->state().percent, 10U);
  EXPECT_LT(keeper_->state().percent, 90U);
  office_.stop();
  go_on(10min);
  EXPECT_FALSE(request());
  EXPECT_EQ(problem(), "");
  EXPECT_NE(keeper_->state().reason, "");
  serve();
  go_on(10min);
  heartbeat();
  settle();
  ASSERT_TRUE(request()) << problem();
  EXPECT_EQ(content(folder_.bundle()), way_.bundles[offer.sha256]);
  EXPECT_EQ(counters_.counter("update_bytes_fetched").value(), offer.bytes);  // no byte twice
}

TEST_F(UpdateOfficeTest, OneThatIsWithdrawnInBetweenIsLetGo) {
  add("1.2.3");
  give("1.2.3");
  keep(512 * 1024);
  heartbeat();
  go_on(2s);
  ASSERT_TRUE(updates().withdraw("wayside-test", camera_.device_id, office_.now()));
  go_on(1min);
  EXPECT_THAT(problem(), HasSubstr("404"));
  heartbeat();
  settle();
  EXPECT_EQ(problem(), "");
  EXPECT_TRUE(std::filesystem::is_empty(folder_.incoming()));
}

}  // namespace
}  // namespace wayside::app
