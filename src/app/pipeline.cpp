#include "src/app/pipeline.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

#include <fmt/format.h>

#include "wayside/base/log.hpp"
#include "wayside/base/secret.hpp"
#include "wayside/delivery/event/pseudonym.hpp"

#include "src/app/named_thread.hpp"

namespace wayside::app {

namespace {

constexpr std::size_t passes_waiting = 64;
constexpr std::size_t records_waiting = 64;
// Finished frames that may wait for the tracker. They hold small pictures, no camera buffers.
constexpr std::size_t frames_in_order = 32;

FrameReads without_reads(const Frame& frame) {
  FrameReads none;
  none.frame = frame.info();
  none.frame_width = frame.luma().cols;
  none.frame_height = frame.luma().rows;
  return none;
}

std::vector<PlateQuad> plates_of(const FrameReads& reads, const FrameCandidates& found) {
  std::vector<PlateQuad> plates;
  for (const EvidencedRead& one : reads.reads)
    plates.push_back(one.read.quad);
  if (!plates.empty()) return plates;
  for (const PlateCandidate& candidate : found.candidates)
    plates.push_back(candidate.quad);
  return plates;
}

Bytes bytes_of(const std::string& text) {
  return Bytes(text.begin(), text.end());
}

}  // namespace

// The whole wiring. Each line is a thread: what it runs, and what it closes when it has run dry.
void Pipeline::start() {
  threads_.push_back(named_thread("capture", [this](const std::stop_token&) {
    run_capture(ending_.get_token());
    ring_.close();
  }));
  threads_.push_back(named_thread("locate", [this](const std::stop_token&) {
    run_locate();
    candidates_.close();
  }));
  for (std::size_t i = 0; i < stages_.readers.size(); ++i) {
    threads_.push_back(named_thread(fmt::format("read-{}", i + 1), [this, i](const std::stop_token&) {
      run_read(*stages_.readers[i]);
      if (--readers_running_ == 0) in_order_.close();
    }));
  }
  threads_.push_back(named_thread("track", [this](const std::stop_token&) {
    run_track();
    passes_closed_.close();
  }));
  threads_.push_back(named_thread("event", [this](const std::stop_token&) {
    run_event();
    records_.close();
  }));
  threads_.push_back(named_thread("queue-writer", [this](const std::stop_token&) {
    run_writer();
    if (options_.on_finished) options_.on_finished();
  }));
}

void Pipeline::run_capture(const std::stop_token& stop) {
  const Status ended = feeder_.run(stop);
  if (ended) return;
  source_error_ = ended.error();
  log::error("source_failed", {{"reason", ended.error()}});
}

void Pipeline::take(FramePtr frame) {
  if (frame) {
    frames_captured_.add();
    if (options_.on_frame) options_.on_frame(frame->info());
  }
  if (lossless_) {
    ring_.push_wait(std::move(frame));
  } else if (const auto pushed = ring_.push_drop_oldest(std::move(frame));
             pushed.dropped && *pushed.dropped) {
    frames_dropped_.add();
  }
}

void Pipeline::run_locate() {
  std::uint64_t ticket = 0;
  while (std::optional<FramePtr> frame = ring_.pop()) {
    if (!*frame) {
      in_order_.put(ticket++, std::nullopt);
      continue;
    }
    *frame = options_.mask.apply(std::move(*frame));
    if (options_.on_picture) options_.on_picture(**frame);
    FrameCandidates found{*frame, stages_.locator->locate(**frame)};
    count_located();
    if (found.candidates.empty()) {
      measure_light(*found.frame, {});
      in_order_.put(ticket, without_reads(*found.frame));
    } else {
      hand_to_readers({ticket, std::move(found)});
    }
    ++ticket;
  }
}

void Pipeline::hand_to_readers(Located located) {
  if (lossless_) {
    candidates_.push_wait(std::move(located));
    return;
  }
  auto pushed = candidates_.push_drop_lowest(
      std::move(located), [](const Located& l) { return l.frame.candidates.front().score; });
  if (!pushed.dropped) return;
  frames_unread_.add();
  in_order_.put(pushed.dropped->ticket, without_reads(*pushed.dropped->frame.frame));
}

void Pipeline::measure_light(const Frame& frame, const std::vector<PlateQuad>& plates) const {
  if (!options_.on_light || (options_.asks_for_light && !options_.asks_for_light())) return;
  std::vector<PlateBrightness> measured;
  for (const PlateQuad& plate : plates) {
    if (const auto brightness = plate_brightness(frame.luma(), plate)) measured.push_back(*brightness);
  }
  options_.on_light(frame.info(), scene_brightness(frame.luma()), std::move(measured));
}

void Pipeline::run_read(PlateReader& reader) {
  while (std::optional<Located> located = candidates_.pop()) {
    FrameReads reads = reader.read(located->frame, true);
    const std::uint64_t ticket = located->ticket;
    measure_light(*located->frame.frame, plates_of(reads, located->frame));
    located.reset();  // gives the camera its buffer back before the wait below
    in_order_.put(ticket, std::move(reads));
  }
}

void Pipeline::run_track() {
  while (const auto next = in_order_.pop()) {
    const std::optional<FrameReads>& reads = *next;
    if (!reads) {  // nothing will come that could close what is open
      close_passes();
      continue;
    }
    if (options_.on_reads) options_.on_reads(*reads);
    reads_.add(reads->reads.size());
    reads_rejected_.add(reads->rejected.size());
    for (VehiclePass& pass : stages_.tracker->update(*reads))
      passes_closed_.push_wait(std::move(pass));
    count_tracked();
    frames_tracked_.add();
  }
  close_passes();
}

void Pipeline::close_passes() {
  for (VehiclePass& pass : stages_.tracker->finish())
    passes_closed_.push_wait(std::move(pass));
  count_tracked();
}

void Pipeline::run_event() {
  while (std::optional<VehiclePass> pass = passes_closed_.pop()) {
    const TimeQuality time = options_.date(*pass);
    const RecordOrigin origin = [&] {
      const std::lock_guard lock(origin_mutex_);
      return origin_;
    }();
    const std::vector<RecordHit> hits = options_.hits ? options_.hits(*pass, time) : std::vector<RecordHit>{};
    Result<EncodedRecord> record = encode_record(*pass, origin, time, hits);
    if (!record) {
      records_not_encoded_.add();
      log::error("record_not_encoded", {{"pass", pass->number.value()}, {"reason", record.error()}});
      continue;
    }
    RecordParts parts;
    if (!hits.empty()) parts.record_class = RecordClass::hit;
    parts.document = bytes_of(record->document);
    parts.plate = std::move(record->plate_jpeg);
    parts.overview = std::move(record->overview_jpeg);
    wipe(record->document);
    if (const auto key = options_.pseudonym_key ? options_.pseudonym_key() : std::nullopt) {
      Result<Bytes> pseudonymous = pseudonymise(parts.document, *key);
      if (pseudonymous) {
        parts.pseudonymous = std::move(*pseudonymous);
      } else {
        log::error("pseudonym_not_made", {{"pass", pass->number.value()}, {"reason", pseudonymous.error()}});
      }
    }
    records_.push_wait({pass->number, std::move(parts)});
  }
}

void Pipeline::run_writer() {
  writer_.run(records_, ending_.get_token());
}

Pipeline::Pipeline(Stages stages, PipelineOptions options, RecordQueue& queue, const Clock& clock,
                   CounterSet& counters)
    : stages_(std::move(stages)),
      options_(std::move(options)),
      origin_(options_.origin),
      lossless_(stages_.source->waits_for_reader()),
      frames_captured_(counters.counter("frames_captured", "Frames that the camera delivered")),
      frames_dropped_(
          counters.counter("frames_dropped", "Frames that came faster than they could be looked at")),
      frames_unread_(
          counters.counter("frames_unread", "Frames with plates that came faster than they could be read")),
      frames_searched_(counters.counter("frames_searched", "Frames that were searched for new plates")),
      frames_still_(counters.counter("frames_still", "Frames not looked at because nothing had moved")),
      candidates_refused_(
          counters.counter("candidates_refused", "Places that looked like a plate from afar only")),
      frames_tracked_(counters.counter("frames_tracked", "Frames that went all the way to the tracker")),
      reads_(counters.counter("reads", "Plates read in single frames")),
      reads_rejected_(counters.counter("reads_rejected", "Plate candidates that gave no text worth a read")),
      passes_(counters.counter("passes", "Vehicles that passed")),
      passes_too_unsure_(
          counters.counter("passes_too_unsure", "Vehicles left out because their plate stayed unsure")),
      repeats_suppressed_(counters.counter("repeats_suppressed", "Repeated passes of a standing vehicle")),
      records_not_encoded_(counters.counter("records_not_encoded", "Passes that no record could be made of")),
      ring_(options_.ring_frames),
      candidates_(options_.ring_frames),
      in_order_(frames_in_order),
      passes_closed_(passes_waiting),
      records_(records_waiting),
      feeder_(
          *stages_.source, options_.stall_limit, counters, [this](FramePtr frame) { take(std::move(frame)); },
          options_.may_capture),
      writer_(queue, clock, counters, options_.writer, options_.on_stored, options_.keep),
      readers_running_(stages_.readers.size()) {
  assert(stages_.locator && !stages_.readers.empty() && stages_.tracker);
}

Pipeline::~Pipeline() {
  request_stop();
  wait();
}

void Pipeline::request_stop() {
  ending_.request_stop();
}

void Pipeline::wait() {
  threads_.clear();
}

void Pipeline::origin_is(RecordOrigin origin) {
  const std::lock_guard lock(origin_mutex_);
  origin_ = std::move(origin);
}

std::optional<Error> Pipeline::source_error() const {
  return source_error_;
}

void Pipeline::count_located() {
  const PlateLocator::Counts now = stages_.locator->counts();
  frames_searched_.add(now.frames_searched - located_.frames_searched);
  frames_still_.add(now.frames_still - located_.frames_still);
  candidates_refused_.add(now.candidates_refused - located_.candidates_refused);
  located_ = now;
}

void Pipeline::count_tracked() {
  const PassTracker::Counts now = stages_.tracker->counts();
  passes_.add(now.passes - counted_.passes);
  passes_too_unsure_.add(now.too_unsure - counted_.too_unsure);
  repeats_suppressed_.add(now.repeats_suppressed - counted_.repeats_suppressed);
  counted_ = now;
}

bool Pipeline::has_moved() {
  const Movement now{feeder_.answers(), frames_tracked_.value(), writer_.attempts()};
  const Movement before = std::exchange(seen_, now);
  const bool nothing_left = frames_captured_.value() == frames_dropped_.value() + now.tracked;
  return now.tracked != before.tracked || now.attempts != before.attempts ||
         (nothing_left && now.answers != before.answers);
}

}  // namespace wayside::app
