// A camera that is an image: switched on, commissioned over its serial line as an installer does it, with an
// office outside over TLS, a USB camera for eyes, and its card to be looked at once the power is gone.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "wayside/delivery/verify/queue_verify.hpp"

#include "tests/doubles/back_office_double.hpp"
#include "tests/doubles/temporary_folder.hpp"
#include "tests/image/camera_disk.hpp"
#include "tests/image/camera_machine.hpp"
#include "tests/vm/machine/usb_camera.hpp"
#include "tests/vm/road/road_pictures.hpp"

namespace wayside::image {

class CameraLife : public testing::Test {
 protected:
  static constexpr const char* installer = "alice";
  static constexpr const char* password = "correct horse battery";
  static constexpr const char* site = "A14 J31 eastbound lane 1";
  // Of anything at an emulated machine on a busy host.
  static constexpr std::chrono::minutes patience{10};

  void SetUp() override;

  // --- the camera
  void switch_on();
  void cut_power() { machine_.reset(); }
  // What its line says, and what is typed and awaited for it. A std::runtime_error with what is said instead,
  // like whatever follows from these.
  void await(const std::string& text, std::chrono::seconds limit = patience);
  void type(const std::string& line, const std::string& answer, std::chrono::seconds limit = patience);
  void log_in();
  // What has come to pass since the power came.
  void tell(const std::string& what) const;
  // What is said to a line, and to the lines that it asks for, once the daemon answers: it may still be
  // starting, as the console says then.
  std::string answer(const std::string& line, const std::string& more = {});
  // From the first login to a confirmed configuration, with the office's enrolment; logged in.
  void commission();
  [[nodiscard]] const std::string& device_id() const { return device_id_; }

  // --- the road
  enum class Traffic { dense, sparse };
  // Pictures as the machine has time for them (dense), and one in 2 s at least (sparse: at most, so that it
  // has time for something else), until they are all shown, it is enough, or the limit.
  void show_road(
      vm::UsbCamera& eyes, std::chrono::seconds limit,
      const std::function<bool()>& enough = [] { return false; }, Traffic traffic = Traffic::dense);
  [[nodiscard]] vm::UsbCameraOptions eyes() const;

  // --- the office
  [[nodiscard]] std::vector<backoffice::StoredRecord> captures();
  // False: not so many within the time.
  bool office_gets(std::size_t count, std::chrono::seconds limit = patience);

  // --- the card, while the power is off
  // A partition's files, as whoever mounts it next sees them, in a folder of their own.
  [[nodiscard]] std::filesystem::path copied_out(const std::string& partition) const;
  [[nodiscard]] QueueReport queue_on_card() const;
  // By the certificate that the office gave it.
  [[nodiscard]] PublicKey device_key() const;

  doubles::TemporaryFolder folder_;
  doubles::BackOfficeDouble office_{{"10.0.2.2"}};
  CameraMachineOptions options_;
  vm::RoadPictures road_;
  std::vector<std::string> more_settings_;  // that commission() makes, after all others
  std::unique_ptr<CameraDisk> disk_;
  std::unique_ptr<CameraMachine> machine_;
  std::chrono::steady_clock::time_point switched_on_;

 private:
  std::string device_id_;
  std::chrono::steady_clock::time_point asked_at_;
};

}  // namespace wayside::image
