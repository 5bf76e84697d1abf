#include "src/app/board_keeper.hpp"

#include <utility>

#include <fmt/format.h>

#include "wayside/base/log.hpp"

#include "drivers/board/board_files.hpp"
#include "drivers/board/contact_line.hpp"
#include "src/app/interruptible_wait.hpp"
#include "src/app/named_thread.hpp"
#include "src/app/open_source.hpp"

namespace wayside::app {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds contacts_every{100};
constexpr milliseconds power_every{1'000};
constexpr milliseconds temperatures_every{10'000};
// The kernel reads the registers when it starts the card, and seldom after.
constexpr milliseconds storage_every{60'000};
constexpr milliseconds line_again{60'000};

std::string sentence(const std::vector<RestartCause>& causes) {
  std::string all;
  for (const RestartCause cause : causes)
    all += fmt::format("{}{}", all.empty() ? "by " : " and ", to_string(cause));
  return all;
}

}  // namespace

BoardKeeper::BoardKeeper(BoardKeeperOptions options, std::unique_ptr<BoardSensors> sensors,
                         const Clock& clock, Health& health, CounterSet& counters)
    : sensors_(std::move(sensors)),
      on_contact_(std::move(options.on_contact)),
      clock_(clock),
      health_(health),
      temperature_(options.hot_c),
      storage_(options.worn_percent) {
  if (sensors_) {
    low_voltages_ = &counters.counter("low_voltages", "Times that the board's voltage was too low");
    supply_losses_ = &counters.counter("supply_losses", "Times that the board's supply was gone");
  }
  for (BoardKeeperOptions::Contact& contact : options.contacts) {
    Counter& openings =
        counters.counter(contact.part + "_openings", fmt::format("Times that {} was opened", contact.name));
    contacts_.push_back({contact, ContactWatch(contact.name), openings, nullptr, {}, {}, {}});
  }
}

void BoardKeeper::start() {
  thread_ = named_thread("board", [this](const std::stop_token& stop) {
    do
      look();
    while (!wait_unless(stop, contacts_.empty() ? power_every : contacts_every));
  });
}

void BoardKeeper::stop() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

void BoardKeeper::look() {
  for (Watched& watched : contacts_)
    look_at(watched);
  if (sensors_) look_at_sensors();
}

bool BoardKeeper::due(std::optional<MonotonicTime>& last, milliseconds every) const {
  const MonotonicTime now = clock_.monotonic_now();
  if (last && now - *last < every) return false;
  last = now;
  return true;
}

// Only look() changes what is watched, so that it alone may read it without the lock.
template <class Change>
void BoardKeeper::update(Change change) {
  const std::scoped_lock lock(mutex_);
  change();
}

void BoardKeeper::look_at_sensors() {
  if (!std::exchange(restart_told_, true)) {
    if (const std::string by = sentence(sensors_->last_restart()); !by.empty()) {
      static_cast<void>(health_.says("last_restart", by));
      log::warning("board_restarted", {{"by", by}});
    }
  }
  if (due(power_seen_, power_every)) {
    const PowerReadings readings = sensors_->power();
    const std::uint64_t low = power_.low_voltages();
    const std::uint64_t lost = power_.supply_losses();
    update([&] { power_.saw(readings, clock_.monotonic_now()); });
    low_voltages_->add(power_.low_voltages() - low);
    supply_losses_->add(power_.supply_losses() - lost);
    tell("power", power_.problem(), power_.state());
  }
  if (due(temperatures_seen_, temperatures_every)) {
    const auto readings = sensors_->temperatures();
    update([&] { temperature_.saw(readings); });
    tell("temperature", temperature_.problem(), temperature_.state());
  }
  if (due(storage_seen_, storage_every)) {
    const auto readings = sensors_->storage();
    update([&] { storage_.saw(readings); });
    tell("storage", storage_.problem(), storage_.state());
  }
}

void BoardKeeper::look_at(Watched& watched) {
  if (!watched.line && due(watched.tried, line_again)) {
    auto opened = watched.contact.open();
    if (opened) {
      watched.line = std::move(*opened);
    } else {
      watched.why = opened.error();
    }
  }
  Result<bool> open = watched.line ? watched.line->is_open() : fail(watched.why);
  if (!open) {
    watched.line.reset();
    watched.why = open.error();
  }
  const std::uint64_t openings = watched.watch.openings();
  const std::optional<bool> was_open = watched.known_open;
  update([&] { watched.watch.saw(open, clock_.monotonic_now(), clock_.utc_now()); });
  watched.openings.add(watched.watch.openings() - openings);
  // While it cannot be read nobody knows; what it is afterwards counts against what it was before.
  if (watched.watch.is_open()) watched.known_open = watched.watch.is_open();
  // At the start one that is open is told too.
  if (on_contact_ && watched.known_open && was_open.value_or(false) != *watched.known_open)
    on_contact_(watched.contact.part, *watched.known_open);
  tell(watched.contact.part, watched.watch.problem(), watched.watch.state());
}

void BoardKeeper::tell(const std::string& part, const std::string& problem, const std::string& state) {
  static_cast<void>(health_.says(part, state));
  if (problem.empty()) {
    health_.well(part);
  } else if (health_.ill(part, problem)) {
    log::warning(part + "_unhealthy", {{"reason", problem}});
  }
}

std::vector<LabelledGauge> BoardKeeper::gauges() const {
  const std::scoped_lock lock(mutex_);
  std::vector<LabelledGauge> all;
  for (const auto& [sensor, celsius] : temperature_.celsius())
    all.push_back({"temperature_celsius", "Of the board's sensors", "sensor", sensor, celsius});
  for (const auto& [device, percent] : storage_.used_percent())
    all.push_back({"storage_life_used_ratio", "Of an eMMC's life, at least; in steps of a tenth", "device",
                   device, percent / 100.0});
  if (power_.tells()) {
    all.push_back({"voltage_low", "1 where the board says that its voltage is too low", "", "",
                   power_.voltage_is_low() ? 1.0 : 0.0});
    all.push_back(
        {"on_battery", "1 where a battery feeds the board", "", "", power_.is_on_battery() ? 1.0 : 0.0});
  }
  if (const auto percent = power_.battery_percent())
    all.push_back({"battery_charge_ratio", "Of the emptiest battery", "", "", *percent / 100.0});
  for (const Watched& watched : contacts_) {
    if (const auto open = watched.watch.is_open(); open)
      all.push_back({"contact_open", "1 where a contact at the housing is open", "contact",
                     watched.contact.part, *open ? 1.0 : 0.0});
  }
  return all;
}

std::unique_ptr<BoardKeeper> make_board_keeper(const Configuration& configuration, const Clock& clock,
                                               Health& health, CounterSet& counters,
                                               std::function<void(const std::string&, bool)> on_contact) {
  const Configuration::Board& configured = configuration.board;
  BoardKeeperOptions options;
  options.hot_c = configured.hot_c;
  options.worn_percent = static_cast<int>(configured.worn_percent);
  options.on_contact = std::move(on_contact);
  const auto add = [&](const char* part, const char* name, const std::filesystem::path& chip,
                       std::uint32_t line, const std::string& open) {
    if (chip.empty()) return;
    options.contacts.push_back({part, name, [chip = chip.string(), line, high = open == "high"] {
                                  return board::open_contact(chip, line, high);
                                }});
  };
  add("door", "the door", configured.door_chip, configured.door_line, configured.door_open);
  add("tamper", "the tamper contact", configured.tamper_chip, configured.tamper_line, configured.tamper_open);
  if (is_recording(configuration) || (configured.sensors.empty() && options.contacts.empty())) return nullptr;
  std::unique_ptr<BoardSensors> sensors;
  if (!configured.sensors.empty()) sensors = board::make_board_sensors(configured.sensors);
  return std::make_unique<BoardKeeper>(std::move(options), std::move(sensors), clock, health, counters);
}

}  // namespace wayside::app
