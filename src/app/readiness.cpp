#include "src/app/readiness.hpp"

#include <optional>
#include <tuple>
#include <utility>

#include <fmt/format.h>
#include <unistd.h>

#include "wayside/anpr/model/model_store.hpp"
#include "wayside/delivery/seal/recipient_folder.hpp"
#include "wayside/delivery/seal/record_sealer.hpp"
#include "wayside/device/identity/identity.hpp"

#include "drivers/gpio/gpio_line.hpp"
#include "src/app/clock_sources.hpp"
#include "src/app/open_source.hpp"

namespace wayside::app {

namespace {

namespace fs = std::filesystem;

void add(std::vector<std::string>& all, std::string_view key, const std::string& sentence) {
  all.push_back(fmt::format("{}: {}", key, sentence));
}

void look_at_recipients(const fs::path& identity, UtcTime now, std::vector<std::string>& all) {
  constexpr std::string_view key = "identity.directory";
  const fs::path folder = identity / "recipients";
  const Result<RecipientFolder> read = read_recipient_folder(folder);
  if (!read) return add(all, key, read.error().message);
  for (const RecipientFolder::Bad& bad : read->bad)
    add(all, key, bad.error.message);
  Result<Secret> seed = load_signing_seed(identity);
  if (!seed) return;  // told with the certificate
  SealerOptions options;
  options.signing_seed = std::move(*seed);
  options.now = [now] { return std::optional(now); };
  for (const RecipientOfFile& one : read->good)
    options.recipients.push_back(one.recipient);
  if (const std::string problem = make_record_sealer(std::move(options))->problem(); !problem.empty())
    add(all, key, fmt::format("{}: {}", folder.string(), problem));
}

// Whether what is there counts, the camera itself says: it depends on the time.
void look_at_authority(const Configuration& configuration, std::vector<std::string>& all) {
  if (!needs_authority(configuration)) return;
  const fs::path folder = configuration.identity.directory / "authority";
  std::error_code absent;
  if (!fs::exists(folder / "office-key", absent)) {
    return add(all, "identity.directory",
               fmt::format("{} is not there: enrol the camera (again), and put what comes back there",
                           (folder / "office-key").string()));
  }
  fs::directory_iterator entries(folder, absent);
  for (; !absent && entries != fs::directory_iterator(); entries.increment(absent)) {
    if (entries->path().extension() == ".authority") return;
  }
  add(all, "identity.directory",
      fmt::format("there is no deployment authority in {}: nothing is captured until the office sends one "
                  "(wayside-backoffice authority issue)",
                  folder.string()));
}

void look_at_clock(const Configuration& configuration, const Clock& clock, std::vector<std::string>& all) {
  if (is_recording(configuration)) return;
  const Result<TimekeepingOptions> options = timekeeping_options(configuration, "", clock);
  if (!options) return add(all, "clock.source", options.error().message);
  if (!options->ask) {
    add(all, "clock.source", "is \"none\": records will say that their time is unsynchronised");
  } else if (const auto said = options->ask(); !said) {
    add(all, "clock.source", said.error().message);
  } else if (said->source == TimeSource::unsynchronised) {
    add(all, "clock.source",
        "the clock follows nothing yet: look at the time servers (clock.time_servers) and the receiver");
  }
  if (!options->gnss) return;
  if (const auto place = options->gnss(std::chrono::milliseconds(0)); !place)
    add(all, "clock.gpsd_port", place.error().message);
}

// The programs that the camera starts lie beside it.
void look_at_capture(const Configuration& configuration, std::vector<std::string>& all) {
  if (is_recording(configuration)) return;
  const fs::path program = capture_program_path();
  if (::access(program.c_str(), X_OK) == 0) return;
  add(all, "camera.source",
      fmt::format("{} is not there or cannot be run: it belongs beside waysided; install both anew",
                  program.string()));
}

// The first part of the queue's path that is there has to be a folder that can be written.
void look_at_queue(const fs::path& queue, std::vector<std::string>& all) {
  std::error_code absent;
  fs::path there = fs::absolute(queue, absent);
  while (there.has_relative_path() && !fs::exists(fs::symlink_status(there, absent)))
    there = there.parent_path();
  if (!fs::is_directory(there, absent)) {
    add(all, "queue.directory", fmt::format("{} is not a folder: name another path", there.string()));
  } else if (::access(there.c_str(), W_OK | X_OK) != 0) {
    add(all, "queue.directory",
        fmt::format("{} cannot be written by this user: give it to the user that the camera runs as",
                    there.string()));
  }
}

void look_at_police_service(const Configuration& configuration, std::vector<std::string>& all) {
  if (configuration.upload.profile != "bof2") return;
  const Configuration::Upload& service = configuration.upload;
  for (const auto& [key, path] :
       {std::pair<std::string_view, const fs::path&>{"signature_file", service.signature_file},
        {"ca_certificate", service.ca_certificate},
        {"certificate", service.certificate},
        {"private_key", service.private_key}}) {
    std::error_code absent;
    if (!path.empty() && !fs::is_regular_file(path, absent))
      add(all, fmt::format("upload.{}", key), fmt::format("there is no file {}", path.string()));
  }
}

// Opening any of it would already change something.
void look_at_illuminator(const Configuration& configuration, std::vector<std::string>& all) {
  const Configuration::Illuminator& illuminator = configuration.illuminator;
  if (is_recording(configuration) || illuminator.kind == "none") return;
  for (const auto& [key, path] :
       {std::pair<std::string_view, const fs::path&>{"pwm_chip", illuminator.pwm_chip},
        {"gpio_chip", illuminator.gpio_chip},
        {"temperature", illuminator.temperature}}) {
    std::error_code absent;
    if (!fs::exists(path, absent))
      add(all, fmt::format("illuminator.{}", key),
          fmt::format("{} is not there: it stays dark", path.string()));
  }
}

// A line is looked for and not taken: a camera that runs may have it.
void look_at_board(const Configuration& configuration, std::vector<std::string>& all) {
  const Configuration::Board& board = configuration.board;
  if (is_recording(configuration)) return;
  std::error_code absent;
  if (!board.sensors.empty() && !fs::is_directory(board.sensors, absent)) {
    add(all, "board.sensors",
        fmt::format("{} is not there: no temperature, wear or supply is looked at", board.sensors.string()));
  }
  for (const auto& [key, chip, line] : {std::tuple<std::string_view, const fs::path&, std::uint32_t>{
                                            "door", board.door_chip, board.door_line},
                                        {"tamper", board.tamper_chip, board.tamper_line}}) {
    if (chip.empty()) continue;
    if (const auto found = gpio::GpioLine::find(chip.string(), line); !found)
      add(all, fmt::format("board.{}_line", key), found.error().message);
  }
}

}  // namespace

std::vector<std::string> not_in_place(const Configuration& configuration, const fs::path& models,
                                      const Clock& clock) {
  std::vector<std::string> all;
  // A recording is there or not; a camera may be plugged in at any time. A driver's context names the key.
  Health health;
  CounterSet counters;
  if (is_recording(configuration)) {
    if (const auto source = open_source(configuration, clock, health, counters, {}); !source)
      all.push_back(source.error().message);
  }
  look_at_clock(configuration, clock, all);
  look_at_illuminator(configuration, all);
  look_at_board(configuration, all);
  look_at_capture(configuration, all);
  look_at_queue(configuration.queue.directory, all);
  look_at_police_service(configuration, all);
  const fs::path& identity = configuration.identity.directory;
  std::error_code absent;
  if (fs::exists(identity, absent) && !fs::is_directory(identity, absent)) {
    add(all, "identity.directory", fmt::format("{} is not a folder: name another path", identity.string()));
  } else if (!fs::is_directory(identity, absent)) {
    add(all, "identity.directory",
        fmt::format("{} is not there: it is made when the camera starts, or by waysided --make-identity",
                    identity.string()));
  } else {
    if (const auto certified = load_identity(identity, clock.utc_now()); !certified)
      add(all, "identity.directory", certified.error().message);
    look_at_recipients(identity, clock.utc_now(), all);
    look_at_authority(configuration, all);
  }
  if (configuration.upload.url.empty()) add(all, "upload.url", "is empty: records stay in the queue");
  if (const auto store = ModelStore::open(models); !store) add(all, "models", store.error().message);
  return all;
}

}  // namespace wayside::app
