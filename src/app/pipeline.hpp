// The flow of the camera: threads, the queues between them, and what each queue does when it is full.
//
//   capture -> ring -> locate -> candidates -> read -> reorder -> track -> passes -> event -> records ->
//   queue writer
//
// A source that waits for its reader (a recording played fast) is never dropped from: every push waits, and
// the records are the same, byte for byte, whatever the number of threads. With a camera the ring drops its
// oldest frame and the candidates the frame with the lowest score, both counted; what is behind them waits,
// so that pressure from a slow disk ends as drops at the ring. The network is no part of the flow: the
// uploader takes records from the queue.
//
// Life: start(), then on_finished is called once, after the source has ended (or failed, or request_stop()
// was called) and everything taken from it is in the queue. Each stage closes the queue behind it when it has
// emptied the one before. Threads: start(), wait() and destruction from one thread; request_stop() and the
// readings from any.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>
#include <vector>

#include "wayside/anpr/capture/frame_source.hpp"
#include "wayside/anpr/capture/plate_brightness.hpp"
#include "wayside/anpr/capture/privacy_mask.hpp"
#include "wayside/anpr/locate/plate_locator.hpp"
#include "wayside/anpr/read/plate_reader.hpp"
#include "wayside/anpr/track/pass_tracker.hpp"
#include "wayside/base/bounded_queue.hpp"
#include "wayside/delivery/event/capture_record.hpp"

#include "src/app/frame_feeder.hpp"
#include "src/app/record_writer.hpp"
#include "src/app/reorder.hpp"

namespace wayside::app {

struct Stages {
  std::unique_ptr<FrameSource> source;
  std::unique_ptr<PlateLocator> locator;
  std::vector<std::unique_ptr<PlateReader>> readers;  // a thread each
  std::unique_ptr<PassTracker> tracker;
};

struct PipelineOptions {
  std::size_t ring_frames = 8;
  std::chrono::milliseconds stall_limit{2000};  // a source silent for so long is restarted
  RecordWriterOptions writer;
  RecordOrigin origin;
  // Asked several times a second; while it is false no frame is taken, and what was taken before goes all the
  // way. Empty: always.
  std::function<bool()> may_capture;
  // Made black in every frame before anything looks at it.
  PrivacyMask mask;
  // How good a pass's time is, asked when its record is made; may put the time right.
  std::function<TimeQuality(VehiclePass&)> date;
  // Which entries of VOI lists a pass fits, asked when its record is made: a hit goes first. Empty: none.
  std::function<std::vector<RecordHit>(const VehiclePass&, const TimeQuality&)> hits;
  // A frame has come; from the capture thread.
  std::function<void(const FrameInfo&)> on_frame;
  // How bright it came out, and the plates in it: those read, or, where none was, those found. From whichever
  // thread looked at it last. Where nobody asks, nothing is measured: nobody, or nobody now.
  std::function<void(const FrameInfo&, double scene, std::vector<PlateBrightness>)> on_light;
  std::function<bool()> asks_for_light;             // empty: always
  std::function<void(const Frame&)> on_picture;     // from the locate thread, every frame
  std::function<void(const FrameReads&)> on_reads;  // from the track thread, every frame
  std::function<void()> on_stored;                  // from the writer thread
  std::function<void()> keep;                       // from the writer thread, again and again
  // Key of the recipient who gets pseudonyms; nothing where there is none.
  std::function<std::optional<Bytes>()> pseudonym_key;
  std::function<void()> on_finished;  // from the last thread of the flow
};

class Pipeline {
 public:
  // queue, clock and counters outlive the pipeline.
  Pipeline(Stages stages, PipelineOptions options, RecordQueue& queue, const Clock& clock,
           CounterSet& counters);
  ~Pipeline();
  Pipeline(const Pipeline&) = delete;
  Pipeline& operator=(const Pipeline&) = delete;

  void start();
  // Ends the source; what was taken from it still goes all the way.
  void request_stop();
  // Until everything is in the queue.
  void wait();
  // What records say of the camera from now on; from any thread.
  void origin_is(RecordOrigin origin);
  // Why the source ended before its time; nothing where it did not. After on_finished.
  [[nodiscard]] std::optional<Error> source_error() const;

  // True while the flow moves: since the last call a frame was finished, or nothing was left to do and the
  // source answered, or the writer is trying again on a disk that fails. Called by the watchdog alone.
  [[nodiscard]] bool has_moved();

 private:
  void run_capture(const std::stop_token& stop);
  void run_locate();
  void run_read(PlateReader& reader);
  void run_track();
  void run_event();
  void run_writer();

  struct Located {
    std::uint64_t ticket = 0;
    FrameCandidates frame;
  };
  void take(FramePtr frame);
  void hand_to_readers(Located located);
  void measure_light(const Frame& frame, const std::vector<PlateQuad>& plates) const;
  void close_passes();
  void count_located();
  void count_tracked();

  Stages stages_;
  PipelineOptions options_;
  std::mutex origin_mutex_;
  RecordOrigin origin_;  // origin_mutex_
  const bool lossless_;
  Counter& frames_captured_;
  Counter& frames_dropped_;
  Counter& frames_unread_;
  Counter& frames_searched_;
  Counter& frames_still_;
  Counter& candidates_refused_;
  Counter& frames_tracked_;
  Counter& reads_;
  Counter& reads_rejected_;
  Counter& passes_;
  Counter& passes_too_unsure_;
  Counter& repeats_suppressed_;
  Counter& records_not_encoded_;

  BoundedQueue<FramePtr> ring_;
  BoundedQueue<Located> candidates_;
  Reorder<std::optional<FrameReads>> in_order_;  // nothing: the camera was stopped in between
  BoundedQueue<VehiclePass> passes_closed_;
  BoundedQueue<PassRecord> records_;
  FrameFeeder feeder_;
  RecordWriter writer_;
  std::atomic<std::size_t> readers_running_;
  std::optional<Error> source_error_;  // written by capture before it ends, read after the flow has

  PlateLocator::Counts located_;
  PassTracker::Counts counted_;
  struct Movement {
    std::uint64_t answers = 0;
    std::uint64_t tracked = 0;
    std::uint64_t attempts = 0;
  } seen_;

  std::stop_source ending_;
  std::vector<std::jthread> threads_;
};

}  // namespace wayside::app
