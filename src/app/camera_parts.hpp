// The parts of the camera, made from its configuration and tied together: who asks whom, and who is told
// what.
//
// Life: prepare(), try_recognition() until it succeeds, start(), the pipeline's own life, stop(). What is
// made of a part depends on the configuration: a recording has no clock, no board, no exposure of its own.
// Threads: the main thread; metrics() from any; keep() from the thread that appends to the queue. Failure: an
// Error is what a camera cannot begin with; the rest is in health().
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "wayside/base/counters.hpp"
#include "wayside/base/result.hpp"
#include "wayside/delivery/queue/record_queue.hpp"
#include "wayside/device/config/configuration.hpp"
#include "wayside/device/health/health.hpp"

#include "src/app/aiming.hpp"
#include "src/app/authority_keeper.hpp"
#include "src/app/board_keeper.hpp"
#include "src/app/control_socket.hpp"
#include "src/app/exposure_control.hpp"
#include "src/app/open_source.hpp"
#include "src/app/pipeline.hpp"
#include "src/app/queue_keeper.hpp"
#include "src/app/reconfiguration.hpp"
#include "src/app/reload_desk.hpp"
#include "src/app/sealing.hpp"
#include "src/app/sight_keeper.hpp"
#include "src/app/timekeeping.hpp"
#include "src/app/trail_keeper.hpp"
#include "src/app/unlock_keeper.hpp"
#include "src/app/update_judge.hpp"
#include "src/app/update_keeper.hpp"
#include "src/app/uplink.hpp"
#include "src/app/watch_list_keeper.hpp"

namespace wayside::app {

class CameraParts {
 public:
  struct Hooks {
    std::function<void()> on_finished;  // from the last thread of the flow
    // From the control socket's thread: has the configuration read again, and waits for what came of it.
    std::function<Result<Reloaded>()> reload;
    // From prepare(), while it makes the queue: QueueOptions::on_segment_made.
    std::function<bool(std::uint32_t made, std::uint32_t segments)> on_segment_made;
  };
  CameraParts(Configuration configuration, std::filesystem::path models, Hooks hooks);
  ~CameraParts();
  CameraParts(const CameraParts&) = delete;
  CameraParts& operator=(const CameraParts&) = delete;

  // What needs no model: whatever is wrong with those, the records that wait are delivered.
  [[nodiscard]] Status prepare();
  // A camera whose models are damaged stays reachable, delivers what it has and says what it needs.
  [[nodiscard]] Status try_recognition();
  // Everything beside the pipeline.
  void start();
  // A configuration that begins nothing anew, to a camera that has been started.
  void apply(const Configuration& wanted, const Reconfiguration& changes);
  // Exposure, board, clock, authority and lists, once nothing is captured any more; then the trail's end.
  void stop_watching();
  // Whoever talks to the back office.
  void stop_talking();

  // Whether a system on trial does its work; about once a second, from the main thread.
  void judge_update();

  // What has to be done to the queue beside appending passes; from the thread that appends.
  void keep();
  // The same for the last time; the writer has ended.
  void close_books();

  [[nodiscard]] std::string metrics() const;
  [[nodiscard]] const Clock& clock() const {
    return timekeeping_ ? static_cast<const Clock&>(*timekeeping_) : *system_clock_;
  }
  // Whether the camera should give frames now; of a recording nobody expects any.
  [[nodiscard]] bool expects_frames() const;
  // What runs now, and how the link is where there is one; from any thread.
  [[nodiscard]] Configuration configuration() const;
  [[nodiscard]] std::optional<UploaderState> upload_state() const;
  [[nodiscard]] const std::string& device_id() const { return device_id_; }
  [[nodiscard]] Health& health() { return health_; }
  [[nodiscard]] CounterSet& counters() { return counters_; }
  [[nodiscard]] Sealing& sealing() { return *sealing_; }
  [[nodiscard]] RecordQueue& queue() { return *queue_; }
  // Of those that may be absent: the pipeline until the models are sound.
  [[nodiscard]] Pipeline* pipeline() { return pipeline_.get(); }
  [[nodiscard]] Uplink* uplink() { return uplink_.get(); }
  [[nodiscard]] AuthorityKeeper* authority() { return authority_.get(); }
  [[nodiscard]] WatchListKeeper* watch_lists() { return watch_lists_.get(); }
  [[nodiscard]] UpdateKeeper* updates() { return updates_.get(); }
  [[nodiscard]] SightKeeper* sight() { return sight_ ? &*sight_ : nullptr; }

 private:
  [[nodiscard]] Status keep_time();
  [[nodiscard]] Status keep_authority();
  void keep_trail();
  void put_down(TrailEvent event);
  void stop_threads();
  void make_exposure();
  [[nodiscard]] Status open_queue();
  void make_uplink();
  void keep_watch_lists();
  void watch_updates();
  void keep_updates();
  void open_control();
  [[nodiscard]] Status make_pipeline();
  [[nodiscard]] ExposureLimits exposure_limits() const;
  [[nodiscard]] RecordOrigin origin() const;
  void wake_uplink();
  void heartbeat_now();
  void remake_uplink();
  void cap_updates();

  mutable std::mutex configuration_mutex_;  // around its change, and for who reads it from another thread
  Configuration configuration_;             // changed by the main thread
  const std::filesystem::path models_;
  const Hooks hooks_;
  std::unique_ptr<Clock> system_clock_;
  Health health_;
  std::unique_ptr<AuthorityKeeper> authority_;  // outlives who tells it of positions and who asks it
  std::unique_ptr<Timekeeping> timekeeping_;    // of a camera; outlives who is told the time
  std::unique_ptr<ExposureControl> exposure_;   // of a camera that is planned for; gives orders to the source
  CounterSet counters_;
  std::unique_ptr<TrailKeeper> trail_;  // of a camera; who puts something down is stopped before it goes
  std::unique_ptr<BoardKeeper> board_;  // of a camera
  std::unique_ptr<UpdateJudge> judge_;  // of a camera
  std::string device_id_;
  std::string models_version_;
  OpenedSource source_;  // until the pipeline has it
  std::unique_ptr<Sealing> sealing_;
  std::unique_ptr<RecordQueue> queue_;
  std::optional<QueueKeeper> keeper_;
  std::optional<SightKeeper> sight_;
  UnlockKeys unlock_keys_;  // outlives who uses them
  std::unique_ptr<UnlockKeeper> unlock_;
  std::unique_ptr<WatchListKeeper> watch_lists_;  // where an office gives any; outlives who asks it
  std::unique_ptr<UpdateKeeper> updates_;         // of a camera that runs an image; likewise
  mutable std::mutex uplink_mutex_;  // around its making anew, against who wakes it and asks how it is
  std::unique_ptr<Uplink> uplink_;
  Aiming aiming_;
  // So that it goes before them: it wakes the uplink and writes the queue.
  std::unique_ptr<Pipeline> pipeline_;
  std::unique_ptr<ControlSocket> control_;  // last: asks all of them
};

}  // namespace wayside::app
