// A USB camera that is a program: it plays pictures into a virtual machine, which sees a UVC device on its
// bus and drives it with a stock kernel. It is plugged in and out at will, and knows what it has sent.
//
// Sources: USB Device Class Definition for Video Devices 1.0 and its MJPEG payload; the usbredir protocol
// (protocol.txt of the usbredir project). One format, MJPEG; one size; a bulk endpoint.
//
// Threads: its own plays; the functions may be called from any. Ownership: copies the pictures. Failure:
// std::runtime_error where the machine's socket cannot be reached.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "wayside/base/bytes.hpp"

namespace wayside::vm {

struct UsbCameraOptions {
  std::filesystem::path socket;  // of the machine's chardev, which serves
  std::uint16_t width = 640;
  std::uint16_t height = 360;
  double frames_per_s = 5;
  bool again_from_the_start = false;  // else there is silence after the last picture
  bool on_request = false;            // each picture waits for an ask(), and is late where that is late
  bool declare_yuyv = false;          // the format that it offers instead, for a guest that takes none
};

// What a machine needs for it.
[[nodiscard]] std::vector<std::string> usb_words(const std::filesystem::path& socket);

class UsbCamera {
 public:
  UsbCamera(UsbCameraOptions options, std::vector<Bytes> pictures);
  UsbCamera(const UsbCamera&) = delete;
  UsbCamera& operator=(const UsbCamera&) = delete;
  ~UsbCamera() { unplug(); }

  void plug();
  void unplug();
  // For one picture more than were sent: asking again while one is on its way is asking once.
  void ask() { asked_ = sent_ + 1; }

  // Whole pictures that the guest's controller has taken, since the camera was made.
  [[nodiscard]] std::uint64_t sent() const { return sent_; }
  // How often a guest has begun to stream.
  [[nodiscard]] std::uint64_t streams() const { return streams_; }
  // Every picture is sent, where it does not begin again.
  [[nodiscard]] bool at_end() const { return at_end_; }

 private:
  class Connection;
  friend class Connection;

  const UsbCameraOptions options_;
  const std::vector<Bytes> pictures_;
  std::atomic<std::uint64_t> sent_{0};
  std::atomic<std::uint64_t> streams_{0};
  std::atomic<std::uint64_t> asked_{0};
  std::atomic<bool> at_end_{false};
  std::size_t next_ = 0;  // of the pictures; of the thread
  std::jthread thread_;
};

}  // namespace wayside::vm
