// What a camera's parts have to do with its office: records go there, and authorities, lists, keys and
// updates come from it. The rest is in camera_parts.cpp.
#include <algorithm>
#include <utility>

#include "wayside/base/log.hpp"

#include "src/app/camera_parts.hpp"
#include "src/app/connections.hpp"
#include "src/app/trail_events.hpp"
#include "src/app/update_answers.hpp"

namespace wayside::app {

namespace {

std::uint64_t backlog_bytes_per_s(const Configuration& configuration) {
  return std::uint64_t{configuration.upload.backlog_kbit_per_s} * 1000 / 8;
}

// Never more than the backlog may take; 0: no cap.
std::uint64_t update_bytes_per_s(const Configuration& configuration) {
  const std::uint64_t backlog = backlog_bytes_per_s(configuration);
  const std::uint64_t own = std::uint64_t{configuration.update.kib_per_s} << 10U;
  return own == 0 || backlog == 0 ? std::max(own, backlog) : std::min(own, backlog);
}

}  // namespace

void CameraParts::make_uplink() {
  if (configuration_.upload.url.empty()) {
    log::info("upload_off", {{"reason", "upload.url is empty"}, {"records", "stay in the queue"}});
    return;
  }
  UplinkOptions options;
  options.uploader.device_id = device_id_;
  options.uploader.backlog_bytes_per_s = backlog_bytes_per_s(configuration_);
  if (authority_) {
    options.authority_held = [this] { return authority_->highest_held(); };
    options.on_authorities = [this](std::span<const std::string> sent) { authority_->take(sent); };
  }
  if (watch_lists_) {
    options.watch_lists_held = [this] { return watch_lists_->held(); };
    options.on_watch_lists = [this](std::span<const ListOffer> offers) { watch_lists_->offered(offers); };
  }
  if (updates_) {
    options.system = [this] { return updates_->told(); };
    options.on_update = [this](const std::optional<UpdateOffer>& offer) { updates_->offered(offer); };
  }
  auto uplink = std::make_unique<Uplink>(options, connect_to(configuration_, device_id_, unlock_keys_),
                                         *queue_, clock(), health_, counters_);
  {
    const std::lock_guard lock(uplink_mutex_);
    uplink_ = std::move(uplink);
  }
  if (configuration_.upload.profile != "bof2") return;
  unlock_ = std::make_unique<UnlockKeeper>(
      UnlockKeeperOptions{configuration_.identity.directory / "recipients"},
      connect_to_unlock(configuration_, device_id_), unlock_keys_, clock(), health_, counters_);
}

void CameraParts::keep_watch_lists() {
  WatchListKeeper::Connect connect = connect_to_lists(configuration_, device_id_);
  if (!connect) return;
  WatchListKeeperOptions options;
  options.device_id = device_id_;
  options.folder = configuration_.identity.directory / "watchlists";
  options.bytes_per_s = backlog_bytes_per_s(configuration_);
  options.recording = is_recording(configuration_);
  if (authority_)
    options.known_earliest = [this](MonotonicTime at) { return authority_->known_earliest(at); };
  options.on_change = [this](const ListChange& change) { put_down(watch_list_event(change)); };
  watch_lists_ =
      std::make_unique<WatchListKeeper>(std::move(options), std::move(connect), clock(), health_, counters_);
}

// What fetches updates needs the judge. A system that is no image of Wayside's is kept new by who installed
// it.
void CameraParts::keep_updates() {
  if (is_recording(configuration_)) return;
  Result<RunningSystem> system = read_running_system();
  if (!system) {
    log::info("updates_off", {{"reason", system.error()}});
    return;
  }
  UpdateKeeperOptions options;
  options.folder = update_folder_beside(configuration_.identity.directory);
  options.system = std::move(*system);
  options.able = [this] { return judge_->able(); };
  options.bytes_per_s = update_bytes_per_s(configuration_);
  options.ask_office = [this] { heartbeat_now(); };
  updates_ = std::make_unique<UpdateKeeper>(
      std::move(options), connect_to_updates(configuration_, device_id_), clock(), health_, counters_);
}

void CameraParts::cap_updates() {
  if (updates_) updates_->cap(update_bytes_per_s(configuration_));
}

void CameraParts::wake_uplink() {
  const std::lock_guard lock(uplink_mutex_);
  if (uplink_) uplink_->wake();
}

void CameraParts::heartbeat_now() {
  const std::lock_guard lock(uplink_mutex_);
  if (uplink_) uplink_->heartbeat_now();
}

// The part under way has its seconds to arrive; what has no receipt yet waits in the queue.
void CameraParts::remake_uplink() {
  stop_talking();
  {
    const std::lock_guard lock(uplink_mutex_);
    uplink_.reset();
  }
  unlock_.reset();
  if (watch_lists_) watch_lists_->connect_anew(connect_to_lists(configuration_, device_id_));
  if (updates_) updates_->connect_anew(connect_to_updates(configuration_, device_id_));
  cap_updates();
  for (const char* part : {"uplink", "unlock_key"})
    health_.well(part);  // was said of the one that is gone
  make_uplink();
  if (unlock_) unlock_->start();
  if (watch_lists_) watch_lists_->start();
  if (updates_) updates_->start();
  if (uplink_) uplink_->start();
}

void CameraParts::stop_talking() {
  if (watch_lists_) watch_lists_->stop();
  if (updates_) updates_->stop();
  if (uplink_) uplink_->stop();
  if (unlock_) unlock_->stop();
}

std::optional<UploaderState> CameraParts::upload_state() const {
  const std::lock_guard lock(uplink_mutex_);
  return uplink_ ? std::optional(uplink_->state()) : std::nullopt;
}

}  // namespace wayside::app
