// What the product is: a flashed camera that is commissioned, sees a road, and whose records arrive.
#include <set>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "tests/image/camera_life.hpp"

namespace wayside::image {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

class ImageDelivery : public CameraLife {
 protected:
  [[nodiscard]] double seconds_since_power() const {
    return std::chrono::duration<double>(steady_clock::now() - switched_on_).count();
  }
  std::set<std::string> delivered() {
    std::set<std::string> vrms;
    for (const backoffice::StoredRecord& record : captures()) {
      EXPECT_TRUE(record.complete());
      const auto document = nlohmann::json::parse(record.document);
      vrms.insert(document.at("vrm").get<std::string>());
    }
    return vrms;
  }
};

TEST_F(ImageDelivery, CommissionedOverItsSerialLineItDeliversWhatDrivesPast) {
  road_ = vm::draw_road(4, 100);
  switch_on();
  vm::UsbCamera eyes(this->eyes(), road_.pictures);
  await_login();
  const double login_s = seconds_since_power();
  eyes.plug();
  ASSERT_NO_FATAL_FAILURE(commission());
  const double commissioned_s = seconds_since_power();
  const auto begin = steady_clock::now();
  show_road(eyes, 10min);
  const std::chrono::duration<double> shown = steady_clock::now() - begin;
  EXPECT_TRUE(eyes.at_end());
  EXPECT_TRUE(office_gets(road_.vrms.size(), 1min));
  type("show health", "alice> ");
  fmt::print("{}\n", machine_->said());
  type("show queue", "alice> ");
  fmt::print("{}\n", machine_->said());
  cut_power();
  EXPECT_EQ(delivered(), road_.vrms);
  fmt::print("login after {:.0f} s, commissioned after {:.0f} s; {} pictures in {:.0f} s\n", login_s,
             commissioned_s, eyes.sent(), shown.count());
  const QueueReport queue = queue_on_card();
  EXPECT_TRUE(queue.good) << to_text(queue);
  EXPECT_EQ(queue.device_id, device_id());
}

}  // namespace
}  // namespace wayside::image
