// How the board that the camera is fares: its temperatures, the wear of its flash, its supply, why it last
// restarted, and the contacts at its housing.
//
// Problems stand in the health as "temperature", "storage", "power" and by the contacts' names, and so do the
// states, with "last_restart" where that is told. Low voltages, losses of the supply and openings are
// counted. A contact whose line cannot be had is a problem, and tried again every minute.
//
// Life: start(), then stop(); or look() instead. Threads: one of its own, "board"; look() from one thread,
// gauges() from any. Ownership: owns the sensors; clock, health and counters outlive it. Failure: none.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "wayside/base/counters.hpp"
#include "wayside/device/board/board_watch.hpp"
#include "wayside/device/clock/clock.hpp"
#include "wayside/device/config/configuration.hpp"
#include "wayside/device/health/health.hpp"

#include "src/app/labelled_gauge.hpp"

namespace wayside::app {

struct BoardKeeperOptions {
  struct Contact {
    std::string part;  // "door"
    std::string name;  // as in a sentence: "the door"
    std::function<Result<std::unique_ptr<wayside::Contact>>()> open;
  };
  double hot_c = 85;
  int worn_percent = 80;
  std::vector<Contact> contacts;
  // Each time that a contact opens or closes; may be empty. From the thread that looks.
  std::function<void(const std::string& part, bool open)> on_contact;
};

class BoardKeeper {
 public:
  // sensors: none where they are not to be looked at.
  BoardKeeper(BoardKeeperOptions options, std::unique_ptr<BoardSensors> sensors, const Clock& clock,
              Health& health, CounterSet& counters);
  ~BoardKeeper() { stop(); }
  BoardKeeper(const BoardKeeper&) = delete;
  BoardKeeper& operator=(const BoardKeeper&) = delete;

  void start();
  void stop();

  // At what is due: contacts each time, the supply every second, temperatures every ten, wear every minute.
  void look();
  [[nodiscard]] std::vector<LabelledGauge> gauges() const;

 private:
  struct Watched {
    BoardKeeperOptions::Contact contact;
    ContactWatch watch;
    Counter& openings;
    std::unique_ptr<wayside::Contact> line;
    std::optional<MonotonicTime> tried;  // to have the line
    Error why;                           // there is none
    std::optional<bool> known_open;      // as it was last told
  };
  [[nodiscard]] bool due(std::optional<MonotonicTime>& last, std::chrono::milliseconds every) const;
  template <class Change>
  void update(Change change);
  void look_at_sensors();
  void look_at(Watched& watched);
  void tell(const std::string& part, const std::string& problem, const std::string& state);

  const std::unique_ptr<BoardSensors> sensors_;
  const std::function<void(const std::string& part, bool open)> on_contact_;
  const Clock& clock_;
  Health& health_;

  // Of look().
  std::optional<MonotonicTime> power_seen_;
  std::optional<MonotonicTime> temperatures_seen_;
  std::optional<MonotonicTime> storage_seen_;
  bool restart_told_ = false;

  mutable std::mutex mutex_;  // for what gauges() reads
  TemperatureWatch temperature_;
  StorageWatch storage_;
  PowerWatch power_;
  std::vector<Watched> contacts_;
  Counter* low_voltages_ = nullptr;
  Counter* supply_losses_ = nullptr;
  std::jthread thread_;
};

// From the configuration; none for a recording, or where neither sensors nor contacts are to be looked at.
[[nodiscard]] std::unique_ptr<BoardKeeper> make_board_keeper(
    const Configuration& configuration, const Clock& clock, Health& health, CounterSet& counters,
    std::function<void(const std::string& part, bool open)> on_contact = {});

}  // namespace wayside::app
