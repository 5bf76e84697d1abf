#include "tests/image/camera_life.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <thread>

#include <fmt/format.h>

namespace wayside::image {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using std::chrono::steady_clock;

void CameraLife::SetUp() {
  if (const std::string lacking = missing(); !lacking.empty()) GTEST_SKIP() << lacking;
  disk_ = std::make_unique<CameraDisk>(folder_.path() / "disk");
  options_.usb = folder_.path() / "usb";
  office_.start();
}

void CameraLife::switch_on() {
  switched_on_ = steady_clock::now();
  machine_ = std::make_unique<CameraMachine>(disk_->path(), options_);
}

void CameraLife::await(const std::string& text, std::chrono::seconds limit) {
  if (!machine_->says(text, limit))
    throw std::runtime_error("the camera does not say \"" + text + "\" but:\n" + machine_->said());
}

void CameraLife::type(const std::string& line, const std::string& answer, std::chrono::seconds limit) {
  machine_->type(line + "\r");
  await(answer, limit);
}

void CameraLife::log_in() {
  type(installer, "password: ");
  type(password, "alice> ");
}

void CameraLife::tell(const std::string& what) const {
  fmt::print("{} after {:.0f} s", what,
             std::chrono::duration<double>(steady_clock::now() - switched_on_).count());
  if (const auto instructions = machine_->instructions())
    fmt::print(", {:.2f} thousand million instructions", static_cast<double>(*instructions) / 1e9);
  fmt::print("\n");
  std::fflush(stdout);
}

namespace {

// The last of them, both ends included.
std::string between(const std::string& text, const std::string& from, const std::string& to) {
  const std::size_t begin = text.rfind(from);
  const std::size_t end = text.find(to, begin);
  if (begin == std::string::npos || end == std::string::npos) return {};
  return text.substr(begin, end + to.size() - begin);
}

}  // namespace

std::string CameraLife::answer(const std::string& line, const std::string& more) {
  const auto until = steady_clock::now() + patience;
  for (;;) {
    if (more.empty()) {
      type(line, "alice> ");
    } else {
      type(line, "a line with only a full stop");
      type(more + ".", "alice> ");
    }
    if (machine_->said().find("the daemon does not answer") == std::string::npos) return machine_->said();
    if (steady_clock::now() >= until) throw std::runtime_error("the daemon never answers " + line);
    std::this_thread::sleep_for(1s);
  }
}

void CameraLife::commission() {
  type(installer, "new password: ");
  type(password, "once more: ");
  type(password, "alice is an installer now");
  await("login: ");
  log_in();
  // Its daemon may not have begun: then it is asked again, as the answer says.
  std::string shown;
  const auto until = steady_clock::now() + patience;
  do {
    if (steady_clock::now() >= until) throw std::runtime_error("it does not say who it is: " + shown);
    shown = answer("enrol show");
  } while (shown.find("This camera is ") == std::string::npos);
  shown.erase(std::remove(shown.begin(), shown.end(), '\r'), shown.end());
  const std::string end = "-----END CERTIFICATE REQUEST-----\n";
  device_id_ = between(shown, "This camera is ", ".").substr(15, 16);
  const auto [enrolment, office] =
      office_.enrol(device_id_, between(shown, "-----BEGIN CERTIFICATE REQUEST-----", end));
  std::string pasted = enrolment;
  std::replace(pasted.begin(), pasted.end(), '\n', '\r');
  const std::string taken = answer("enrol load", pasted);
  if (taken.find("This camera belongs to the office " + office) == std::string::npos)
    throw std::runtime_error("the camera does not take its enrolment:\n" + taken);
  type("configure", "]# ");
  // The machine is slow: a vehicle that is not seen for so long has passed all the same.
  std::vector<std::string> settings = {
      fmt::format("site name \"{}\"", site),
      "site feed_id 4",
      "site source_id 12",
      "site camera_id 117",
      "camera source libcamera",
      fmt::format("camera width {}", road_.width),
      fmt::format("camera height {}", road_.height),
      "capture stall_limit_ms 60000",
      "passes close_after_s 60",
      "passes suppress_repeat_s 60",
      "queue segments 8",
      fmt::format("upload url https://10.0.2.2:{}", office_.server().port())};
  settings.insert(settings.end(), more_settings_.begin(), more_settings_.end());
  for (const std::string& setting : settings)
    type("set " + setting, "]# ");
  type("commit confirmed 5", "Version 1 is committed.");
  type("confirm", "Version 1 stays.");
  type("exit", "alice> ");
}

void CameraLife::show_road(vm::UsbCamera& eyes, std::chrono::seconds limit,
                           const std::function<bool()>& enough, Traffic traffic) {
  // A camera that sees nothing for 5 s does not capture, by what it says of itself.
  constexpr auto longest_pause = 2s;
  const auto until = steady_clock::now() + limit;
  while (!eyes.at_end() && !enough() && steady_clock::now() < until) {
    // Twice: between two steps of its work there may be a pause.
    const bool idle = machine_->idle(50ms) && machine_->idle(50ms);
    if ((idle && traffic == Traffic::dense) || steady_clock::now() - asked_at_ > longest_pause) {
      eyes.ask();
      asked_at_ = steady_clock::now();
    }
    // To be looked at while a long test runs.
    std::ofstream(folder_.path() / "shown") << eyes.sent() << " pictures\n";
  }
}

vm::UsbCameraOptions CameraLife::eyes() const {
  constexpr double frames_per_s = 10;
  vm::UsbCameraOptions options{options_.usb, road_.width, road_.height, frames_per_s};
  options.on_request = true;
  return options;
}

std::vector<backoffice::StoredRecord> CameraLife::captures() {
  std::vector<backoffice::StoredRecord> records;
  const Status visited = office_.store().visit_all([&](const backoffice::StoredRecord& record) -> Status {
    if (record.type == RecordType::capture) records.push_back(record);
    return {};
  });
  EXPECT_TRUE(visited);
  return records;
}

bool CameraLife::office_gets(std::size_t count, std::chrono::seconds limit) {
  const auto until = steady_clock::now() + limit;
  while (captures().size() < count) {
    if (steady_clock::now() >= until) return false;
    std::this_thread::sleep_for(100ms);
  }
  return true;
}

fs::path CameraLife::copied_out(const std::string& partition) const {
  const fs::path image = folder_.path() / (partition + ".ext4");
  const fs::path files = folder_.path() / (partition + ".files");
  fs::remove_all(files);
  fs::create_directory(files);
  disk_->copy(partition, image);
  // What the journal holds is made good first, as the kernel does it. 1: it has mended something.
  const int mended =
      std::system(fmt::format("e2fsck -fy '{}' >'{}.log' 2>&1", image.string(), image.string()).c_str());
  EXPECT_LE(WEXITSTATUS(mended), 1) << *read_text_file(image.string() + ".log");
  const std::string dump = fmt::format("debugfs -R 'rdump / {}' '{}' >'{}.log' 2>&1", files.string(),
                                       image.string(), image.string());
  EXPECT_EQ(std::system(dump.c_str()), 0);
  fs::remove(image);
  return files;
}

PublicKey CameraLife::device_key() const {
  const auto key = load_device_key(office_.folder() / "for-the-camera" / "device.crt");
  EXPECT_TRUE(key) << key.error().message;
  return key ? key->key : PublicKey{};
}

QueueReport CameraLife::queue_on_card() const {
  const auto report = verify_queue(copied_out("queue"), {device_key()});
  EXPECT_TRUE(report) << report.error().message;
  return report ? *report : QueueReport{};
}

}  // namespace wayside::image
