// What the product is: a flashed camera that is commissioned, sees a road, and whose records arrive. And what
// others have of it: a neighbour on its network, whoever carries its card away, whoever gets it when it was
// wiped.
#include <algorithm>
#include <set>
#include <thread>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "wayside/base/signature.hpp"
#include "wayside/device/wipe/wipe.hpp"

#include "tests/image/camera_life.hpp"
#include "tests/image/card_search.hpp"
#include "tests/image/neighbour.hpp"

namespace wayside::image {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;

class ImageDelivery : public CameraLife {
 protected:
  // The VRM of each record that has arrived.
  std::multiset<std::string> delivered() {
    std::multiset<std::string> vrms;
    for (const backoffice::StoredRecord& record : captures())
      vrms.insert(nlohmann::json::parse(record.document).at("vrm").get<std::string>());
    return vrms;
  }
  void expect_whole_records() {
    for (const backoffice::StoredRecord& record : captures()) {
      EXPECT_TRUE(record.complete());
      EXPECT_THAT(record.document, HasSubstr(site));
    }
  }
  void deliver(vm::UsbCamera& eyes) {
    see(eyes);
    const auto begin = steady_clock::now();
    show_road(eyes, 25min, [&] {
      const auto vrms = delivered();
      return std::set<std::string>(vrms.begin(), vrms.end()).size() >= road_.vrms.size();
    });
    const std::chrono::duration<double> took = steady_clock::now() - begin;
    EXPECT_EQ(delivered(), (std::multiset<std::string>(road_.vrms.begin(), road_.vrms.end())));
    fmt::print("{} pictures of {} x {} in {:.0f} s, {:.1f} a second; {} vehicles\n", eyes.sent(), road_.width,
               road_.height, took.count(), static_cast<double>(eyes.sent()) / took.count(),
               road_.vrms.size());
    tell("all delivered");
    const auto pictures_too = [&] {
      const auto records = captures();
      return std::all_of(records.begin(), records.end(),
                         [](const auto& record) { return record.complete(); });
    };
    show_road(eyes, 2min, pictures_too);
    expect_whole_records();
    EXPECT_THAT(answer("show health"), AllOf(HasSubstr("capturing       yes"), HasSubstr("in_force")));
  }
  // Where the host is so busy that the guest has given up waiting for it, it is plugged in once more.
  void see(vm::UsbCamera& eyes) {
    for (int tries = 0; tries < 5 && eyes.streams() == 0; ++tries) {
      eyes.unplug();
      eyes.plug();
      const auto until = steady_clock::now() + 2min;
      while (eyes.streams() == 0 && steady_clock::now() < until)
        std::this_thread::sleep_for(100ms);
    }
    ASSERT_GT(eyes.streams(), 0U) << "it does not see";
    tell("sees");
  }
  void check_queue() {
    const QueueReport queue = queue_on_card();
    EXPECT_TRUE(queue.good) << to_text(queue);
    EXPECT_EQ(queue.device_id, device_id());
    EXPECT_GE(queue.signatures_good, road_.vrms.size());
  }
  // Nobody but its office, which it calls itself, can speak to it.
  void scan() {
    Neighbour neighbour(options_.neighbour);
    const auto begin = steady_clock::now();
    const Neighbour::Found camera = neighbour.scan({10, 0, 2, 15});
    fmt::print("65535 ports in {:.0f} s\n",
               std::chrono::duration<double>(steady_clock::now() - begin).count());
    EXPECT_TRUE(camera.whole);
    EXPECT_THAT(camera.tcp, IsEmpty());
    EXPECT_THAT(camera.udp, IsEmpty());
    EXPECT_FALSE(camera.echo);
    // The same probes find what is open.
    const std::uint16_t port = office_.server().port();
    const Neighbour::Found office = neighbour.scan({10, 0, 2, 2}, port, port);
    EXPECT_THAT(office.tcp, testing::ElementsAre(port));
  }
  // What the card holds, and what only the camera's memory or the office ever had.
  void search_card(const std::set<std::string>& vrms) {
    std::vector<std::string> secrets = {password};
    for (const std::string& vrm : vrms) {
      for (const std::string& spelling : spellings(vrm))
        secrets.push_back(spelling);
    }
    const std::filesystem::path office = office_.folder() / "office";
    for (const char* const key : {"ca.key", "server.key", "authority/authority.key"}) {
      for (const std::string& material : key_material(office / key))
        secrets.push_back(material);
    }
    EXPECT_THAT(found_on(*disk_, secrets), IsEmpty());
    // It would have been seen, in a slot that is empty.
    disk_->write("root_b", as_bytes(*vrms.begin()));
    EXPECT_EQ(found_on(*disk_, secrets).count(*vrms.begin()), 1U);
    disk_->write("root_b", Bytes(vrms.begin()->size(), 0));
    // And the search finds what is there: what a camera is lies in its own partition and nowhere else.
    const std::string address = fmt::format("10.0.2.2:{}", office_.server().port());
    std::vector<std::string> its_own = key_material(copied_out("config") / "identity" / "device.key");
    its_own.insert(its_own.end(), {site, address, "-----BEGIN PRIVATE KEY-----"});
    const auto found = found_on(*disk_, its_own);
    for (const auto& [text, partitions] : found)
      EXPECT_THAT(partitions, testing::ElementsAre("config")) << text;
    EXPECT_GE(found.size(), its_own.size() - 1);  // of the key's two forms the file has one
    EXPECT_EQ(found.count(site), 1U);
  }
  // Something of each file of what a camera is, and of each record that arrived.
  std::vector<std::string> traces() {
    constexpr std::size_t bytes = 32;
    // The last: a name in a folder, and in the file system's journal.
    std::set<std::string> all = {site, fmt::format("10.0.2.2:{}", office_.server().port()), "WYSEAL\r\n",
                                 std::string(installer) + ".json"};
    const std::filesystem::path files = copied_out("config");
    for (const auto& entry : std::filesystem::recursive_directory_iterator(files)) {
      if (!entry.is_regular_file()) continue;
      const std::string content = *read_text_file(entry.path());
      if (content.size() >= 2 * bytes) all.insert(content.substr(content.size() / 2, bytes));
    }
    for (const backoffice::StoredRecord& record : captures())
      all.emplace(record.head.end() - bytes, record.head.end());
    const std::vector<std::string> each(all.begin(), all.end());
    EXPECT_EQ(found_on(*disk_, each).size(), each.size());  // the search finds them
    return each;
  }
  // At the serial line, with a power cut once the first is gone of what the card held; the power is off again
  // when the camera is as from the factory.
  void wipe(const std::vector<std::string>& traces) {
    type("wipe", "Type \"wipe\" to go on: ");
    type("wipe", "Type \"destroy everything\" to go on: ");
    type("destroy everything", "Everything is being destroyed");
    auto until = steady_clock::now() + patience;
    while (found_on(*disk_, traces).size() == traces.size()) {
      if (steady_clock::now() >= until) throw std::runtime_error("nothing is wiped: " + machine_->said());
    }
    cut_power();
    const std::size_t left = found_on(*disk_, traces).size();
    fmt::print("{} of {} traces were left when the power was cut\n", left, traces.size());
    EXPECT_GT(left, 0U);
    switch_on();
    // The login greets whoever presses a key; until all is gone it is the old one.
    until = steady_clock::now() + patience;
    do {
      if (steady_clock::now() >= until) throw std::runtime_error("no end of the wipe: " + machine_->said());
      machine_->type("\r");
    } while (!machine_->says("No account is there yet", 5s));
    cut_power();
  }
  // But the receipt, which the key that is gone has signed.
  void expect_nothing_of(std::vector<std::string> traces) {
    const auto text = read_text_file(copied_out("config") / "wipe" / "receipt-0001.json");
    ASSERT_TRUE(text) << text.error().message;
    // What the trail says of the one who is logged in, the receipt says, too.
    const auto known = std::remove_if(traces.begin(), traces.end(), [&](const std::string& trace) {
      return text->find(trace) != std::string::npos;
    });
    EXPECT_LE(traces.end() - known, 2);
    traces.erase(known, traces.end());
    EXPECT_THAT(found_on(*disk_, traces), IsEmpty());
    const auto receipt = check_wipe_receipt(*text, device_key());
    ASSERT_TRUE(receipt) << receipt.error().message;
    EXPECT_THAT(*receipt,
                AllOf(HasSubstr("asked for by alice (installer) at ttyAMA0"),
                      HasSubstr("free space: destroyed\n"), HasSubstr("complete: nothing is left")));
  }
};

TEST_F(ImageDelivery, CommissionedOverItsSerialLineItDeliversWhatDrivesPastAndIsNobodysOnceWiped) {
  options_.neighbour = folder_.path() / "net";
  options_.memory_mib = 256;  // all that a camera needs, at work too
  road_ = vm::draw_road(4, 1);
  // The empty road, until all have passed.
  const Bytes empty = road_.pictures.back();
  road_.pictures.insert(road_.pictures.end(), 1000, empty);
  vm::UsbCamera eyes(this->eyes(), road_.pictures);
  switch_on();
  await("login: ");
  tell("login");
  commission();
  tell("commissioned");
  ASSERT_NO_FATAL_FAILURE(deliver(eyes));
  eyes.unplug();
  scan();
  cut_power();
  check_queue();
  search_card(road_.vrms);
  const std::vector<std::string> traces = this->traces();

  // Again after a power cut, with nothing typed.
  switch_on();
  vm::UsbCamera again(this->eyes(), road_.pictures);
  await("login: ");
  tell("login");
  see(again);
  log_in();
  wipe(traces);
  expect_nothing_of(traces);
}

}  // namespace
}  // namespace wayside::image
