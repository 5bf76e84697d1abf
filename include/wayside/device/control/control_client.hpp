// Asks the daemon on this machine, over its control socket.
//
//   Result<ControlClient> daemon = ControlClient::connect("/run/wayside/control");
//   Result<nlohmann::json> health = daemon->ask({.task = ControlTask::health});
//
// Threads: one at a time. Ownership: holds a connection; moved, not copied. Failure: unavailable where nobody
// listens, where the daemon hung up or gave no answer in time; refused and others as the daemon said. After
// any failure but the daemon's own word the connection is of no use any more: connect anew.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "wayside/base/bytes.hpp"
#include "wayside/base/result.hpp"
#include "wayside/device/control/control_message.hpp"

namespace wayside {

class ControlClient {
 public:
  // time_limit: for each answer.
  [[nodiscard]] static Result<ControlClient> connect(
      const std::filesystem::path& socket, std::chrono::milliseconds time_limit = std::chrono::seconds(5));
  ~ControlClient();
  ControlClient(ControlClient&& other) noexcept;
  ControlClient& operator=(ControlClient&& other) noexcept;

  // Of anything but aim.
  [[nodiscard]] Result<nlohmann::json> ask(const ControlRequest& request);

  // What the camera sees now, as JPEG.
  struct Snapshot {
    Bytes jpeg;
    bool blurred = true;  // where vehicles are
  };
  [[nodiscard]] Result<Snapshot> snapshot(const ControlRequest& request);

  // Calls on_report with every report, at most as often as request.every says and at least once in two
  // seconds, until it returns false; then the connection is closed. text: at most most_aim_text_bytes in at
  // most 22 lines of at most 79 characters, all printable ASCII, each ended by '\n'.
  struct AimReport {
    std::string text;
    nlohmann::json figures;  // "aim" of the answer
  };
  [[nodiscard]] Status aim(const ControlRequest& request,
                           const std::function<bool(const AimReport&)>& on_report);

 private:
  ControlClient(int socket, std::chrono::milliseconds time_limit);
  [[nodiscard]] Status send(const ControlRequest& request);
  [[nodiscard]] Result<nlohmann::json> receive();
  void hang_up();

  int socket_ = -1;
  std::chrono::milliseconds time_limit_;
  std::string received_;  // beyond the last line taken
};

// A report with what it takes to draw it over the last one (5 bytes a line and a few) is at most 1,100 bytes:
// ten a second at 115,200 baud.
inline constexpr std::size_t most_aim_text_bytes = 960;
// How often a line of such a speed can take one: every 100 ms at 115,200 baud, every 1,200 ms at 9,600.
[[nodiscard]] std::chrono::milliseconds aim_period(unsigned baud);

}  // namespace wayside
