#include "src/app/daemon.hpp"

#include <algorithm>
#include <csignal>
#include <utility>

#include <fmt/format.h>
#include <pthread.h>

#include "wayside/base/files.hpp"
#include "wayside/base/log.hpp"
#include "wayside/base/version.hpp"
#include "wayside/device/identity/identity.hpp"

#include "src/app/authority_keeper.hpp"
#include "src/app/board_keeper.hpp"
#include "src/app/clock_sources.hpp"
#include "src/app/connections.hpp"
#include "src/app/exposure_control.hpp"
#include "src/app/main_events.hpp"
#include "src/app/open_source.hpp"
#include "src/app/pipeline.hpp"
#include "src/app/process.hpp"
#include "src/app/queue_keeper.hpp"
#include "src/app/recogniser.hpp"
#include "src/app/run_report.hpp"
#include "src/app/sealing.hpp"
#include "src/app/sight_keeper.hpp"
#include "src/app/supervision.hpp"
#include "src/app/unlock_keeper.hpp"
#include "src/app/uplink.hpp"

namespace wayside::app {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds status_every{10'000};
constexpr milliseconds models_again{10'000};
// How long a clock record may wait for passes to be written beside.
constexpr milliseconds keep_every{5'000};

// A record that cannot say which device made it is worth nothing: no identity, no capture. The certificate
// may come later; the key and the device id are made here at the first start.
Result<std::string> device_id_of(const std::filesystem::path& folder) {
  const Result<std::filesystem::path> request = make_identity(folder);
  if (!request) return fail(request.error().context("identity.directory"));
  Result<std::string> text = read_text_file(folder / "device-id", 64);
  if (!text) return text;
  while (!text->empty() && (text->back() == '\n' || text->back() == ' '))
    text->pop_back();
  return text;
}

RecordOrigin origin_of(const Configuration& configuration, const std::string& models_version,
                       std::string device_id) {
  RecordOrigin origin;
  origin.device_id = std::move(device_id);
  origin.site_name = configuration.site.name;
  origin.feed_id = configuration.site.feed_id;
  origin.source_id = configuration.site.source_id;
  origin.camera_id = configuration.site.camera_id;
  origin.latitude = configuration.site.latitude;
  origin.longitude = configuration.site.longitude;
  origin.firmware_version = std::string(version());
  origin.model_version = models_version;
  origin.configuration_version = configuration.version;
  return origin;
}

Result<Stages> make_stages(const Configuration& configuration, const ModelStore& models,
                           const RecogniserOptions& options) {
  Result<VrmSyntax> loaded = VrmSyntax::load(options.syntax_file);
  if (!loaded) return fail(loaded.error());
  const auto syntax = std::make_shared<const VrmSyntax>(std::move(*loaded));
  Stages stages;
  Result<std::unique_ptr<PlateLocator>> locator = make_network_locator(options.locator, models);
  if (!locator) return fail(locator.error());
  stages.locator = std::move(*locator);
  for (std::uint32_t i = 0; i < configuration.recognition.read_threads; ++i) {
    Result<std::unique_ptr<PlateReader>> reader = make_tesseract_reader(options.reader, models, syntax);
    if (!reader) return fail(reader.error());
    stages.readers.push_back(std::move(*reader));
  }
  stages.tracker = make_pass_tracker(options.tracker);
  return stages;
}

double seconds_between(MonotonicTime from, MonotonicTime to) {
  return std::chrono::duration<double>(to - from).count();
}

class Daemon {
 public:
  Daemon(const Configuration& configuration, const DaemonOptions& options)
      : configuration_(configuration), options_(options), system_clock_(make_system_clock()) {}

  // It gives orders to the pipeline's source.
  ~Daemon() {
    if (exposure_) exposure_->stop();
  }
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  Status run() {
    if (const Status prepared = prepare(); !prepared) return prepared;
    // Where somebody waits for a recording, there is nothing to wait for without leave to play it,
    if (options_.until_delivered && authority_ && !authority_->may_capture())
      return fail(ErrorCode::refused, authority_->sentence());
    // nor without models.
    if (const Status sound = try_recognition(); !sound && options_.until_delivered) return sound;
    // Nor without anybody to seal records to.
    if (options_.until_delivered) {
      if (const Status sealing = sealing_->try_to_seal(); !sealing) return sealing;
    }
    if (authority_) authority_->start();
    if (unlock_) unlock_->start();
    if (uplink_) uplink_->start();
    if (timekeeping_) timekeeping_->start();
    if (board_) board_->start();
    if (exposure_) exposure_->start();
    supervision_.begin([this] { return metrics(); });
    log::info("started",
              {{"version", version()}, {"configuration", configuration_.version}, {"device_id", device_id_}});
    while (!pipeline_ && !events_.told_to_end()) {
      wait_alive(models_again);
      if (!events_.told_to_end()) static_cast<void>(try_recognition());
    }
    const MonotonicTime begin = clock().monotonic_now();
    if (pipeline_) {
      pipeline_->start();
      follow_flow();
      pipeline_->wait();
    }
    if (exposure_) exposure_->stop();
    const double wall_s = seconds_between(begin, clock().monotonic_now());
    const Status delivered = deliver_rest();
    if (timekeeping_) timekeeping_->stop();
    if (authority_) authority_->stop();
    if (pipeline_ && events_.told_to_end()) close_books();  // the writer has ended
    supervision_.stopping();
    if (uplink_) uplink_->stop();
    if (unlock_) unlock_->stop();
    const Status flushed = queue_->flush();
    const Status reported = report(wall_s);
    supervision_.end();
    log::info("ended", {{"records_waiting", queue_->depth().unacknowledged}});
    // Whatever is wrong with a recording, the command line was right.
    if (const std::optional<Error> error = source_error()) return fail(ErrorCode::io, error->message);
    if (!flushed) return fail(flushed.error());
    if (const std::uint64_t lost = counters_.counter("records_lost").value(); lost != 0) {
      return fail(ErrorCode::io,
                  fmt::format("{} record{} could not be put into the queue and {} lost; the log says "
                              "why (records_lost)",
                              lost, lost == 1 ? "" : "s", lost == 1 ? "is" : "are"));
    }
    if (!delivered) return fail(delivered.error());
    return reported;
  }

 private:
  // What needs no model: whatever is wrong with those, the records that wait are delivered.
  Status prepare() {
    Result<std::string> device_id = device_id_of(configuration_.identity.directory);
    if (!device_id) return fail(device_id.error());
    device_id_ = std::move(*device_id);
    if (const Status kept = keep_time(); !kept) return kept;
    board_ = make_board_keeper(configuration_, clock(), health_, counters_);
    Result<OpenedSource> source =
        open_source(configuration_, clock(), health_, counters_, [this](const capture_link::Stream& stream) {
          if (exposure_) exposure_->stream(stream);
        });
    if (!source) return fail(source.error());
    source_ = std::move(*source);
    make_exposure();
    if (const Status kept = keep_authority(); !kept) return kept;
    Result<std::unique_ptr<Sealing>> sealing =
        Sealing::open(configuration_.identity.directory, device_id_, clock(), health_);
    if (!sealing) return fail(sealing.error());
    sealing_ = std::move(*sealing);
    QueueOptions queue_options;
    queue_options.directory = configuration_.queue.directory;
    queue_options.protected_segments = configuration_.queue.protected_segments;
    queue_options.sealer = &sealing_->sealer();
    queue_options.segments = configuration_.queue.segments;
    queue_options.group_records = configuration_.queue.group_records;
    queue_options.counters = &counters_;
    Result<std::unique_ptr<RecordQueue>> queue = open_record_queue(queue_options);
    if (!queue) return fail(queue.error());
    queue_ = std::move(*queue);
    keeper_.emplace(*queue_, clock(), device_id_, configuration_.queue.retention_days);
    if (!is_recording(configuration_)) {
      sight_.emplace(SightKeeperOptions{device_id_, configuration_.identity.directory / "commissioned-view",
                                        configuration_.recognition.min_plate_width_px},
                     *queue_, clock(), health_, counters_);
    }
    make_uplink();
    return {};
  }

  // A recording has its own times, whatever this machine's clock says.
  Status keep_time() {
    if (is_recording(configuration_)) return {};
    Result<TimekeepingOptions> options = timekeeping_options(configuration_, device_id_, *system_clock_);
    if (!options) return fail(options.error());
    options->on_position = [this](const GnssPosition& position) {
      if (authority_) authority_->saw_position(position);
    };
    timekeeping_ = std::make_unique<Timekeeping>(std::move(*options), *system_clock_, health_);
    return {};
  }
  [[nodiscard]] const Clock& clock() const { return timekeeping_ ? *timekeeping_ : *system_clock_; }

  Status keep_authority() {
    if (!needs_authority(configuration_)) return {};
    const Result<UtcTime> made = firmware_made_at();
    if (!made) return fail(made.error());
    AuthorityKeeperOptions options;
    options.device_id = device_id_;
    options.folder = configuration_.identity.directory / "authority";
    options.not_before = *made;
    options.stops_where_moved = configuration_.authority.moved == "stop";
    if (configuration_.site.latitude && configuration_.site.longitude)
      options.site = {*configuration_.site.latitude, *configuration_.site.longitude};
    authority_ = std::make_unique<AuthorityKeeper>(std::move(options), clock(), health_);
    if (timekeeping_) timekeeping_->look();
    authority_->look();
    return {};
  }

  // Of a recording there is nothing to expose.
  void make_exposure() {
    if (!source_.order || configuration_.exposure.by != "plan") return;
    ExposureControlOptions options;
    options.limits.speed_limit_mph = configuration_.exposure.speed_limit_mph;
    options.limits.least_exposure_us = static_cast<std::int32_t>(configuration_.exposure.least_us);
    options.limits.most_gain_db = configuration_.exposure.most_gain_db;
    options.frames_per_s = configuration_.camera.frames_per_s;
    exposure_ = std::make_unique<ExposureControl>(options, source_.order, make_illuminator(configuration_),
                                                  *system_clock_, health_);
  }

  // A camera whose models are damaged stays reachable, delivers what it has and says what it needs.
  Status try_recognition() {
    const Status made = make_pipeline();
    if (made) {
      health_.well("recognition");
    } else if (health_.ill("recognition", made.error().message)) {
      log::error("recognition_unhealthy", {{"reason", made.error()}, {"capture", "has not begun"}});
    }
    return made;
  }

  Status make_pipeline() {
    const Result<ModelStore> models = ModelStore::open(options_.models);
    if (!models) return fail(models.error());
    Result<Stages> stages =
        make_stages(configuration_, *models, recogniser_options(configuration_, options_.models));
    if (!stages) return fail(stages.error());
    stages->source = std::move(source_.source);
    PipelineOptions pipeline;
    pipeline.ring_frames = configuration_.capture.ring_frames;
    pipeline.stall_limit = milliseconds(configuration_.capture.stall_limit_ms);
    pipeline.writer.group_records = configuration_.queue.group_records;
    pipeline.writer.group_wait = milliseconds(configuration_.queue.group_wait_ms);
    pipeline.origin = origin_of(configuration_, models->version(), device_id_);
    pipeline.writer.keep_every = keep_every;
    pipeline.date = [this](VehiclePass& pass) {
      return timekeeping_ ? timekeeping_->date(pass) : TimeQuality{TimeSource::recording, {}, {}};
    };
    if (exposure_) {
      pipeline.on_frame = [this](const FrameInfo& frame) { exposure_->frame(frame); };
      pipeline.on_light = [this](const FrameInfo& frame, double scene, std::vector<PlateBrightness> plates) {
        exposure_->light(frame, scene, std::move(plates));
      };
    }
    if (authority_) pipeline.may_capture = [this] { return authority_->may_capture(); };
    pipeline.on_finished = [this] { events_.flow_finished(); };
    if (uplink_) pipeline.on_stored = [this] { uplink_->wake(); };
    pipeline.keep = [this] { keep(); };
    if (sight_) {
      pipeline.on_picture = [this](const Frame& frame) {
        sight_->saw_frame(frame, exposure_ && exposure_->flashes());
      };
      pipeline.on_reads = [this](const FrameReads& reads) { sight_->saw_reads(reads); };
    }
    pipeline.pseudonym_key = [this] { return sealing_->pseudonym_key(); };
    pipeline_ =
        std::make_unique<Pipeline>(std::move(*stages), std::move(pipeline), *queue_, clock(), counters_);
    return {};
  }

  void make_uplink() {
    if (configuration_.upload.url.empty()) {
      log::info("upload_off", {{"reason", "upload.url is empty"}, {"records", "stay in the queue"}});
      return;
    }
    UplinkOptions options;
    options.uploader.device_id = device_id_;
    options.uploader.backlog_bytes_per_s = std::uint64_t{configuration_.upload.backlog_kbit_per_s} * 1000 / 8;
    if (authority_) {
      options.authority_held = [this] { return authority_->highest_held(); };
      options.on_authorities = [this](std::span<const std::string> sent) { authority_->take(sent); };
    }
    uplink_ = std::make_unique<Uplink>(options, connect_to(configuration_, device_id_, unlock_keys_), *queue_,
                                       clock(), health_, counters_);
    if (configuration_.upload.profile != "bof2") return;
    unlock_ = std::make_unique<UnlockKeeper>(
        UnlockKeeperOptions{configuration_.identity.directory / "recipients"},
        connect_to_unlock(configuration_, device_id_), unlock_keys_, clock(), health_, counters_);
  }

  // From the thread that appends.
  void keep() {
    const bool dated = timekeeping_ && timekeeping_->write_records(*queue_);
    const bool seen = sight_ && sight_->look();
    const bool judged = authority_ && authority_->write_records(*queue_);
    if ((keeper_->look() || dated || seen || judged) && uplink_) uplink_->wake();
  }

  void close_books() {
    static_cast<void>(timekeeping_ && timekeeping_->write_records(*queue_));
    if (sight_) sight_->close();
    static_cast<void>(authority_ && authority_->write_records(*queue_));
    keeper_->close();
  }

  [[nodiscard]] std::string metrics() const {
    return metrics_text(counters_, health_, queue_->depth(), uplink_ ? uplink_->state() : UploaderState{},
                        clock().quality(), memory_bytes(),
                        board_ ? board_->gauges() : std::vector<LabelledGauge>{});
  }

  // With nothing to do but wait, which is no reason to be restarted.
  void wait_alive(milliseconds limit) {
    sealing_->look_again();
    keep();  // nothing appends meanwhile
    tell_status();
    const MonotonicTime until = clock().monotonic_now() + limit;
    while (!events_.told_to_end() && clock().monotonic_now() < until) {
      supervision_.alive();
      events_.wait(std::min(supervision_.look_every(), limit));
    }
  }

  // Until everything captured is in the queue.
  void follow_flow() {
    MonotonicTime told = clock().monotonic_now();
    tell_status();
    while (!events_.finished()) {
      const bool ending = events_.told_to_end();
      events_.wait(supervision_.look_every());
      if (!ending && events_.told_to_end()) {
        log::info("stopping", {{"reason", "told to by a signal"}});
        supervision_.stopping();
        pipeline_->request_stop();
      }
      if (pipeline_->has_moved()) supervision_.alive();
      if (clock().monotonic_now() - told >= status_every) {
        told = clock().monotonic_now();
        sealing_->look_again();
        tell_status();
      }
    }
  }

  void tell_status() {
    std::string ill;
    for (const auto& [part, reason] : health_.problems())
      ill += fmt::format("UNHEALTHY, {}: {}; ", part, reason);
    supervision_.status(ill + fmt::format("{} vehicles recorded, {} records waiting, {} frames dropped",
                                          counters_.counter("records_stored").value(),
                                          queue_->depth().unacknowledged,
                                          counters_.counter("frames_dropped").value()));
  }

  Status deliver_rest() {
    if (!options_.until_delivered || !uplink_ || events_.told_to_end()) return {};
    const MonotonicTime deadline = clock().monotonic_now() + *options_.until_delivered;
    while (!queue_->depth().all_delivered && !uplink_->wait_drained(milliseconds(200))) {
      events_.wait(milliseconds(0));
      if (events_.told_to_end()) return {};
      if (clock().monotonic_now() >= deadline) {
        return fail(
            ErrorCode::unavailable,
            fmt::format("{} records were not delivered within {} s; they stay in the queue and are delivered "
                        "when waysided runs again",
                        queue_->depth().unacknowledged, options_.until_delivered->count()));
      }
      supervision_.alive();  // the wait has a limit of its own
    }
    const std::uint64_t waiting = queue_->depth().unacknowledged;
    const std::uint64_t given_up = waiting - std::min(waiting, uplink_->state().without_form);
    if (given_up != 0) {
      return fail(ErrorCode::unavailable,
                  fmt::format("the back office will not have {} record{} in the queue, and the log says why "
                              "(record_dead_lettered, record_quarantined)",
                              given_up, given_up == 1 ? "; it stays" : "s; they stay"));
    }
    return {};
  }

  Status report(double wall_s) {
    if (!options_.report) return {};
    RunFigures figures;
    figures.ended = source_error() ? "source_failed" : events_.told_to_end() ? "stopped" : "end_of_stream";
    figures.wall_s = wall_s;
    figures.cpu_s = cpu_seconds();
    figures.frames = counters_.counter("frames_captured").value();
    figures.peak_memory_bytes = peak_memory_bytes();
    figures.memory_bytes_at_end = memory_bytes();
    const UploaderState upload = uplink_ ? uplink_->state() : UploaderState{};
    const std::string json = report_json(figures, clock(), health_, queue_->depth(), upload, counters_);
    return replace_file(*options_.report, as_bytes(json));
  }

  [[nodiscard]] std::optional<Error> source_error() const {
    return pipeline_ ? pipeline_->source_error() : std::nullopt;
  }

  const Configuration& configuration_;
  const DaemonOptions& options_;
  MainEvents events_;
  std::unique_ptr<Clock> system_clock_;
  Health health_;
  std::unique_ptr<AuthorityKeeper> authority_;  // outlives who tells it of positions and who asks it
  std::unique_ptr<Timekeeping> timekeeping_;    // of a camera; outlives who is told the time
  std::unique_ptr<ExposureControl> exposure_;   // of a camera that is planned for
  CounterSet counters_;
  std::unique_ptr<BoardKeeper> board_;  // of a camera
  std::string device_id_;
  OpenedSource source_;  // until the pipeline has it
  std::unique_ptr<Sealing> sealing_;
  std::unique_ptr<RecordQueue> queue_;
  std::optional<QueueKeeper> keeper_;
  std::optional<SightKeeper> sight_;
  UnlockKeys unlock_keys_;  // outlives who uses them
  std::unique_ptr<UnlockKeeper> unlock_;
  std::unique_ptr<Uplink> uplink_;
  Supervision supervision_{configuration_.supervision, health_};
  std::unique_ptr<Pipeline>
      pipeline_;  // last, so that it goes first: it wakes the uplink and writes the queue
};

}  // namespace

Status run_daemon(const Configuration& configuration, const DaemonOptions& options) {
  pthread_setname_np(pthread_self(), "waysided");  // started anew as /proc/self/exe it would be called "exe"
  std::signal(SIGPIPE, SIG_IGN);                   // a back office that hangs up is an answer, not the end
  return Daemon(configuration, options).run();
}

}  // namespace wayside::app
