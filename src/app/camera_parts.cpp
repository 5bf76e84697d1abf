#include "src/app/camera_parts.hpp"

#include <utility>

#include "wayside/base/files.hpp"
#include "wayside/base/log.hpp"
#include "wayside/base/version.hpp"
#include "wayside/device/clock/boot_id.hpp"
#include "wayside/device/identity/enrolment.hpp"
#include "wayside/device/identity/identity.hpp"

#include "src/app/clock_sources.hpp"
#include "src/app/control_answers.hpp"
#include "src/app/identity_answers.hpp"
#include "src/app/metrics.hpp"
#include "src/app/outside.hpp"
#include "src/app/process.hpp"
#include "src/app/recogniser.hpp"
#include "src/app/trail_events.hpp"
#include "src/app/update_answers.hpp"

namespace wayside::app {

namespace {

using std::chrono::milliseconds;

// How long a clock record may wait for passes to be written beside.
constexpr milliseconds keep_every{5'000};

// A record that cannot say which device made it is worth nothing: no identity, no capture. The certificate
// may come later; the key and the device id are made here at the first start.
Result<std::string> device_id_of(const std::filesystem::path& folder) {
  const Result<std::filesystem::path> request = make_identity(folder);
  if (!request) return fail(request.error().context("identity.directory"));
  if (const Status finished = finish_enrolment(folder); !finished)
    log::error("enrolment_not_finished", {{"reason", finished.error()}});
  return device_id(folder);
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

AimOptions aim_options(const Configuration& configuration) {
  AimOptions options;
  options.widest_px = configuration.recognition.max_plate_width_px;
  for (const LaneSetting& lane : configuration.lanes)
    options.lanes.push_back({lane.number, lane.polygon});
  return options;
}

}  // namespace

CameraParts::CameraParts(Configuration configuration, std::filesystem::path models, Hooks hooks)
    : configuration_(std::move(configuration)),
      models_(std::move(models)),
      hooks_(std::move(hooks)),
      system_clock_(make_system_clock()),
      aiming_(aim_options(configuration_)) {}

CameraParts::~CameraParts() {
  stop_threads();
}

Status CameraParts::prepare() {
  Result<std::string> device_id = device_id_of(configuration_.identity.directory);
  if (!device_id) return fail(device_id.error());
  device_id_ = std::move(*device_id);
  if (const Status kept = keep_time(); !kept) return kept;
  keep_trail();
  board_ = make_board_keeper(
      configuration_, clock(), health_, counters_,
      [this](const std::string& contact, bool open) { put_down(contact_event(contact, open)); });
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
  if (const Status opened = open_queue(); !opened) return opened;
  watch_updates();
  keep_updates();
  if (!configuration_.upload.url.empty()) keep_watch_lists();
  make_uplink();
  return {};
}

Status CameraParts::open_queue() {
  QueueOptions options;
  options.directory = configuration_.queue.directory;
  options.protected_segments = configuration_.queue.protected_segments;
  options.sealer = &sealing_->sealer();
  options.segments = configuration_.queue.segments;
  options.group_records = configuration_.queue.group_records;
  options.counters = &counters_;
  options.on_segment_made = hooks_.on_segment_made;
  Result<std::unique_ptr<RecordQueue>> queue = open_record_queue(options);
  if (!queue) return fail(queue.error());
  queue_ = std::move(*queue);
  keeper_.emplace(*queue_, clock(), device_id_, configuration_.queue.retention_days);
  if (!is_recording(configuration_)) {
    sight_.emplace(SightKeeperOptions{device_id_, configuration_.identity.directory / "commissioned-view",
                                      configuration_.recognition.min_plate_width_px},
                   *queue_, clock(), health_, counters_);
  }
  return {};
}

// No recording runs on an image that could be updated.
void CameraParts::watch_updates() {
  if (is_recording(configuration_)) return;
  UpdateJudgeOptions options{update_folder_beside(configuration_.identity.directory),
                             read_boot_id().value_or("")};
  options.on_change = [this](const UpdateStatus& status) { put_down(update_event(status)); };
  judge_ = std::make_unique<UpdateJudge>(std::move(options));
}

void CameraParts::judge_update() {
  if (!judge_) return;
  CameraWork work;
  work.frames_captured = counters_.counter("frames_captured").value();
  work.frames_tracked = counters_.counter("frames_tracked").value();
  work.highest_before = queue_->unbooked().chain.number.value();
  work.highest_delivered = upload_state().value_or(UploaderState{}).highest_delivered;
  judge_->look(clock().monotonic_now(), work);
}

// A recording has its own times, whatever this machine's clock says.
Status CameraParts::keep_time() {
  if (is_recording(configuration_)) return {};
  Result<TimekeepingOptions> options = timekeeping_options(configuration_, device_id_, *system_clock_);
  if (!options) return fail(options.error());
  options->on_position = [this](const GnssPosition& position) {
    if (authority_) authority_->saw_position(position);
  };
  options->on_step = [this](const ClockEvent& step, TimeSource follows) {
    put_down(clock_step_event(step, follows));
  };
  timekeeping_ = std::make_unique<Timekeeping>(std::move(*options), *system_clock_, health_);
  return {};
}

Status CameraParts::keep_authority() {
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
  options.on_change = [this](const AuthorityJudgement& judged, const std::string& before) {
    put_down(authority_event(judged, before));
  };
  authority_ = std::make_unique<AuthorityKeeper>(std::move(options), clock(), health_);
  if (timekeeping_) timekeeping_->look();
  authority_->look();
  return {};
}

// Beside the identity: the console, which does not get at that, has a part in it. A recording does nothing
// that somebody would have to answer for.
void CameraParts::keep_trail() {
  if (is_recording(configuration_)) return;
  const std::filesystem::path identity = configuration_.identity.directory.lexically_normal();
  const std::filesystem::path beside = identity.has_filename() ? identity : identity.parent_path();
  trail_ = std::make_unique<TrailKeeper>(
      TrailKeeperOptions{beside.parent_path() / "audit", device_id_, read_boot_id().value_or("")}, clock(),
      health_);
}

void CameraParts::put_down(TrailEvent event) {
  if (trail_) trail_->put(std::move(event));
}

ExposureLimits CameraParts::exposure_limits() const {
  ExposureLimits limits;
  limits.speed_limit_mph = configuration_.exposure.speed_limit_mph;
  limits.least_exposure_us = static_cast<std::int32_t>(configuration_.exposure.least_us);
  limits.most_gain_db = configuration_.exposure.most_gain_db;
  return limits;
}

RecordOrigin CameraParts::origin() const {
  return origin_of(configuration_, models_version_, device_id_);
}

// Of a recording there is nothing to expose.
void CameraParts::make_exposure() {
  if (!source_.order || configuration_.exposure.by != "plan") return;
  ExposureControlOptions options;
  options.limits = exposure_limits();
  options.frames_per_s = configuration_.camera.frames_per_s;
  exposure_ = std::make_unique<ExposureControl>(options, source_.order, make_illuminator(configuration_),
                                                *system_clock_, health_);
}

Status CameraParts::try_recognition() {
  const Status made = make_pipeline();
  if (made) {
    health_.well("recognition");
  } else if (health_.ill("recognition", made.error().message)) {
    log::error("recognition_unhealthy", {{"reason", made.error()}, {"capture", "has not begun"}});
  }
  return made;
}

Status CameraParts::make_pipeline() {
  const Result<ModelStore> models = ModelStore::open(models_);
  if (!models) return fail(models.error());
  RecogniserOptions recogniser = recogniser_options(configuration_, models_);
  // The configuration may ask for it, the office that authorises the camera decides.
  if (authority_ && recogniser.reader.leaves_occupants_clear)
    recogniser.reader.leaves_occupants_clear = [this] { return authority_->leaves_occupants_clear(); };
  Result<Stages> stages = make_stages(configuration_, *models, recogniser);
  if (!stages) return fail(stages.error());
  stages->source = std::move(source_.source);
  PipelineOptions pipeline;
  pipeline.ring_frames = configuration_.capture.ring_frames;
  pipeline.stall_limit = milliseconds(configuration_.capture.stall_limit_ms);
  pipeline.writer.group_records = configuration_.queue.group_records;
  pipeline.writer.group_wait = milliseconds(configuration_.queue.group_wait_ms);
  models_version_ = models->version();
  pipeline.origin = origin();
  pipeline.writer.keep_every = keep_every;
  pipeline.date = [this](VehiclePass& pass) {
    return timekeeping_ ? timekeeping_->date(pass) : TimeQuality{TimeSource::recording, {}, {}};
  };
  pipeline.mask =
      PrivacyMask(polygons_from(configuration_.privacy.masks).value_or(std::vector<MaskPolygon>{}));
  if (exposure_) {
    pipeline.on_frame = [this](const FrameInfo& frame) { exposure_->frame(frame); };
  } else {
    pipeline.asks_for_light = [this] { return aiming_.is_on(); };
  }
  pipeline.on_light = [this](const FrameInfo& frame, double scene, std::vector<PlateBrightness> plates) {
    aiming_.saw_light(scene, plates);
    if (exposure_) exposure_->light(frame, scene, std::move(plates));
  };
  if (authority_) pipeline.may_capture = [this] { return authority_->may_capture(); };
  pipeline.on_finished = hooks_.on_finished;
  pipeline.on_stored = [this] { wake_uplink(); };
  pipeline.keep = [this] { keep(); };
  pipeline.on_picture = [this](const Frame& frame) {
    aiming_.saw_frame(frame);
    if (sight_) sight_->saw_frame(frame, exposure_ && exposure_->flashes());
  };
  pipeline.on_reads = [this](const FrameReads& reads) {
    aiming_.saw_reads(reads);
    if (sight_) sight_->saw_reads(reads);
  };
  if (watch_lists_) {
    pipeline.hits = [this](const VehiclePass& pass, const TimeQuality& time) {
      return watch_lists_->match(pass, time);
    };
  }
  pipeline.pseudonym_key = [this] { return sealing_->pseudonym_key(); };
  pipeline_ =
      std::make_unique<Pipeline>(std::move(*stages), std::move(pipeline), *queue_, clock(), counters_);
  return {};
}

// A camera that cannot be asked does its work all the same.
void CameraParts::open_control() {
  const std::filesystem::path& path = configuration_.console.control_socket;
  if (path.empty()) return;
  std::error_code absent;
  if (!std::filesystem::is_directory(path.parent_path(), absent)) {
    log::info("control_off", {{"reason", "the folder of console.control_socket is not there"}});
    return;
  }
  ControlAnswers answers = control_answers(*this);
  add_identity_answers(answers, configuration_.identity.directory, clock());
  add_update_answers(answers, update_folder_beside(configuration_.identity.directory),
                     updates_ ? hooks_of(*updates_) : UpdateHooks{});
  answers[ControlTask::reload] = [this](const ControlRequest&) -> Result<nlohmann::json> {
    const Result<Reloaded> reloaded = hooks_.reload();
    if (!reloaded) return fail(reloaded.error());
    return reload_answer(*reloaded);
  };
  Result<std::unique_ptr<ControlSocket>> control = ControlSocket::open(path, std::move(answers), aiming_);
  if (control) {
    control_ = std::move(*control);
  } else {
    log::warning("control_off", {{"reason", control.error()}});
  }
}

void CameraParts::start() {
  tell_outside(configuration_);
  open_control();
  if (trail_) trail_->start(started_event(version()));
  if (authority_) authority_->start();
  if (unlock_) unlock_->start();
  if (watch_lists_) watch_lists_->start();
  if (updates_) updates_->start();
  if (uplink_) uplink_->start();
  if (timekeeping_) timekeeping_->start();
  if (board_) board_->start();
  if (exposure_) exposure_->start();
}

void CameraParts::apply(const Configuration& wanted, const Reconfiguration& changes) {
  {
    const std::lock_guard lock(configuration_mutex_);
    configuration_ = wanted;
  }
  if (changes.origin && pipeline_) pipeline_->origin_is(origin());
  if (changes.exposure && exposure_) exposure_->limits(exposure_limits());
  if (changes.outside) tell_outside(wanted);
  if (changes.update) cap_updates();
  if (changes.uplink) remake_uplink();
  if (!changes.log_level) return;
  const auto level = log::level_from(wanted.log.level);
  const auto format = log::format_from(wanted.log.format);
  if (level && format) log::start(*level, *format);
}

void CameraParts::stop_watching() {
  stop_threads();
  if (!trail_) return;
  trail_->put(stopped_event());
  trail_->stop();
}

// Those that give orders to the source, or have something put down.
void CameraParts::stop_threads() {
  if (exposure_) exposure_->stop();
  if (board_) board_->stop();
  if (timekeeping_) timekeeping_->stop();
  if (authority_) authority_->stop();
  if (watch_lists_) watch_lists_->stop();
  if (updates_) updates_->stop();
}

void CameraParts::keep() {
  const bool dated = timekeeping_ && timekeeping_->write_records(*queue_);
  const bool seen = sight_ && sight_->look();
  const bool judged = authority_ && authority_->write_records(*queue_);
  const bool listed = watch_lists_ && watch_lists_->write_records(*queue_);
  const bool done = trail_ && trail_->write_records(*queue_);
  if (keeper_->look() || dated || seen || judged || listed || done) wake_uplink();
}

void CameraParts::close_books() {
  static_cast<void>(timekeeping_ && timekeeping_->write_records(*queue_));
  if (sight_) sight_->close();
  static_cast<void>(authority_ && authority_->write_records(*queue_));
  if (authority_) authority_->keep();
  static_cast<void>(watch_lists_ && watch_lists_->write_records(*queue_));
  static_cast<void>(trail_ && trail_->write_records(*queue_));
  keeper_->close();
}

Configuration CameraParts::configuration() const {
  const std::lock_guard lock(configuration_mutex_);
  return configuration_;
}

bool CameraParts::expects_frames() const {
  return !is_recording(configuration_) && (!authority_ || authority_->may_capture());
}

std::string CameraParts::metrics() const {
  std::vector<LabelledGauge> gauges = board_ ? board_->gauges() : std::vector<LabelledGauge>{};
  if (watch_lists_) {
    for (LabelledGauge& gauge : watch_lists_->gauges())
      gauges.push_back(std::move(gauge));
  }
  return metrics_text(counters_, health_, queue_->depth(), upload_state().value_or(UploaderState{}),
                      clock().quality(), memory_bytes(), gauges);
}

}  // namespace wayside::app
